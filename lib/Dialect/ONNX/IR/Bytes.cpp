//===- Bytes.cpp - constants of 8-bit integers --------------------------------------===//
#include "ingot/Dialect/ONNX/Bytes.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace ingot::onnx;

RankedTensorType ingot::onnx::byteType(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && type.getElementType().isInteger(8) ? type : RankedTensorType();
}

std::optional<SmallVector<int>> ingot::onnx::bytesOf(Value v) {
  auto constant = v.getDefiningOp<ConstantOp>();
  RankedTensorType type = byteType(v);
  if (!constant || !type) return std::nullopt;
  ArrayRef<char> data;
  bool isSplat = false;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
    data = dense.getRawData();
    isSplat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue())) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) return std::nullopt;
    data = blob->getData();
  }
  int64_t count = type.getNumElements();
  if (static_cast<int64_t>(data.size()) != (isSplat ? 1 : count)) return std::nullopt;
  bool isUnsigned = type.getElementType().isUnsignedInteger();
  SmallVector<int> numbers;
  numbers.reserve(count);
  for (char byte : data) numbers.push_back(isUnsigned ? static_cast<unsigned char>(byte) : static_cast<signed char>(byte));
  if (isSplat) numbers.assign(count, numbers.front());
  return numbers;
}

bool ingot::onnx::fitsAround(RankedTensorType type, ArrayRef<int> numbers, ArrayRef<int> zeros, int64_t dim) {
  int64_t positions = type.getDimSize(dim), behind = 1;
  for (int64_t d : type.getShape().drop_front(dim + 1)) behind *= d;
  if (zeros.size() != 1 && static_cast<int64_t>(zeros.size()) != positions) return false;
  for (auto [i, number] : llvm::enumerate(numbers)) {
    int centred = number - zeros[zeros.size() == 1 ? 0 : i / behind % positions];
    if (centred < -128 || centred > 127) return false;
  }
  return true;
}
