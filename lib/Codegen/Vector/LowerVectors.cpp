//===- LowerVectors.cpp - what the conversion to LLVM wants of vector code -----------------------===//
#include "MathApproximation.h"
#include "StoreBFloats.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ingot {
#define GEN_PASS_DEF_LOWERVECTORS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

/// Functions whose upstream polynomials are exact enough (measured: at most 3e-7 relative); others are calls of libm, lane by lane.
static bool isGoodUpstream(StringRef name) {
  return llvm::is_contained({"math.log1p", "math.log2"}, name);
}

/// Functions that compute in f32 for narrower floats.
static bool isTranscendental(StringRef name) {
  return !llvm::is_contained({"math.absf", "math.copysign", "math.fma", "math.isnan", "math.isinf", "math.isfinite", "math.isnormal"}, name);
}

namespace {
struct LowerVectors : ingot::impl::LowerVectorsBase<LowerVectors> {
  using Base::Base;
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    RewritePatternSet whole(&getContext());
    ingot::populateSigmoidApproximation(whole);
    if (ingot::targetOf(func, target).fma) ingot::populateQuotients(whole);
    if (failed(applyPatternsGreedily(func, std::move(whole)))) return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    populateMathF32ExpansionPatterns(patterns, isTranscendental);
    populateMathAlgebraicSimplificationPatterns(patterns);
    ingot::populateMathApproximation(patterns);
    ingot::populateSimplifyExtrema(patterns);
    populateMathPolynomialApproximationPatterns(patterns, isGoodUpstream);
    // Few processors convert to bf16, and what LLVM calls elsewhere is in no library that an object may need.
    arith::populateExpandBFloat16Patterns(patterns);
    ingot::populateStoreBFloats(patterns);
    if (failed(applyPatternsGreedily(func, std::move(patterns)))) return signalPassFailure();
    hoistScratch(func);
  }

  /// Scratch of fixed size lies in the frame of the function, or the stack would grow with every iteration.
  void hoistScratch(func::FuncOp func) {
    if (func.isExternal()) return;
    SmallVector<memref::AllocaOp> scratch;
    func.walk([&](memref::AllocaOp op) {
      if (op.getDynamicSizes().empty() && !op->getParentOfType<scf::ParallelOp>()) scratch.push_back(op);
    });
    for (memref::AllocaOp op : scratch) op->moveBefore(&func.front(), func.front().begin());
  }
};
} // namespace
