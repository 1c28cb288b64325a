//===- ControlFlow.cpp - If, Loop and Scan to scf ------------------------------------===//
//
// Subgraphs are moved into the regions of scf ops; their own operators are lowered there.  What iterations give is written into a tensor
// of its final size where the number of iterations is known before, else into one that doubles when it is full.
//===-----------------------------------------------------------------------------===//
#include "Indices.h"
#include "Regions.h"

using namespace mlir;
using namespace ingot;

namespace {

/// If: scf.if, or the one branch that runs where the condition is known.
struct IfLowering : RegionLowering<onnx::IfOp> {
  using RegionLowering::RegionLowering;
  LogicalResult matchAndRewrite(onnx::IfOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (auto known = shapes.constantContents(op.getCond()); known && known->size() == 1) {
      Block &taken = (known->front() ? op.getThenBranch() : op.getElseBranch()).front();
      auto yield = cast<onnx::YieldOp>(taken.getTerminator());
      SmallVector<Value> values(yield.getOperands());
      b.eraseOp(yield);
      b.inlineBlockBefore(&taken, op);
      b.setInsertionPoint(op);
      for (auto [v, type] : llvm::zip(values, op.getResultTypes()))
        if (v.getType() != type) v = yielded(b, op.getLoc(), v, typeConverter->convertType(type));
      b.replaceOp(op, values);
      return success();
    }
    SmallVector<Type> types;
    if (failed(typeConverter->convertTypes(op.getResultTypes(), types))) return b.notifyMatchFailure(op, "expected tensors, sequences and optionals");
    TensorBuilder t(b, op.getLoc());
    auto branch = scf::IfOp::create(b, op.getLoc(), types, t.scalarOf(adaptor.getCond()), /*addThenBlock=*/true, /*addElseBlock=*/true);
    for (auto [region, block] : {std::pair(&op.getThenBranch(), branch.thenBlock()), std::pair(&op.getElseBranch(), branch.elseBlock())}) {
      SmallVector<Value> values = inlineBody(b, region->front(), block, {});
      scf::YieldOp::create(b, op.getLoc(), yielded(b, op.getLoc(), values, types));
    }
    b.replaceOp(op, branch.getResults());
    return success();
  }
};

/// What iterations give, collected along dimension 0 of a tensor of unknown length: the tensor has room for more elements than are in it.
struct GrowingTensor {
  /// No room yet; dimensions that only an element knows are 0.
  static Value start(TensorBuilder &t, RankedTensorType type) {
    Dims dims;
    for (int64_t d : type.getShape())
      dims.push_back(t.indexAttr(ShapedType::isDynamic(d) ? 0 : d));
    dims[0] = t.indexAttr(0);
    return t.castTo(t.empty(dims, type.getElementType()), type);
  }

  /// Appends `element` as number `count`.
  static Value append(TensorBuilder &t, Value buffer, Value element, Value count) {
    auto type = cast<RankedTensorType>(buffer.getType());
    OpBuilder &b = t.b;
    Value room = t.value(t.dim(buffer, 0)), full = t.compare(arith::CmpIPredicate::eq, room, count);
    Dims each = t.dims(element), sizes(1), offsets(type.getRank(), t.indexAttr(0));
    llvm::append_range(sizes, each);
    auto grown = scf::IfOp::create(b, t.loc, full, [&](OpBuilder &nested, Location loc) {
      TensorBuilder n(nested, loc);
      Dims larger = sizes, old = sizes;
      larger[0] = n.max(n.mul(room, n.indexAttr(2)), n.indexAttr(4));
      old[0] = count;
      // With nothing in it the buffer does not know the size of an element; the slice is then empty as well.
      Value kept = n.slice(n.castTo(buffer, dynamic(type)), offsets, old);
      Value next = n.insert(kept, n.empty(larger, type.getElementType()), offsets, old);
      scf::YieldOp::create(nested, loc, n.castTo(next, type));
    }, [&](OpBuilder &nested, Location loc) { scf::YieldOp::create(nested, loc, buffer); });
    offsets[0] = count;
    sizes[0] = t.indexAttr(1);
    return t.insert(element, grown.getResult(0), offsets, sizes);
  }

  static Value finish(TensorBuilder &t, Value buffer, Value count) {
    Dims sizes = t.dims(buffer), offsets(sizes.size(), t.indexAttr(0));
    sizes[0] = count;
    return t.slice(buffer, offsets, sizes);
  }

  static RankedTensorType dynamic(RankedTensorType type) {
    return type.clone(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic));
  }
};

/// A value as it was carried as the result: where an optional came out of the last iteration and a value is the result, the value in it.
static Value finalValue(TensorBuilder &t, Value v, Type carried, Value result, Type lowered) {
  if (!isa<onnx::OptionalType>(carried) || isa<onnx::OptionalType>(result.getType())) return adapt(t, v, result.getType(), lowered);
  return CallBuilder(t.b, t.loc, "ingot_op_optional_get_element").input(carried, v).output(result.getType()).build().front();
}

struct LoopLowering : RegionLowering<onnx::LoopOp> {
  using RegionLowering::RegionLowering;
  LogicalResult matchAndRewrite(onnx::LoopOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;

private:
  void lowerCounted(onnx::LoopOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TypeRange carriedTypes, OpFoldResult count) const;
  void lowerOpen(onnx::LoopOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TypeRange carriedTypes) const;
  /// Whether only the trip count ends the loop, if it begins.
  bool neverStops(onnx::LoopOp op) const;
};

/// Scan: scf.for over slices of the scanned operands.
struct ScanLowering : RegionLowering<onnx::ScanOp> {
  using RegionLowering::RegionLowering;
  LogicalResult matchAndRewrite(onnx::ScanOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;

private:
  /// Whether only an iteration knows the sizes of what is stacked as scan output `number`.
  bool grows(onnx::ScanOp op, Value result, size_t number) const;
};

} // namespace

//===------------------------------------ Loop -------------------------------------===//

bool LoopLowering::neverStops(onnx::LoopOp op) const {
  Value next = op.getBody().front().getTerminator()->getOperand(0);
  while (auto identity = next.getDefiningOp<onnx::IdentityOp>())
    next = identity.getInput();
  auto known = shapes.constantContents(next);
  return !isAbsent(op.getM()) && (next == op.getBody().getArgument(1) || (known && known->size() == 1 && known->front() != 0));
}

LogicalResult LoopLowering::matchAndRewrite(onnx::LoopOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  size_t carried = op.getVInitial().size();
  Block &body = op.getBody().front();
  SmallVector<Type> carriedTypes;
  for (Value arg : body.getArguments().drop_front(2))
    carriedTypes.push_back(converted(arg));
  if (!llvm::all_of(op.getResults().drop_front(carried).getTypes(), llvm::IsaPred<RankedTensorType>))
    return b.notifyMatchFailure(op, "expected tensors of known rank to stack");
  // A tensor of its final size needs the sizes of what iterations give before the first of them.
  bool sized = neverStops(op);
  for (Value result : op.getResults().drop_front(carried))
    for (int64_t i = 1, n = shapes.rank(result); i < n; ++i)
      sized &= lowering.isKnown(result, i);
  if (sized) {
    TensorBuilder t(b, op.getLoc());
    OpFoldResult count = t.max(t.toIndex(t.scalarOf(adaptor.getM())), t.indexAttr(0));
    if (!isAbsent(op.getCond()))
      count = t.select(t.scalarOf(adaptor.getCond()), t.value(count), t.index(0));
    lowerCounted(op, adaptor, b, carriedTypes, count);
  } else {
    lowerOpen(op, adaptor, b, carriedTypes);
  }
  return success();
}

void LoopLowering::lowerCounted(onnx::LoopOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TypeRange carriedTypes, OpFoldResult count) const {
  Location loc = op.getLoc();
  TensorBuilder t(b, loc);
  size_t carried = carriedTypes.size();
  Block &body = op.getBody().front();
  SmallVector<Value> init;
  for (auto [v, original, type] : llvm::zip(adaptor.getVInitial(), op.getVInitial(), carriedTypes))
    init.push_back(adapt(t, v, original.getType(), type));
  for (Value result : op.getResults().drop_front(carried)) {
    Dims dims = {count};
    for (int64_t i = 1, n = shapes.rank(result); i < n; ++i)
      dims.push_back(lowering.materialize(b, loc, shapes.dim(result, i)));
    init.push_back(t.empty(dims, getElementTypeOrSelf(converted(result))));
  }
  auto loop = scf::ForOp::create(b, loc, t.index(0), t.value(count), t.index(1), init);
  Block *into = loop.getBody();
  if (!into->empty())
    b.eraseOp(into->getTerminator());
  b.setInsertionPointToEnd(into);
  Value i = loop.getInductionVar();
  SmallVector<Value> arguments = {scalarArgument(t, t.fromIndex(i, b.getI64Type()), body.getArgument(0).getType()),
                                  scalarArgument(t, t.boolean(true), body.getArgument(1).getType())};
  llvm::append_range(arguments, loop.getRegionIterArgs().take_front(carried));
  SmallVector<Type> argumentTypes(body.getArgumentTypes());
  SmallVector<Value> values = inlineBody(b, body, into, arguments), next;
  ValueRange given(values);
  next = yielded(b, loc, given.slice(1, carried), carriedTypes);
  for (auto [buffer, v] : llvm::zip(loop.getRegionIterArgs().drop_front(carried), given.drop_front(carried + 1))) {
    Value element = yielded(b, loc, v, converted(v));
    Dims sizes = {t.indexAttr(1)};
    llvm::append_range(sizes, t.dims(element));
    Dims offsets(sizes.size(), t.indexAttr(0));
    offsets[0] = i;
    next.push_back(t.insert(element, buffer, offsets, sizes));
  }
  scf::YieldOp::create(b, loc, next);
  b.setInsertionPointAfter(loop);
  SmallVector<Value> results;
  for (auto [k, value, result] : llvm::enumerate(loop.getResults(), op.getResults()))
    results.push_back(k < carried ? finalValue(t, value, argumentTypes[2 + k], result, converted(result)) : t.castTo(value, converted(result)));
  b.replaceOp(op, results);
}

void LoopLowering::lowerOpen(onnx::LoopOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TypeRange carriedTypes) const {
  Location loc = op.getLoc();
  TensorBuilder t(b, loc);
  size_t carried = carriedTypes.size();
  Block &body = op.getBody().front();
  // Carried: the number of iterations, whether to go on, the values, the growing tensors.
  SmallVector<Value> init = {t.index(0), isAbsent(op.getCond()) ? t.boolean(true) : t.scalarOf(adaptor.getCond())};
  for (auto [v, original, type] : llvm::zip(adaptor.getVInitial(), op.getVInitial(), carriedTypes))
    init.push_back(adapt(t, v, original.getType(), type));
  for (Value result : op.getResults().drop_front(carried)) {
    auto type = cast<RankedTensorType>(converted(result));
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = ShapedType::kDynamic;
    init.push_back(GrowingTensor::start(t, type.clone(shape)));
  }
  Value limit = isAbsent(op.getM()) ? Value() : t.toIndex(t.scalarOf(adaptor.getM()));
  SmallVector<Type> types = llvm::to_vector(ValueRange(init).getTypes());
  Block *into = nullptr;
  auto loop = scf::WhileOp::create(b, loc, types, init, [&](OpBuilder &nested, Location l, ValueRange args) {
    Value more = args[1];
    if (limit) {
      Value below = arith::CmpIOp::create(nested, l, arith::CmpIPredicate::slt, args[0], limit);
      more = arith::AndIOp::create(nested, l, more, below);
    }
    scf::ConditionOp::create(nested, l, more, args);
  }, [&](OpBuilder &nested, Location, ValueRange) { into = nested.getInsertionBlock(); });
  b.setInsertionPointToEnd(into);
  ValueRange args = into->getArguments();
  Value i = args[0];
  SmallVector<Value> arguments = {scalarArgument(t, t.fromIndex(i, b.getI64Type()), body.getArgument(0).getType()),
                                  scalarArgument(t, args[1], body.getArgument(1).getType())};
  llvm::append_range(arguments, args.slice(2, carried));
  SmallVector<Type> argumentTypes(body.getArgumentTypes());
  SmallVector<Value> values = inlineBody(b, body, into, arguments), next;
  ValueRange given(values);
  next = {t.value(t.add(i, t.indexAttr(1))), t.scalarOf(given[0])};
  llvm::append_range(next, yielded(b, loc, given.slice(1, carried), carriedTypes));
  for (auto [buffer, v] : llvm::zip(args.drop_front(2 + carried), given.drop_front(carried + 1)))
    next.push_back(GrowingTensor::append(t, buffer, yielded(b, loc, v, converted(v)), i));
  scf::YieldOp::create(b, loc, next);
  b.setInsertionPointAfter(loop);
  SmallVector<Value> results;
  for (auto [k, result] : llvm::enumerate(op.getResults())) {
    Value value = loop.getResult(2 + k);
    if (k >= carried)
      value = GrowingTensor::finish(t, value, loop.getResult(0));
    results.push_back(k < carried ? finalValue(t, value, argumentTypes[2 + k], result, converted(result)) : t.castTo(value, converted(result)));
  }
  b.replaceOp(op, results);
}

//===------------------------------------ Scan -------------------------------------===//

/// Entry i of a list of axes or directions, 0 if there is none; negative axes count from the end.
static int64_t entry(std::optional<ArrayRef<int64_t>> list, size_t i, int64_t rank = 0) {
  int64_t v = list && i < list->size() ? (*list)[i] : 0;
  return v < 0 ? v + rank : v;
}

bool ScanLowering::grows(onnx::ScanOp op, Value result, size_t number) const {
  int64_t rank = shapes.rank(result), axis = entry(op.getScanOutputAxes(), number, rank);
  return llvm::any_of(llvm::seq<int64_t>(0, rank), [&](int64_t i) { return i != axis && !lowering.isKnown(result, i); });
}

LogicalResult ScanLowering::matchAndRewrite(onnx::ScanOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  Location loc = op.getLoc();
  int64_t scanned = op.getNumScanInputs(), states = op.getNumOperands() - scanned;
  Block &body = op.getBody().front();
  ValueRange operands = adaptor.getOperands();
  for (Value v : llvm::concat<Value>(llvm::to_vector(operands.drop_front(states)), llvm::to_vector(op.getResults().drop_front(states))))
    if (!isa<RankedTensorType>(v.getType()))
      return b.notifyMatchFailure(op, "expected tensors of known rank to scan and to stack");
  for (auto [k, result] : llvm::enumerate(op.getResults().drop_front(states))) {
    int64_t rank = shapes.rank(result), axis = entry(op.getScanOutputAxes(), k, rank);
    if (grows(op, result, k) && (axis != 0 || entry(op.getScanOutputDirections(), k)))
      return b.notifyMatchFailure(op, "expected scan outputs whose sizes do not depend on the iteration, or are stacked in order along the first axis");
  }
  TensorBuilder t(b, loc);
  OpFoldResult count = t.dim(operands[states], entry(op.getScanInputAxes(), 0, shapes.rank(op.getOperand(states))));
  SmallVector<Type> types;
  SmallVector<Value> init;
  for (int64_t i = 0; i < states; ++i) {
    types.push_back(converted(body.getArgument(i)));
    init.push_back(adapt(t, operands[i], op.getOperand(i).getType(), types.back()));
  }
  for (auto [k, result] : llvm::enumerate(op.getResults().drop_front(states))) {
    int64_t rank = shapes.rank(result), axis = entry(op.getScanOutputAxes(), k, rank);
    if (grows(op, result, k)) {
      init.push_back(GrowingTensor::start(t, GrowingTensor::dynamic(cast<RankedTensorType>(converted(result)))));
      continue;
    }
    Dims dims;
    for (int64_t i = 0; i < rank; ++i)
      dims.push_back(i == axis ? count : lowering.materialize(b, loc, shapes.dim(result, i)));
    init.push_back(t.empty(dims, getElementTypeOrSelf(converted(result))));
  }
  auto loop = scf::ForOp::create(b, loc, t.index(0), t.value(count), t.index(1), init);
  Block *into = loop.getBody();
  if (!into->empty())
    b.eraseOp(into->getTerminator());
  b.setInsertionPointToEnd(into);
  Value i = loop.getInductionVar();
  OpFoldResult last = t.sub(count, t.indexAttr(1));
  auto position = [&](std::optional<ArrayRef<int64_t>> directions, size_t k) { return entry(directions, k) ? t.sub(last, i) : OpFoldResult(i); };

  SmallVector<Value> arguments(loop.getRegionIterArgs().take_front(states));
  for (int64_t k = 0; k < scanned; ++k) {
    Value whole = operands[states + k];
    Dims sizes = t.dims(whole), offsets(sizes.size(), t.indexAttr(0));
    int64_t axis = entry(op.getScanInputAxes(), k, sizes.size());
    offsets[axis] = position(op.getScanInputDirections(), k);
    sizes[axis] = t.indexAttr(1);
    Value argument = body.getArgument(states + k);
    arguments.push_back(adapt(t, t.dropUnits(t.slice(whole, offsets, sizes), {axis}), argument.getType(), converted(argument)));
  }
  SmallVector<Type> argumentTypes(body.getArgumentTypes());
  SmallVector<Value> values = inlineBody(b, body, into, arguments), next;
  ValueRange given(values);
  next = yielded(b, loc, given.take_front(states), types);
  for (auto [k, buffer] : llvm::enumerate(loop.getRegionIterArgs().drop_front(states))) {
    Value v = given[states + k], element = yielded(b, loc, v, converted(v));
    if (grows(op, op.getResult(states + k), k)) {
      next.push_back(GrowingTensor::append(t, buffer, element, i));
      continue;
    }
    Dims sizes = t.dims(element);
    int64_t axis = entry(op.getScanOutputAxes(), k, sizes.size() + 1);
    sizes.insert(sizes.begin() + axis, t.indexAttr(1));
    Dims offsets(sizes.size(), t.indexAttr(0));
    offsets[axis] = position(op.getScanOutputDirections(), k);
    next.push_back(t.insert(element, buffer, offsets, sizes));
  }
  scf::YieldOp::create(b, loc, next);
  b.setInsertionPointAfter(loop);
  SmallVector<Value> results;
  for (auto [k, value, result] : llvm::enumerate(loop.getResults(), op.getResults())) {
    int64_t stacked = static_cast<int64_t>(k) - states;
    Value whole = stacked >= 0 && grows(op, result, stacked) ? GrowingTensor::finish(t, value, t.value(count)) : value;
    results.push_back(stacked < 0 ? finalValue(t, value, argumentTypes[k], result, converted(result)) : t.castTo(whole, converted(result)));
  }
  b.replaceOp(op, results);
  return success();
}

void ingot::populateControlFlowLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<IfLowering, LoopLowering, ScanLowering>(types, context);
}
