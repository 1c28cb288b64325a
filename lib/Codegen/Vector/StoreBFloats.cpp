//===- StoreBFloats.cpp - bf16 in memory is moved as its bits ------------------------------------===//
//
// Without instructions for it LLVM promotes every value of type bf16, also one that is only selected or stored, and rounds it back by a call of
// __truncsfbf2, which is in no library that an object may need. Loads and stores of i16 leave no such value.
//===-----------------------------------------------------------------------------------------------===//
#include "StoreBFloats.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

static Type asBits(Type type) {
  Type i16 = IntegerType::get(type.getContext(), 16);
  if (auto vector = dyn_cast<VectorType>(type)) return vector.clone(i16);
  return i16;
}

/// The same buffer, seen as i16; null if it does not hold bf16.
static Value bitsOf(PatternRewriter &b, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.getElementType().isBF16()) return {};
  auto bits = MemRefType::get(type.getShape(), b.getI16Type(), type.getLayout(), type.getMemorySpace());
  return UnrealizedConversionCastOp::create(b, loc, TypeRange(bits), buffer).getResult(0);
}

static Value bitcast(PatternRewriter &b, Location loc, Type type, Value v) { return arith::BitcastOp::create(b, loc, type, v); }

namespace {

struct LoadBits : OpRewritePattern<memref::LoadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(memref::LoadOp op, PatternRewriter &b) const override {
    Value buffer = bitsOf(b, op.getLoc(), op.getMemref());
    if (!buffer) return b.notifyMatchFailure(op, "expected bf16");
    Value v = memref::LoadOp::create(b, op.getLoc(), buffer, op.getIndices());
    b.replaceOp(op, bitcast(b, op.getLoc(), op.getType(), v));
    return success();
  }
};

struct StoreBits : OpRewritePattern<memref::StoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(memref::StoreOp op, PatternRewriter &b) const override {
    Value buffer = bitsOf(b, op.getLoc(), op.getMemref());
    if (!buffer) return b.notifyMatchFailure(op, "expected bf16");
    Value v = op.getValueToStore();
    b.replaceOpWithNewOp<memref::StoreOp>(op, bitcast(b, op.getLoc(), asBits(v.getType()), v), buffer, op.getIndices());
    return success();
  }
};

struct LoadVectorBits : OpRewritePattern<vector::LoadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::LoadOp op, PatternRewriter &b) const override {
    Value buffer = bitsOf(b, op.getLoc(), op.getBase());
    if (!buffer) return b.notifyMatchFailure(op, "expected bf16");
    Value v = vector::LoadOp::create(b, op.getLoc(), cast<VectorType>(asBits(op.getType())), buffer, op.getIndices());
    b.replaceOp(op, bitcast(b, op.getLoc(), op.getType(), v));
    return success();
  }
};

struct StoreVectorBits : OpRewritePattern<vector::StoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::StoreOp op, PatternRewriter &b) const override {
    Value buffer = bitsOf(b, op.getLoc(), op.getBase());
    if (!buffer) return b.notifyMatchFailure(op, "expected bf16");
    Value v = op.getValueToStore();
    b.replaceOpWithNewOp<vector::StoreOp>(op, bitcast(b, op.getLoc(), asBits(v.getType()), v), buffer, op.getIndices());
    return success();
  }
};

struct LoadMaskedBits : OpRewritePattern<vector::MaskedLoadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::MaskedLoadOp op, PatternRewriter &b) const override {
    Value buffer = bitsOf(b, op.getLoc(), op.getBase());
    if (!buffer) return b.notifyMatchFailure(op, "expected bf16");
    Type bits = asBits(op.getType());
    Value otherwise = bitcast(b, op.getLoc(), bits, op.getPassThru());
    Value v = vector::MaskedLoadOp::create(b, op.getLoc(), cast<VectorType>(bits), buffer, op.getIndices(), op.getMask(), otherwise);
    b.replaceOp(op, bitcast(b, op.getLoc(), op.getType(), v));
    return success();
  }
};

struct StoreMaskedBits : OpRewritePattern<vector::MaskedStoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::MaskedStoreOp op, PatternRewriter &b) const override {
    Value buffer = bitsOf(b, op.getLoc(), op.getBase());
    if (!buffer) return b.notifyMatchFailure(op, "expected bf16");
    Value v = op.getValueToStore();
    b.replaceOpWithNewOp<vector::MaskedStoreOp>(op, buffer, op.getIndices(), op.getMask(), bitcast(b, op.getLoc(), asBits(v.getType()), v));
    return success();
  }
};

} // namespace

void ingot::populateStoreBFloats(RewritePatternSet &patterns) {
  patterns.add<LoadBits, StoreBits, LoadVectorBits, StoreVectorBits, LoadMaskedBits, StoreMaskedBits>(patterns.getContext());
}
