//===- Bytes.cpp - constants of integers of a few bits ------------------------------===//
#include "ingot/Dialect/ONNX/Bytes.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ingot::onnx;

RankedTensorType ingot::onnx::byteType(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && type.getElementType().isInteger(8) ? type : RankedTensorType();
}

bool ingot::onnx::isAbsentOrZero(Value operand) {
  if (isa<NoneType>(operand.getType())) return true;
  ElementsAttr elements;
  if (!matchPattern(operand, m_Constant(&elements)) || !isa<IntegerType>(elements.getElementType())) return false;
  auto values = elements.tryGetValues<APInt>();
  return values && llvm::all_of(*values, [](const APInt &i) { return i.isZero(); });
}

namespace {
/// The contents of a constant.
struct Bytes {
  ArrayRef<char> data;
  bool isSplat, isUnsigned;
  int operator[](int64_t i) const {
    char byte = data[isSplat ? 0 : i];
    return isUnsigned ? static_cast<unsigned char>(byte) : static_cast<signed char>(byte);
  }
};
} // namespace

static std::optional<Bytes> readBytes(Value v) {
  auto constant = v.getDefiningOp<ConstantOp>();
  RankedTensorType type = byteType(v);
  if (!constant || !type) return std::nullopt;
  Bytes bytes{{}, false, type.getElementType().isUnsignedInteger()};
  if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
    bytes.data = dense.getRawData();
    bytes.isSplat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue())) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) return std::nullopt;
    bytes.data = blob->getData();
  }
  int64_t stored = bytes.isSplat ? 1 : type.getNumElements();
  return static_cast<int64_t>(bytes.data.size()) == stored ? std::optional(bytes) : std::nullopt;
}

bool ingot::onnx::fitsAround(Value numbers, Value zeros, int64_t dim) {
  auto bytes = readBytes(numbers);
  if (!bytes) return false;
  bool hasZeros = !isAbsentOrZero(zeros);
  if (!hasZeros && !bytes->isUnsigned) return true;
  auto around = hasZeros ? readBytes(zeros) : std::nullopt;
  RankedTensorType type = byteType(numbers);
  int64_t positions = type.getDimSize(dim), before = 1, behind = 1;
  for (int64_t d : type.getShape().take_front(dim)) before *= d;
  for (int64_t d : type.getShape().drop_front(dim + 1)) behind *= d;
  int64_t zeroCount = 1;
  if (hasZeros) {
    if (!around || byteType(zeros).getRank() > 1) return false;
    zeroCount = byteType(zeros).getNumElements();
    if (zeroCount != 1 && zeroCount != positions) return false;
  }
  for (int64_t outer = 0, i = 0; outer < before; ++outer)
    for (int64_t position = 0; position < positions; ++position) {
      int zero = hasZeros ? (*around)[zeroCount == 1 ? 0 : position] : 0;
      for (int64_t end = i + behind; i < end; ++i)
        if (int centred = (*bytes)[i] - zero; centred < -128 || centred > 127) return false;
    }
  return true;
}
