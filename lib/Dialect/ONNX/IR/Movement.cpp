//===- Movement.cpp - shape rules of operators that move elements ----------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

LogicalResult TransposeOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getData())) {
    shapes.setUnranked(getTransposed(), element);
    return success();
  }
  ArrayRef<Dim> dims = shapes.dims(getData());
  SmallVector<Dim> permuted;
  if (auto perm = getPerm()) {
    FailureOr<SmallVector<int64_t>> axes = axesOf(*this, *perm, dims.size());
    if (failed(axes)) return failure();
    if (axes->size() != dims.size())
      return emitOpError("expected a permutation of ") << dims.size() << " dimensions, got " << axes->size();
    for (int64_t axis : *axes) permuted.push_back(dims[axis]);
  } else {
    permuted.assign(dims.rbegin(), dims.rend());
  }
  shapes.set(getTransposed(), element, permuted);
  if (auto c = shapes.contents(getData())) shapes.setContents(getTransposed(), SmallVector<Dim>(*c));
  return success();
}

LogicalResult ConcatOp::infer(ShapeAnalysis &shapes) {
  if (getInputs().empty()) return emitOpError("expected at least one operand");
  Type element = shapes.elementType(getInputs().front());
  SmallVector<Dim> dims;
  Dim total = shapes.constant(0);
  std::optional<int64_t> axis;
  for (Value v : getInputs()) {
    if (!shapes.hasRank(v)) {
      total = {};
      continue;
    }
    ArrayRef<Dim> each = shapes.dims(v);
    if (!axis) {
      FailureOr<int64_t> a = axisOf(*this, getAxis(), each.size());
      if (failed(a)) return failure();
      axis = *a;
      dims.assign(each.begin(), each.end());
    } else if (each.size() != dims.size()) {
      return emitOpError("expected operands of equal rank, got ") << dims.size() << " and " << each.size();
    }
    for (auto [i, d] : llvm::enumerate(each)) {
      if (static_cast<int64_t>(i) == *axis) continue;
      dims[i] = sameDim(*this, dims[i], d, "the operands' dimension " + std::to_string(i));
      if (!dims[i]) return failure();
    }
    if (total) total = total + each[*axis];
  }
  if (!axis) {
    shapes.setUnranked(getConcatResult(), element);
    return success();
  }
  dims[*axis] = total;
  shapes.set(getConcatResult(), element, dims);

  auto length = shapes.length(getConcatResult());
  if (!length || *length > 1024) return success();
  SmallVector<Dim> contents;
  for (Value v : getInputs()) {
    if (auto c = shapes.contents(v))
      contents.append(c->begin(), c->end());
    else
      contents.append(shapes.length(v).value_or(0), Dim());
  }
  shapes.setContents(getConcatResult(), contents);
  return success();
}

/// The sizes of the parts along the axis; null where they are not known.
static FailureOr<SmallVector<Dim>> partSizes(SplitOp op, Dim whole, ShapeAnalysis &shapes) {
  int64_t n = op.getNumResults();
  SmallVector<Dim> sizes;
  if (isPresent(op.getSplit())) {
    if (failed(expectRank(op, shapes, op.getSplit(), 1, 1))) return failure();
    if (auto count = shapes.length(op.getSplit()); count && *count != n)
      return op.emitOpError("expected ") << n << " sizes, one for each result, got " << *count;
    if (shapes.hasRank(op.getSplit()) &&
        failed(requireSame(op, shapes, shapes.dim(op.getSplit(), 0), shapes.constant(n), "'split' and the results")))
      return failure();
    Dim sum = shapes.constant(0);
    for (int64_t i = 0; i < n; ++i) {
      sizes.push_back(shapes.at(op.getSplit(), i));
      if (auto size = ShapeAnalysis::asConstant(sizes.back()); size && *size < 0)
        return op.emitOpError("expected sizes of 0 or more, got ") << *size;
      sum = sum + sizes.back();
    }
    auto total = ShapeAnalysis::asConstant(normalize(sum)), wanted = ShapeAnalysis::asConstant(whole);
    if (total && wanted && *total != *wanted) return op.emitOpError("expected sizes that sum to ") << *wanted << ", got " << *total;
    return sizes;
  }
  if (op.getNumOutputs() && *op.getNumOutputs() != n)
    return op.emitOpError("expected 'num_outputs' to be the number of results, ") << n << ", got " << *op.getNumOutputs();
  // Equal parts; the last is smaller where the size is no multiple.
  Dim part = normalize((whole + (n - 1)).floorDiv(n));
  sizes.assign(n - 1, part);
  Dim last = normalize(whole - part * (n - 1));
  sizes.push_back(part == normalize(whole.floorDiv(n)) ? part : last);
  if (auto c = ShapeAnalysis::asConstant(last); c && *c < 0)
    return op.emitOpError("expected a dimension that ") << n << " results can share, got " << shapes.str(whole);
  return sizes;
}

LogicalResult SplitOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  if (getOutputs().empty()) return emitOpError("expected at least one result");
  if (!shapes.hasRank(getInput())) {
    for (Value v : getOutputs()) shapes.setUnranked(v, element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getInput()));
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), dims.size());
  if (failed(axis)) return failure();
  FailureOr<SmallVector<Dim>> sizes = partSizes(*this, dims[*axis], shapes);
  if (failed(sizes)) return failure();
  auto contents = shapes.contents(getInput());
  SmallVector<Dim> elements = contents ? SmallVector<Dim>(*contents) : SmallVector<Dim>();
  size_t offset = 0;
  for (auto [v, size] : llvm::zip(getOutputs(), *sizes)) {
    dims[*axis] = size;
    shapes.set(v, element, dims);
    auto n = ShapeAnalysis::asConstant(size);
    if (!n || *n < 0 || offset + *n > elements.size()) {
      elements.clear();
      continue;
    }
    shapes.setContents(v, ArrayRef<Dim>(elements).slice(offset, *n));
    offset += *n;
  }
  return success();
}

//===----------------------------------- Slice ---------------------------------------===//

/// Whether x <= y for all sizes.
static bool isAtMost(Dim x, Dim y, const ShapeAnalysis &shapes) { return shapes.isNonNegative(normalize(y - x)); }

/// A start or end within a dimension of size `d`, brought into [0, d]; null if it depends on more than is known.
static Dim clampedPosition(Dim p, Dim d, ShapeAnalysis &shapes) {
  if (!p) return {};
  Dim zero = shapes.constant(0);
  auto c = ShapeAnalysis::asConstant(p), size = ShapeAnalysis::asConstant(d);
  if (c && size) return shapes.constant(std::clamp<int64_t>(*c < 0 ? *c + *size : *c, 0, *size));
  // Exporters write "to the end" as a huge number.
  if (c && *c >= INT32_MAX) return d;
  if (c && *c <= -INT32_MAX) return zero;
  if (c && *c < 0) return isAtMost(zero, normalize(d + *c), shapes) ? normalize(d + *c) : Dim();
  if (!isAtMost(zero, p, shapes)) return {};
  if (isAtMost(p, d, shapes)) return p;
  return isAtMost(d, p, shapes) ? d : Dim();
}

static Dim slicedDim(Dim d, Dim start, Dim end, int64_t step, ShapeAnalysis &shapes) {
  auto size = ShapeAnalysis::asConstant(d), s = ShapeAnalysis::asConstant(start), e = ShapeAnalysis::asConstant(end);
  if (step < 0) {
    if (size && s && e) {
      if (*size == 0) return d;
      // A far negative end is before the first element.
      int64_t from = std::clamp<int64_t>(*s < 0 ? *s + *size : *s, 0, *size - 1), to = std::clamp<int64_t>(*e < 0 ? *e + *size : *e, -1, *size - 1);
      return shapes.constant(from > to ? (from - to + -step - 1) / -step : 0);
    }
    bool all = s && e && (*s == -1 || *s >= INT32_MAX) && *e <= -INT32_MAX;
    return all ? normalize((d + (-step - 1)).floorDiv(-step)) : Dim();
  }
  Dim from = clampedPosition(start, d, shapes), to = clampedPosition(end, d, shapes);
  if (s && *s >= 0 && *s < step && to == d) return normalize((d + (step - 1 - *s)).floorDiv(step));
  if (!from || !to) return {};
  if (isAtMost(to, from, shapes)) return shapes.constant(0);
  if (!isAtMost(from, to, shapes)) return {};
  return normalize((to - from + (step - 1)).floorDiv(step));
}

LogicalResult SliceOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getData())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getData()));
  std::optional<SmallVector<int64_t>> given;
  if (isPresent(getAxes())) {
    given = shapes.constantContents(getAxes());
  } else if (auto n = shapes.length(getStarts())) {
    if (*n > static_cast<int64_t>(dims.size())) return emitOpError("expected at most ") << dims.size() << " starts, got " << *n;
    given = llvm::to_vector(llvm::seq<int64_t>(0, *n));
  }
  if (!given) {
    // Any dimension may be cut.
    shapes.set(getOutput(), element, SmallVector<Dim>(dims.size()));
    return success();
  }
  FailureOr<SmallVector<int64_t>> axes = axesOf(*this, *given, dims.size());
  if (failed(axes)) return failure();
  for (Value v : {Value(getStarts()), Value(getEnds()), getSteps()})
    if (auto n = shapes.length(v); isPresent(v) && n && *n != static_cast<int64_t>(axes->size()))
      return emitOpError("expected ") << axes->size() << " starts, ends and steps, got " << *n;

  auto known = [&](Value v, int64_t i) { auto c = shapes.contents(v); return c ? (*c)[i] : Dim(); };
  SmallVector<Dim> elements;
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    Dim d = dims[axis], start = known(getStarts(), i), end = known(getEnds(), i);
    auto step = isPresent(getSteps()) ? ShapeAnalysis::asConstant(known(getSteps(), i)) : std::optional<int64_t>(1);
    if (step == 0) return emitOpError("expected steps other than 0");
    dims[axis] = step && *step > -INT32_MAX && *step < INT32_MAX ? slicedDim(d, start, end, *step, shapes) : Dim();

    auto contents = shapes.contents(getData());
    auto first = ShapeAnalysis::asConstant(start), count = ShapeAnalysis::asConstant(dims[axis]);
    if (!contents || !first || !count || *count == 0 || dims.size() != 1) continue;
    int64_t size = contents->size(), from = std::clamp<int64_t>(*first < 0 ? *first + size : *first, 0, *step < 0 ? size - 1 : size);
    for (int64_t k = 0; k < *count; ++k) elements.push_back((*contents)[from + k * *step]);
  }
  if (axes->empty() && shapes.contents(getData())) elements.assign(shapes.contents(getData())->begin(), shapes.contents(getData())->end());
  shapes.set(getOutput(), element, dims);
  if (!elements.empty()) shapes.setContents(getOutput(), elements);
  return success();
}

//===------------------------------- padding and tiling -----------------------------------===//

LogicalResult PadOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getData())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getData()));
  int64_t rank = dims.size();
  std::optional<SmallVector<int64_t>> given = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (isPresent(getAxes())) given = shapes.constantContents(getAxes());
  auto pads = shapes.contents(getPads());
  if (!given) {
    shapes.set(getOutput(), element, SmallVector<Dim>(rank));
    return success();
  }
  FailureOr<SmallVector<int64_t>> axes = axesOf(*this, *given, rank);
  if (failed(axes)) return failure();
  int64_t n = axes->size();
  if (auto length = shapes.length(getPads()); length && *length != 2 * n)
    return emitOpError("expected ") << 2 * n << " pads, got " << *length;
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    Dim before = pads ? (*pads)[i] : Dim(), after = pads ? (*pads)[n + i] : Dim();
    dims[axis] = before && after ? normalize(dims[axis] + before + after) : Dim();
    // Negative pads crop; a size that could fall below 0 is left open.
    if (auto c = ShapeAnalysis::asConstant(dims[axis]); c && *c < 0)
      return emitOpError("expected pads that leave something of dimension ") << axis << ", got size " << *c;
    if (dims[axis] && !shapes.isNonNegative(dims[axis])) dims[axis] = {};
  }
  shapes.set(getOutput(), element, dims);
  return success();
}

LogicalResult TileOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  if (!shapes.hasRank(getInput())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getInput()));
  if (auto n = shapes.length(getRepeats()); n && *n != static_cast<int64_t>(dims.size()))
    return emitOpError("expected ") << dims.size() << " repeats, got " << *n;
  if (shapes.hasRank(getRepeats()) && shapes.rank(getRepeats()) == 1 &&
      failed(requireSame(*this, shapes, shapes.dim(getRepeats(), 0), shapes.constant(dims.size()), "the repeats and the dimensions")))
    return failure();
  for (auto [i, d] : llvm::enumerate(dims)) d = d * shapes.at(getRepeats(), i);
  shapes.set(getOutput(), element, dims);
  auto contents = shapes.contents(getInput());
  auto n = shapes.length(getOutput());
  if (contents && !contents->empty() && n && *n >= 0 && *n <= 1024) {
    SmallVector<Dim> repeated;
    for (int64_t i = 0; i < *n; ++i) repeated.push_back((*contents)[i % contents->size()]);
    shapes.setContents(getOutput(), repeated);
  }
  return success();
}

//===---------------------------- blocks, crops, triangles --------------------------------===//

/// Channels over blocksize^2 and space times blocksize, or the other way round.
static LogicalResult inferBlocks(Operation *op, Value input, Value output, int64_t block, bool toSpace, ShapeAnalysis &shapes) {
  if (block < 1 || block > INT32_MAX) return op->emitOpError("expected a 'blocksize' of 1 or more, got ") << block;
  if (failed(expectRank(op, shapes, input, 4, 4))) return failure();
  Type element = shapes.elementType(input);
  if (!shapes.hasRank(input)) {
    shapes.set(output, element, SmallVector<Dim>(4));
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(input));
  int64_t channel = channelAxis(op, 4), space = firstSpatialAxis(op);
  for (int64_t axis : {channel, space, space + 1}) {
    bool grows = (axis == channel) != toSpace;
    int64_t factor = axis == channel ? block * block : block;
    if (auto c = ShapeAnalysis::asConstant(dims[axis]); !grows && c && *c % factor != 0)
      return op->emitOpError("expected a size in dimension ") << axis << " that is a multiple of " << factor << ", got " << *c;
    dims[axis] = grows ? dims[axis] * factor : floorDivide(dims[axis], factor);
  }
  shapes.set(output, element, dims);
  return success();
}
LogicalResult DepthToSpaceOp::infer(ShapeAnalysis &shapes) {
  return inferBlocks(*this, getInput(), getOutput(), getBlocksize(), /*toSpace=*/true, shapes);
}
LogicalResult SpaceToDepthOp::infer(ShapeAnalysis &shapes) {
  return inferBlocks(*this, getInput(), getOutput(), getBlocksize(), /*toSpace=*/false, shapes);
}

LogicalResult CenterCropPadOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInputData());
  if (!shapes.hasRank(getInputData())) {
    shapes.setUnranked(getOutputData(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getInputData()));
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  FailureOr<SmallVector<int64_t>> axes = axesOf(*this, getAxes() ? *getAxes() : ArrayRef<int64_t>(all), dims.size());
  if (failed(axes)) return failure();
  if (auto n = shapes.length(getShape()); n && *n != static_cast<int64_t>(axes->size()))
    return emitOpError("expected ") << axes->size() << " sizes, got " << *n;
  if (shapes.hasRank(getShape()) && shapes.rank(getShape()) == 1 &&
      failed(requireSame(*this, shapes, shapes.dim(getShape(), 0), shapes.constant(axes->size()), "'shape' and the axes")))
    return failure();
  for (auto [i, axis] : llvm::enumerate(*axes)) dims[axis] = shapes.at(getShape(), i);
  shapes.set(getOutputData(), element, dims);
  return success();
}

LogicalResult ReverseSequenceOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getInput(), 2))) return failure();
  int64_t batch = getBatchAxis();
  if (shapes.hasRank(getInput()) && shapes.hasRank(getSequenceLens()) && batch >= 0 && batch < shapes.rank(getInput()) &&
      failed(requireSame(*this, shapes, shapes.dim(getSequenceLens(), 0), shapes.dim(getInput(), batch), "the sequence lengths and the batch")))
    return failure();
  shapes.setLike(getY(), getInput());
  return success();
}
LogicalResult TriluOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getInput(), 2))) return failure();
  shapes.setLike(getOutput(), getInput());
  return success();
}
