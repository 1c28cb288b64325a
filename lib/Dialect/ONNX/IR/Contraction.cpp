//===- Contraction.cpp - shape rules of matrix products ---------------------------------------===//
#include "ShapeRules.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace ingot::onnx;

/// As NumPy's matmul: vectors are a row or a column that is dropped from the result.
static LogicalResult inferMatMul(Operation *op, Value a, Value b, Value result, Type element, ShapeAnalysis &shapes) {
  if (failed(expectRank(op, shapes, a, 1)) || failed(expectRank(op, shapes, b, 1))) return failure();
  if (!shapes.hasRank(a) || !shapes.hasRank(b)) {
    shapes.setUnranked(result, element);
    return success();
  }
  ArrayRef<Dim> l = shapes.dims(a), r = shapes.dims(b);
  bool isRow = l.size() == 1, isColumn = r.size() == 1;
  if (!sameDim(op, l.back(), isColumn ? r.back() : r[r.size() - 2], "the dimensions that are summed over")) return failure();
  FailureOr<SmallVector<Dim>> dims = broadcastDims(op, shapes, isRow ? ArrayRef<Dim>() : l.drop_back(2), isColumn ? ArrayRef<Dim>() : r.drop_back(2), result);
  if (failed(dims)) return failure();
  if (!isRow) dims->push_back(l[l.size() - 2]);
  if (!isColumn) dims->push_back(r.back());
  shapes.set(result, element, *dims);
  return success();
}

LogicalResult MatMulOp::infer(ShapeAnalysis &shapes) {
  return inferMatMul(*this, getA(), getB(), getY(), shapes.elementType(getA()), shapes);
}
LogicalResult MatMulIntegerOp::infer(ShapeAnalysis &shapes) {
  return inferMatMul(*this, getA(), getB(), getY(), IntegerType::get(getContext(), 32), shapes);
}
LogicalResult QLinearMatMulOp::infer(ShapeAnalysis &shapes) {
  return inferMatMul(*this, getA(), getB(), getY(), shapes.elementType(getYZeroPoint()), shapes);
}

LogicalResult GemmOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getA(), 2, 2)) || failed(expectRank(*this, shapes, getB(), 2, 2))) return failure();
  auto dim = [&](Value v, int64_t i) { return shapes.hasRank(v) ? shapes.dim(v, i) : Dim(); };
  Dim m = dim(getA(), getTransA() ? 1 : 0), k = dim(getA(), getTransA() ? 0 : 1);
  Dim otherK = dim(getB(), getTransB() ? 1 : 0), n = dim(getB(), getTransB() ? 0 : 1);
  if (k && otherK && !sameDim(*this, k, otherK, "the dimensions that are summed over")) return failure();
  shapes.set(getY(), shapes.elementType(getA()), {m, n});
  if (!isPresent(getC()) || !shapes.hasRank(getC())) return success();
  if (failed(expectRank(*this, shapes, getC(), 0, 2))) return failure();
  return success(succeeded(broadcastDims(*this, shapes, shapes.dims(getY()), shapes.dims(getC()), getY())));
}

LogicalResult DetOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 2))) return failure();
  if (shapes.hasRank(getX())) {
    ArrayRef<Dim> dims = shapes.dims(getX());
    if (!sameDim(*this, dims[dims.size() - 2], dims.back(), "the rows and columns of square matrices")) return failure();
    shapes.set(getY(), shapes.elementType(getX()), dims.drop_back(2));
  } else {
    shapes.setUnranked(getY(), shapes.elementType(getX()));
  }
  return success();
}

//===------------------------------------ Einsum ---------------------------------------===//

/// The labels of one term; the dimensions of an ellipsis are the labels '0', '1', ... counted from its right end, so that they broadcast.
static FailureOr<SmallVector<char>> termLabels(EinsumOp op, StringRef term, std::optional<int64_t> rank, size_t ellipsisRank) {
  SmallVector<char> labels;
  size_t letters = llvm::count_if(term, [](char c) { return llvm::isAlpha(c); });
  bool seen = false;
  for (size_t i = 0; i < term.size(); ++i) {
    if (llvm::isAlpha(term[i])) {
      labels.push_back(term[i]);
    } else if (!seen && term.substr(i).starts_with("...")) {
      size_t n = rank ? std::max<int64_t>(*rank - letters, 0) : ellipsisRank;
      if (n > 10) return op.emitOpError("expected at most 10 dimensions under the ellipsis, got ") << n;
      for (size_t k = n; k-- > 0;) labels.push_back('0' + k);
      seen = true;
      i += 2;
    } else {
      return op.emitOpError("expected letters and one ellipsis in a term, got '") << term << "'";
    }
  }
  if (rank && static_cast<int64_t>(labels.size()) != *rank)
    return op.emitOpError("expected an operand of rank ") << labels.size() << " for the term '" << term << "', got rank " << *rank;
  return labels;
}

LogicalResult EinsumOp::infer(ShapeAnalysis &shapes) {
  if (getInputs().empty()) return emitOpError("expected at least one operand");
  Type element = shapes.elementType(getInputs().front());
  std::string equation;
  llvm::copy_if(getEquation(), std::back_inserter(equation), [](char c) { return c != ' '; });
  auto [left, right] = StringRef(equation).split("->");
  bool isExplicit = StringRef(equation).contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != getInputs().size()) return emitOpError("expected ") << terms.size() << " operands for '" << equation << "', got " << getInputs().size();

  llvm::MapVector<char, Dim> sizes;
  llvm::MapVector<char, int> counts;
  size_t ellipsisRank = 0;
  for (auto [term, v] : llvm::zip(terms, getInputs())) {
    if (!shapes.hasRank(v)) {
      shapes.setUnranked(getOutput(), element);
      return success();
    }
    FailureOr<SmallVector<char>> labels = termLabels(*this, term, shapes.rank(v), 0);
    if (failed(labels)) return failure();
    llvm::DenseMap<char, Dim> ofTerm; // a label that is repeated stands for a diagonal
    for (auto [label, d] : llvm::zip(*labels, shapes.dims(v))) {
      if (failed(requireSame(*this, shapes, ofTerm.lookup(label), d, "the dimensions '" + std::string(1, label) + "' of an operand"))) return failure();
      ofTerm[label] = d;
      if (llvm::isDigit(label)) ellipsisRank = std::max<size_t>(ellipsisRank, label - '0' + 1);
      ++counts[label];
      Dim &size = sizes[label];
      size = size ? shapes.broadcast(*this, size, d, getOutput(), -1 - static_cast<int64_t>(label)) : d;
      if (!size) return failure();
    }
  }
  SmallVector<char> result;
  if (isExplicit) {
    FailureOr<SmallVector<char>> labels = termLabels(*this, right, std::nullopt, ellipsisRank);
    if (failed(labels)) return failure();
    result = *labels;
  } else {
    // Without an arrow: the ellipsis, then the letters that occur once, in alphabetical order.
    for (size_t k = ellipsisRank; k-- > 0;) result.push_back('0' + k);
    SmallVector<char> once;
    for (auto [label, count] : counts)
      if (count == 1 && llvm::isAlpha(label)) once.push_back(label);
    llvm::sort(once);
    result.append(once);
  }
  SmallVector<Dim> dims;
  for (char label : result) {
    if (!sizes.count(label)) return emitOpError("expected labels of operands in the result, got '") << StringRef(&label, 1) << "'";
    Dim d = sizes[label];
    // A size that broadcasting left open is that of the result.
    bool open = false;
    d.walk([&](AffineExpr e) {
      if (auto s = dyn_cast<AffineSymbolExpr>(e)) open |= shapes.source(s.getPosition()).value == getOutput();
    });
    dims.push_back(open ? Dim() : d);
  }
  shapes.set(getOutput(), element, dims);
  return success();
}
