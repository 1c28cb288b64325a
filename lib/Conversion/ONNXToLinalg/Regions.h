//===- Regions.h - what lowerings of operators with subgraphs share -----------------------===//
//
// Subgraphs are moved into the regions of scf ops; their own operators are lowered there.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_REGIONS_H
#define INGOT_CONVERSION_REGIONS_H

#include "CallBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace ingot {

template <class OpT> struct RegionLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;

  mlir::Type converted(mlir::Value v) const { return this->typeConverter->convertType(v.getType()); }

  /// A value that a subgraph yields (not lowered yet) as a value of a type.
  mlir::Value yielded(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::Value v, mlir::Type type) const {
    if (v.getType() == type)
      return v;
    mlir::Type original = v.getType();
    mlir::Type own = converted(v);
    if (own != v.getType())
      v = mlir::UnrealizedConversionCastOp::create(b, loc, own, v).getResult(0);
    TensorBuilder t(b, loc);
    return adapt(t, v, original, type);
  }

  llvm::SmallVector<mlir::Value> yielded(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::ValueRange values, mlir::TypeRange types) const {
    llvm::SmallVector<mlir::Value> result;
    for (auto [v, type] : llvm::zip(values, types))
      result.push_back(yielded(b, loc, v, type));
    return result;
  }

  /// A scalar that the loop has as a value of the type of a block argument (rank 0, or 1 with one element).
  static mlir::Value scalarArgument(TensorBuilder &t, mlir::Value scalar, mlir::Type type) {
    mlir::Value tensor = t.fromScalar(scalar);
    auto ranked = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return ranked && ranked.getRank() == 1 ? t.castTo(t.insertUnits(tensor, {0}), type) : tensor;
  }

  /// Moves the block's operations before `where`, its arguments replaced; gives what it yields.
  static llvm::SmallVector<mlir::Value> inlineBody(mlir::ConversionPatternRewriter &b, mlir::Block &body, mlir::Block *into, mlir::ValueRange arguments) {
    auto yield = llvm::cast<onnx::YieldOp>(body.getTerminator());
    llvm::SmallVector<mlir::Value> values(yield.getOperands());
    b.eraseOp(yield);
    b.inlineBlockBefore(&body, into, into->end(), arguments);
    b.setInsertionPointToEnd(into);
    return values;
  }
};

} // namespace ingot

#endif
