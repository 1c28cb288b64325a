//===- CoreBitcode.h - the runtime core as LLVM bitcode --------------------------------===//
//
// lib/Runtime/Core, compiled to bitcode for each target when Ingot is built.  The emitter links it into every object and internalises
// all of it.  It has no attribute of a CPU, so it takes those of the module it is linked into.
//===----------------------------------------------------------------------------------===//
#ifndef INGOT_TARGET_COREBITCODE_H
#define INGOT_TARGET_COREBITCODE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"

namespace ingot {

/// The bitcode for `triple`, 4-byte aligned and alive for ever; empty if there is none for its architecture and system.
llvm::StringRef coreBitcode(const llvm::Triple &triple);

/// The triples that have one, for messages: "x86_64-linux-gnu, aarch64-linux-gnu, ...".
llvm::StringRef coreBitcodeTriples();

} // namespace ingot

#endif
