//===- Training.cpp - optimisers of ai.onnx.preview.training as arithmetic --------------------===//
//
// An optimiser takes the learning rate R, the number of updates T, then a list of tensors, their gradients, and lists of what it remembers
// of each; it gives the new tensors and the new memories in the same order.
//===-----------------------------------------------------------------------------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

namespace {

/// Arithmetic in the element type of one tensor; null values pass through, after a diagnostic.
struct Arithmetic {
  Rewriter &r;
  Value like;

  Value op(StringRef name, Value a, Value b = {}) {
    if (!a || (name != "Sqrt" && !b)) return {};
    return b ? r.op(name, {a, b}) : r.op(name, a);
  }
  Value number(double v) { return r.scalarLike(like, v); }
  Value add(Value a, Value b) { return op("Add", a, b); }
  Value sub(Value a, Value b) { return op("Sub", a, b); }
  Value mul(Value a, Value b) { return op("Mul", a, b); }
  Value mul(double a, Value b) { return mul(number(a), b); }
  Value div(Value a, Value b) { return op("Div", a, b); }
  Value sqrt(Value a) { return op("Sqrt", a); }
  Value pow(double a, Value b) { return op("Pow", number(a), b); }
  /// A scalar operand in the element type.
  Value scalar(Value v) { return r.op("CastLike", {v, like}, {}, cast<TensorType>(like.getType()).getElementType()); }
  /// a where the number of updates is above 0, else b
  Value ifUpdated(Value t, Value a, Value b) {
    Value isLater = t ? r.op("Greater", {t, r.scalar(0)}, {}, r.b.getI1Type()) : Value();
    if (!isLater || !a || !b) return {};
    return r.op("Where", {isLater, a, b}, {}, cast<TensorType>(like.getType()).getElementType());
  }
};

/// One tensor with its gradient and memories, and what becomes of it: the tensor first.
using Update = llvm::function_ref<SmallVector<Value>(Arithmetic &a, Value rate, Value count, ArrayRef<Value> values)>;

} // namespace

/// `lists` tensors go into one update: the tensor, its gradient, and its memories.
static LogicalResult updateAll(Rewriter &r, size_t lists, Update update) {
  size_t given = r.node.operands.size();
  if (given < 2 + lists || (given - 2) % lists != 0 || llvm::is_contained(r.node.operands, Value()))
    return r.error() << "has " << given << " inputs, expected 2 and then " << lists << " for each tensor that is optimised";
  size_t n = (given - 2) / lists, results = lists - 1;
  SmallVector<Value> outputs(n * results);
  for (size_t i = 0; i < n; ++i) {
    SmallVector<Value> values;
    for (size_t k = 0; k < lists; ++k) values.push_back(r.operand(2 + k * n + i));
    Arithmetic a{r, values.front()};
    SmallVector<Value> updated = update(a, a.scalar(r.operand(0)), r.operand(1), values);
    for (size_t k = 0; k < results; ++k) {
      if (!updated[k]) return failure();
      outputs[k * n + i] = updated[k];
    }
  }
  if (r.node.wanted.size() > outputs.size())
    return r.error() << "has " << r.node.wanted.size() << " outputs, expected at most " << outputs.size();
  r.node.replacements = outputs;
  return success();
}

/// G = norm X + G; H = H + G G; X = X - R / (1 + T decay) G / (sqrt H + epsilon)
static LogicalResult adagrad(Rewriter &r) {
  double decay = r.takeFloat("decay_factor", 0), epsilon = r.takeFloat("epsilon", 0), norm = r.takeFloat("norm_coefficient", 0);
  return updateAll(r, 3, [&](Arithmetic &a, Value rate, Value count, ArrayRef<Value> v) -> SmallVector<Value> {
    Value adjusted = a.div(rate, a.add(a.number(1), a.mul(decay, a.scalar(count))));
    Value gradient = a.add(a.mul(norm, v[0]), v[1]), squares = a.add(v[2], a.mul(gradient, gradient));
    Value step = a.div(a.mul(adjusted, gradient), a.add(a.sqrt(squares), a.number(epsilon)));
    return {a.sub(v[0], step), squares};
  });
}

/// G = norm X + G; V = alpha V + (1 - alpha) G; H = beta H + (1 - beta) G G; X = (1 - post) (X - R' V / (sqrt H + epsilon))
static LogicalResult adam(Rewriter &r) {
  double alpha = r.takeFloat("alpha", 0.9f), beta = r.takeFloat("beta", 0.999f), epsilon = r.takeFloat("epsilon", 0);
  double norm = r.takeFloat("norm_coefficient", 0), post = r.takeFloat("norm_coefficient_post", 0);
  return updateAll(r, 4, [&](Arithmetic &a, Value rate, Value count, ArrayRef<Value> v) -> SmallVector<Value> {
    Value gradient = a.add(a.mul(norm, v[0]), v[1]);
    Value mean = a.add(a.mul(alpha, v[2]), a.mul(1 - alpha, gradient));
    Value square = a.add(a.mul(beta, v[3]), a.mul(1 - beta, a.mul(gradient, gradient)));
    // Both averages start at 0, which the first updates make up for.
    Value t = a.scalar(count), one = a.number(1);
    Value corrected = a.div(a.mul(rate, a.sqrt(a.sub(one, a.pow(beta, t)))), a.sub(one, a.pow(alpha, t)));
    Value adjusted = a.ifUpdated(count, corrected, rate);
    Value step = a.div(a.mul(adjusted, mean), a.add(a.sqrt(square), a.number(epsilon)));
    return {a.mul(1 - post, a.sub(v[0], step)), mean, square};
  });
}

/// G = norm X + G; V = alpha V + beta' G; X = X - R V, or X - R (G + alpha V)
static LogicalResult momentum(Rewriter &r) {
  double alpha = r.takeFloat("alpha", 0), beta = r.takeFloat("beta", 0), norm = r.takeFloat("norm_coefficient", 0);
  std::string mode = r.takeString("mode", "");
  if (mode != "standard" && mode != "nesterov") return r.error() << "has the mode '" << mode << "', expected 'standard' or 'nesterov'";
  return updateAll(r, 3, [&](Arithmetic &a, Value rate, Value count, ArrayRef<Value> v) -> SmallVector<Value> {
    Value gradient = a.add(a.mul(norm, v[0]), v[1]);
    Value weight = a.ifUpdated(count, a.number(beta), a.number(1));
    Value velocity = a.add(a.mul(alpha, v[2]), a.mul(weight, gradient));
    Value direction = mode == "nesterov" ? a.add(gradient, a.mul(alpha, velocity)) : velocity;
    return {a.sub(v[0], a.mul(rate, direction)), velocity};
  });
}

static constexpr OpsetRow kRows[] = {
    {"ai.onnx.preview.training", "Adagrad", kAnyVersion, adagrad},
    {"ai.onnx.preview.training", "Adam", kAnyVersion, adam},
    {"ai.onnx.preview.training", "Momentum", kAnyVersion, momentum},
};
ArrayRef<OpsetRow> ingot::trainingRows() { return kRows; }
