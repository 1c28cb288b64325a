//===- CallBuilder.h - operators that become calls of C functions -----------------------===//
//
// What linalg cannot say is a call of a function of include/ingot/Runtime/custom_op.h.  A regular operator is one line:
//
//   patterns.add<CallLowering<onnx::StringSplitOp>>(types, context, "ingot_op_string_split");
//
// which passes operands, attributes and expected results under their ONNX names.  The function is in lib/Runtime/Values.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_CALLBUILDER_H
#define INGOT_CONVERSION_CALLBUILDER_H

#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

class CallBuilder {
public:
  CallBuilder(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef function) : b(b), loc(loc), function(function) {}

  /// The next input: its type in the onnx dialect (none: absent), and the lowered value.
  CallBuilder &input(mlir::Type type, mlir::Value lowered);
  CallBuilder &inputs(mlir::ValueRange originals, mlir::ValueRange lowered);
  /// The next result, by its type in the onnx dialect.
  CallBuilder &output(mlir::Type type);
  /// An attribute that the function can read: integers, floats, strings, arrays of them, elements.  Nothing if it is null.
  CallBuilder &parameter(llvm::StringRef name, mlir::Attribute value);
  /// The function may answer differently each time.
  CallBuilder &stateful() { isStateful = true; return *this; }

  /// The lowered results: tensors where the rank is known, else handles.
  llvm::SmallVector<mlir::Value> build();

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::StringRef function;
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallVector<int32_t> inputTypes, outputTypes, absent;
  llvm::SmallVector<mlir::Type> types;
  mlir::NamedAttrList parameters;
  bool isStateful = false;
};

/// Replaces an operator by a call with its operands, its attributes and its results.
llvm::LogicalResult replaceWithCall(mlir::Operation *op, mlir::ValueRange operands, llvm::StringRef function,
                                    mlir::ConversionPatternRewriter &b);

/// An operator that is a call of one function.
template <class OpT> struct CallLowering : ONNXLowering<OpT> {
  CallLowering(const mlir::TypeConverter &types, LoweringContext &context, llvm::StringRef function)
      : ONNXLowering<OpT>(types, context), function(function) {}
  llvm::LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, mlir::ConversionPatternRewriter &b) const override {
    return replaceWithCall(op, adaptor.getOperands(), function, b);
  }
  llvm::StringRef function;
};

/// True for a lowered value that is no tensor of known rank.
inline bool isHandle(mlir::Type lowered) { return !llvm::isa<mlir::RankedTensorType>(lowered); }
/// A lowered value as another lowered type of the same ONNX value: a tensor of unknown rank is a handle, one of known rank a tensor.  `type` is
/// the value's type in the onnx dialect.  That the rank is the one expected is checked at run time.
mlir::Value adapt(TensorBuilder &t, mlir::Value lowered, mlir::Type type, mlir::Type to);

} // namespace ingot

#endif
