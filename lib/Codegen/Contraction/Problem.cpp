//===- Problem.cpp - reading an ingot.contract over buffers ---------------------------------===//
#include "Problem.h"
#include "DotProducts.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

/// The view with dimensions [first, last] as one, or null where strides do not allow it.
static Value collapse(IndexBuilder &ix, Value memref, int64_t first, int64_t last) {
  auto type = cast<MemRefType>(memref.getType());
  if (first == last) return memref;
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i > first && i <= last) groups.back().push_back(i);
    else groups.push_back({i});
  if (!memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups)) return {};
  // An empty dimension beside one of unknown size leaves the size unknown to the op, which is inferred to be 0.
  MemRefType collapsed = memref::CollapseShapeOp::computeCollapsedType(type, groups);
  SmallVector<int64_t> shape(collapsed.getShape());
  if (llvm::any_of(type.getShape().slice(first, last - first + 1), ShapedType::isDynamic)) shape[first] = ShapedType::kDynamic;
  return memref::CollapseShapeOp::create(ix.b, ix.loc, MemRefType::get(shape, type.getElementType(), collapsed.getLayout(), type.getMemorySpace()), memref, groups);
}

static bool hasUnitStride(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) && strides.back() == 1;
}

/// Rows of a product: no taps, no strides, and both sides contiguous.
static void collapseRows(ContractionProblem &p, IndexBuilder &ix) {
  int64_t first = p.batched ? 1 : 0, last = p.rows.size() - 1;
  for (RowDim &row : p.rows)
    if (row.hasTaps() || row.stride != 1) return;
  if (first >= last) return;
  Value input = collapse(ix, p.input, first, last);
  if (!input) return;
  Value out = collapse(ix, p.out, first, last);
  if (!out) {
    input.getDefiningOp()->erase();
    return;
  }
  p.input = input;
  p.out = out;
  RowDim row;
  row.size = ix.dim(out, first);
  p.rows.resize(first);
  p.rows.push_back(row);
  p.rowsCollapsed = true;
}

/// The last tap and the channels as one reduction, where a window's columns lie side by side.
static void foldLastTap(ContractionProblem &p, IndexBuilder &ix) {
  RowDim &last = p.rows.back();
  int64_t rank = p.rows.size() + 1;
  if (p.groups != 1 || !last.hasTaps() || last.dilation != 1) return;
  auto type = cast<MemRefType>(p.input.getType());
  if (type.isDynamicDim(rank - 1)) return;
  Value input = collapse(ix, p.input, rank - 2, rank - 1);
  if (!input) return;
  int64_t tap = last.tapIndex + (p.packed ? 2 : 1);
  Value weights = collapse(ix, p.weights, tap, tap + 1);
  if (!weights) {
    input.getDefiningOp()->erase();
    return;
  }
  p.input = input;
  p.weights = weights;
  p.inputChannels = type.getDimSize(rank - 1);
  p.depth = ix.mul(ix.dim(weights, tap), p.dots ? kDotDepth : 1);
  p.weightTaps -= 1;
  p.lastFolded = true;
  last.taps = {};
}

static void readPadding(ContractOp op, int64_t dim, RowDim &row) {
  constexpr int64_t kMostColumns = 8; // with code of their own
  row.pad = op.getPad(dim - 1);
  row.kernel = IndexBuilder::known(row.taps).value_or(1);
  if (op.getWinograd()) row.kernel = 3;
  row.extent = cast<ShapedType>(op.getInput().getType()).getDimSize(dim);
  int64_t size = cast<ShapedType>(op.getOut().getType()).getDimSize(dim);
  // Winograd's forms look at each element.
  if (op.getPads().empty() || op.getWinograd() || size == 0) return;
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(row.extent) || !IndexBuilder::known(row.taps)) {
    row.open = true;
    return;
  }
  row.padded = !row.reaches(0, 0) || !row.reaches(size - 1, row.kernel - 1);
  int64_t after = (size - 1) * row.stride + (row.kernel - 1) * row.dilation + 1 - row.pad - row.extent;
  bool isLast = dim == op.getSpatialRank();
  if (row.padded && isLast && std::max(row.pad, after) > kMostColumns * row.stride) row.padded = false, row.open = true;
}

TiledDim ingot::cutDim(IndexBuilder &ix, Value size, int64_t most) {
  TiledDim d;
  d.size = size;
  if (auto n = IndexBuilder::known(size)) {
    int64_t count = std::max<int64_t>(1, (*n + most - 1) / most);
    d.count = ix.constant(*n == 0 ? 0 : count);
    d.base = std::max<int64_t>(1, *n / count);
    d.larger = *n % count;
  } else {
    d.base = most;
    d.count = ix.ceilDiv(size, most);
    d.dynamic = most > 1;
  }
  return d;
}

SmallVector<int64_t> ingot::edgeTiles(const TiledDim &tiles, const RowDim &row) {
  SmallVector<int64_t> edges;
  if (!row.padded) return edges;
  for (int64_t tile = 0, count = *IndexBuilder::known(tiles.count); tile < count; ++tile)
    if (!row.isInterior(tiles.begin(tile), tiles.width(tile))) edges.push_back(tile);
  return edges;
}

std::pair<Value, Value> ingot::innerWindows(IndexBuilder &ix, const RowDim &row) {
  Value zero = ix.constant(0), begin = ix.min(ix.constant((row.pad + row.stride - 1) / row.stride), row.size);
  // The last tap of window i lies at i * stride + reach.
  int64_t reach = (row.kernel - 1) * row.dilation - row.pad;
  Value end = ix.min(ix.ceilDiv(ix.max(ix.sub(row.length, ix.constant(reach)), zero), row.stride), row.size);
  return {begin, ix.max(begin, end)};
}

std::pair<Value, Value> ingot::tapRange(IndexBuilder &ix, const RowDim &row, Value index) {
  Value zero = ix.constant(0), taps = row.taps ? row.taps : ix.constant(row.kernel);
  if (!row.padded && !row.open) return {zero, taps};
  // Elements before the input that the window covers, and those up to the input's end.
  Value before = ix.sub(ix.constant(row.pad), ix.mul(index, row.stride)), upToEnd = ix.add(before, row.length);
  Value begin = ix.ceilDiv(ix.max(before, zero), row.dilation), end = ix.min(ix.ceilDiv(ix.max(upToEnd, zero), row.dilation), taps);
  return {ix.min(begin, end), end};
}

ContractionProblem ingot::readContraction(ContractOp op, IndexBuilder &ix) {
  ContractionProblem p;
  p.op = op;
  p.input = op.getInput();
  p.weights = op.getWeights();
  p.out = op.getOut();
  p.packed = op.isPacked();
  p.dots = op.isPackedForDots();
  p.batched = op.getBatchedWeights();
  p.groups = op.getGroups();
  int64_t r = op.getSpatialRank();
  int64_t firstTap = p.packed ? 2 : 1;
  for (int64_t i = 0; i <= r; ++i) {
    RowDim row;
    row.size = ix.dim(p.out, i);
    p.resultSizes.push_back(row.size);
    if (i > 0) {
      row.stride = op.getStrides()[i - 1];
      row.dilation = op.getDilations()[i - 1];
      row.tapIndex = i - 1;
      row.taps = ix.dim(p.weights, firstTap + i - 1);
      row.length = ix.dim(p.input, i);
      readPadding(op, i, row);
    }
    p.rows.push_back(row);
  }
  p.weightTaps = r;
  p.outerWeights = p.batched ? p.rows.front().size : ix.constant(p.groups);
  p.depth = ix.mul(ix.dim(p.weights, firstTap + r), p.dots ? kDotDepth : 1);
  p.columns = p.groups == 1 ? ix.dim(p.out, r + 1) : ix.div(ix.dim(p.out, r + 1), p.groups);
  if (p.packed) {
    auto type = cast<MemRefType>(p.weights.getType());
    p.panel = type.getDimSize(firstTap + r + 1);
    if (p.dots) p.weights = collapse(ix, p.weights, firstTap + r + 1, firstTap + r + 2);
  }
  p.contiguousColumns = hasUnitStride(p.weights) && hasUnitStride(p.out) && !ShapedType::isDynamic(p.panel);
  if (op.getDepthwise() || op.getWinograd()) return p;
  collapseRows(p, ix);
  if (!p.rowsCollapsed) foldLastTap(p, ix);
  return p;
}

/// A tile of packed weights is whole registers of a panel where it can be, or several panels where a row of the tile has more registers.
static int64_t packedColumns(const ContractionProblem &p, int64_t length, int64_t most) {
  auto columns = IndexBuilder::known(p.columns);
  if (columns && *columns > p.panel && p.panel % length == 0 && most >= 2 * p.panel)
    return std::min(most / p.panel, (*columns + p.panel - 1) / p.panel) * p.panel;
  int64_t best = 1;
  for (int64_t c = 1; c <= std::min(most, p.panel); ++c)
    if (p.panel % c == 0 && (c % length == 0 || best % length != 0)) best = c;
  return best;
}

ContractionTile ingot::tileOf(const ContractionProblem &p, const TargetRow &target, int64_t columns) {
  ContractionTile tile;
  tile.fma = target.fma;
  tile.columns = columns;
  int64_t length = target.vectorLength(p.accumulator().getIntOrFloatBitWidth());
  tile.vectors = std::max<int64_t>(1, (columns + length - 1) / length);
  tile.dots = p.dots ? target.dots : DotProduct::None;
  int64_t accumulators = target.tileRows * target.tileVectors;
  // In pairs, weights take twice the registers, and so does an element of the input beside a product.
  if (p.dots && DotProducts::inPairs(tile, p.unsignedInput())) accumulators -= tile.vectors + 2;
  // Narrow columns leave registers for more rows; 14 chains hide the latency of any of the targets' multiply-adds.
  tile.rows = std::max<int64_t>(1, std::min<int64_t>(std::max<int64_t>(14, target.tileRows), accumulators / tile.vectors));
  return tile;
}

ContractionTile ingot::chooseTile(const ContractionProblem &p, const TargetRow &target) {
  int64_t bits = p.accumulator().getIntOrFloatBitWidth();
  int64_t most = target.tileColumns(bits);
  if (!p.contiguousColumns) return tileOf(p, target, 1);
  if (p.packed) return tileOf(p, target, packedColumns(p, target.vectorLength(bits), most));
  if (auto columns = IndexBuilder::known(p.columns))
    while (most > 1 && most / 2 >= *columns) most /= 2;
  return tileOf(p, target, most);
}

Value ingot::loadPacked(IndexBuilder &ix, Value weights, ArrayRef<Value> index, int64_t count) {
  auto type = cast<MemRefType>(weights.getType());
  int64_t panel = type.getShape().back();
  auto load = [&](ArrayRef<Value> at, int64_t part) {
    return vector::LoadOp::create(ix.b, ix.loc, VectorType::get(part, type.getElementType()), weights, at).getResult();
  };
  if (count <= panel) return load(index, count);
  auto whole = VectorType::get(count, type.getElementType());
  Value all = arith::ConstantOp::create(ix.b, ix.loc, ix.b.getZeroAttr(whole));
  for (int64_t first = 0; first < count; first += panel) {
    SmallVector<Value> at(index);
    at[1] = ix.add(index[1], first / panel);
    all = vector::InsertStridedSliceOp::create(ix.b, ix.loc, load(at, std::min(panel, count - first)), all, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{1});
  }
  return all;
}
