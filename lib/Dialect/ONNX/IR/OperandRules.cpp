//===- OperandRules.cpp - what operands must be before a shape rule looks at them ---------------------------===//
//
// Which operands share an element type and which ranks they have, as ONNX's schemas and texts say, where the op's own constraints leave it open.
// Shape rules and lowerings rely on it.
//===-----------------------------------------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

namespace {

/// One word for each operand: its type, then its rank. A small letter is a type variable, the same element type wherever it stands; '.' is any
/// type, 'B' booleans, 'N' all but strings, 'L' a list with an entry or two for each dimension. "2" is a rank, "0-1" several, "1+" no less; without, any. '*' goes on for all further operands.
struct Row {
  StringLiteral op, operands;
};

constexpr Row kRows[] = {
    // Contraction and attention
    {"Attention", "a a b N2-4 a b .1"},
    {"CausalConvWithState", "a3 a3 a1 a3"},
    {"Conv", "a a a1"},
    {"ConvTranspose", "a a a1"},
    {"DeformConv", "a a a a1 a"},
    {"ConvInteger", "a b a0-1 b0-1"},
    {"QLinearConv", "a .0-1 a0-1 b .0-1 b0-1 .0-1 .0-1 .1"},
    {"QLinearMatMul", "a . a b"},
    {"MatMul", "a a"},
    {"MatMulInteger", "a b a b"},
    {"Gemm", "a a a"},
    {"Einsum", "a*"},
    {"LinearAttention", "a a a .4 a3 a3"},
    {"RotaryEmbedding", "a a2-3 a2-3 .2"},
    {"GRU", "a a a a2 .1 a3"},
    {"RNN", "a a a a2 .1 a3"},
    {"LSTM", "a a a a2 .1 a3 a3 a2"},
    {"ms.MatMulNBits", "a . a . . a"},
    // Control flow, sequences
    {"If", "B0-1"},
    {"Loop", ".0-1 B0-1"},
    {"SequenceAt", ". .0-1"},
    {"SequenceErase", ". .0-1"},
    {"SequenceInsert", ". . .0-1"},
    {"SplitToSequence", ". .0-1"},
    // Generation
    {"AffineGrid", ".3 L1"},
    {"BlackmanWindow", ".0-1"},
    {"ConstantOfShape", "L1"},
    {"HammingWindow", ".0-1"},
    {"HannWindow", ".0-1"},
    {"MelWeightMatrix", ".0-1 .0-1 .0-1 .0-1 .0-1"},
    {"OneHot", ". N0-1 .1"},
    {"Range", "a0-1 a0-1 a0-1"},
    // Indexing and movement
    {"CenterCropPad", ". L1"},
    {"Col2Im", "N L1 L1"},
    {"Compress", ". B1"},
    {"Concat", "a*"},
    {"Expand", ". L1"},
    {"GatherND", ".1+ .1+"},
    {"Pad", "a L1 a0-1 L1"},
    {"Reshape", ". L1"},
    {"ReverseSequence", ".2+ .1"},
    {"ScatterElements", "a1+ .1+ a1+"},
    {"ScatterND", "a1+ .1+ a"},
    {"Slice", ".1+ L1 L1 L1 L1"},
    {"Split", ". .1"},
    {"Squeeze", ". L0-1"},
    {"TensorScatter", "a a .1"},
    {"Tile", ". L1"},
    {"TopK", ". .0-1"},
    {"Trilu", "N2+ .0-1"},
    {"Unsqueeze", ". L0-1"},
    // Elementwise, reduction, normalisation
    {"BatchNormalization", ". .1 .1 .1 .1"},
    {"Clip", "a a0-1 a0-1"},
    {"CumProd", "a .0-1"},
    {"CumSum", "a .0-1"},
    {"Dropout", ". N0-1 B0-1"},
    {"GroupNormalization", ". .1 .1"},
    {"InstanceNormalization", ". .1 .1"},
    {"LayerNormalization", ".1+"},
    {"NegativeLogLikelihoodLoss", "a .1+ a1"},
    {"RMSNormalization", ".1+"},
    {"ReduceL1", ". L0-1"},
    {"ReduceL2", ". L0-1"},
    {"ReduceLogSum", ". L0-1"},
    {"ReduceLogSumExp", ". L0-1"},
    {"ReduceMax", ". L0-1"},
    {"ReduceMean", ". L0-1"},
    {"ReduceMin", ". L0-1"},
    {"ReduceProd", ". L0-1"},
    {"ReduceSum", ". L0-1"},
    {"ReduceSumSquare", ". L0-1"},
    {"SoftmaxCrossEntropyLoss", "a .1+ a1"},
    // Images and signals
    {"DFT", ".2+ .0-1 .0-1"},
    {"GridSample", ".3+ .3+"},
    {"ImageDecoder", ".1"},
    {"MaxRoiPool", "a a"},
    {"MaxUnpool", ". . .1"},
    {"NonMaxSuppression", ". . .0-1 .0-1 .0-1"},
    {"Resize", ". L1 L1 L1"},
    {"RoiAlign", "a a .1"},
    {"STFT", "a .0-1 a1 .0-1"},
    {"DequantizeLinear", "a . a"},
};

constexpr int64_t kLongestList = 64;

struct Rule {
  char kind;
  int64_t least = 0, most = INT64_MAX;
};
struct Rules {
  SmallVector<Rule, 8> operands;
  bool goesOn = false;
};

Rules parse(StringRef text) {
  Rules rules;
  rules.goesOn = text.consume_back("*");
  SmallVector<StringRef> words;
  text.split(words, ' ');
  for (StringRef word : words) {
    Rule rule{word.front()};
    StringRef rank = word.drop_front();
    bool isOpen = rank.consume_back("+");
    auto [least, most] = rank.split('-');
    if (!rank.empty()) {
      rule.least = least.front() - '0';
      rule.most = isOpen ? INT64_MAX : most.empty() ? rule.least : most.front() - '0';
    }
    rules.operands.push_back(rule);
  }
  return rules;
}

const llvm::StringMap<Rules> &allRules() {
  static const llvm::StringMap<Rules> rules = [] {
    llvm::StringMap<Rules> map;
    for (const Row &row : kRows) map.try_emplace(("onnx." + row.op).str(), parse(row.operands));
    return map;
  }();
  return rules;
}

} // namespace

LogicalResult ingot::onnx::checkSizes(Operation *op, Value v, ShapeAnalysis &shapes) {
  if (!shapes.hasRank(v)) return success();
  // Of all dimensions but those of size 0: lowerings multiply any of them.
  int64_t count = 1;
  for (Dim d : shapes.dims(v))
    if (auto c = ShapeAnalysis::asConstant(d); c && *c < 0) return op->emitOpError("expected sizes of 0 or more, got ") << shapes.str(shapes.dims(v));
  for (Dim d : shapes.dims(v))
    if (auto c = ShapeAnalysis::asConstant(d); c && *c > 0 && (__builtin_mul_overflow(count, *c, &count) || count > (int64_t(1) << 56)))
      return op->emitOpError("expected fewer elements than any memory holds, got ") << shapes.str(shapes.dims(v));
  return success();
}

LogicalResult ingot::onnx::checkOperands(Operation *op, ShapeAnalysis &shapes) {
  for (Value v : op->getOperands())
    if (failed(checkSizes(op, v, shapes))) return failure();
  auto it = allRules().find(op->getName().getStringRef());
  if (it == allRules().end()) return success();
  const Rules &rules = it->second;
  llvm::SmallDenseMap<char, Type> variables;
  for (auto [i, v] : llvm::enumerate(op->getOperands())) {
    if (i >= rules.operands.size() && !rules.goesOn) break;
    const Rule &rule = i < rules.operands.size() ? rules.operands[i] : rules.operands.back();
    Type element = isPresent(v) ? shapes.elementType(v) : Type();
    if (!element) continue; // absent, or no tensor: the op's constraints say so
    if (rule.kind == 'B' && !element.isInteger(1)) return op->emitOpError("expected operand #") << i << " to be of booleans, got " << element;
    if (rule.kind == 'N' && isa<StringType>(element)) return op->emitOpError("expected operand #") << i << " to be of numbers, got " << element;
    if (llvm::isLower(rule.kind)) {
      Type &first = variables[rule.kind];
      if (first && first != element) return op->emitOpError("expected operand #") << i << " to be of " << first << " as others are, got " << element;
      first = element;
    }
    if (auto n = shapes.length(v); rule.kind == 'L' && n && *n > kLongestList)
      return op->emitOpError("expected operand #") << i << " to be a list of at most " << kLongestList << " elements, got " << shapes.str(shapes.dims(v));
    if (!shapes.hasRank(v) || (shapes.rank(v) >= rule.least && shapes.rank(v) <= rule.most)) continue;
    auto error = op->emitOpError("expected operand #") << i << " to have rank " << rule.least;
    if (rule.most != rule.least) rule.most == INT64_MAX ? error << " or more" : error << " to " << rule.most;
    return error << ", got " << shapes.str(shapes.dims(v));
  }
  return success();
}
