//===- FlexAttention.cpp - attention with graphs in the middle ---------------------------------===//
//
// scores = scale Q K'; probabilities = prob_mod(softmax(score_mod(scores))); Y = probabilities V.  The graphs are expanded in place, so that
// they fuse like any other arithmetic.  Without graphs it is the operator Attention.
//===-----------------------------------------------------------------------------===//
#include "GraphBuilder.h"
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;

FailureOr<Value> GraphBuilder::expandGraph(const wire::GraphProto &graph, Value argument, Scope &outer, const Frame &frame, const Node &node,
                                           StringRef name) {
  std::string what = (node.what + ", graph '" + name + "'").str();
  if (graph.input_size() != 1 || graph.output_size() != 1)
    return emitError(node.loc) << what << " has " << graph.input_size() << " inputs and " << graph.output_size() << " outputs, expected one of each";
  Scope scope;
  scope.outer = &outer;
  if (failed(define(graph.input(0).name(), argument, scope, node.loc, what)) || failed(addInitializers(graph, scope, node.loc)) ||
      failed(addNodes(graph.node(), scope, frame)))
    return failure();
  return output(graph.output(0).name(), scope, node.loc, what + ": output");
}

LogicalResult GraphBuilder::emitFlexAttention(Node &node, Scope &scope, const Frame &frame, SmallVectorImpl<Value> &results) {
  Rewriter r(emitter, node);
  Value q = r.operand(0), k = r.operand(1), v = r.operand(2);
  if (!q || !k || !v || node.operands.size() != 3) return r.error() << "expected inputs 'Q', 'K' and 'V'";
  for (Value operand : {q, k, v})
    if (auto rank = emitter.rank(operand); rank && *rank != 4) return r.error() << "expected inputs of rank 4, got rank " << *rank;
  const wire::GraphProto *scoreMod = nullptr, *probabilityMod = nullptr;
  for (auto &[name, graph] : node.graphs) {
    if (name != "score_mod" && name != "prob_mod")
      return r.error() << "has the graph '" << name << "', which the operator does not know; accepted: score_mod, prob_mod";
    (name == "score_mod" ? scoreMod : probabilityMod) = graph;
  }
  if (!scoreMod && !probabilityMod) {
    node.domain = "";
    node.opType = "Attention";
    return emitOp(node, scope, frame, results);
  }

  Type i64 = r.b.getI64Type(), element = cast<TensorType>(q.getType()).getElementType();
  auto given = node.attributes.get("scale");
  double scale = r.takeFloat("scale", 0);
  int64_t precision = r.takeInt("softmax_precision", 0);
  if (!node.attributes.empty())
    return r.error() << "has the attribute '" << node.attributes.begin()->getName().getValue() << "', which the operator does not know";
  // Each op is null if an operand is; the diagnostic is out by then.
  auto op = [&](StringRef name, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes = {}, Type type = {}) {
    return llvm::is_contained(operands, Value()) ? Value() : r.op(name, operands, attributes, type);
  };
  auto dim = [&](Value x, int64_t i) { return op("Shape", x, {r.attr("end", i + 1), r.attr("start", i)}, i64); };
  auto reshape = [&](Value x, Value d0, Value d1, Value d2, Value d3) {
    return op("Reshape", {x, op("Concat", {d0, d1, d2, d3}, r.attr("axis", int64_t(0)), i64)});
  };
  // Query heads that share keys and values are rows of one product.
  Value batch = dim(q, 0), heads = dim(q, 1), shared = dim(k, 1), rows = dim(q, 2), keys = dim(k, 2), size = dim(q, 3);
  Value joined = op("Div", {op("Mul", {heads, rows}, {}, i64), shared}, {}, i64);
  Value transposed = op("Transpose", k, r.attr("perm", r.b.getDenseI64ArrayAttr({0, 1, 3, 2})));
  Value scores = op("MatMul", {reshape(q, batch, shared, joined, size), transposed});
  Value factor = given ? r.scalarLike(q, scale) : op("Reciprocal", op("Sqrt", op("CastLike", {size, q}, {}, element), {}, element), {}, element);
  scores = op("Mul", {reshape(scores, batch, heads, rows, keys), factor});
  if (!scores) return failure();
  auto modify = [&](Value x, const wire::GraphProto *graph, StringRef name) -> FailureOr<Value> {
    return graph ? expandGraph(*graph, x, scope, frame, node, name) : x;
  };
  FailureOr<Value> modified = modify(scores, scoreMod, "score_mod");
  if (failed(modified)) return failure();
  Type wide = precision ? elementTypeOf(precision, r.b.getContext()) : Type();
  if (precision && !isa_and_nonnull<FloatType>(wide)) return r.error() << "has softmax_precision " << precision << ", expected the number of a float type";
  Value exact = wide && wide != element ? op("Cast", *modified, r.attr("to", precision), wide) : *modified;
  Value probabilities = op("Softmax", exact, r.attr("axis", -1));
  if (exact != *modified) probabilities = op("CastLike", {probabilities, q}, {}, element);
  if (!probabilities) return failure();
  FailureOr<Value> weights = modify(probabilities, probabilityMod, "prob_mod");
  if (failed(weights)) return failure();
  Value y = op("MatMul", {reshape(*weights, batch, shared, joined, keys), v});
  y = reshape(y, batch, heads, rows, dim(v, 3));
  if (!y) return failure();
  results.push_back(y);
  return success();
}
