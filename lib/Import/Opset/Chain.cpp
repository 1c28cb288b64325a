//===- Chain.cpp - expressions of onnx ops, for rewrites that take several ------------------===//
#include "Chain.h"
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;

Value Chain::op(StringRef opType, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes, Type element) {
  if (!ok) return {};
  Value v = r.op(opType, operands, attributes, element);
  ok = v != nullptr;
  return v;
}

Value Chain::result(Value first, unsigned i, Type element) {
  if (!ok) return {};
  Value v = mlir::cast<OpResult>(first).getOwner()->getResult(i);
  if (element) v.setType(UnrankedTensorType::get(element));
  return v;
}

Value Chain::cast(Value v, Type element) {
  if (!ok || elementOf(v) == element) return v;
  return op("Cast", v, r.attr("to", int64_t(dataTypeOf(element))), element);
}

Value Chain::dim(Value v, int64_t axis) {
  NamedAttribute range[] = {r.attr("end", axis + 1), r.attr("start", axis)};
  return op("Shape", v, axis == -1 ? ArrayRef(range).drop_front() : ArrayRef(range), i64);
}

Value Chain::transpose(Value v, ArrayRef<int64_t> permutation) {
  return op("Transpose", v, r.attr("perm", r.b.getDenseI64ArrayAttr(permutation)));
}

Value Chain::iota(Value size) { return ok ? op("Range", {r.scalar(0), squeeze(size, 0), r.scalar(1)}, {}, i64) : Value(); }

Value Chain::reduce(StringRef opType, Value v, ArrayRef<int64_t> axes, bool keepdims) {
  return op(opType, {v, ints(axes)}, r.attr("keepdims", int64_t(keepdims)));
}

SmallVector<Value> Chain::loop(Value count, ArrayRef<Value> initial, Body body) {
  SmallVector<Value> operands = {count, Value()}, none(initial.size());
  operands.append(initial.begin(), initial.end());
  if (!ok) return none;
  SmallVector<Type> types;
  for (Value v : initial) types.push_back(UnrankedTensorType::get(elementOf(v)));
  Operation *op = r.emitter.create("onnx.Loop", r.node.loc, r.node.what, operands, {}, types, 1);
  ok = op != nullptr;
  if (!ok) return none;
  OpBuilder::InsertionGuard guard(r.b);
  Block *block = r.b.createBlock(&op->getRegion(0));
  Value iteration = block->addArgument(RankedTensorType::get({}, i64), r.node.loc), before = block->addArgument(RankedTensorType::get({}, i1), r.node.loc);
  for (auto [type, from] : llvm::zip(types, initial)) r.emitter.enterBody(block->addArgument(type, r.node.loc), from);
  Value goesOn;
  SmallVector<Value> next = body(iteration, SmallVector<Value>(block->getArguments().drop_front(2)), goesOn);
  ok = ok && !llvm::is_contained(next, Value());
  if (!ok) return none;
  next.insert(next.begin(), goesOn ? goesOn : before);
  onnx::YieldOp::create(r.b, r.node.loc, next);
  ok = succeeded(r.emitter.complete(op, r.node.what));
  return ok ? SmallVector<Value>(op->getResults()) : none;
}

FailureOr<int64_t> Chain::rankOf(unsigned i) {
  if (std::optional<int64_t> rank = r.emitter.rank(r.operand(i))) return *rank;
  return r.error() << "the rank of input " << i << " is not known; expected a model that gives the shape of the value";
}

LogicalResult Chain::require(ArrayRef<unsigned> operands) {
  for (unsigned i : operands)
    if (!r.operand(i)) return r.error() << "expected input " << i << ", which is absent";
  return success();
}

LogicalResult Chain::requireInt(StringRef name, int64_t only) {
  int64_t value = r.takeInt(name, only);
  if (value == only) return success();
  return r.error() << "attribute '" << name << "' is " << value << ", which is not supported; expected " << only;
}

LogicalResult Chain::replace(ArrayRef<Value> values) {
  if (!ok) return failure();
  if (!r.node.attributes.empty())
    return r.error() << "the attribute '" << r.node.attributes.begin()->getName().getValue() << "' is not supported; expected a node without it";
  for (size_t i = 0; i < r.node.wanted.size(); ++i) {
    bool given = i < values.size() && values[i];
    if (r.node.wanted[i] && !given) return r.error() << "output " << i << " is not supported; expected the first outputs only";
    r.node.replacements.push_back(given ? values[i] : r.emitter.noValue());
  }
  return success();
}
