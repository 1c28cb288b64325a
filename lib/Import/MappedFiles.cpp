//===- MappedFiles.cpp - the files that weights lie in --------------------------------===//
#include "ingot/Import/MappedFiles.h"
#include "mlir/IR/BuiltinDialect.h"
#include "llvm/Support/Process.h"
#include <sys/mman.h>

using namespace mlir;
using namespace ingot;

void MappedFiles::add(MLIRContext *context, const std::shared_ptr<llvm::MemoryBuffer> &file) {
  auto *dialect = context->getLoadedDialect<BuiltinDialect>();
  if (!dialect->getRegisteredInterface<MappedFiles>()) dialect->addInterface<MappedFiles>();
  // Interfaces are handed out as const; this one is the context's own list.
  const_cast<MappedFiles *>(dialect->getRegisteredInterface<MappedFiles>())->files.push_back(file);
}

void MappedFiles::dropPages(MLIRContext *context) {
  const auto *mapped = context->getLoadedDialect<BuiltinDialect>()->getRegisteredInterface<MappedFiles>();
  if (!mapped) return;
  // Not MemoryBuffer::dontNeedIfMmap: it asks by posix_madvise, which glibc takes as advice to do nothing.
  uintptr_t page = llvm::sys::Process::getPageSizeEstimate();
  for (const auto &file : mapped->files) {
    auto buffer = file.lock();
    if (!buffer || buffer->getBufferKind() != llvm::MemoryBuffer::MemoryBuffer_MMap) continue;
    uintptr_t begin = reinterpret_cast<uintptr_t>(buffer->getBufferStart()) / page * page;
    madvise(reinterpret_cast<void *>(begin), reinterpret_cast<uintptr_t>(buffer->getBufferEnd()) - begin, MADV_DONTNEED);
  }
}
