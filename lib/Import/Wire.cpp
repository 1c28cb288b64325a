//===- Wire.cpp - mapping of model files, and the skeleton pass ---------------------===//
#include "Wire.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>

using namespace llvm;
using namespace ingot::wire;

static Error wireError(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

Expected<MappedFile> ingot::wire::mapFile(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status)) return wireError("cannot read '" + path + "': " + code.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return wireError("cannot read '" + path + "': expected a regular file");
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) return wireError("cannot read '" + path + "': " + buffer.getError().message());
  return MappedFile(std::move(*buffer));
}

Expected<MappedFile> ModelFiles::external(StringRef location) {
  if (location.empty()) return wireError("external data without a location; expected a path relative to the model's folder");
  bool escapes = sys::path::is_absolute(location) || location.contains('\0');
  for (auto it = sys::path::begin(location), end = sys::path::end(location); it != end; ++it) escapes |= *it == "..";
  if (escapes)
    return wireError("external data at '" + location + "' lie outside of the model's folder; expected a relative path without '..'");
  MappedFile &file = externals[location];
  if (!file) {
    SmallString<256> full(sys::path::parent_path(path));
    sys::path::append(full, location);
    Expected<MappedFile> mapped = mapFile(full);
    if (!mapped) return mapped.takeError();
    file = *mapped;
  }
  return file;
}

std::vector<MappedFile> ModelFiles::getExternals() const {
  std::vector<MappedFile> files;
  for (const auto &entry : externals)
    if (entry.second) files.push_back(entry.second);
  return files;
}

std::vector<std::string> ModelFiles::getPaths() const {
  std::vector<std::string> paths;
  for (const auto &entry : externals) {
    if (!entry.second) continue;
    SmallString<256> full(sys::path::parent_path(path));
    sys::path::append(full, entry.first());
    paths.push_back(std::string(full));
  }
  std::sort(paths.begin(), paths.end());
  paths.insert(paths.begin(), path);
  return paths;
}

//===-------------------------------- skeleton -----------------------------------===//

namespace {
enum class Message { Other, Model, Graph, Node, Attribute, Tensor, Sparse, Function };

// The ways from a model to its tensors; all other fields are copied as they are.
struct Child {
  Message parent;
  uint32_t field;
  Message child;
};
constexpr Child kChildren[] = {
    {Message::Model, 7, Message::Graph},      {Message::Model, 25, Message::Function},    {Message::Graph, 1, Message::Node},
    {Message::Graph, 5, Message::Tensor},     {Message::Graph, 15, Message::Sparse},      {Message::Node, 5, Message::Attribute},
    {Message::Attribute, 5, Message::Tensor}, {Message::Attribute, 6, Message::Graph},    {Message::Attribute, 22, Message::Sparse},
    {Message::Attribute, 10, Message::Tensor}, {Message::Attribute, 11, Message::Graph},  {Message::Attribute, 23, Message::Sparse},
    {Message::Sparse, 1, Message::Tensor},    {Message::Sparse, 2, Message::Tensor},      {Message::Function, 7, Message::Node},
    {Message::Function, 11, Message::Attribute},
};

constexpr uint32_t kTrainingInfo = 20; // of ModelProto: graphs that inference does not need
constexpr uint32_t kFloatData = 4, kRawData = 9, kDoubleData = 10;
constexpr uint64_t kMappedOffset = 400000001, kMappedLength = 400000002;
constexpr unsigned kMaxDepth = 90; // Protobuf refuses more than 100

class Skeleton {
public:
  explicit Skeleton(StringRef bytes) : bytes(bytes) {}
  Error copy(Message message, uint64_t begin, uint64_t end, unsigned depth, std::string &out);

private:
  struct Field {
    uint64_t start;          // of the tag
    uint32_t number, type;
    uint64_t begin, end;     // contents of a length-delimited field
  };
  Error next(uint64_t &at, uint64_t end, Field &field);
  Expected<uint64_t> varint(uint64_t &at, uint64_t end);
  static void append(std::string &out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(char(value | 0x80));
    out.push_back(char(value));
  }

  StringRef bytes;
};
} // namespace

Expected<uint64_t> Skeleton::varint(uint64_t &at, uint64_t end) {
  uint64_t value = 0, start = at;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at >= end) return wireError("the file is truncated or no ONNX model: a number at byte " + Twine(start) + " has no end");
    uint8_t byte = bytes[at++];
    value |= uint64_t(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return wireError("the file is no ONNX model: the number at byte " + Twine(start) + " has more than 10 bytes");
}

Error Skeleton::next(uint64_t &at, uint64_t end, Field &field) {
  field.start = at;
  Expected<uint64_t> tag = varint(at, end);
  if (!tag) return tag.takeError();
  field.number = *tag >> 3;
  field.type = *tag & 7;
  uint64_t length = 0;
  switch (field.type) {
  case 0: {
    Expected<uint64_t> value = varint(at, end);
    if (!value) return value.takeError();
    break;
  }
  case 1: length = 8; break;
  case 5: length = 4; break;
  case 2: {
    Expected<uint64_t> value = varint(at, end);
    if (!value) return value.takeError();
    length = *value;
    break;
  }
  default:
    return wireError("the file is no ONNX model: field " + Twine(field.number) + " at byte " + Twine(field.start) + " has wire type " +
                   Twine(field.type) + ", expected 0, 1, 2 or 5");
  }
  if (*tag >> 35 || field.number == 0)
    return wireError("the file is no ONNX model: invalid field number at byte " + Twine(field.start));
  if (length > end - at)
    return wireError("the file is truncated or no ONNX model: field " + Twine(field.number) + " at byte " + Twine(field.start) + " needs " +
                   Twine(length) + " bytes, " + Twine(end - at) + " are left");
  field.begin = at;
  field.end = at += length;
  return Error::success();
}

Error Skeleton::copy(Message message, uint64_t begin, uint64_t end, unsigned depth, std::string &out) {
  if (depth > kMaxDepth)
    return wireError("graphs are nested too deeply: byte " + Twine(begin) + " lies in more than " + Twine(kMaxDepth) + " messages");
  Field field;
  // Packed numbers may come in several pieces, which Protobuf joins: only a single piece can stay in the file.
  unsigned pieces = 0;
  if (message == Message::Tensor)
    for (uint64_t at = begin; at < end;) {
      if (Error error = next(at, end, field)) return error;
      pieces += field.number == kFloatData || field.number == kDoubleData || field.number == kRawData;
    }
  for (uint64_t at = begin; at < end;) {
    if (Error error = next(at, end, field)) return error;
    uint64_t length = field.end - field.begin;
    if (message == Message::Model && field.number == kTrainingInfo) continue;
    if (message == Message::Tensor && (field.number == kMappedOffset || field.number == kMappedLength)) continue;
    bool isBytes = field.type == 2;
    if (isBytes && message == Message::Tensor && pieces == 1 && length >= kMappedBytes &&
        (field.number == kRawData || field.number == kFloatData || field.number == kDoubleData)) {
      append(out, kMappedOffset << 3);
      append(out, field.begin);
      append(out, kMappedLength << 3);
      append(out, length);
      continue;
    }
    const Child *child = std::find_if(std::begin(kChildren), std::end(kChildren),
                                      [&](const Child &c) { return isBytes && c.parent == message && c.field == field.number; });
    if (child == std::end(kChildren)) {
      out.append(bytes.data() + field.start, field.end - field.start);
      continue;
    }
    std::string contents;
    if (Error error = copy(child->child, field.begin, field.end, depth + 1, contents)) return error;
    append(out, uint64_t(field.number) << 3 | 2);
    append(out, contents.size());
    out += contents;
  }
  return Error::success();
}

Expected<std::string> ingot::wire::makeSkeleton(StringRef bytes) {
  std::string out;
  if (Error error = Skeleton(bytes).copy(Message::Model, 0, bytes.size(), 0, out)) return std::move(error);
  return out;
}
