//===- MappedFiles.h - the files that weights lie in ----------------------------------===//
#ifndef INGOT_IMPORT_MAPPEDFILES_H
#define INGOT_IMPORT_MAPPEDFILES_H

#include "mlir/IR/DialectInterface.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <vector>

namespace ingot {

/// The mapped files of a context's models: large constants point into them. Once constants were read, their pages are but a cache
/// of the file, which would count as memory of the compiler for the rest of the compilation.
class MappedFiles : public mlir::DialectInterface::Base<MappedFiles> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MappedFiles)
  explicit MappedFiles(mlir::Dialect *dialect) : Base(dialect) {}

  /// Keeps a file in mind, as long as it is mapped.
  static void add(mlir::MLIRContext *context, const std::shared_ptr<llvm::MemoryBuffer> &file);
  /// Gives the pages of all files back to the system; what is used later is mapped again.
  static void dropPages(mlir::MLIRContext *context);

private:
  std::vector<std::weak_ptr<llvm::MemoryBuffer>> files;
};

} // namespace ingot

#endif
