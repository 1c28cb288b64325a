//===- IngotOps.td - what upstream dialects cannot say -----------------------------===//
#ifndef INGOT_INGOT_OPS
#define INGOT_INGOT_OPS

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Ingot_Dialect : Dialect {
  let name = "ingot";
  let cppNamespace = "::ingot";
  let summary = "structured kernels and the runtime boundary";
}

def Ingot_Frame : Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "pointer to the frame of a run">,
                  BuildableType<"::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

class Ingot_Op<string name, list<Trait> traits = []> : Op<Ingot_Dialect, name, traits>;

def Ingot_ContractOp : Ingot_Op<"contract", [
    DestinationStyleOpInterface, SingleBlock,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "convolution and matrix product, with an elementwise epilogue";
  let description = [{
    Rationale: linalg has one op per layout and none carries an epilogue or packed weights; this one op is what the contraction
    generator takes, so that MatMul, Gemm, Conv and recurrent products are one kernel.

    Channels last.  r is the number of spatial dimensions, at least 1; a matrix product has r = 1 and no taps beyond one.
      input    [N, I1..Ir, G*IC]
      weights  [W, K1..Kr, IC, OC]              plain, or
               [W, ceil(OC/NR), K1..Kr, IC, NR] packed in panels of NR columns, zero-filled at the end, or
               [W, ceil(OC/NR), K1..Kr, IC/4, NR, 4] the same of 8-bit integers, four neighbours of the depth side by side
      out      [N, O1..Or, G*OC]
    W is `groups` (1 if there are none), or N when `batched_weights` is set (a batched matrix product: weights[n] for batch n).

      acc[n, o, g*OC+c] = sum over k, i of  input[n, o*strides + k*dilations - pads, g*IC+i] * weights[g, k, i, c]
      out = epilogue(acc, extras...)

    Outside of its bounds the input counts as zero; without `pads` no window may reach there.  `depthwise`: one filter per channel, weights
    [1, K1..Kr, 1, C], and the sum is over k alone, of input[.., c] * weights[0, k, 0, c].  `winograd` = m > 0: a 3x3 convolution
    with strides and dilations of one is computed as F(m x m, 3 x 3), its weights being 3x3 or already transformed to K1 = K2 = m + 2; one of three
    taps in a line as F(m, 3), its weights being transformed to K1 = m + 2.

    The body's first argument is the accumulator (its type is the type of accumulation: operands are converted to it, integers by
    sign unless `unsigned_input`/`unsigned_weights`), followed by one scalar of every `extras` operand, read at `extra_maps` applied
    to the index of the result.  The terminator yields the value stored.  The initial content of `out` is not read.
  }];
  let arguments = (ins AnyShaped:$input, AnyShaped:$weights, Variadic<AnyShaped>:$extras, AnyShaped:$out,
                   DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups,
                   UnitAttr:$batched_weights, UnitAttr:$unsigned_input, UnitAttr:$unsigned_weights,
                   DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps,
                   DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$pads, UnitAttr:$depthwise, DefaultValuedAttr<I64Attr, "0">:$winograd);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weights `:` type($input) `,` type($weights) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? `outs` `(` $out `:` type($out) `)`
    attr-dict-with-keyword $epilogue (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let builders = [
    // With an epilogue that yields the accumulator as it is.
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weights, "::mlir::Value":$out, "::llvm::ArrayRef<int64_t>":$strides,
                   "::llvm::ArrayRef<int64_t>":$dilations, CArg<"int64_t", "1">:$groups, CArg<"bool", "false">:$batchedWeights,
                   CArg<"::mlir::Type", "{}">:$accumulatorType)>];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
    int64_t getSpatialRank() { return ::llvm::cast<::mlir::ShapedType>(getInput().getType()).getRank() - 2; }
    /// Whether weights lie in panels, of single numbers or of four for dot products.
    bool isPacked() { return ::llvm::cast<::mlir::ShapedType>(getWeights().getType()).getRank() >= getSpatialRank() + 4; }
    bool isPackedForDots() { return ::llvm::cast<::mlir::ShapedType>(getWeights().getType()).getRank() == getSpatialRank() + 5; }
    /// Elements before the first of spatial dimension `i` that windows may begin at.
    int64_t getPad(int64_t i) { return getPads().empty() ? 0 : getPads()[i]; }
    ::mlir::Type getAccumulatorType() { return getEpilogue().front().getArgument(0).getType(); }
  }];
}

def Ingot_YieldOp : Ingot_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "gives the values of a region";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

def Ingot_CheckOp : Ingot_Op<"check"> {
  let summary = "ends the run with a status unless the condition holds";
  let description = [{
    Rationale: cf.assert aborts the process; a model must return a status that names the node and the reason.  Stands in
    the model's function only (at any depth of control flow), never inside a kernel.
  }];
  let arguments = (ins I1:$condition, StrAttr:$message, DefaultValuedAttr<I32Attr, "2">:$status);
  let assemblyFormat = "$condition `,` $message attr-dict";
}

//===---------------------------- the runtime boundary ------------------------------===//
// Rationale: what a run takes from its frame (include/ingot/Runtime/Frame.h) has no upstream op. All of these stand in the
// model's function, whose first argument is the frame; each that can fail ends the run with the status it recorded.

def Ingot_InputOp : Ingot_Op<"input"> {
  let summary = "input `index` of the model, checked against its type";
  let arguments = (ins Ingot_Frame:$frame, I32Attr:$index, I32Attr:$element_type);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$frame `[` $index `]` attr-dict `:` type($buffer)";
}

def Ingot_OutputOp : Ingot_Op<"output"> {
  let summary = "buffer for output `index` of the model: the caller's, or one that the instance keeps";
  let arguments = (ins Ingot_Frame:$frame, I32Attr:$index, I32Attr:$element_type, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$frame `[` $index `]` `(` $sizes `)` attr-dict `:` type($buffer)";
}

def Ingot_WeightOp : Ingot_Op<"weight", [Pure]> {
  let summary = "constant at a byte offset of the weights blob";
  let arguments = (ins Ingot_Frame:$frame, I64Attr:$offset);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$frame `at` $offset attr-dict `:` type($buffer)";
}

def Ingot_ArenaOp : Ingot_Op<"arena", [MemoryEffects<[MemAlloc]>]> {
  let summary = "the arena of the run, at least `bytes` large";
  let arguments = (ins Ingot_Frame:$frame, Index:$bytes);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$frame `,` $bytes attr-dict `:` type($buffer)";
}

def Ingot_AllocateOp : Ingot_Op<"allocate", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a segment of its own, for a size that is known only on the way; lives to the end of the run";
  let arguments = (ins Ingot_Frame:$frame, Index:$bytes);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$frame `,` $bytes attr-dict `:` type($buffer)";
}

def Ingot_ParallelCallOp : Ingot_Op<"parallel_call"> {
  let summary = "call body(args..., begin, end) over [0, count), by the frame's parallel_for if that is worth it";
  let arguments = (ins Ingot_Frame:$frame, Index:$count, FlatSymbolRefAttr:$body, Variadic<AnyType>:$args, I64Attr:$cost);
  let assemblyFormat = "$frame `,` $body `(` $args `:` type($args) `)` `over` $count `cost` $cost attr-dict";
}

//===------------------------------ values that are no tensors ------------------------------===//
// A sequence, an optional, a map, or a tensor whose rank only the run knows is a handle: a pointer to a descriptor (ingot_tensor) that lives as
// long as the run and never changes.  It passes through scf and func as it is, and bufferization does not see it.
def Ingot_Handle : Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "handle of a value that is no tensor">,
                   BuildableType<"::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

def Ingot_CallOp : Ingot_Op<"call", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "call of a C function of the runtime or of the user";
  let description = [{
    Rationale: work on strings, sequences, maps, images and operators that the user brings is not computation that linalg could say; one op
    carries all of it to one C interface (include/ingot/Runtime/custom_op.h).

    Operands are tensors or handles; those in `absent`, numbers of the function's inputs in ascending order, are not given.  A result that is a
    tensor has its rank, and the dimensions that are fixed, by its type; the others are known after the call.  `input_types` and `output_types`
    say the ONNX type of each: an ingot_type, plus 256 times the ingot_kind.  The memory of a result is never written.  Without `stateful` two
    equal calls are one, and a call whose results are not used is none.

    ```mlir
    %length = ingot.call @ingot_op_sequence_length(%s) {input_types = array<i32: 257>, output_types = array<i32: 7>} : (!llvm.ptr) -> tensor<i64>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, FlatSymbolRefAttr:$callee, DenseI32ArrayAttr:$input_types, DenseI32ArrayAttr:$output_types,
                   OptionalAttr<DictionaryAttr>:$parameters, DefaultValuedAttr<DenseI32ArrayAttr, "{}">:$absent, UnitAttr:$stateful);
  let results = (outs Variadic<AnyType>:$outputs);
  let assemblyFormat = "$callee `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
  let hasVerifier = 1;
}

def Ingot_TakeOp : Ingot_Op<"take", [Pure]> {
  let summary = "handle of input `index` of the model";
  let arguments = (ins Ingot_Frame:$frame, I32Attr:$index);
  let results = (outs Ingot_Handle:$value);
  let assemblyFormat = "$frame `[` $index `]` attr-dict";
}

def Ingot_GiveOp : Ingot_Op<"give"> {
  let summary = "makes a value output `index` of the model, with copies of what it refers to";
  let description = [{
    A tensor of strings, whose elements are in the output's buffer already, has no `value`: its bytes are copied.
  }];
  let arguments = (ins Ingot_Frame:$frame, I32Attr:$index, Optional<Ingot_Handle>:$value);
  let assemblyFormat = "$frame `[` $index `]` (`,` $value^)? attr-dict";
}

#endif
