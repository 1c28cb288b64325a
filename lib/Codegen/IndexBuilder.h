//===- IndexBuilder.h - arithmetic on indices, folded while it is built ----------------===//
#ifndef INGOT_LIB_CODEGEN_INDEXBUILDER_H
#define INGOT_LIB_CODEGEN_INDEXBUILDER_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include <optional>

namespace ingot {

/// Index arithmetic for generators of loops: constants fold, so that static shapes leave static code.
class IndexBuilder {
public:
  IndexBuilder(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}
  mlir::OpBuilder &b;
  mlir::Location loc;

  static std::optional<int64_t> known(mlir::Value v) { return mlir::getConstantIntValue(mlir::getAsOpFoldResult(v)); }
  mlir::Value constant(int64_t v) { return mlir::arith::ConstantIndexOp::create(b, loc, v); }
  mlir::Value dim(mlir::Value memref, int64_t i) {
    auto type = llvm::cast<mlir::MemRefType>(memref.getType());
    return type.isDynamicDim(i) ? mlir::memref::DimOp::create(b, loc, memref, i).getResult() : constant(type.getDimSize(i));
  }
  mlir::Value add(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::AddIOp>(loc, x, y, kNoWrap); }
  mlir::Value add(mlir::Value x, int64_t y) { return y ? add(x, constant(y)) : x; }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::SubIOp>(loc, x, y, kNoWrap); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::MulIOp>(loc, x, y, kNoWrap); }
  mlir::Value mul(mlir::Value x, int64_t y) { return y == 1 ? x : mul(x, constant(y)); }
  mlir::Value min(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::MinSIOp>(loc, x, y); }
  mlir::Value max(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::MaxSIOp>(loc, x, y); }
  /// Quotient and remainder of values that are not negative.
  mlir::Value div(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::DivUIOp>(loc, x, y); }
  mlir::Value div(mlir::Value x, int64_t y) { return y == 1 ? x : div(x, constant(y)); }
  mlir::Value rem(mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::RemUIOp>(loc, x, y); }
  mlir::Value ceilDiv(mlir::Value x, int64_t y) { return y == 1 ? x : div(add(x, y - 1), y); }
  mlir::Value less(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::CmpIOp>(loc, mlir::arith::CmpIPredicate::slt, x, y);
  }
  mlir::Value equal(mlir::Value x, mlir::Value y) {
    return b.createOrFold<mlir::arith::CmpIOp>(loc, mlir::arith::CmpIPredicate::eq, x, y);
  }
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y) { return b.createOrFold<mlir::arith::SelectOp>(loc, c, x, y); }
  mlir::Value product(mlir::ValueRange values) {
    mlir::Value p = constant(1);
    for (mlir::Value v : values) p = mul(p, v);
    return p;
  }
  /// The index of every dimension from a linear one; the last dimension runs fastest. Dimensions of size one cost nothing.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value linear, llvm::ArrayRef<mlir::Value> sizes) {
    llvm::SmallVector<mlir::Value> result(sizes.size());
    llvm::SmallVector<unsigned> real;
    for (auto [i, size] : llvm::enumerate(sizes))
      if (known(size) == 1) result[i] = constant(0);
      else real.push_back(i);
    for (unsigned i : llvm::reverse(real)) {
      bool outermost = i == real.front();
      result[i] = outermost ? linear : rem(linear, sizes[i]);
      if (!outermost) linear = div(linear, sizes[i]);
    }
    return result;
  }
  /// A loop over [begin, end), or the body alone where the bounds say it runs once.
  template <class Body> void loop(mlir::Value begin, mlir::Value end, int64_t step, Body &&body) {
    auto lo = known(begin), hi = known(end);
    if (lo && hi && *hi > *lo && *hi - *lo <= step) return body(begin);
    auto op = mlir::scf::ForOp::create(b, loc, begin, end, constant(step));
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }
  /// `yes()` where the condition holds, else `no()`; only one of them where it is known.
  template <class Yes, class No> void branch(mlir::Value condition, Yes &&yes, No &&no) {
    if (auto c = known(condition)) return *c ? yes() : no();
    auto op = mlir::scf::IfOp::create(b, loc, condition, /*withElseRegion=*/true);
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.thenBlock());
    yes();
    b.setInsertionPointToStart(op.elseBlock());
    no();
  }

private:
  static constexpr auto kNoWrap = mlir::arith::IntegerOverflowFlags::nsw;
};

} // namespace ingot

#endif
