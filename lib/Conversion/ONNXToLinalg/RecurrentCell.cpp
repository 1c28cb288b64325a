//===- RecurrentCell.cpp - time loops of recurrent operators -----------------------------===//
#include "RecurrentCell.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace ingot;

//===--------------------------------- activations ----------------------------------===//

namespace {
struct ActivationRow {
  StringLiteral name;
  bool hasAlpha, hasBeta;
  double alpha, beta; // defaults
};
} // namespace

static const ActivationRow kActivations[] = {
    {"Sigmoid", false, false, 0, 0},   {"Tanh", false, false, 0, 0},          {"Relu", false, false, 0, 0},
    {"Affine", true, true, 1, 0},      {"LeakyRelu", true, false, 0.01, 0},   {"ThresholdedRelu", true, false, 1, 0},
    {"ScaledTanh", true, true, 1, 1},  {"HardSigmoid", true, true, 0.2, 0.5}, {"Elu", true, false, 1, 0},
    {"Softsign", false, false, 0, 0},  {"Softplus", false, false, 0, 0},
};

Value Activation::apply(ScalarBuilder &s, Value x) const {
  auto number = [&](double v) { return s.like(x, v); };
  Value zero = number(0);
  if (name == "Sigmoid") return s.sigmoid(x);
  if (name == "Tanh") return s.tanh(x);
  if (name == "Relu") return s.max(x, zero);
  if (name == "Affine") return s.add(s.mul(number(alpha), x), number(beta));
  if (name == "LeakyRelu") return s.select(s.lt(x, zero), s.mul(number(alpha), x), x);
  if (name == "ThresholdedRelu") return s.select(s.lt(x, number(alpha)), zero, x);
  if (name == "ScaledTanh") return s.mul(number(alpha), s.tanh(s.mul(number(beta), x)));
  if (name == "HardSigmoid") return s.clamp(s.add(s.mul(number(alpha), x), number(beta)), zero, number(1));
  if (name == "Elu") return s.select(s.lt(x, zero), s.mul(number(alpha), s.expm1(x)), x);
  if (name == "Softsign") return s.div(x, s.add(number(1), s.abs(x)));
  return s.softplus(x);
}

//===----------------------------------- set-up -------------------------------------===//

RecurrentBuilder::RecurrentBuilder(ComputeBuilder &t, const RecurrentOperands &operands, const RecurrentAttributes &attributes,
                                   int64_t gates, ArrayRef<StringRef> defaultActivations)
    : t(t), o(operands), attributes(attributes), gates(gates), directions(attributes.direction == "bidirectional" ? 2 : 1),
      defaults(defaultActivations), element(elementType(operands.x)), wide(wideType(element)) {
  if (attributes.batchMajor) {
    o.x = t.transpose(o.x, {1, 0, 2});
    if (o.initialH)
      o.initialH = t.transpose(o.initialH, {1, 0, 2});
    if (o.initialC)
      o.initialC = t.transpose(o.initialC, {1, 0, 2});
  }
  steps = t.dim(o.x, 0);
  batch = t.dim(o.x, 1);
  hidden = t.dim(o.r, 2);
}

LogicalResult RecurrentBuilder::readActivations(Operation *op) {
  SmallVector<std::string> names;
  if (attributes.activations)
    for (Attribute a : *attributes.activations)
      names.push_back(cast<StringAttr>(a).str());
  if (names.empty())
    for (int64_t d = 0; d < directions; ++d)
      for (StringRef name : defaults)
        names.push_back(name.str());
  if (static_cast<int64_t>(names.size()) != directions * static_cast<int64_t>(defaults.size()))
    return emitError(op->getLoc()) << "expected " << directions * defaults.size() << " activations, got " << names.size();
  // Parameters are given in order to those functions that have them.
  size_t alphas = 0, betas = 0;
  for (StringRef name : names) {
    const auto *row = llvm::find_if(kActivations, [&](const ActivationRow &r) { return r.name.equals_insensitive(name); });
    if (row == std::end(kActivations))
      return emitError(op->getLoc()) << "expected an activation that ONNX names, got '" << name << "'";
    Activation a{row->name.str(), row->alpha, row->beta};
    if (row->hasAlpha && attributes.alpha && alphas < attributes.alpha->size())
      a.alpha = (*attributes.alpha)[alphas++];
    if (row->hasBeta && attributes.beta && betas < attributes.beta->size())
      a.beta = (*attributes.beta)[betas++];
    activations.push_back(a);
  }
  return success();
}

Value RecurrentBuilder::entry(Value v, int64_t d) {
  Dims sizes = t.dims(v), offsets(sizes.size(), t.indexAttr(0));
  if (directions > 1) {
    offsets[0] = t.indexAttr(d);
    sizes[0] = t.indexAttr(1);
    v = t.slice(v, offsets, sizes);
  }
  return t.removeUnitDim(v, 0);
}

Value RecurrentBuilder::gate(Value v, int64_t g) {
  Dims sizes = t.dims(v), offsets(sizes.size(), t.indexAttr(0));
  offsets.back() = t.mul(t.indexAttr(g), hidden);
  sizes.back() = hidden;
  return t.slice(v, offsets, sizes);
}

Value RecurrentBuilder::recurrentProduct(Value h, int64_t first, int64_t count) {
  Value weights = recurrentWeights;
  if (count != gates) {
    OpFoldResult width = t.mul(t.indexAttr(count), hidden);
    weights = t.slice(weights, {t.indexAttr(0), t.mul(t.indexAttr(first), hidden)}, {hidden, width});
  }
  return multiplyMatrices(t, h, weights, wide);
}

Value RecurrentBuilder::clipped(ScalarBuilder &s, Value v) const {
  if (!attributes.clip)
    return v;
  return s.clamp(v, s.like(v, -*attributes.clip), s.like(v, *attributes.clip));
}

Value RecurrentBuilder::update(Value old, ValueRange inputs, ArrayRef<AffineMap> maps, Value isActive, ComputeBuilder::ScalarBody body) {
  SmallVector<Value> all(inputs);
  SmallVector<AffineMap> allMaps(maps);
  if (isActive) {
    all.push_back(isActive);
    allMaps.push_back(t.select(2, {0}));
  }
  allMaps.push_back(full());
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  // The old state is read where the new one is written, so that the loop needs one buffer for it.
  return linalg::GenericOp::create(t.b, t.loc, old.getType(), all, old, allMaps, loops, [&](OpBuilder &nested, Location l, ValueRange args) {
           ScalarBuilder s(nested, l, false, wide);
           SmallVector<Value> values;
           for (Value v : args.take_front(inputs.size()))
             values.push_back(s.cast(v, wide, false, false));
           values.push_back(s.cast(args.back(), wide, false, false));
           Value result = s.cast(body(s, values), element, false, false);
           if (isActive)
             result = s.select(args[inputs.size()], result, args.back());
           linalg::YieldOp::create(nested, l, result);
         }).getResult(0);
}

//===------------------------------------ loops --------------------------------------===//

/// x W' + biases of all steps: [T, B, gates * H].
Value RecurrentBuilder::inputProducts() {
  Value weights = t.transpose(entry(o.w, direction), {1, 0});
  Value product = multiplyMatrices(t, t.collapse(o.x, {{0, 1}, {2}}), weights, wide);
  OpFoldResult width = t.mul(t.indexAttr(gates), hidden);
  if (o.bias) {
    Value both = entry(o.bias, direction);
    Value inputBias = t.slice(both, {t.indexAttr(0)}, {width});
    recurrentBias = t.slice(both, {width}, {width});
    SmallVector<Value> inputs = {product, inputBias};
    SmallVector<AffineMap> maps = {full(), perUnit()};
    Value joined = recurrentBias;
    if (!joinsRecurrentBias(gates - 1)) {
      // The last gate's recurrent bias stays out: zeros take its place.
      OpFoldResult others = t.mul(t.indexAttr(gates - 1), hidden);
      joined = t.insert(t.slice(recurrentBias, {t.indexAttr(0)}, {others}), t.full({width}, t.number(element, 0)), {t.indexAttr(0)}, {others});
    }
    inputs.push_back(joined);
    maps.push_back(perUnit());
    product = t.mapWide(inputs, maps, t.dims(product), wide, [&](ScalarBuilder &s, ValueRange v) {
      return s.add(v[0], s.add(s.cast(v[1], wide, false, false), s.cast(v[2], wide, false, false)));
    });
  }
  return t.expand(product, {{0, 1}, {2}}, {steps, batch, width});
}

Value RecurrentBuilder::initial(Value given) {
  return given ? given : t.full({t.indexAttr(directions), batch, hidden}, t.number(element, 0));
}

/// The state of one direction, and the states of all with that one replaced: they are carried as one tensor, which is the result.
Value RecurrentBuilder::ofDirection(Value states) {
  OpFoldResult zero = t.indexAttr(0);
  return t.removeUnitDim(t.slice(states, {t.indexAttr(direction), zero, zero}, {t.indexAttr(1), batch, hidden}), 0);
}

Value RecurrentBuilder::withDirection(Value state, Value states) {
  OpFoldResult zero = t.indexAttr(0);
  return t.insert(state, states, {t.indexAttr(direction), zero, zero}, {t.indexAttr(1), batch, hidden});
}

RecurrentBuilder::Results RecurrentBuilder::run(bool wantsSequence) {
  OpFoldResult one = t.indexAttr(1), zero = t.indexAttr(0), count = t.indexAttr(directions);
  Value y = t.empty({steps, count, batch, hidden}, element);
  Value h = initial(o.initialH), c = hasCell() ? initial(o.initialC) : Value();
  for (direction = 0; direction < directions; ++direction) {
    recurrentWeights = t.transpose(entry(o.r, direction), {1, 0});
    Value inputs = inputProducts();
    enter(direction);
    SmallVector<Value> carried = {h};
    if (hasCell())
      carried.push_back(c);
    if (wantsSequence)
      carried.push_back(y);
    bool reverse = direction == 1 || attributes.direction == "reverse";
    Value stepCount = t.value(steps);
    auto loop = scf::ForOp::create(t.b, t.loc, t.index(0), stepCount, t.index(1), carried);
    t.b.setInsertionPointToStart(loop.getBody());
    OpFoldResult time = loop.getInductionVar();
    if (reverse)
      time = t.sub(t.sub(stepCount, one), time);
    OpFoldResult width = t.mul(t.indexAttr(gates), hidden);
    Value now = t.removeUnitDim(t.slice(inputs, {time, zero, zero}, {one, batch, width}), 0);
    Value isActive;
    if (o.lengths) {
      Value timeValue = t.fromIndex(t.value(time), elementType(o.lengths));
      isActive = t.map(o.lengths, {}, {batch}, t.b.getI1Type(), [&](OpBuilder &nested, Location l, ValueRange v) -> Value {
        return arith::CmpIOp::create(nested, l, arith::CmpIPredicate::slt, timeValue, v[0]);
      });
    }
    Value oldH = loop.getRegionIterArg(0), oldC = hasCell() ? loop.getRegionIterArg(1) : Value();
    State state = step(now, {ofDirection(oldH), hasCell() ? ofDirection(oldC) : Value()}, isActive);
    SmallVector<Value> next = {withDirection(state.h, oldH)};
    if (hasCell())
      next.push_back(withDirection(state.c, oldC));
    if (wantsSequence) {
      Value visible = state.h;
      if (isActive)
        visible = t.map({state.h, isActive}, {full(), t.select(2, {0})}, {batch, hidden}, element,
                        [&](OpBuilder &nested, Location l, ValueRange v) -> Value {
                          TensorBuilder n(nested, l);
                          return n.select(v[1], v[0], n.number(element, 0));
                        });
      Dims place = {time, t.indexAttr(direction), zero, zero};
      next.push_back(t.insert(visible, loop.getRegionIterArgs().back(), place, {one, one, batch, hidden}));
    }
    scf::YieldOp::create(t.b, t.loc, next);
    t.b.setInsertionPointAfter(loop);
    h = loop.getResult(0);
    if (hasCell())
      c = loop.getResult(1);
    if (wantsSequence)
      y = loop.getResults().back();
  }
  if (attributes.batchMajor) {
    y = wantsSequence ? t.transpose(y, {2, 0, 1, 3}) : t.empty({batch, steps, count, hidden}, element);
    h = t.transpose(h, {1, 0, 2});
    if (hasCell())
      c = t.transpose(c, {1, 0, 2});
  }
  return {y, h, c};
}
