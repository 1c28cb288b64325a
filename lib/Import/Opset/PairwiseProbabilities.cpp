//===- PairwiseProbabilities.cpp - probabilities of classes from those of pairs -------------------===//
//
// The second method of Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise coupling" (2004): minimises a quadratic form by
// coordinates. It stops where the gradient is small, so that the same number of steps has to be made for the same result.
//===-----------------------------------------------------------------------------===//
#include "Scores.h"

using namespace mlir;
using namespace ingot;

Value ingot::coupleProbabilities(Chain &c, Value pairs, int64_t classes) {
  constexpr int64_t kMostSteps = 100;
  const double tolerance = 0.005 / classes;
  auto column = [&](Value v, int64_t i) { return c.slice(v, i, i + 1, 1); }; // [rows, 1]
  // r[i][j]: the probability of i among i and j.
  SmallVector<SmallVector<Value>> r(classes, SmallVector<Value>(classes));
  for (int64_t i = 0, pair = 0; i < classes; ++i)
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      r[i][j] = column(pairs, pair);
      r[j][i] = c.sub(c.like(pairs, 1), r[i][j]);
    }
  SmallVector<Value> diagonal(classes), rows(classes); // the form's rows [rows, classes]
  for (int64_t t = 0; t < classes; ++t) {
    SmallVector<Value> entries(classes);
    for (int64_t j = 0; j < classes; ++j) {
      if (j == t) continue;
      entries[j] = c.op("Neg", c.mul(r[j][t], r[t][j]));
      diagonal[t] = c.add(diagonal[t], c.mul(r[j][t], r[j][t]));
    }
    entries[t] = diagonal[t];
    rows[t] = c.concat(entries, 1);
  }
  Value start = c.concat(SmallVector<Value>(classes, c.add(c.mul(column(pairs, 0), 0.0), 1.0 / classes)), 1);
  Value count = c.ok ? c.r.scalar(kMostSteps) : Value();
  return c.loop(count, start, [&](Value, ArrayRef<Value> carried, Value &goesOn) -> SmallVector<Value> {
            Value before = carried[0], p = before;
            SmallVector<Value> products;
            for (int64_t t = 0; t < classes; ++t) products.push_back(c.reduce("ReduceSum", c.mul(rows[t], p), 1));
            Value product = c.concat(products, 1), form = c.reduce("ReduceSum", c.mul(p, product), 1);
            Value error = c.reduce("ReduceMax", c.op("Abs", c.sub(product, form)), 1);
            Value open = c.compare("GreaterOrEqual", error, tolerance);
            goesOn = c.cast(c.squeeze(c.reduce("ReduceMax", c.cast(open, c.i32), {0, 1}), {0, 1}), c.i1);
            for (int64_t t = 0; t < classes; ++t) {
              Value at = column(product, t), step = c.div(c.sub(form, at), diagonal[t]), scale = c.add(step, 1.0);
              SmallVector<float> unit(classes);
              unit[t] = 1;
              p = c.div(c.add(p, c.mul(step, c.r.floats(unit))), scale);
              form = c.div(c.add(form, c.mul(step, c.add(c.mul(step, diagonal[t]), c.mul(at, 2)))), c.mul(scale, scale));
              product = c.div(c.add(product, c.mul(step, rows[t])), scale);
            }
            return {c.where(open, p, before)};
          })
      .front();
}
