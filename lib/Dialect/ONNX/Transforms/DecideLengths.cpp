//===- DecideLengths.cpp - branches on the length of a list --------------------------------===//
//
// The body of AffineGrid asks whether its list of sizes has four entries, an image, or five, a volume. A model that leaves the length of the list
// open mostly says the rank of its results. The answer "yes" is tried on a copy of the function: it holds if all results get the ranks that the
// model declares, and does not if one gets another. Where ranks are open still, lists that are split may have as many entries as there are parts.
//===----------------------------------------------------------------------------------------===//
#include "DecideLengths.h"
#include "LayoutRewrites.h"
#include "RequireLengths.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace ingot::onnx;

namespace {

/// Whether `list`, of unknown length, has `length` entries.
struct Question {
  Value condition; // null where nothing asks
  Value list;
  int64_t length;
};

std::optional<int64_t> rankOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type ? std::optional<int64_t>(type.getRank()) : std::nullopt;
}

bool isOpenList(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && type.getRank() == 1 && type.isDynamicDim(0);
}

std::optional<Question> questionOf(IfOp op) {
  auto equal = op.getCond().getDefiningOp<EqualOp>();
  if (!equal) return std::nullopt;
  for (unsigned i : {0, 1}) {
    Operation *count = equal->getOperand(i).getDefiningOp();
    auto length = constantIntegers(equal->getOperand(1 - i));
    if (!isa_and_nonnull<SizeOp, ShapeOp>(count) || !length || length->size() != 1) continue;
    if (isOpenList(count->getOperand(0)) && length->front() >= 0) return Question{op.getCond(), count->getOperand(0), length->front()};
  }
  return std::nullopt;
}

/// What an open rank may depend on; questions that the model asks come first.
SmallVector<Question> questionsIn(func::FuncOp function) {
  SmallVector<Question> asked, splits;
  function.walk([&](Operation *op) {
    if (auto split = dyn_cast<SplitOp>(op); split && isOpenList(split.getInput())) splits.push_back({Value(), split.getInput(), op->getNumResults()});
    auto conditional = dyn_cast<IfOp>(op);
    if (!conditional || llvm::all_of(op->getResults(), [](Value v) { return rankOf(v).has_value(); })) return;
    if (auto question = questionOf(conditional)) asked.push_back(*question);
    else asked.push_back({});
  });
  if (asked.empty()) return {};
  llvm::append_range(asked, splits);
  llvm::erase_if(asked, [](const Question &q) { return !q.list; });
  return asked;
}

void answer(Question question, bool holds) {
  OpBuilder b(question.list.getContext());
  Location loc = question.list.getLoc();
  if (question.condition) {
    loc = question.condition.getLoc();
    b.setInsertionPointAfterValue(question.condition);
    auto type = RankedTensorType::get({}, b.getI1Type());
    question.condition.replaceAllUsesWith(ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, holds)));
  }
  if (!holds) return;
  b.setInsertionPointAfterValue(question.list);
  Value known = withLength(b, loc, question.list, question.length);
  question.list.replaceAllUsesExcept(known, known.getDefiningOp());
}

/// What the ranks of the results say to the answer "yes".
std::optional<bool> tryIt(func::FuncOp function, const Question &question, ArrayRef<std::optional<int64_t>> declared,
                          function_ref<LogicalResult(func::FuncOp)> fold) {
  IRMapping mapping;
  OwningOpRef<func::FuncOp> copy(cast<func::FuncOp>(function->clone(mapping)));
  answer({mapping.lookupOrNull(question.condition), mapping.lookup(question.list), question.length}, true);
  // A contradiction inside is an answer, too, and none of the user's business.
  ScopedDiagnosticHandler quiet(function.getContext(), [](Diagnostic &) { return success(); });
  if (failed(fold(*copy))) return false;
  bool isKnown = true;
  for (auto [rank, v] : llvm::zip(declared, copy->getBody().front().getTerminator()->getOperands())) {
    if (!rank) continue;
    auto got = rankOf(v);
    if (got && got != rank) return false;
    isKnown &= got.has_value();
  }
  return isKnown ? std::optional<bool>(true) : std::nullopt;
}

} // namespace

bool ingot::onnx::decideLengths(func::FuncOp function, function_ref<LogicalResult(func::FuncOp)> fold) {
  SmallVector<std::optional<int64_t>> declared;
  for (Value v : function.getBody().front().getTerminator()->getOperands()) declared.push_back(rankOf(v));
  if (llvm::none_of(declared, [](auto rank) { return rank.has_value(); })) return false;
  for (const Question &question : questionsIn(function)) {
    std::optional<bool> holds = tryIt(function, question, declared, fold);
    if (!holds || (!*holds && !question.condition)) continue;
    answer(question, *holds);
    return true;
  }
  return false;
}
