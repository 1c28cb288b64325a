//===- Stages.cpp - the stages as prose ----------------------------------------------------------===//
//
// Each stage is a function of plain addPass lines. Above each group stands the invariant that it establishes.
//===-----------------------------------------------------------------------------===//
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Pipelines/Compiler.h"

#include "EvaluateConstants.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace ingot;

static const StageInfo kStages[] = {
    {Stage::Import, "import", "ONNX file to IR; old operator versions rewritten, functions inlined, weights mapped", "builtin func onnx"},
    {Stage::Normalize, "normalize", "shapes inferred, constants folded, idioms recognised", "builtin func onnx"},
    {Stage::Quantize, "quantize", "quantised patterns folded into integer operators; layouts chosen", "builtin func onnx"},
    {Stage::Lower, "lower", "operators to structured computation over tensors",
     "builtin func linalg tensor arith math scf affine ingot complex bufferization"},
    {Stage::Fuse, "fuse", "elementwise work moved into its producers and consumers; weights packed",
     "builtin func linalg tensor arith math scf affine ingot complex bufferization llvm"},
    {Stage::Bufferize, "bufferize", "tensors to buffers in one arena; compute in kernel functions",
     "builtin func linalg memref arith math scf affine ingot complex llvm"},
    {Stage::Tile, "tile", "kernels to parallel loops over vectors", "builtin func memref arith math scf affine vector ingot complex llvm"},
    {Stage::Codegen, "codegen", "everything to LLVM", "builtin llvm"},
    {Stage::Emit, "emit", "object, library, program, header", "builtin llvm"},
};

ArrayRef<StageInfo> ingot::allStages() { return kStages; }

/// Without the pattern that gives what a loop carries the sizes that it begins with: the body may change them.
static std::unique_ptr<Pass> createCanonicalizer() {
  return createCanonicalizerPass(GreedyRewriteConfig(), {std::string("(anonymous namespace)::ForOpTensorCastFolder")});
}

std::optional<Stage> ingot::parseStage(StringRef name) {
  for (const StageInfo &info : kStages)
    if (info.name == name) return info.stage;
  return std::nullopt;
}

static std::string tripleOf(const TargetOptions &target) {
  return target.triple.empty() ? llvm::sys::getDefaultTargetTriple() : target.triple;
}

/// The classes of processors that code is generated for, where those are several.
static SmallVector<const TargetRow *> variants(const TargetOptions &target) {
  return target.cpu == kGenericMulti ? variantsFor(tripleOf(target)) : SmallVector<const TargetRow *>();
}

/// The row of the target table that kernels are generated for. Several variants share weights in the panels of x86-64-v3: two of them are a row of
/// the tile of v4, and half of one is a row of v2's.
static std::string targetRow(const TargetOptions &target) {
  for (const TargetRow &row : allTargets())
    if (row.name == target.cpu) return target.cpu;
  if (!variants(target).empty()) return "x86-64-v3";
  StringRef cpu = target.cpu == "native" ? llvm::sys::getHostCPUName() : target.cpu == kGenericMulti ? StringRef() : StringRef(target.cpu);
  return lookupTarget(tripleOf(target), cpu, target.features).name.str();
}

static void buildNormalize(OpPassManager &pm, const PipelineOptions &options) {
  // Every value has its element type and shape.
  pm.addNestedPass<func::FuncOp>(createInferShapes());
  pm.addNestedPass<func::FuncOp>(createRequireLengths());
  // Nothing is computed from sizes that are known, and no branch is left that they decide.
  pm.addNestedPass<func::FuncOp>(createFoldShapeArithmetic());
  // Ranks that a decided branch has told count, too.
  pm.addNestedPass<func::FuncOp>(createRequireLengths());
  pm.addNestedPass<func::FuncOp>(createInferShapes());
  pm.addPass(createFoldBatchNorm());
  pm.addPass(createCSEPass());
  // Products of dequantised bytes are products of integers.
  pm.addPass(createFormIntegerProducts({targetRow(options.target)}));
  // What depends on constants alone is constant.
  if (options.evaluateConstants) {
    pm.addPass(createEvaluateConstants(Stage::Quantize));
    pm.addPass(createCSEPass());
    pm.addNestedPass<func::FuncOp>(createInferShapes());
  }
}

static void buildQuantize(OpPassManager &pm, const PipelineOptions &) {
  // Kernels read f32 where a processor would convert 16-bit floats again and again.
  pm.addNestedPass<func::FuncOp>(createWidenFloats());
  // Convolution and pooling are channels last, with as few transposes as the graph allows.
  pm.addPass(createPropagateLayout());
  pm.addNestedPass<func::FuncOp>(createInferShapes());
}

static void buildLower(OpPassManager &pm, const PipelineOptions &options) {
  // The interface is on the module while types are still ONNX's.
  pm.addPass(createDescribeInterface());
  // No op of the onnx dialect is left.
  pm.addPass(createConvertONNXToLinalg({options.reportEach}));
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
}

static void buildFuse(OpPassManager &pm, const PipelineOptions &options) {
  // Sizes are functions of the inputs' dimensions wherever that can be said.
  pm.addPass(memref::createResolveShapedTypeResultDimsPass());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  // Elementwise work is done where its operands are made or its result is used.
  pm.addPass(createFuseEpilogue());
  pm.addPass(createFuseElementwise());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  // What used a product twice (x * sigmoid(x)) has become one op.
  pm.addPass(createFuseEpilogue());
  // Quantised numbers are rounded once.
  pm.addPass(createSimplifyQuantization());
  pm.addPass(createCanonicalizer());
  // 3x3 convolutions are in the form that takes the fewest multiplications where that pays.
  pm.addPass(createApplyWinograd({targetRow(options.target)}));
  // Weights lie in panels of the target's register tile.
  pm.addPass(createPackWeights({targetRow(options.target)}));
  // Constants are in the form that kernels read, once for all that share them.
  if (options.evaluateConstants) {
    pm.addPass(createCSEPass());
    pm.addPass(createEvaluateConstants(Stage::Fuse));
    pm.addPass(createCanonicalizer());
    pm.addPass(createCSEPass());
  }
  // What is concatenated again and again lies in one tensor.
  pm.addPass(createShareConcatenations());
  // Only fills, insertions and computation are left.
  pm.addPass(createDecomposeMovement());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  // Inputs come from the frame and results go to it.
  pm.addPass(createBindInterface());
  pm.addPass(memref::createResolveShapedTypeResultDimsPass());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  // An output's buffer is there before its producer.
  pm.addPass(createHoistOutputs());
}

static void buildBufferize(OpPassManager &pm, const PipelineOptions &options) {
  // No two computations share a destination.
  pm.addPass(createUnshareDestinations());
  // Producers write straight into the slices, pads and outputs that their results are inserted in; nothing is computed before it is checked.
  pm.addPass(createEliminateEmptyTensors());
  pm.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  // No tensor is left.
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.allowReturnAllocsFromLoops = true; // a loop may carry tensors of changing size
  bufferize.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.unknownTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  // No output is overwritten before it is copied to another.
  pm.addPass(createOrderOutputCopies());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  // A copy of a slice onto itself shows as one only now.
  pm.addPass(createCanonicalizer());
  // What is stacked is made in its place.
  pm.addPass(createForwardCopies());
  // Softmax and normalisations pass over their rows once.
  pm.addPass(createFuseRows());
  pm.addPass(createCanonicalizer());
  // Compute is in kernels, one for each distinct computation; the model's function only calls them.
  pm.addPass(createOutlineKernels());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  // Buffers lie in one arena, constants in one blob.
  pm.addPass(createPlanMemory({options.target.sanitizeAddress}));
  // The model knows its arithmetic, and a profiled one measures its kernels.
  pm.addPass(createCountWork({options.profile}));
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
}

static void buildTile(OpPassManager &pm, const PipelineOptions &options) {
  std::string target = targetRow(options.target);
  // Each class of processors has its functions.
  CloneForTargetsOptions clone;
  for (const TargetRow *row : variants(options.target)) clone.targets.push_back(row->name.str());
  if (!clone.targets.empty()) pm.addPass(createCloneForTargets(clone));
  // Every kernel is a parallel loop over tasks with vector code inside.
  pm.addNestedPass<func::FuncOp>(createGenerateContractions({target}));
  pm.addNestedPass<func::FuncOp>(createVectorizeGenerics({target}));
  // What has no independent points runs in order.
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  pm.addNestedPass<func::FuncOp>(createCanonicalizer());
  pm.addNestedPass<func::FuncOp>(createCSEPass());
}

static void buildCodegen(OpPassManager &pm, const PipelineOptions &options) {
  // Parallel loops are functions over ranges, forked through the caller's hook where it is worth it.
  if (options.parallel) pm.addPass(createParallelizeKernels());
  // Functions of vectors are polynomials, scratch is in the frame.
  pm.addNestedPass<func::FuncOp>(createLowerVectors({targetRow(options.target)}));
  // No structure is left above basic blocks. What looks at one function runs on all cores.
  pm.addPass(createLowerExpandShape());
  pm.addNestedPass<func::FuncOp>(createLowerAffinePass());
  pm.addNestedPass<func::FuncOp>(memref::createExpandStridedMetadataPass());
  pm.addNestedPass<func::FuncOp>(createLowerAffinePass());
  pm.addNestedPass<func::FuncOp>(createSCFToControlFlowPass());
  // What may fail branches to the function's exit.
  pm.addPass(createConvertIngotToLLVM());
  // Only the llvm dialect is left.
  pm.addNestedPass<func::FuncOp>(memref::createExpandStridedMetadataPass());
  pm.addNestedPass<func::FuncOp>(createLowerAffinePass());
  pm.addNestedPass<func::FuncOp>(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addNestedPass<func::FuncOp>(createConvertComplexToLLVMPass());
  pm.addNestedPass<func::FuncOp>(createConvertVectorToLLVMPass());
  pm.addNestedPass<func::FuncOp>(createArithToLLVMConversionPass());
  pm.addNestedPass<func::FuncOp>(createConvertIndexToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createReconcileUnrealizedCastsPass());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createCanonicalizer());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createCSEPass());
}

void ingot::buildStage(OpPassManager &pm, Stage stage, const PipelineOptions &options) {
  switch (stage) {
  case Stage::Normalize: return buildNormalize(pm, options);
  case Stage::Quantize: return buildQuantize(pm, options);
  case Stage::Lower: return buildLower(pm, options);
  case Stage::Fuse: return buildFuse(pm, options);
  case Stage::Bufferize: return buildBufferize(pm, options);
  case Stage::Tile: return buildTile(pm, options);
  case Stage::Codegen: return buildCodegen(pm, options);
  case Stage::Import:
  case Stage::Emit: return;
  }
}

LogicalResult ingot::checkModel(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.enableVerifier(false); // element types are guesses until they are inferred
  pm.addNestedPass<func::FuncOp>(createInferShapes());
  return success(succeeded(pm.run(module)) && succeeded(verify(module)));
}

LogicalResult ingot::runStages(ModuleOp module, const PipelineOptions &options, Stage last,
                               const std::function<void(Stage, ModuleOp)> &after, Stage first) {
  for (const StageInfo &info : kStages) {
    if (info.stage == Stage::Import || info.stage == Stage::Emit || info.stage < first || info.stage > last) continue;
    PassManager pm(module.getContext());
    buildStage(pm, info.stage, options);
    if (failed(pm.run(module))) return failure();
    if (after) after(info.stage, module);
  }
  return success();
}
