//===- OutputFiles.h - files that appear together, or not at all -----------------------===//
#ifndef INGOT_LIB_TARGET_OUTPUTFILES_H
#define INGOT_LIB_TARGET_OUTPUTFILES_H

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>
#include <vector>

namespace ingot {

/// Outputs are written under temporary names beside their final ones and renamed by commit(); what was not committed is removed.
/// What exists and is no regular file is written to instead.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  ~OutputFiles();

  /// A stream to the future file `path`; "-" is standard output.
  llvm::Expected<llvm::raw_pwrite_stream *> open(llvm::StringRef path);
  /// A name for another program to write; becomes `path`.
  llvm::Expected<std::string> reserve(llvm::StringRef path);
  /// A file that only lives as long as this object.
  llvm::Expected<llvm::raw_fd_ostream *> temporary(llvm::StringRef suffix, std::string &path);
  /// Writes out and closes the stream of `path`, for other programs to read.
  llvm::Error flush(llvm::StringRef path);
  llvm::Error commit();

private:
  struct File {
    std::string path, written;                  // final name (empty: none) and the one it has now
    std::unique_ptr<llvm::raw_fd_ostream> stream;
    std::unique_ptr<llvm::raw_svector_ostream> memory; // for standard output
    llvm::SmallVector<char, 0> bytes;
  };
  llvm::Expected<File *> create(llvm::StringRef path);
  std::vector<std::unique_ptr<File>> files;
};

} // namespace ingot

#endif
