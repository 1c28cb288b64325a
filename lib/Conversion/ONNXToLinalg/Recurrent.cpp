//===- Recurrent.cpp - LSTM, GRU and RNN ------------------------------------------------===//
#include "RecurrentCell.h"

using namespace mlir;
using namespace ingot;

namespace {

/// i, o, f, c = gates of x W' + h R' + biases; C = f C + i c; H = o h(C)
class LSTMBuilder : public RecurrentBuilder {
public:
  LSTMBuilder(ComputeBuilder &t, const RecurrentOperands &operands, const RecurrentAttributes &attributes, bool inputForget)
      : RecurrentBuilder(t, operands, attributes, 4, {"Sigmoid", "Tanh", "Tanh"}), inputForget(inputForget) {}

protected:
  bool hasCell() const override { return true; }
  void enter(int64_t d) override {
    if (o.peepholes)
      peepholes = entry(o.peepholes, d);
  }
  State step(Value inputs, State state, Value isActive) override {
    Value products = recurrentProduct(state.h, 0, 4);
    // Operands of the cell: both parts of i, f and c, then peepholes of i and f, then the old cell.
    SmallVector<Value> in;
    SmallVector<AffineMap> maps;
    for (int64_t g : {0, 2, 3})
      for (Value v : {inputs, products}) {
        in.push_back(gate(v, g));
        maps.push_back(full());
      }
    if (peepholes)
      for (int64_t g : {0, 2}) {
        in.push_back(gate(peepholes, g));
        maps.push_back(perUnit());
      }
    Activation f = activation(0), g = activation(1), h = activation(2);
    Value cell = update(state.c, in, maps, isActive, [&](ScalarBuilder &s, ValueRange v) {
      Value old = v.back(), i = s.add(v[0], v[1]), forget = s.add(v[2], v[3]), candidate = s.add(v[4], v[5]);
      if (peepholes) {
        i = s.add(i, s.mul(v[6], old));
        forget = s.add(forget, s.mul(v[7], old));
      }
      i = f.apply(s, clipped(s, i));
      forget = inputForget ? s.sub(s.like(i, 1), i) : f.apply(s, clipped(s, forget));
      return s.add(s.mul(forget, old), s.mul(i, g.apply(s, clipped(s, candidate))));
    });
    in = {gate(inputs, 1), gate(products, 1), cell};
    maps = {full(), full(), full()};
    if (peepholes) {
      in.push_back(gate(peepholes, 1));
      maps.push_back(perUnit());
    }
    Value hidden = update(state.h, in, maps, isActive, [&](ScalarBuilder &s, ValueRange v) {
      Value out = s.add(v[0], v[1]);
      if (peepholes)
        out = s.add(out, s.mul(v[3], v[2]));
      return s.mul(f.apply(s, clipped(s, out)), h.apply(s, v[2]));
    });
    return {hidden, cell};
  }

private:
  bool inputForget;
  Value peepholes; // [3 * H] in the order i, o, f
};

/// z, r = gates; h~ = g(x + (r h) R') or g(x + r (h R' + bias)); H = (1 - z) h~ + z h
class GRUBuilder : public RecurrentBuilder {
public:
  GRUBuilder(ComputeBuilder &t, const RecurrentOperands &operands, const RecurrentAttributes &attributes, bool linearBeforeReset)
      : RecurrentBuilder(t, operands, attributes, 3, {"Sigmoid", "Tanh"}), linearBeforeReset(linearBeforeReset) {}

protected:
  bool joinsRecurrentBias(int64_t g) const override { return !linearBeforeReset || g != 2; }
  State step(Value inputs, State state, Value isActive) override {
    Activation f = activation(0), g = activation(1);
    auto sigmoid = [&](ScalarBuilder &s, Value x, Value y) { return f.apply(s, clipped(s, s.add(x, y))); };
    if (linearBeforeReset) {
      Value products = recurrentProduct(state.h, 0, 3);
      SmallVector<Value> in;
      SmallVector<AffineMap> maps;
      for (int64_t k : {0, 1, 2})
        for (Value v : {inputs, products}) {
          in.push_back(gate(v, k));
          maps.push_back(full());
        }
      if (recurrentBias) {
        in.push_back(gate(recurrentBias, 2));
        maps.push_back(perUnit());
      }
      Value next = update(state.h, in, maps, isActive, [&](ScalarBuilder &s, ValueRange v) {
        Value z = sigmoid(s, v[0], v[1]), r = sigmoid(s, v[2], v[3]);
        Value recurrent = recurrentBias ? s.add(v[5], v[6]) : v[5];
        return blend(s, z, g.apply(s, clipped(s, s.add(v[4], s.mul(r, recurrent)))), v.back());
      });
      return {next, nullptr};
    }
    Value products = recurrentProduct(state.h, 0, 2);
    Value reset = t.mapWide({gate(inputs, 1), gate(products, 1), state.h}, {}, {batch, hidden}, element,
                            [&](ScalarBuilder &s, ValueRange v) { return s.mul(sigmoid(s, v[0], v[1]), v[2]); });
    Value candidate = recurrentProduct(reset, 2, 1);
    AffineMap maps[] = {full(), full(), full(), full()};
    Value next = update(state.h, {gate(inputs, 0), gate(products, 0), gate(inputs, 2), candidate}, maps, isActive,
                        [&](ScalarBuilder &s, ValueRange v) {
                          return blend(s, sigmoid(s, v[0], v[1]), g.apply(s, clipped(s, s.add(v[2], v[3]))), v.back());
                        });
    return {next, nullptr};
  }

private:
  static Value blend(ScalarBuilder &s, Value z, Value candidate, Value old) {
    return s.add(s.mul(s.sub(s.like(z, 1), z), candidate), s.mul(z, old));
  }
  bool linearBeforeReset;
};

/// H = f(x W' + h R' + biases)
class RNNBuilder : public RecurrentBuilder {
public:
  RNNBuilder(ComputeBuilder &t, const RecurrentOperands &operands, const RecurrentAttributes &attributes)
      : RecurrentBuilder(t, operands, attributes, 1, {"Tanh"}) {}

protected:
  State step(Value inputs, State state, Value isActive) override {
    Activation f = activation(0);
    AffineMap maps[] = {full(), full()};
    Value next = update(state.h, {inputs, recurrentProduct(state.h, 0, 1)}, maps, isActive,
                        [&](ScalarBuilder &s, ValueRange v) { return f.apply(s, clipped(s, s.add(v[0], v[1]))); });
    return {next, nullptr};
  }
};

template <class OpT> RecurrentAttributes attributesOf(OpT op) {
  std::optional<double> clip;
  if (auto c = op.getClip())
    clip = c->convertToDouble();
  return {op.getDirection(), op.getActivations(), op.getActivationAlpha(), op.getActivationBeta(), clip, op.getLayout() != 0};
}

template <class OpT> RecurrentOperands operandsOf(OpT op, typename OpT::Adaptor adaptor) {
  auto optional = [](Value original, Value lowered) { return isAbsent(original) ? Value() : lowered; };
  RecurrentOperands o{adaptor.getX(), adaptor.getW(), adaptor.getR(), optional(op.getB(), adaptor.getB()),
                      optional(op.getSequenceLens(), adaptor.getSequenceLens()), optional(op.getInitialH(), adaptor.getInitialH()),
                      nullptr, nullptr};
  return o;
}

/// Replaces the op by the results of the time loops.
template <class OpT>
LogicalResult finish(OpT op, RecurrentBuilder &builder, ComputeBuilder &t, const TypeConverter &types, ConversionPatternRewriter &b) {
  if (failed(builder.readActivations(op)))
    return failure();
  RecurrentBuilder::Results r = builder.run(!op.getY().use_empty());
  SmallVector<Value> results;
  Value values[] = {r.y, r.h, r.c};
  for (auto [result, value] : llvm::zip(op->getResults(), values)) {
    auto type = dyn_cast<RankedTensorType>(types.convertType(result.getType()));
    results.push_back(type ? t.castTo(value, type) : Value());
  }
  b.replaceOp(op, results);
  return success();
}

struct LSTMLowering : ONNXLowering<onnx::LSTMOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LSTMOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    ComputeBuilder t(b, op.getLoc());
    RecurrentAttributes attributes = attributesOf(op);
    RecurrentOperands operands = operandsOf(op, adaptor);
    if (!isAbsent(op.getInitialC()))
      operands.initialC = adaptor.getInitialC();
    if (!isAbsent(op.getP()))
      operands.peepholes = adaptor.getP();
    LSTMBuilder builder(t, operands, attributes, op.getInputForget() != 0);
    return finish(op, builder, t, *typeConverter, b);
  }
};

struct GRULowering : ONNXLowering<onnx::GRUOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GRUOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    ComputeBuilder t(b, op.getLoc());
    RecurrentAttributes attributes = attributesOf(op);
    GRUBuilder builder(t, operandsOf(op, adaptor), attributes, op.getLinearBeforeReset() != 0);
    return finish(op, builder, t, *typeConverter, b);
  }
};

struct RNNLowering : ONNXLowering<onnx::RNNOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::RNNOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    ComputeBuilder t(b, op.getLoc());
    RecurrentAttributes attributes = attributesOf(op);
    RNNBuilder builder(t, operandsOf(op, adaptor), attributes);
    return finish(op, builder, t, *typeConverter, b);
  }
};

} // namespace

void ingot::populateRecurrentLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<LSTMLowering, GRULowering, RNNLowering>(types, context);
}
