//===- Wire.h - a model file, mapped, and its messages ------------------------------===//
//
// A model is mostly weights.  They are never copied: a first pass over the bytes of the mapped file copies everything but the
// large byte fields of tensors, which become (offset, length) in the fields mapped_offset and mapped_length of our own
// description, and Protobuf parses that skeleton.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_LIB_IMPORT_WIRE_H
#define INGOT_LIB_IMPORT_WIRE_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace ingot::wire {

class ModelProto;

/// Byte fields of tensors at least this long stay in the file.
constexpr uint64_t kMappedBytes = 256;

/// A read file; shared by all resources that point into it.
using MappedFile = std::shared_ptr<llvm::MemoryBuffer>;

llvm::Expected<MappedFile> mapFile(llvm::StringRef path);

/// The bytes of a ModelProto without the large fields.  Fails on what is no sequence of Protobuf fields, naming the place.
llvm::Expected<std::string> makeSkeleton(llvm::StringRef bytes);

/// The files that a model consists of: itself, and those with external data, each mapped once.
class ModelFiles {
public:
  ModelFiles(std::string path, MappedFile model) : path(std::move(path)), model(std::move(model)) {}

  const MappedFile &getModel() const { return model; }
  llvm::StringRef getPath() const { return path; }
  /// A file of external data by its location relative to the model's folder.  Refuses locations outside of that folder.
  llvm::Expected<MappedFile> external(llvm::StringRef location);
  /// The files of external data that were read so far.
  std::vector<MappedFile> getExternals() const;
  /// Paths of all files read so far.
  std::vector<std::string> getPaths() const;

private:
  std::string path;
  MappedFile model;
  llvm::StringMap<MappedFile> externals;
};

} // namespace ingot::wire

#endif
