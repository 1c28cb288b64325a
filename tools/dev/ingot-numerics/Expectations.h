//===- Expectations.h - cases that are known to fail, with reasons ----------------------===//
#ifndef INGOT_TOOLS_NUMERICS_EXPECTATIONS_H
#define INGOT_TOOLS_NUMERICS_EXPECTATIONS_H

#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace ingot::numerics {

/// Case to reason. In the file: one line each, the name, two spaces, the reason; # starts a comment. A reason is what the case said, and where
/// somebody has found out why, a remark behind " -- ".
using Expectations = std::map<std::string, std::string>;

llvm::Expected<Expectations> readExpectations(llvm::StringRef path);
llvm::Error writeExpectations(llvm::StringRef path, const Expectations &expectations);

/// Puts the remarks of `from` behind the reasons of the same cases, as long as the kind of failure is the same.
void keepRemarks(const Expectations &from, Expectations &to);

} // namespace ingot::numerics

#endif
