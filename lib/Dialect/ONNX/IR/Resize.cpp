//===- Resize.cpp - shape rules of images, grids and boxes -----------------------------------------===//
#include "ShapeRules.h"

#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace ingot::onnx;

/// The floats of a constant, if they are f32.
static std::optional<SmallVector<float>> constantFloats(Value v) {
  DenseFPElementsAttr dense;
  if (!matchPattern(v, m_Constant(&dense)) || !dense.getElementType().isF32() || dense.getNumElements() > 64) return std::nullopt;
  return llvm::to_vector(dense.getValues<float>());
}

/// floor(d * scale), which is computed in f32 as the reference does.
static Dim scaledDim(Dim d, float scale, ShapeAnalysis &shapes) {
  if (auto c = ShapeAnalysis::asConstant(d)) return shapes.constant(static_cast<int64_t>(std::floor(static_cast<float>(*c) * scale)));
  if (scale == std::floor(scale)) return normalize(d * static_cast<int64_t>(scale));
  // Halves and quarters of sizes are exact in floats.
  float inverse = 1 / scale;
  if (inverse == std::floor(inverse) && scale * inverse == 1 && std::log2(inverse) == std::floor(std::log2(inverse)))
    return floorDivide(d, static_cast<int64_t>(inverse));
  return {};
}

LogicalResult ResizeOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getX());
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getY(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getX()));
  int64_t rank = dims.size();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  FailureOr<SmallVector<int64_t>> axes = axesOf(*this, getAxes() ? *getAxes() : ArrayRef<int64_t>(all), rank);
  if (failed(axes)) return failure();
  auto isGiven = [&](Value v) { return isPresent(v) && shapes.length(v) != 0; };
  bool bySizes = isGiven(getSizes()), byScales = isGiven(getScales());
  if (bySizes == byScales) return emitOpError("expected either 'scales' or 'sizes', got ") << (bySizes ? "both" : "neither");
  Value given = bySizes ? Value(getSizes()) : Value(getScales());
  if (auto n = shapes.length(given); n && *n != static_cast<int64_t>(axes->size()))
    return emitOpError("expected ") << axes->size() << " scales or sizes, got " << *n;
  std::optional<SmallVector<float>> scales = byScales ? constantFloats(given) : std::nullopt;
  auto contents = shapes.contents(given);
  for (auto [i, onnxAxis] : llvm::enumerate(*axes)) {
    // Operands and attributes keep ONNX's order of dimensions where the data are channels last.
    int64_t axis = !isChannelsLast(*this) || onnxAxis == 0 ? onnxAxis : onnxAxis == 1 ? rank - 1 : onnxAxis - 1;
    Dim &d = dims[axis];
    if (bySizes) {
      d = getKeepAspectRatioPolicy() == "stretch" ? shapes.at(given, i) : Dim();
    } else if (scales) {
      float scale = (*scales)[i];
      if (!(scale > 0) || scale > 1e6f) return emitOpError("expected scales above 0, got ") << scale;
      d = scaledDim(d, scale, shapes);
    } else {
      d = contents && (*contents)[i] ? normalize(d * (*contents)[i]) : Dim();
    }
  }
  // Keeping the aspect ratio needs the smallest or largest ratio of all.
  auto sizes = bySizes ? shapes.constantContents(given) : std::nullopt;
  if (sizes && getKeepAspectRatioPolicy() != "stretch" && !isChannelsLast(*this)) {
    bool notLarger = getKeepAspectRatioPolicy() == "not_larger";
    std::optional<float> scale;
    bool known = true;
    for (auto [i, axis] : llvm::enumerate(*axes)) {
      auto in = ShapeAnalysis::asConstant(shapes.dim(getX(), axis));
      known &= in && *in > 0;
      float ratio = known ? static_cast<float>((*sizes)[i]) / *in : 0;
      scale = !scale ? ratio : notLarger ? std::min(*scale, ratio) : std::max(*scale, ratio);
    }
    if (known && scale)
      for (int64_t axis : *axes)
        dims[axis] = shapes.constant(static_cast<int64_t>(std::floor(*scale * *ShapeAnalysis::asConstant(shapes.dim(getX(), axis)) + 0.5f)));
  }
  shapes.set(getY(), element, dims);
  return success();
}

LogicalResult GridSampleOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getX());
  if (failed(expectRank(*this, shapes, getX(), 3))) return failure();
  if (!shapes.hasRank(getX()) || !shapes.hasRank(getGrid())) {
    shapes.setUnranked(getY(), element);
    return success();
  }
  int64_t rank = shapes.rank(getX());
  if (failed(expectRank(*this, shapes, getGrid(), rank, rank))) return failure();
  SmallVector<Dim> dims{shapes.dim(getX(), 0), shapes.dim(getX(), 1)};
  llvm::append_range(dims, shapes.dims(getGrid()).slice(1, rank - 2));
  shapes.set(getY(), element, dims);
  return success();
}

LogicalResult AffineGridOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getTheta());
  std::optional<int64_t> n = shapes.length(getSize());
  if (!n) {
    shapes.setUnranked(getGrid(), element);
    return success();
  }
  if (*n != 4 && *n != 5) return emitOpError("expected 4 or 5 sizes, got ") << *n;
  SmallVector<Dim> dims{shapes.at(getSize(), 0)};
  for (int64_t i = 2; i < *n; ++i) dims.push_back(shapes.at(getSize(), i));
  dims.push_back(shapes.constant(*n - 2));
  shapes.set(getGrid(), element, dims);
  return success();
}

static LogicalResult inferRois(Operation *op, Value x, Value rois, Value y, ArrayRef<int64_t> pooled, ShapeAnalysis &shapes) {
  if (failed(expectRank(op, shapes, x, 4, 4)) || failed(expectRank(op, shapes, rois, 2, 2))) return failure();
  SmallVector<Dim> dims(2);
  if (shapes.hasRank(rois)) dims[0] = shapes.dim(rois, 0);
  if (shapes.hasRank(x)) dims[1] = shapes.dim(x, 1);
  for (int64_t size : pooled) {
    if (size < 1) return op->emitOpError("expected pooled sizes of 1 or more, got ") << size;
    dims.push_back(shapes.constant(size));
  }
  shapes.set(y, shapes.elementType(x), dims);
  return success();
}
LogicalResult RoiAlignOp::infer(ShapeAnalysis &shapes) {
  return inferRois(*this, getX(), getRois(), getY(), {static_cast<int64_t>(getOutputHeight()), static_cast<int64_t>(getOutputWidth())}, shapes);
}
LogicalResult MaxRoiPoolOp::infer(ShapeAnalysis &shapes) {
  if (getPooledShape().size() != 2) return emitOpError("expected 2 sizes in 'pooled_shape', got ") << getPooledShape().size();
  return inferRois(*this, getX(), getRois(), getY(), getPooledShape(), shapes);
}

LogicalResult NonMaxSuppressionOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getBoxes(), 3, 3)) || failed(expectRank(*this, shapes, getScores(), 3, 3))) return failure();
  shapes.set(getSelectedIndices(), IntegerType::get(getContext(), 64), {Dim(), shapes.constant(3)});
  return success();
}

LogicalResult ImageDecoderOp::infer(ShapeAnalysis &shapes) {
  shapes.set(getImage(), IntegerType::get(getContext(), 8, IntegerType::Unsigned),
             {Dim(), Dim(), shapes.constant(getPixelFormat() == "Grayscale" ? 1 : 3)});
  return success();
}
