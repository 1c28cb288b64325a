//===- Poison.h - where an instruction of LLVM's has no defined result ---------------------===//
#ifndef INGOT_LIB_TARGET_POISON_H
#define INGOT_LIB_TARGET_POISON_H

#include "llvm/IR/IRBuilder.h"

namespace ingot {

/// A truth value for each lane of `type`, or one for all of it.
llvm::Type *truthOf(llvm::Type *type);
/// Whether any lane of `truth` is set.
llvm::Value *anyOf(llvm::IRBuilder<> &b, llvm::Value *truth);

/// Whether `instruction`, whose operands are defined, may have a result that is not: overflow that its flags rule out, a float that its integer does not
/// hold, a shift by the width or more.
bool mayMakePoison(const llvm::Instruction &instruction);
/// The lanes in which it does so, computed where `b` stands; null for never.
llvm::Value *makesPoison(llvm::IRBuilder<> &b, llvm::Instruction &instruction);

/// A single truth value for what must not be run at all: a division by zero or one that overflows, an access that is not aligned as said, code that
/// is said not to be reached; null for instructions that always may.
llvm::Value *mustNotRun(llvm::IRBuilder<> &b, llvm::Instruction &instruction);

} // namespace ingot

#endif
