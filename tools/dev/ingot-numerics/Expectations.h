//===- Expectations.h - cases that are known to fail, with reasons ----------------------===//
#ifndef INGOT_TOOLS_NUMERICS_EXPECTATIONS_H
#define INGOT_TOOLS_NUMERICS_EXPECTATIONS_H

#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace ingot::numerics {

/// Case to reason. In the file: one line each, the name, two spaces, the reason; # starts a comment.
using Expectations = std::map<std::string, std::string>;

llvm::Expected<Expectations> readExpectations(llvm::StringRef path);
llvm::Error writeExpectations(llvm::StringRef path, const Expectations &expectations);

} // namespace ingot::numerics

#endif
