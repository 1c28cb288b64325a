//===- ONNXBase.td - the onnx dialect, its types and the classes of its op table ---===//
#ifndef INGOT_ONNX_BASE
#define INGOT_ONNX_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "ingot/Dialect/ONNX/ONNXInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::ingot::onnx";
  let summary = "ONNX operators, each in its newest version only";
  let description = [{
    One op per ONNX operator.  Operators of the default domain are `onnx.<Name>`, of ai.onnx.ml `onnx.ml.<Name>`, of
    com.microsoft `onnx.ms.<Name>`.  Element types: signed integers are signless (`i32`), unsigned ones `ui8`, bool is `i1`.
    An optional operand that is absent is the value of an `onnx.NoValue`.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

//===-------------------------------- types ------------------------------------===//

class ONNX_Type<string name, string typeMnemonic> : TypeDef<ONNX_Dialect, name> { let mnemonic = typeMnemonic; }
def ONNX_StringType : ONNX_Type<"String", "string"> { let summary = "a byte string, as a tensor element"; }
def ONNX_SequenceType : ONNX_Type<"Sequence", "seq"> {
  let summary = "a sequence of values of one type";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}
def ONNX_OptionalType : ONNX_Type<"Optional", "opt"> {
  let summary = "a value that may be absent";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}
def ONNX_MapType : ONNX_Type<"Map", "map"> {
  let summary = "a map from keys to values";
  let parameters = (ins "::mlir::Type":$keyType, "::mlir::Type":$valueType);
  let assemblyFormat = "`<` $keyType `,` $valueType `>`";
}

// Element type sets, by the names that ONNX's schemas use.
def ONNX_F : AnyTypeOf<[F16, F32, F64, BF16]>;
def ONNX_SInt : AnyTypeOf<[I8, I16, I32, I64]>;
def ONNX_UInt : AnyTypeOf<[UI8, UI16, UI32, UI64]>;
def ONNX_Int : AnyTypeOf<[ONNX_SInt, ONNX_UInt]>;
def ONNX_Num : AnyTypeOf<[ONNX_F, ONNX_Int]>;
def ONNX_FloatTensor : TensorOf<[ONNX_F]>;
def ONNX_IntTensor : TensorOf<[ONNX_Int]>;
def ONNX_NumTensor : TensorOf<[ONNX_Num]>;
def ONNX_SignedTensor : TensorOf<[ONNX_F, ONNX_SInt]>;
def ONNX_BoolTensor : TensorOf<[I1]>;
def ONNX_IndexTensor : TensorOf<[I32, I64]>;
def ONNX_I64Tensor : TensorOf<[I64]>;
def ONNX_StringTensor : TensorOf<[ONNX_StringType]>;
def ONNX_Tensor : TensorOf<[AnyType]>;
def ONNX_Value : AnyTypeOf<[ONNX_Tensor, ONNX_SequenceType, ONNX_OptionalType, ONNX_MapType, NoneType]>;
// An optional operand: the type, or none (the value of an onnx.NoValue).
class ONNX_Opt<Type t> : AnyTypeOf<[t, NoneType]>;

//===-------------------------------- attributes ---------------------------------===//
// ONNX's attribute kinds, as the importer writes them: INT i64, FLOAT f32, STRING string, INTS array<i64>, FLOATS array<f32>,
// STRINGS array of strings, TENSOR elements, GRAPH a region.
class ONNX_DefInt<string value> : DefaultValuedAttr<I64Attr, value>;
class ONNX_DefFloat<string value> : DefaultValuedAttr<F32Attr, value>;
class ONNX_DefStr<string value> : DefaultValuedStrAttr<StrAttr, value>;
def ONNX_OptInts : OptionalAttr<DenseI64ArrayAttr>;
def ONNX_OptFloats : OptionalAttr<DenseF32ArrayAttr>;
def ONNX_OptStrings : OptionalAttr<StrArrayAttr>;
def ONNX_OptTensor : OptionalAttr<ElementsAttr>;

//===-------------------------------- classes ------------------------------------===//

// `since` is the version of the newest form; the importer rewrites older ones.
class ONNX_Op<string name, int since, list<Trait> traits = []>
    : Op<ONNX_Dialect, name, traits # [DeclareOpInterfaceMethods<ONNX_InferInterface>]> {
  int sinceVersion = since;
  string ownDeclaration = "";
  let extraClassDeclaration = "static constexpr int kSinceVersion = " # since # ";\n" # ownDeclaration;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// An irregular operator without side effects: its shape rule is in lib/Dialect/ONNX/IR/<Family>.cpp.
class ONNX_PureOp<string name, int since, string text, dag operandsAndAttributes, dag outputs> : ONNX_Op<name, since, [Pure]> {
  let summary = text;
  let arguments = operandsAndAttributes;
  let results = outputs;
}
// Draws random numbers, so that two equal operators are not one.
class ONNX_RandomOp<string name, int since, string text, dag operandsAndAttributes, dag outputs> : ONNX_Op<name, since> {
  let summary = text;
  let arguments = operandsAndAttributes;
  let results = outputs;
}

// A row of the elementwise table: `scalar` is a C++ expression over `s` (ScalarBuilder) and the scalars `a`, `b`, `c` (or `args`; a
// null value for an absent optional operand).  The result has the element type of the operand number `like`, or i1 if that is -1.
class ONNX_Elementwise<string name, int since, string scalar, int like = 0>
    : ONNX_Op<name, since, [Pure, DeclareOpInterfaceMethods<ONNX_ElementwiseInterface>]> {
  string scalarExpression = scalar;
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::buildScalar(::ingot::ScalarBuilder &s, ::mlir::ValueRange args) {
      [[maybe_unused]] ::mlir::Value a = args.size() > 0 ? args[0] : ::mlir::Value();
      [[maybe_unused]] ::mlir::Value b = args.size() > 1 ? args[1] : ::mlir::Value();
      [[maybe_unused]] ::mlir::Value c = args.size() > 2 ? args[2] : ::mlir::Value();
      return }] # scalar # [{;
    }
    ::llvm::LogicalResult $cppClass::infer(::ingot::onnx::ShapeAnalysis &shapes) {
      return ::ingot::onnx::inferElementwise(*this, shapes, }] # like # [{);
    }
  }];
}
class ONNX_Unary<string name, int since, Type t, string scalar, dag attributes = (ins)>
    : ONNX_Elementwise<name, since, scalar> {
  let arguments = !con((ins t:$X), attributes);
  let results = (outs t:$Y);
}
class ONNX_Binary<string name, int since, Type t, string scalar, dag attributes = (ins)>
    : ONNX_Elementwise<name, since, scalar> {
  let arguments = !con((ins t:$A, t:$B), attributes);
  let results = (outs t:$C);
}
class ONNX_Comparison<string name, int since, Type t, string scalar> : ONNX_Elementwise<name, since, scalar, -1> {
  let arguments = (ins t:$A, t:$B);
  let results = (outs ONNX_BoolTensor:$C);
}
class ONNX_Test<string name, int since, string scalar, dag attributes = (ins)> : ONNX_Elementwise<name, since, scalar, -1> {
  let arguments = !con((ins ONNX_Tensor:$X), attributes);
  let results = (outs ONNX_BoolTensor:$Y);
}
// Operators over any number of operands, folded from left to right by the binary `scalar`, then `finish` over `a` and the number `n`.
class ONNX_Variadic<string name, int since, Type t, string scalar, string finish = "a">
    : ONNX_Op<name, since, [Pure, DeclareOpInterfaceMethods<ONNX_ElementwiseInterface>]> {
  let arguments = (ins Variadic<t>:$inputs);
  let results = (outs t:$output);
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::buildScalar(::ingot::ScalarBuilder &s, ::mlir::ValueRange args) {
      ::mlir::Value a = args.front();
      for (::mlir::Value b : args.drop_front()) a = }] # scalar # [{;
      [[maybe_unused]] ::mlir::Value n = s.constant(a.getType(), args.size());
      return }] # finish # [{;
    }
    ::llvm::LogicalResult $cppClass::infer(::ingot::onnx::ShapeAnalysis &shapes) {
      return ::ingot::onnx::inferElementwise(*this, shapes, 0);
    }
  }];
}

// A row of the reduction table (axes as the second, optional operand): expressions over `s`, `x`, `acc` and `count`.
class ONNX_Reduction<string name, int since, Type t, string init, string combine, string finish = "acc">
    : ONNX_Op<name, since, [Pure, DeclareOpInterfaceMethods<ONNX_ReductionInterface>]> {
  let arguments = (ins t:$data, ONNX_Opt<ONNX_I64Tensor>:$axes,
                   ONNX_DefInt<"1">:$keepdims, ONNX_DefInt<"0">:$noop_with_empty_axes);
  let results = (outs t:$reduced);
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::buildInit(::ingot::ScalarBuilder &s) { return }] # init # [{; }
    ::mlir::Value $cppClass::buildCombine(::ingot::ScalarBuilder &s, ::mlir::Value acc, ::mlir::Value x) { return }] # combine # [{; }
    ::mlir::Value $cppClass::buildFinish(::ingot::ScalarBuilder &s, ::mlir::Value acc, ::mlir::Value count) { return }] # finish # [{; }
    ::llvm::LogicalResult $cppClass::infer(::ingot::onnx::ShapeAnalysis &shapes) {
      return ::ingot::onnx::inferReduction(*this, shapes);
    }
  }];
}

#endif
