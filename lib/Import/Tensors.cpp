//===- Tensors.cpp - TensorProto to attributes ----------------------------------------===//
#include "Tensors.h"
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "onnx.pb.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cstring>

using namespace mlir;
using namespace ingot;
using wire::TensorProto;

// A sparse tensor may claim any size with few values; its dense form may not take more than this.
static constexpr int64_t kMaxDenseBytes = 256 << 20;

// The blob keeps its bytes alive as long as the context holds it.
static AsmResourceBlob makeBlob(TensorBytes bytes) {
  // Of the place in the file, not of the address, so that printed IR is the same in every run.
  if (bytes.file) {
    uint64_t align = bytes.fileOffset == 0 ? 8 : std::min<uint64_t>(8, bytes.fileOffset & -bytes.fileOffset);
    return UnmanagedAsmResourceBlob::allocateWithAlign(bytes.data, align, [file = bytes.file](void *, size_t, size_t) {});
  }
  auto owned = std::make_shared<std::vector<char>>(bytes.owned.empty() ? std::vector<char>(bytes.data.begin(), bytes.data.end())
                                                                       : std::move(bytes.owned));
  ArrayRef<char> data(*owned);
  return UnmanagedAsmResourceBlob::allocateWithAlign(data, 8, [owned](void *, size_t, size_t) {});
}

static ElementsAttr makeElements(RankedTensorType type, TensorBytes bytes, StringRef name) {
  // Booleans are bytes on the wire and in memory, but not in every attribute: let MLIR decide.
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> values(llvm::map_range(bytes.data, [](char c) { return c != 0; }));
    return DenseElementsAttr::get(type, values);
  }
  if (bytes.data.size() < wire::kMappedBytes) return DenseElementsAttr::getFromRawBuffer(type, bytes.data);
  return DenseResourceElementsAttr::get(type, name.empty() ? "constant" : name, makeBlob(std::move(bytes)));
}

FailureOr<ElementsAttr> TensorReader::read(const TensorProto &tensor, Location loc, StringRef what) {
  Type element = elementTypeOf(tensor.data_type(), loc.getContext());
  if (!element)
    return emitError(loc) << what << " has element type " << tensor.data_type() << ", expected a number of TensorProto.DataType from 1 to 26";
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  FailureOr<int64_t> count = countElements(dims, loc, what);
  if (failed(count)) return failure();
  auto type = RankedTensorType::get(dims, element);
  if (tensor.data_type() == TensorProto::STRING) {
    if (tensor.string_data_size() != *count)
      return emitError(loc) << what << " has " << tensor.string_data_size() << " strings, expected " << *count << " for its dimensions";
    SmallVector<StringRef> strings(tensor.string_data().begin(), tensor.string_data().end());
    return ElementsAttr(DenseElementsAttr::get(type, strings));
  }
  FailureOr<TensorBytes> bytes = locateBytes(tensor, *count, files, loc, what);
  if (failed(bytes)) return failure();
  return makeElements(type, std::move(*bytes), tensor.name());
}

FailureOr<ElementsAttr> TensorReader::read(const wire::SparseTensorProto &tensor, Location loc, StringRef what) {
  const TensorProto &values = tensor.values(), &indices = tensor.indices();
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  SmallVector<int64_t> valueDims(values.dims().begin(), values.dims().end()), indexDims(indices.dims().begin(), indices.dims().end());
  FailureOr<int64_t> count = countElements(dims, loc, what), numValues = countElements(valueDims, loc, what),
                     numIndices = countElements(indexDims, loc, what);
  if (failed(count) || failed(numValues) || failed(numIndices)) return failure();
  Type element = elementTypeOf(values.data_type(), loc.getContext());
  unsigned width = llvm::divideCeil(wireBits(values.data_type()), 8);
  if (!element || width == 0 || indices.data_type() != TensorProto::INT64)
    return emitError(loc) << what << " is sparse with values of type " << dataTypeName(values.data_type()) << " and indices of type "
                          << dataTypeName(indices.data_type()) << ", expected a type of numbers and INT64";
  if (*count > kMaxDenseBytes / width)
    return emitError(loc) << what << " is sparse with " << *count << " elements; its dense form may have up to " << kMaxDenseBytes << " bytes";
  // Indices are linear ([n]) or one coordinate per dimension ([n, rank]).
  bool isLinear = indexDims.size() == 1;
  if (valueDims.size() != 1 || *numIndices != *numValues * (isLinear ? 1 : (int64_t)dims.size()) || indexDims.empty() || indexDims.size() > 2)
    return emitError(loc) << what << " is sparse with " << *numValues << " values and " << *numIndices
                          << " indices, expected one index, or one coordinate per dimension, for each value";
  FailureOr<TensorBytes> valueBytes = locateBytes(values, *numValues, files, loc, what),
                         indexBytes = locateBytes(indices, *numIndices, files, loc, what);
  if (failed(valueBytes) || failed(indexBytes)) return failure();
  TensorBytes dense;
  dense.owned.resize(*count * width);
  for (int64_t i = 0; i < *numValues; ++i) {
    int64_t at = 0;
    for (size_t d = 0, e = isLinear ? 1 : dims.size(); d < e; ++d) {
      int64_t index, limit = isLinear ? *count : dims[d];
      std::memcpy(&index, indexBytes->data.data() + (i * e + d) * sizeof(index), sizeof(index));
      if (index < 0 || index >= limit)
        return emitError(loc) << what << " is sparse with index " << index << ", expected 0 to " << limit - 1;
      at = isLinear ? index : at * limit + index;
    }
    std::memcpy(dense.owned.data() + at * width, valueBytes->data.data() + i * width, width);
  }
  dense.data = dense.owned;
  return makeElements(RankedTensorType::get(dims, element), std::move(dense), values.name());
}
