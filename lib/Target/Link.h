//===- Link.h - object files to libraries and programs by the system's linker ----------===//
#ifndef INGOT_LIB_TARGET_LINK_H
#define INGOT_LIB_TARGET_LINK_H

#include "ingot/Target/CpuTarget.h"
#include "ingot/Target/Emit.h"

namespace ingot {

/// Links `object` to `output`, a shared library or a program. The message of a failure has what the linker said.
llvm::Error link(const CpuTarget &target, const EmitOptions &options, OutputKind kind, llvm::StringRef object, llvm::StringRef output);

} // namespace ingot

#endif
