//===- Workers.h - cases in processes of their own --------------------------------------===//
#ifndef INGOT_TOOLS_NUMERICS_WORKERS_H
#define INGOT_TOOLS_NUMERICS_WORKERS_H

#include "RunCase.h"
#include <functional>

namespace ingot::numerics {

/// Runs body(i) for every i in [0, count) in a forked process each, `jobs` at a time; `done` gets the verdicts as they come.  A
/// process that dies has crashed, one that takes longer than `seconds` is ended. `limited`: with a bound on its memory, which a sanitizer's
/// shadow would exceed.
void runForked(size_t count, unsigned jobs, double seconds, bool limited, const std::function<Verdict(size_t)> &body,
               const std::function<void(size_t, const Verdict &)> &done);

} // namespace ingot::numerics

#endif
