//===- VectorBody.cpp - scalar regions on vectors -----------------------------------------===//
#include "VectorBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

bool ingot::isVectorizableOp(Operation &op) {
  if (isa<arith::ConstantOp>(op)) return true;
  if (!OpTrait::hasElementwiseMappableTraits(&op) || op.getNumRegions()) return false;
  // No CPU divides integers on vectors: the compiler below would take the lanes apart and put them together again.
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp, arith::RemFOp>(op))
    return false;
  auto isNumber = [](Type type) { return type.isIntOrFloat(); };
  return llvm::all_of(op.getResultTypes(), isNumber) && llvm::all_of(op.getOperandTypes(), isNumber);
}

bool ingot::isVectorizableBody(Block &body) { return llvm::all_of(body.without_terminator(), isVectorizableOp); }

int64_t ingot::bodyCost(Block &body) {
  int64_t cost = 0;
  for (Operation &op : body.without_terminator()) {
    if (isa<math::MathDialect>(op.getDialect()) && !isa<math::FmaOp, math::AbsFOp, math::AbsIOp, math::CopySignOp, math::IsNaNOp>(op))
      cost += isa<math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp>(op) ? 2 : isa<math::SqrtOp>(op) ? 4 : 20;
    else if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op))
      cost += 6;
    else if (!isa<arith::ConstantOp>(op))
      cost += 1;
  }
  return cost;
}

Value ingot::asVector(OpBuilder &b, Location loc, Value v, int64_t width) {
  if (isa<VectorType>(v.getType())) return v;
  return vector::BroadcastOp::create(b, loc, VectorType::get(width, v.getType()), v);
}

static void allowContraction(Operation *op) {
  auto fast = cast<arith::ArithFastMathInterface>(op);
  auto flags = fast.getFastMathFlagsAttr() ? fast.getFastMathFlagsAttr().getValue() : arith::FastMathFlags::none;
  op->setAttr(fast.getFastMathAttrName(), arith::FastMathFlagsAttr::get(op->getContext(), flags | arith::FastMathFlags::contract));
}

SmallVector<Value> ingot::cloneBody(OpBuilder &b, Location loc, Block &body, ValueRange args, int64_t width,
                                    function_ref<Value(Operation *, const IRMapping &)> replace) {
  IRMapping map;
  map.map(body.getArguments(), args);
  for (Operation &op : body.without_terminator()) {
    if (Value v = replace ? replace(&op, map) : Value()) {
      map.map(op.getResult(0), v);
      continue;
    }
    auto isVector = [](Value v) { return isa<VectorType>(v.getType()); };
    bool vectors = width && llvm::any_of(op.getOperands(), [&](Value v) { return isVector(map.lookupOrDefault(v)); });
    if (vectors)
      for (Value operand : op.getOperands())
        map.map(operand, asVector(b, loc, map.lookupOrDefault(operand), width));
    Operation *clone = b.clone(op, map);
    if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(clone)) allowContraction(clone);
    if (replace && clone->getNumRegions())
      clone->walk([&](Operation *nested) {
        Value v = replace(nested, IRMapping());
        if (!v) return;
        nested->getResult(0).replaceAllUsesWith(v);
        nested->erase();
      });
    if (vectors)
      for (Value result : clone->getResults()) result.setType(VectorType::get(width, result.getType()));
  }
  SmallVector<Value> results;
  for (Value v : body.getTerminator()->getOperands()) results.push_back(map.lookupOrDefault(v));
  return results;
}

Value ingot::convertElement(OpBuilder &b, Location loc, Value v, Type element, bool isUnsigned) {
  Type from = getElementTypeOrSelf(v.getType()), to = element;
  if (from == to) return v;
  if (auto type = dyn_cast<VectorType>(v.getType())) to = type.clone(element);
  unsigned fromBits = from.getIntOrFloatBitWidth(), toBits = element.getIntOrFloatBitWidth();
  if (isa<FloatType>(from) && isa<FloatType>(element)) {
    // f16 and bf16 are of equal width and meet in f32.
    if (fromBits == toBits) return convertElement(b, loc, convertElement(b, loc, v, b.getF32Type()), element);
    if (fromBits < toBits) return arith::ExtFOp::create(b, loc, to, v);
    return arith::TruncFOp::create(b, loc, to, v);
  }
  if (isa<FloatType>(element)) {
    if (isUnsigned) return arith::UIToFPOp::create(b, loc, to, v);
    return arith::SIToFPOp::create(b, loc, to, v);
  }
  if (isa<FloatType>(from)) return arith::FPToSIOp::create(b, loc, to, v);
  if (fromBits > toBits) return arith::TruncIOp::create(b, loc, to, v);
  if (isUnsigned) return arith::ExtUIOp::create(b, loc, to, v);
  return arith::ExtSIOp::create(b, loc, to, v);
}
