//===- ControlFlow.cpp - shape rules of operators with subgraphs ----------------------------------------------===//
#include "ShapeRules.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace ingot::onnx;

/// The values that a subgraph gives; fails with a diagnostic if it does not have one block that ends in onnx.Yield.
static FailureOr<OperandRange> yieldedBy(Operation *op, Region &region, StringRef name) {
  if (region.hasOneBlock() && !region.front().empty())
    if (auto yield = dyn_cast<YieldOp>(region.front().back())) return yield.getOperands();
  return op->emitOpError("expected the subgraph '") << name << "' to be one block that ends in 'onnx.Yield'";
}

/// The dimensions of a value inside a region as seen outside: what depends on values inside is open.
static SmallVector<Dim> dimsOutside(Operation *op, Value v, ShapeAnalysis &shapes) {
  return llvm::map_to_vector(shapes.dims(v), [&](Dim d) { return shapes.isDefinedOutside(d, op) ? d : Dim(); });
}

//===--------------------------------------- If ----------------------------------------===//

/// The result is what one branch gives.
static void takeFrom(IfOp op, OperandRange yielded, ShapeAnalysis &shapes) {
  for (auto [result, v] : llvm::zip(op.getOutputs(), yielded)) {
    if (!shapes.hasRank(v)) {
      shapes.setType(result, shapes.type(v));
      continue;
    }
    shapes.set(result, shapes.elementType(v), dimsOutside(op, v, shapes));
    auto contents = shapes.contents(v);
    if (!contents) continue;
    auto outside = llvm::map_to_vector(*contents, [&](Dim d) { return d && shapes.isDefinedOutside(d, op) ? d : Dim(); });
    shapes.setContents(result, outside);
  }
}

/// The result is what either branch gives: sizes that both have in common are kept.
static LogicalResult mergeBranches(IfOp op, Value result, Value a, Value b, ShapeAnalysis &shapes) {
  Type joined = joinTypes(shapes.type(a), shapes.type(b));
  if (!joined) return op.emitOpError("expected branches that give values of one type, got ") << shapes.type(a) << " and " << shapes.type(b);
  if (!shapes.hasRank(a) || !shapes.hasRank(b) || shapes.rank(a) != shapes.rank(b)) {
    auto tensor = dyn_cast<TensorType>(joined);
    shapes.setType(result, tensor ? UnrankedTensorType::get(tensor.getElementType()) : joined);
    return success();
  }
  SmallVector<Dim> dims = dimsOutside(op, a, shapes);
  for (auto [d, other] : llvm::zip(dims, shapes.dims(b)))
    if (d != other) d = {};
  shapes.set(result, shapes.elementType(a), dims);
  auto left = shapes.contents(a), right = shapes.contents(b);
  if (!left || !right || left->size() != right->size()) return success();
  SmallVector<Dim> contents;
  for (auto [x, y] : llvm::zip(*left, *right)) contents.push_back(x && x == y && shapes.isDefinedOutside(x, op) ? x : Dim());
  shapes.setContents(result, contents);
  return success();
}

LogicalResult IfOp::infer(ShapeAnalysis &shapes) {
  FailureOr<OperandRange> thenValues = yieldedBy(*this, getThenBranch(), "then_branch"), elseValues = yieldedBy(*this, getElseBranch(), "else_branch");
  if (failed(thenValues) || failed(elseValues)) return failure();
  size_t n = getNumResults();
  if (thenValues->size() != n || elseValues->size() != n)
    return emitOpError("expected branches that give ") << n << " values, got " << thenValues->size() << " and " << elseValues->size();

  auto contents = shapes.contents(getCond());
  auto decided = contents && contents->size() == 1 ? ShapeAnalysis::asConstant(contents->front()) : std::nullopt;
  if (decided) {
    {
      // The branch that never runs may contradict the sizes at hand.
      ScopedDiagnosticHandler silent(getContext(), [](Diagnostic &) { return success(); });
      (void)shapes.runOnBlock((*decided ? getElseBranch() : getThenBranch()).front());
    }
    if (failed(shapes.runOnBlock((*decided ? getThenBranch() : getElseBranch()).front()))) return failure();
    takeFrom(*this, *decided ? *thenValues : *elseValues, shapes);
    return success();
  }
  if (failed(shapes.runOnBlock(getThenBranch().front())) || failed(shapes.runOnBlock(getElseBranch().front()))) return failure();
  for (auto [result, a, b] : llvm::zip(getOutputs(), *thenValues, *elseValues))
    if (failed(mergeBranches(*this, result, a, b, shapes))) return failure();
  return success();
}

//===------------------------------- carried values -------------------------------------===//

/// Opens what an iteration changes of a carried value.  Returns whether something was.
static FailureOr<bool> widen(Operation *op, Value arg, Value next, ShapeAnalysis &shapes) {
  Type old = shapes.type(arg), given = shapes.type(next), joined = joinTypes(old, given);
  if (!joined) return op->emitOpError("expected a body that carries a value of type ") << old << " on, got " << given;
  auto tensor = dyn_cast<TensorType>(joined);
  if (!tensor) {
    if (joined == old) return false;
    shapes.setType(arg, joined);
    return true;
  }
  if (!shapes.hasRank(arg)) return false;
  if (!shapes.hasRank(next) || shapes.rank(next) != shapes.rank(arg)) {
    shapes.setUnranked(arg, tensor.getElementType());
    return true;
  }
  SmallVector<Dim> dims(shapes.dims(arg));
  bool changed = false;
  for (auto [i, d] : llvm::enumerate(dims)) {
    Dim open = shapes.fresh(arg, i);
    if (d == shapes.dim(next, i) || d == open) continue;
    d = open;
    changed = true;
  }
  if (changed) shapes.set(arg, tensor.getElementType(), dims);
  return changed;
}

/// Runs the body until the carried values' shapes hold for every iteration.
static LogicalResult runToFixpoint(Operation *op, Block &body, ValueRange args, ValueRange initial, ValueRange next, ShapeAnalysis &shapes) {
  for (auto [arg, v] : llvm::zip(args, initial)) shapes.setLike(arg, v);
  for (bool changed = true; changed;) {
    if (failed(shapes.runOnBlock(body))) return failure();
    changed = false;
    for (auto [arg, v] : llvm::zip(args, next)) {
      FailureOr<bool> widened = widen(op, arg, v, shapes);
      if (failed(widened)) return failure();
      changed |= *widened;
    }
  }
  return success();
}

/// Sets the final value of each carried one.  Where an optional goes in and a body gives values, a value comes out.
static void setFinal(Operation *op, ValueRange results, ValueRange args, ValueRange next, ShapeAnalysis &shapes) {
  for (auto [result, arg, given] : llvm::zip(results, args, next)) {
    auto optional = dyn_cast<OptionalType>(shapes.type(arg));
    if (optional && !isa<OptionalType>(shapes.type(given)))
      shapes.setType(result, optional.getElementType());
    else if (shapes.hasRank(arg))
      shapes.set(result, shapes.elementType(arg), dimsOutside(op, arg, shapes));
    else
      shapes.setType(result, shapes.type(arg));
  }
}

/// What iterations give, stacked along `axis`.
static LogicalResult setStacked(Operation *op, Value result, Value each, int64_t axis, Dim count, ShapeAnalysis &shapes) {
  Type element = shapes.elementType(each);
  if (!element) return op->emitOpError("expected a body that gives tensors to stack, got ") << shapes.type(each);
  if (!shapes.hasRank(each)) {
    shapes.setUnranked(result, element);
    return success();
  }
  SmallVector<Dim> dims = dimsOutside(op, each, shapes);
  FailureOr<int64_t> at = axisOf(op, axis, dims.size() + 1);
  if (failed(at)) return failure();
  dims.insert(dims.begin() + *at, count);
  shapes.set(result, element, dims);
  return success();
}

//===-------------------------------------- Loop ---------------------------------------===//

/// The number of iterations, if the body never stops early.
static Dim tripCount(LoopOp loop, Value goesOn, ShapeAnalysis &shapes) {
  if (!isPresent(loop.getM())) return {};
  // The condition must be true from the start, and handed on or set to true.
  auto isTrue = [&](Value v) { auto c = shapes.constantContents(v); return c && c->size() == 1 && c->front() != 0; };
  if (isPresent(loop.getCond()) && !isTrue(loop.getCond())) return {};
  while (auto identity = goesOn.getDefiningOp<IdentityOp>()) goesOn = identity.getInput();
  if (goesOn != loop.getBody().getArgument(1) && !isTrue(goesOn)) return {};
  Dim count = shapes.at(loop.getM(), 0);
  if (auto c = ShapeAnalysis::asConstant(count)) return shapes.constant(std::max<int64_t>(*c, 0));
  return shapes.isNonNegative(count) ? count : Dim();
}

LogicalResult LoopOp::infer(ShapeAnalysis &shapes) {
  FailureOr<OperandRange> yielded = yieldedBy(*this, getBody(), "body");
  if (failed(yielded)) return failure();
  Block &body = getBody().front();
  size_t carried = getVInitial().size();
  if (body.getNumArguments() != carried + 2 || yielded->size() < carried + 1 || yielded->size() - 1 != getNumResults())
    return emitOpError("expected a body of ") << carried + 2 << " inputs and " << getNumResults() + 1 << " outputs, got " << body.getNumArguments()
                                              << " and " << yielded->size();
  shapes.set(body.getArgument(0), IntegerType::get(getContext(), 64), {});
  shapes.set(body.getArgument(1), IntegerType::get(getContext(), 1), {});
  ValueRange args = body.getArguments().drop_front(2), next = yielded->drop_front(1);
  if (failed(runToFixpoint(*this, body, args, getVInitial(), next.take_front(carried), shapes))) return failure();
  if (Type goesOn = shapes.type(yielded->front()); !getElementTypeOrSelf(goesOn).isInteger(1))
    return emitOpError("expected a body that gives a boolean whether to go on, got ") << goesOn;
  setFinal(*this, getResults().take_front(carried), args, next.take_front(carried), shapes);
  Dim count = tripCount(*this, yielded->front(), shapes);
  for (auto [result, each] : llvm::zip(getResults().drop_front(carried), next.drop_front(carried)))
    if (failed(setStacked(*this, result, each, 0, count, shapes))) return failure();
  return success();
}

//===-------------------------------------- Scan ---------------------------------------===//

/// Entry i of a list of axes or directions, 0 if there is none.
static int64_t entry(std::optional<ArrayRef<int64_t>> list, size_t i) { return list && i < list->size() ? (*list)[i] : 0; }

LogicalResult ScanOp::infer(ShapeAnalysis &shapes) {
  FailureOr<OperandRange> yielded = yieldedBy(*this, getBody(), "body");
  if (failed(yielded)) return failure();
  Block &body = getBody().front();
  int64_t total = getNumOperands(), scanned = getNumScanInputs(), states = total - scanned;
  if (scanned < 1 || states < 0 || body.getNumArguments() != total || yielded->size() != getNumResults() || static_cast<int64_t>(yielded->size()) < states)
    return emitOpError("expected a body of ") << total << " inputs, at least one of them scanned, and " << getNumResults() << " outputs, got "
                                              << body.getNumArguments() << " and " << yielded->size();
  Dim count;
  for (int64_t i = 0; i < scanned; ++i) {
    Value whole = getOperand(states + i), slice = body.getArgument(states + i);
    Type element = shapes.elementType(whole);
    if (!element) return emitOpError("expected tensors to scan, got ") << shapes.type(whole);
    if (!shapes.hasRank(whole)) {
      shapes.setUnranked(slice, element);
      continue;
    }
    SmallVector<Dim> dims(shapes.dims(whole));
    FailureOr<int64_t> axis = axisOf(*this, entry(getScanInputAxes(), i), dims.size());
    if (failed(axis)) return failure();
    if (failed(requireSame(*this, shapes, count, dims[*axis], "the scanned dimensions"))) return failure();
    count = !count || ShapeAnalysis::asConstant(dims[*axis]) ? dims[*axis] : count;
    dims.erase(dims.begin() + *axis);
    shapes.set(slice, element, dims);
  }
  ValueRange args = body.getArguments().take_front(states), initial = getOperands().take_front(states), next = yielded->take_front(states);
  if (failed(runToFixpoint(*this, body, args, initial, next, shapes))) return failure();
  setFinal(*this, getResults().take_front(states), args, next, shapes);
  for (size_t i = states; i < yielded->size(); ++i)
    if (failed(setStacked(*this, getResult(i), (*yielded)[i], entry(getScanOutputAxes(), i - states), count, shapes))) return failure();
  return success();
}

LogicalResult SequenceMapOp::infer(ShapeAnalysis &shapes) {
  FailureOr<OperandRange> yielded = yieldedBy(*this, getBody(), "body");
  if (failed(yielded)) return failure();
  Block &body = getBody().front();
  if (body.getNumArguments() != getNumOperands() || yielded->size() != getNumResults())
    return emitOpError("expected a body of ") << getNumOperands() << " inputs and " << getNumResults() << " outputs, got " << body.getNumArguments()
                                              << " and " << yielded->size();
  for (auto [arg, v] : llvm::zip(body.getArguments(), getOperands())) {
    if (auto sequence = dyn_cast<SequenceType>(shapes.type(v)))
      shapes.setType(arg, sequence.getElementType());
    else
      shapes.setLike(arg, v);
  }
  if (failed(shapes.runOnBlock(body))) return failure();
  for (auto [result, each] : llvm::zip(getResults(), *yielded)) shapes.setType(result, SequenceType::get(getContext(), shapes.type(each)));
  return success();
}
