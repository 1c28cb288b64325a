//===- CountWork.cpp - the arithmetic of a run, and marks around its kernels -----------------------===//
//
// A kernel's work is a polynomial of its arguments' dimensions: known now where these are fixed, else computed beside the call, so that a
// profile has it for every size. The clock is read in the model's function only: kernels are the same with and without a profile.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Runtime/ingot.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/SetVector.h"

namespace ingot {
#define GEN_PASS_DEF_COUNTWORK
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

/// A product of numbers and of dimensions of a kernel's arguments.
struct Product {
  int64_t factor = 1;
  SmallVector<std::pair<unsigned, int64_t>> dims; // argument, dimension
  bool known = true;

  void multiply(Value buffer, int64_t d) {
    auto type = cast<ShapedType>(buffer.getType());
    if (!type.isDynamicDim(d)) factor *= type.getDimSize(d);
    else if (auto arg = dyn_cast<BlockArgument>(buffer); arg && isa<func::FuncOp>(arg.getOwner()->getParentOp()))
      dims.emplace_back(arg.getArgNumber(), d);
    else known = false;
  }
  void multiplyAll(Value buffer) {
    for (int64_t d = 0, e = cast<ShapedType>(buffer.getType()).getRank(); d < e; ++d) multiply(buffer, d);
  }
};

struct Work {
  SmallVector<Product> flops;
  llvm::SetVector<unsigned> buffers; // arguments read or written as a whole
};

int64_t elementBytes(MemRefType type) {
  Type t = type.getElementType();
  if (auto complex = dyn_cast<ComplexType>(t)) t = complex.getElementType();
  int64_t bytes = t.isIntOrFloat() ? llvm::divideCeil(t.getIntOrFloatBitWidth(), 8) : 8;
  return isa<ComplexType>(type.getElementType()) ? 2 * bytes : bytes;
}

/// Operations on elements in a body, conversions and moves not counted.
int64_t arithmeticIn(Region &region) {
  int64_t count = 0;
  region.walk([&](Operation *op) {
    bool counted = isa<math::MathDialect>(op->getDialect()) || (isa<arith::ArithDialect>(op->getDialect()) && op->getNumOperands() >= 2 && !isa<arith::SelectOp>(op)) || isa<arith::NegFOp>(op);
    if (counted && !op->getResult(0).getType().isIndex()) ++count;
  });
  return count;
}

void countEpilogue(ContractOp op, SmallVectorImpl<Product> &flops) {
  int64_t each = arithmeticIn(op.getEpilogue());
  if (!each) return;
  Product epilogue;
  epilogue.factor = each;
  epilogue.multiplyAll(op.getOut());
  flops.push_back(epilogue);
}

void countContract(ContractOp op, SmallVectorImpl<Product> &flops) {
  // Weights are [W, K.., IC, OC], packed [W, panels, K.., IC, NR] or [W, panels, K.., IC/4, NR, 4].
  Product product;
  product.factor = 2;
  product.multiplyAll(op.getOut());
  // Winograd's form counts as what it computes: three taps in each dimension.
  if (op.getWinograd()) {
    for (int64_t d = 0; d < op.getSpatialRank(); ++d) product.factor *= 3;
    product.multiply(op.getWeights(), cast<ShapedType>(op.getWeights().getType()).getRank() - 2);
    flops.push_back(product);
    return countEpilogue(op, flops);
  }
  auto type = cast<ShapedType>(op.getWeights().getType());
  if (op.isPackedForDots()) product.factor *= 4;
  for (int64_t d = op.isPacked() ? 2 : 1, behind = op.isPackedForDots() ? 2 : 1; d + behind < type.getRank(); ++d) product.multiply(op.getWeights(), d);
  flops.push_back(product);
  countEpilogue(op, flops);
}

void countLinalg(linalg::LinalgOp op, SmallVectorImpl<Product> &flops) {
  Product product;
  product.factor = arithmeticIn(op->getRegion(0));
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool found = false;
    for (OpOperand &operand : op->getOpOperands()) {
      if (found || operand.getOperandNumber() >= maps.size()) break;
      for (auto [d, expr] : llvm::enumerate(maps[operand.getOperandNumber()].getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() == loop && !found) {
          product.multiply(operand.get(), d);
          found = true;
        }
    }
    product.known &= found;
  }
  flops.push_back(product);
}

Work workOf(func::FuncOp kernel) {
  Work work;
  kernel.walk([&](Operation *op) {
    bool looped = op->getParentOfType<LoopLikeOpInterface>() && !op->getParentOfType<linalg::LinalgOp>();
    size_t before = work.flops.size();
    if (auto contract = dyn_cast<ContractOp>(op)) countContract(contract, work.flops);
    else if (auto structured = dyn_cast<linalg::LinalgOp>(op)) countLinalg(structured, work.flops);
    for (Product &product : MutableArrayRef(work.flops).drop_front(before)) product.known &= !looped;
  });
  for (BlockArgument arg : kernel.getArguments())
    if (isa<MemRefType>(arg.getType()) && !arg.use_empty()) work.buffers.insert(arg.getArgNumber());
  return work;
}

/// Node names of a call, as OutlineKernels left them.
SmallVector<Attribute> nodesOf(func::CallOp call) {
  llvm::SetVector<Attribute> names;
  call->getLoc()->walk([&](Location loc) {
    if (auto named = dyn_cast<NameLoc>(loc)) names.insert(named.getName());
    return WalkResult::advance();
  });
  return names.takeVector();
}

struct CountWorkPass : ingot::impl::CountWorkBase<CountWorkPass> {
  using CountWorkBase::CountWorkBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    llvm::DenseMap<Operation *, Work> known;
    SymbolTable symbols(module);
    SmallVector<Attribute> places;
    SmallVector<func::CallOp> calls;
    main.walk([&](func::CallOp call) { calls.push_back(call); });
    std::optional<int64_t> total = 0;
    OpBuilder b(&getContext());
    for (func::CallOp call : calls) {
      auto kernel = symbols.lookup<func::FuncOp>(call.getCallee());
      if (!kernel || !kernel->hasAttr("ingot.kernel")) continue;
      auto [it, isNew] = known.try_emplace(kernel);
      if (isNew) it->second = workOf(kernel);
      addUp(call, it->second, total);
      if (!marks) continue;
      mark(call, it->second, places.size());
      places.push_back(b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(kernel.getName())),
                                            b.getNamedAttr("nodes", b.getArrayAttr(nodesOf(call)))}));
    }
    if (total) module->setAttr("ingot.flops", b.getI64IntegerAttr(*total));
    if (marks) module->setAttr("ingot.kernels", b.getArrayAttr(places));
  }

  static void addUp(func::CallOp call, const Work &work, std::optional<int64_t> &total) {
    for (const Product &product : work.flops) {
      int64_t flops = product.factor;
      bool fixed = product.known && isa<func::FuncOp>(call->getParentOp());
      for (auto [arg, d] : product.dims) {
        auto type = cast<MemRefType>(call.getOperand(arg).getType());
        fixed &= !type.isDynamicDim(d);
        if (fixed) flops *= type.getDimSize(d);
      }
      if (!fixed && product.factor) total.reset();
      if (total) *total += flops;
    }
  }

  void mark(func::CallOp call, const Work &work, int64_t place) {
    OpBuilder b(call);
    Location loc = call.getLoc();
    auto sum = [&](Value a, Value v) { return a ? b.createOrFold<arith::AddIOp>(loc, a, v) : v; };
    auto size = [&](Value v, Value buffer, int64_t d) {
      return b.createOrFold<arith::MulIOp>(loc, v, b.createOrFold<memref::DimOp>(loc, buffer, d));
    };
    Value flops, bytes;
    bool known = true;
    for (const Product &product : work.flops) {
      known &= product.known || !product.factor;
      Value v = arith::ConstantIndexOp::create(b, loc, product.factor);
      for (auto [arg, d] : product.dims) v = size(v, call.getOperand(arg), d);
      flops = sum(flops, v);
    }
    for (unsigned arg : work.buffers) {
      Value buffer = call.getOperand(arg);
      auto type = cast<MemRefType>(buffer.getType());
      Value v = arith::ConstantIndexOp::create(b, loc, elementBytes(type));
      for (int64_t d = 0; d < type.getRank(); ++d) v = size(v, buffer, d);
      bytes = sum(bytes, v);
    }
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    if (!known) flops = arith::ConstantIndexOp::create(b, loc, INGOT_UNKNOWN_DIM);
    func::FuncOp function = declaration();
    Value frame = call->getParentOfType<func::FuncOp>().getArgument(0);
    func::CallOp::create(b, loc, function, ValueRange{frame, arith::ConstantIntOp::create(b, loc, -1, 32), zero, zero});
    b.setInsertionPointAfter(call);
    func::CallOp::create(b, loc, function,
                         ValueRange{frame, arith::ConstantIntOp::create(b, loc, place, 32), flops ? flops : zero, bytes ? bytes : zero});
  }

  func::FuncOp declaration() {
    ModuleOp module = getOperation();
    if (auto known = module.lookupSymbol<func::FuncOp>("ingot_frame_mark")) return known;
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    Type index = b.getIndexType();
    auto f = func::FuncOp::create(b, module.getLoc(), "ingot_frame_mark",
                                  b.getFunctionType({LLVM::LLVMPointerType::get(&getContext()), b.getI32Type(), index, index}, {}));
    f.setPrivate();
    return f;
  }
};
} // namespace
