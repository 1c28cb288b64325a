//===- Tensors.h - TensorProto to attributes ------------------------------------------===//
//
// Small tensors become dense elements, which fold; large ones resources.  A resource points into the mapped file where the wire
// form is the form in memory, which is so for raw data of 8 bits and more.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_LIB_IMPORT_TENSORS_H
#define INGOT_LIB_IMPORT_TENSORS_H

#include "Wire.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"

namespace ingot {
namespace wire {
class TensorProto;
class SparseTensorProto;
} // namespace wire

class TensorReader {
public:
  explicit TensorReader(wire::ModelFiles &files) : files(files) {}
  /// Fails after a diagnostic at `loc` that names the tensor as `what`.
  mlir::FailureOr<mlir::ElementsAttr> read(const wire::TensorProto &tensor, mlir::Location loc, llvm::StringRef what);
  /// The dense form.
  mlir::FailureOr<mlir::ElementsAttr> read(const wire::SparseTensorProto &tensor, mlir::Location loc, llvm::StringRef what);

private:
  wire::ModelFiles &files;
};

/// Bytes of a tensor, as they lie in memory: in a file, or else in `owned`.
struct TensorBytes {
  llvm::ArrayRef<char> data;
  wire::MappedFile file;      // what keeps `data` alive if it is not `owned`
  std::vector<char> owned;
  uint64_t fileOffset = 0;
};

/// Finds the bytes of `count` elements: raw, external or in the typed fields; sub-byte elements are unpacked to one byte each.
mlir::FailureOr<TensorBytes> locateBytes(const wire::TensorProto &tensor, int64_t count, wire::ModelFiles &files, mlir::Location loc,
                                         llvm::StringRef what);
/// Number of elements, with overflow and negative dimensions diagnosed.
mlir::FailureOr<int64_t> countElements(llvm::ArrayRef<int64_t> dims, mlir::Location loc, llvm::StringRef what);
/// Bits of one element on the wire; 0 for strings.
unsigned wireBits(int dataType);

} // namespace ingot

#endif
