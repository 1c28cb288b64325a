//===- Link.h - object files to libraries and programs by the system's linker ----------===//
#ifndef INGOT_LIB_TARGET_LINK_H
#define INGOT_LIB_TARGET_LINK_H

#include "RuntimeLibraries.h"
#include "ingot/Target/CpuTarget.h"
#include "ingot/Target/Emit.h"

namespace ingot {

/// Links `objects` to `output`, a shared library or a program, with the libraries of the functions that it calls and with options.linkInputs. The
/// message of a failure has what the linker said.
llvm::Error link(const CpuTarget &target, const EmitOptions &options, OutputKind kind, const RuntimeLibraries &libraries,
                 llvm::ArrayRef<std::string> objects, llvm::StringRef output);

/// The program that makes one object of several, "" if there is none.
std::string relocatingLinker();
/// Runs a linker; the message of a failure has what it said.
llvm::Error runLinker(llvm::ArrayRef<std::string> command, bool verbose);

} // namespace ingot

#endif
