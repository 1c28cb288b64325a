//===- Passes.td - the passes of the compiler, in the order of the stages -----------===//
#ifndef INGOT_PASSES
#define INGOT_PASSES

include "mlir/Pass/PassBase.td"

def TargetOption : Option<"target", "target", "std::string", [{"x86-64-v3"}],
  "Row of the target table (x86-64-v2, x86-64-v3, x86-64-v3+avxvnni, x86-64-v4, x86-64-v4+avx512vnni, aarch64, riscv64, wasm32, generic), or LLVM features (+avx2)">;

//===------------------------------- normalize ------------------------------------===//

def InferShapes : Pass<"onnx-infer-shapes", "::mlir::func::FuncOp"> {
  let summary = "write inferred element types and sizes into the types of all values";
  let description = [{
    Runs ShapeAnalysis, which also evaluates shape arithmetic, and refines types; it adds and removes nothing. A size that is no
    constant is `?` in the type. For example, with `%x : tensor<?x3x4xf32>`,
    `onnx.Flatten %x ` gets the type `tensor<?x12xf32>`. Operands that contradict their operator end in a diagnostic.
  }];
  let options = [Option<"annotate", "annotate", "bool", "false",
                        "add the attribute `dims` to each op: the dimensions of its results as expressions, for tests">];
}

def RequireLengths : Pass<"onnx-require-lengths", "::mlir::func::FuncOp"> {
  let summary = "check lengths of shape operands that follow from the rank of the result";
  let description = [{
    Where the model says of how many dimensions a result is, and the operand that lists them (or the axes that make the difference) has a length
    that only the run knows, the operand is reshaped to the length that follows. For example, with `%s : tensor<?xi64>` and a result
    `tensor<?x?xf32>`, `%s` of `onnx.Reshape %x, %s` becomes `onnx.Reshape %s, [2] : tensor<2xi64>`. Where the rank is not known either,
    nothing is done. A rank counts for the operands of casts and of elementwise operators of one operand, too; a Transpose says that of its operand.
  }];
}

def FoldShapeArithmetic : Pass<"onnx-fold-shape-arithmetic", "::mlir::func::FuncOp"> {
  let summary = "replace what is computed from shapes, and is the same for all inputs, by constants";
  let description = [{
    Results whose contents ShapeAnalysis knows become `onnx.Constant`; an `onnx.If` whose condition is decided by sizes becomes the branch
    that is taken; what has no use any more is erased. For example, with `%x : tensor<2x3xf32>`, `onnx.Shape %x` becomes
    `onnx.Constant {value = dense<[2, 3]> : tensor<2xi64>}`. Contents that depend on a symbolic dimension stay computed. A branch that depends on the
    length of a list, `Equal(Size(%s), 4)`, is decided where the ranks that the function declares for its results leave one answer; the length is
    then checked in the run.
  }];
}

def FoldBatchNorm : Pass<"onnx-fold-batch-norm", "::mlir::ModuleOp"> {
  let summary = "fold batch normalisation in inference into the product before it";
  let description = [{
    `BatchNormalization(Conv(x, W, b))` becomes `Conv(x, W * s, b * s + t)` with s = scale / sqrt(var + epsilon) and
    t = B - mean * s as ONNX operators on constants, which constant evaluation folds. ConvTranspose and Gemm likewise. One that
    stands alone becomes Mul and Add. Left alone: training mode, narrow floats on their own, products used elsewhere too.
  }];
}

def FormIntegerProducts : Pass<"onnx-form-integer-products", "::mlir::ModuleOp"> {
  let summary = "multiply 8-bit integers where a model multiplies what it dequantises from them";
  let description = [{
    `Conv(DequantizeLinear(x), DequantizeLinear(w), b)` with constant `w` becomes `ConvInteger(x, w) * (sx * sw) + b`, MatMul and Gemm likewise with
    MatMulInteger. Weights are centred at 0 (where the differences fit 8 bits), so that a zero point of theirs is gone. Left alone: targets without dot products
    of bytes, a depth that is no multiple of 4, padding with a zero point other than 0, and on targets that multiply in pairs 3x3 convolutions that
    Winograd's form takes. With one filter per channel `Conv(DequantizeLinear(x), w)` becomes `Conv(Cast(x), w * sx)`, whose kernel casts as it reads.
  }];
  let options = [TargetOption];
}

//===------------------------------- quantize --------------------------------------===//

def WidenFloats : Pass<"onnx-widen-floats", "::mlir::func::FuncOp"> {
  let summary = "let values of 16-bit floats be f32 between the kernels, rounded where they are made";
  let description = [{
    `Conv(x, w)` in f16 becomes `Cast(Conv(Cast(x), Cast(w)))` with the inner values in f32, and so do pools, products and what is elementwise or moves
    elements next to them. `Cast(f32)` of a value that was only moved or selected is dropped; `Cast(f32, Cast(f16, y))` of a computed one stays and
    rounds in the kernel that makes `y`. Graphs without convolution, product or pool of 16-bit floats are left alone, and so is what keeps the narrow
    type for its meaning (quantisation, BitCast, control flow).
  }];
}

def PropagateLayout : Pass<"onnx-propagate-layout", "::mlir::ModuleOp"> {
  let summary = "turn convolution and pooling to channels last and move transposes out of their way";
  let description = [{
    `Conv(x)` becomes `Transpose(Conv(Transpose(x)) {channels_last})`. Transposes sink through elementwise operators and operators that
    name axes (Concat, Split, Slice, Pad, reductions, Softmax, Resize, ...) and cancel with their inverse. Weights keep ONNX's order.
    What is left stands at inputs, outputs and before operators that mix dimensions (Flatten, Reshape); one that only moves
    dimensions of size 1 becomes Squeeze and Unsqueeze. Values of unknown rank are left alone.
  }];
}

//===-------------------------------- lower ---------------------------------------===//

def DescribeInterface : Pass<"ingot-describe-interface", "::mlir::ModuleOp"> {
  let summary = "record names, element types and dimensions of the model's inputs and outputs on the module";
}

def ConvertONNXToLinalg : Pass<"convert-onnx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "lower ONNX operators to linalg, tensor, scf and ingot.contract";
  let description = [{
    Every op of the onnx dialect becomes data parallel work on tensors of signless types. Operators that have no lowering
    are listed together in one diagnostic.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect", "::mlir::bufferization::BufferizationDialect",
                           "::mlir::LLVM::LLVMDialect", "::ingot::IngotDialect"];
  let options = [Option<"reportEach", "report-each", "bool", "false", "one diagnostic for each operator that is left, instead of one for all">];
}

//===-------------------------------- fuse ----------------------------------------===//

def FuseElementwise : Pass<"ingot-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "move elementwise work into its only consumer";
  let description = [{
    Chains of linalg.generic become one, also into reductions that read each element once. Work that would be computed more than
    once is moved only where it is cheaper than a pass over memory.
  }];
}

def FuseEpilogue : Pass<"ingot-fuse-epilogue", "::mlir::ModuleOp"> {
  let summary = "move elementwise consumers into the epilogue of the contraction that feeds them";
}

def SimplifyQuantization : Pass<"ingot-simplify-quantization", "::mlir::ModuleOp"> {
  let summary = "round to a quantised type, and back, in fewer steps";
  let description = [{
    With constant scale and zero point, `clamp(roundeven(x / s) + z, low, high)` becomes `roundeven(clamp(x, (low - z) * s, (high - z) * s) / s) + z`, and what
    converts the result to a narrow integer and back to a float is dropped. Results are the same for all x but NaN, which gives `low` in both forms.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ShareConcatenations : Pass<"ingot-share-concatenations", "::mlir::ModuleOp"> {
  let summary = "make concatenations that are the beginning of a longer one slices of it";
  let description = [{
    `tensor.concat(a, b)` and `tensor.concat(a, b, c)` become one tensor into which a, b and c are inserted as they are made, and the shorter one a
    slice of it: n dense layers copy nothing, instead of n * n / 2 results. Left alone: operands of unknown length, and a shorter one that is
    still read when the longer one is made.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def DecomposeMovement : Pass<"ingot-decompose-movement", "::mlir::ModuleOp"> {
  let summary = "pads, concatenations and packs as fills and insertions";
  let description = [{
    `tensor.concat(a, b)` becomes two insertions into an empty tensor, which a and b are then computed in. Concatenations of more than 32
    operands stay, to be copied together: the analysis of a chain takes the cube of its length.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def UnshareDestinations : Pass<"ingot-unshare-destinations", "::mlir::ModuleOp"> {
  let summary = "give every computation an empty or filled tensor of its own to write to";
}

def EliminateEmptyTensors : Pass<"ingot-eliminate-empty-tensors", "::mlir::ModuleOp"> {
  let summary = "let producers write into what their results are inserted in, and stay behind their checks";
  let description = [{
    Upstream's `eliminate-empty-tensors`, which moves up the tensor that a result is inserted in and all that makes it. What stood behind an `ingot.check`
    may stand before it then: such checks move up again, with the computation of their conditions. A check whose condition needs what moved stays.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::tensor::TensorDialect"];
}

def BindInterface : Pass<"ingot-bind-interface", "::mlir::ModuleOp"> {
  let summary = "make the model's function read its inputs from and write its results to the frame of a run";
  let description = [{
    `func @main_graph(tensor...) -> tensor...` becomes `func @main(!llvm.ptr) -> i32` whose arguments are `ingot.input` and whose
    results are materialised in `ingot.output`, seen with the dimensions of size 1 that their producer has more.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect", "::ingot::IngotDialect"];
}

def HoistOutputs : Pass<"ingot-hoist-outputs", "::mlir::ModuleOp"> {
  let summary = "ask for output buffers, and compare sizes, as early as sizes are known";
  let description = [{
    `ingot.output`, and `ingot.check` of conditions over the inputs' dimensions, move behind the last of their operands; in the body of a loop, checks of
    what the loop carries do. A check of data stays where it is, and those that move keep their order: the first that fails gives the status.
  }];
}

def ApplyWinograd : Pass<"ingot-apply-winograd"> {
  let summary = "turn convolutions by three taps into Winograd's form where that takes less time";
  let description = [{
    `ingot.contract` with constant f32 weights `[1, 3, 3, IC, OC]`, strides and dilations of one and static sizes gets `winograd = 4`, and while
    that adds at most `most-growth` bytes, the transformed weights `[1, 6, 6, IC, OC]`: 36 products for 16 results instead of 144. Left alone: few channels, where the
    transforms cost more than they save, and small images, where transforming the weights does. Weights that stay
    3x3 are transformed by the kernel, a panel at a time. In one dimension, of any length and dilation, weights `[1, 3, IC, OC]` become
    `[1, 6, IC, OC]`, 6 products for 4 results instead of 12, or stay.
  }];
  let options = [TargetOption, Option<"mostGrowth", "most-growth", "int64_t", "3 << 19",
                                       "Bytes that the weights may grow by being transformed when the model is compiled">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def PackWeights : Pass<"ingot-pack-weights"> {
  let summary = "give contractions their weights in panels";
  let description = [{
    Inserts `linalg.pack` before `ingot.contract`: `[W, K.., IC, OC]` becomes `[W, panels, K.., IC, NR]`, filled up with zeros; NR is the width of
    the target's register tile, or less for few columns. A transposition of the weights becomes part of the pack. Weights that are
    computed in the run and lie well as they are stay plain.
  }];
  let options = [TargetOption];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

//===------------------------------ bufferize --------------------------------------===//

def OrderOutputCopies : Pass<"ingot-order-output-copies", "::mlir::ModuleOp"> {
  let summary = "read what lies in the buffer of an output before another result is copied there";
  let description = [{
    `memref.copy %a, %first` before `memref.copy %first, %second` loses what is in the output `%first`; the copies at the end of `@main` are ordered so that
    each buffer is read before it is written. Two outputs that change places get a buffer between them. Copies that are in order stay.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def ForwardCopies : Pass<"ingot-forward-copies", "::mlir::ModuleOp"> {
  let summary = "make what is copied into a larger buffer where it will lie";
  let description = [{
    A buffer that is copied whole into one run of memory of another, `memref.copy %a, %part` with `%part = memref.subview %all[1, 0] [1, 4]`, is
    replaced by that part, also where it is read elsewhere: a cache of keys that attention reads is written once, into the model's output. Left
    alone: parts that are no run of memory, buffers that are written after the copy, and parts that something else touches before it.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def FuseRows : Pass<"ingot-fuse-rows", "::mlir::ModuleOp"> {
  let summary = "run neighbouring ops that work on the same rows in one parallel loop over rows";
  let description = [{
    Softmax and normalisations over trailing dimensions are several passes over their rows. Around a `linalg.generic` that reduces whole rows the ops
    before and behind it that read or write the same buffers row by row form a group, which becomes one `scf.parallel` over groups of
    rows with the ops on a row inside; a buffer that only the group uses becomes a row of scratch. Left alone: few rows that are very
    long, ops that need other rows than their own.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

def OutlineKernels : Pass<"ingot-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "move each compute op of the model's function into a kernel function; equal kernels become one";
  let description = [{
    A kernel is a function over buffers. Two ops that differ only in the buffers (12 equal layers) share one kernel; weights
    are arguments.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect"];
}

def PlanMemory : Pass<"ingot-plan-memory", "::mlir::ModuleOp"> {
  let summary = "place buffers in one arena and weights in one blob";
  let description = [{
    Buffers whose lifetime is a range of the model's function get an offset in the arena: fixed for static shapes, computed from
    the dimensions of the inputs for symbolic ones. Sizes known only on the way are segments of the instance. Constants
    become offsets into the weights blob, 64-byte aligned. With `apart`, no two buffers or constants touch: every buffer is a
    segment of its own, and there is a gap behind each constant.
  }];
  let options = [Option<"apart", "apart", "bool", "false", "every buffer is a segment, constants have gaps between them">];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::ingot::IngotDialect"];
}

def CountWork : Pass<"ingot-count-work", "::mlir::ModuleOp"> {
  let summary = "count the arithmetic of a run, and mark every kernel call for a profile";
  let description = [{
    A kernel's work follows from its structured ops: arithmetic of the body times the points of the loops; bytes are those of its buffers,
    each counted once. The sum becomes `ingot.flops`, if no call depends on the inputs' dimensions or on a loop. With `marks`, each
    call stands between two calls of `ingot_frame_mark`, the second with the work of this call computed from the sizes of its
    buffers, and `ingot.kernels` names the places.
  }];
  let options = [Option<"marks", "marks", "bool", "false", "measure every call">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::LLVM::LLVMDialect"];
}

//===-------------------------------- tile ----------------------------------------===//

def CloneForTargets : Pass<"ingot-clone-for-targets", "::mlir::ModuleOp"> {
  let summary = "a copy of all functions for each class of processors, and a function that picks";
  let description = [{
    `@main` and the kernels become `@main_x86_64_v3`, `@kernel_Conv_x86_64_v3` and so on, one set for each name in `targets`, with the attribute
    `ingot.target` that later passes generate code by. The new `@main` calls the set of the first target that the frame's `features` have, or of
    the last one. The copies share the weights, whose panels suit all of them. Targets that differ from another in dot products of bytes only have no
    copy where there are none.
  }];
  let options = [ListOption<"targets", "targets", "std::string", "Rows of the target table, best first">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def GenerateContractions : Pass<"ingot-generate-contractions", "::mlir::func::FuncOp"> {
  let summary = "turn ingot.contract on buffers into a parallel loop of register tiles";
  let description = [{
    One `scf.parallel` over tasks, a task being a block of rows by a group of column panels; inside, accumulators of the target's
    register tile are carried by loops over taps and depth, and leave through the op's epilogue. Packed weights are read
    panel by panel; plain ones as they lie. Bytes that are packed in fours are summed by the target's dot products. Ops on tensors stay.
  }];
  let options = [TargetOption];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def VectorizeGenerics : Pass<"ingot-vectorize-generics", "::mlir::func::FuncOp"> {
  let summary = "turn linalg ops on buffers into parallel loops of vector code";
  let description = [{
    One `scf.parallel` over groups of rows. A row runs along the loop in which operands are contiguous: elementwise work, windows of
    channels-last pooling and depthwise convolution (accumulators in registers), or a reduction along the row (several vectors of
    partial results). Bodies that do not exist on vectors (linalg.index, loads, integer division) become scalar loops. An op whose
    points are not independent stays.
  }];
  let options = [TargetOption];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::ub::UBDialect",
                           "::mlir::vector::VectorDialect"];
}

//===------------------------------- codegen ---------------------------------------===//

def ParallelizeKernels : Pass<"ingot-parallelize-kernels", "::mlir::ModuleOp"> {
  let summary = "turn the parallel loops of kernels into range functions that run through the caller's parallel_for";
  let description = [{
    A root-level scf.parallel becomes a function over [begin, end); where its cost is worth a fork it is run through the hook of the
    frame, else called directly.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect", "::ingot::IngotDialect"];
}

def LowerVectors : Pass<"ingot-lower-vectors", "::mlir::func::FuncOp"> {
  let summary = "bring vector code to what converts to LLVM one to one";
  let description = [{
    Divisions by a quantised type's scale become products where the target fuses. Transcendental functions of f32 become polynomials (f16 and bf16 by way of f32; f64 stays and becomes calls of libm); scratch buffers
    move to the function's entry. Runs after parallel loops have become functions.
  }];
  let options = [TargetOption];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerExpandShape : Pass<"ingot-lower-expand-shape", "::mlir::ModuleOp"> {
  let summary = "expansions of buffers, also into several unknown sizes, as reinterpretations";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def ConvertIngotToLLVM : Pass<"convert-ingot-to-llvm", "::mlir::ModuleOp"> {
  let summary = "lower everything that is left to the llvm dialect";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}

#endif
