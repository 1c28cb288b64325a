//===- Expectations.cpp - cases that are known to fail, with reasons --------------------===//
#include "Expectations.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace ingot::numerics {

Expected<Expectations> readExpectations(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(buffer.getError(), "cannot read \"%s\": %s", path.str().c_str(), buffer.getError().message().c_str());
  Expectations result;
  for (line_iterator line(**buffer, /*SkipBlanks=*/true, '#'), end; line != end; ++line) {
    auto [name, reason] = line->split("  ");
    result[name.trim().str()] = reason.trim().str();
  }
  return result;
}

Error writeExpectations(StringRef path, const Expectations &expectations) {
  return writeToOutput(path, [&](raw_ostream &os) {
    os << "# Cases that are known to fail and why; written by `ingot-numerics --expect FILE --update`. Whoever makes one pass takes its line out.\n";
    for (auto &[name, reason] : expectations)
      os << name << "  " << reason << "\n";
    return Error::success();
  });
}

void keepRemarks(const Expectations &from, Expectations &to) {
  for (auto &[name, reason] : to) {
    auto old = from.find(name);
    if (old == from.end())
      continue;
    auto [said, remark] = StringRef(old->second).split(" -- ");
    if (!remark.empty() && said.split(':').first == StringRef(reason).split(':').first)
      reason += (" -- " + remark).str();
  }
}

} // namespace ingot::numerics
