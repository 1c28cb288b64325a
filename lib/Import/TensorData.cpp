//===- TensorData.cpp - where the bytes of a TensorProto are --------------------------===//
//
// A tensor's elements are in raw_data, in a file beside the model, or in one of the typed fields.  Every length is checked against
// the dimensions before anything is allocated by it.
//===-----------------------------------------------------------------------------===//
#include "Tensors.h"
#include "Types.h"

#include "onnx.pb.h"
#include "llvm/ADT/StringExtras.h"
#include <cstring>

using namespace mlir;
using namespace ingot;
using wire::TensorProto;

unsigned ingot::wireBits(int dataType) {
  switch (dataType) {
  case TensorProto::UINT2: case TensorProto::INT2: return 2;
  case TensorProto::UINT4: case TensorProto::INT4: case TensorProto::FLOAT4E2M1: return 4;
  case TensorProto::UINT8: case TensorProto::INT8: case TensorProto::BOOL: case TensorProto::FLOAT8E4M3FN:
  case TensorProto::FLOAT8E4M3FNUZ: case TensorProto::FLOAT8E5M2: case TensorProto::FLOAT8E5M2FNUZ: case TensorProto::FLOAT8E8M0:
    return 8;
  case TensorProto::UINT16: case TensorProto::INT16: case TensorProto::FLOAT16: case TensorProto::BFLOAT16: return 16;
  case TensorProto::FLOAT: case TensorProto::INT32: case TensorProto::UINT32: return 32;
  case TensorProto::INT64: case TensorProto::UINT64: case TensorProto::DOUBLE: case TensorProto::COMPLEX64: return 64;
  case TensorProto::COMPLEX128: return 128;
  default: return 0;
  }
}

FailureOr<int64_t> ingot::countElements(ArrayRef<int64_t> dims, Location loc, StringRef what) {
  int64_t count = 1, nonZero = 1;
  for (int64_t dim : dims) {
    if (dim < 0) return emitError(loc) << what << " has dimension " << dim << ", expected 0 or more";
    count = dim == 0 ? 0 : count;
    // Also the product without the zeros stays small, so that strides and sizes computed from it cannot overflow.
    if (dim != 0 && (__builtin_mul_overflow(nonZero, dim, &nonZero) || nonZero > (int64_t(1) << 56)))
      return emitError(loc) << what << " has more elements than any memory holds (dimensions "
                            << llvm::join(llvm::map_range(dims, [](int64_t d) { return std::to_string(d); }), "x") << ")";
  }
  return count == 0 ? 0 : nonZero;
}

// Copies `values` as elements of type To, after the number of them has been checked.
template <class To, class Values>
static LogicalResult copyTyped(const Values &values, int64_t count, Location loc, StringRef what, StringRef field, TensorBytes &bytes) {
  if (values.size() != count)
    return emitError(loc) << what << " has " << values.size() << " elements in " << field << ", expected " << count << " for its dimensions";
  bytes.owned.resize(count * sizeof(To));
  char *to = bytes.owned.data();
  for (auto value : values) {
    To element = static_cast<To>(value);
    std::memcpy(to, &element, sizeof(To));
    to += sizeof(To);
  }
  return success();
}

static LogicalResult copyTypedData(const TensorProto &tensor, int64_t count, Location loc, StringRef what, TensorBytes &bytes) {
  int type = tensor.data_type();
  unsigned bits = wireBits(type);
  switch (type) {
  case TensorProto::FLOAT: return copyTyped<float>(tensor.float_data(), count, loc, what, "float_data", bytes);
  case TensorProto::COMPLEX64: return copyTyped<float>(tensor.float_data(), 2 * count, loc, what, "float_data", bytes);
  case TensorProto::DOUBLE: return copyTyped<double>(tensor.double_data(), count, loc, what, "double_data", bytes);
  case TensorProto::COMPLEX128: return copyTyped<double>(tensor.double_data(), 2 * count, loc, what, "double_data", bytes);
  case TensorProto::INT64: return copyTyped<int64_t>(tensor.int64_data(), count, loc, what, "int64_data", bytes);
  case TensorProto::UINT64: return copyTyped<uint64_t>(tensor.uint64_data(), count, loc, what, "uint64_data", bytes);
  case TensorProto::UINT32: return copyTyped<uint32_t>(tensor.uint64_data(), count, loc, what, "uint64_data", bytes);
  default: break;
  }
  // The others are in int32_data; those below a byte as packed bytes.
  if (bits == 32) return copyTyped<int32_t>(tensor.int32_data(), count, loc, what, "int32_data", bytes);
  if (bits == 16) return copyTyped<uint16_t>(tensor.int32_data(), count, loc, what, "int32_data", bytes);
  return copyTyped<uint8_t>(tensor.int32_data(), llvm::divideCeil(uint64_t(count) * bits, 8), loc, what, "int32_data", bytes);
}

static LogicalResult locateExternal(const TensorProto &tensor, uint64_t expected, wire::ModelFiles &files, Location loc, StringRef what,
                                    TensorBytes &bytes) {
  std::string location;
  uint64_t offset = 0, length = expected;
  for (const auto &entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    uint64_t *number = entry.key() == "offset" ? &offset : entry.key() == "length" ? &length : nullptr;
    if (number && !llvm::to_integer(entry.value(), *number, 10))
      return emitError(loc) << what << " has external data with " << entry.key() << " '" << entry.value() << "', expected a number of bytes";
  }
  if (length != expected)
    return emitError(loc) << what << " has " << length << " bytes of external data, expected " << expected << " for its dimensions";
  llvm::Expected<wire::MappedFile> file = files.external(location);
  if (!file) return emitError(loc) << what << ": " << llvm::toString(file.takeError());
  uint64_t size = (*file)->getBufferSize();
  if (offset > size || length > size - offset)
    return emitError(loc) << what << " needs bytes " << offset << " to " << offset + length << " of '" << location << "', which has only "
                          << size;
  bytes.file = *file;
  bytes.fileOffset = offset;
  bytes.data = {(*file)->getBufferStart() + offset, size_t(length)};
  return success();
}

// Spreads elements of 2 or 4 bits, lowest first in each byte, to one byte each (upper bits zero).
static void unpack(TensorBytes &bytes, int64_t count, unsigned bits) {
  std::vector<char> unpacked(count);
  unsigned perByte = 8 / bits;
  for (int64_t i = 0; i < count; ++i)
    unpacked[i] = (uint8_t(bytes.data[i / perByte]) >> (i % perByte * bits)) & ((1 << bits) - 1);
  bytes.owned = std::move(unpacked);
  bytes.data = bytes.owned;
  bytes.file.reset();
}

FailureOr<TensorBytes> ingot::locateBytes(const TensorProto &tensor, int64_t count, wire::ModelFiles &files, Location loc, StringRef what) {
  TensorBytes bytes;
  unsigned bits = wireBits(tensor.data_type());
  uint64_t expected = llvm::divideCeil(uint64_t(count) * bits, 8); // countElements keeps it below 2^63 bits
  if (tensor.has_segment())
    return emitError(loc) << what << " is split into segments, which is not supported; expected a whole tensor";
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    if (failed(locateExternal(tensor, expected, files, loc, what, bytes))) return failure();
  } else if (tensor.has_mapped_length() || tensor.has_raw_data()) {
    bytes.data = {tensor.raw_data().data(), tensor.raw_data().size()};
    if (tensor.has_mapped_length()) {
      bytes.file = files.getModel();
      bytes.fileOffset = tensor.mapped_offset();
      bytes.data = {bytes.file->getBufferStart() + bytes.fileOffset, size_t(tensor.mapped_length())};
    }
    if (bytes.data.size() != expected)
      return emitError(loc) << what << " has " << bytes.data.size() << " bytes of data, expected " << expected << " for its dimensions and type "
                            << dataTypeName(tensor.data_type());
  } else {
    if (failed(copyTypedData(tensor, count, loc, what, bytes))) return failure();
    bytes.data = bytes.owned;
  }
  if (bits < 8) unpack(bytes, count, bits);
  return std::move(bytes);
}
