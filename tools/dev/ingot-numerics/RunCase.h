//===- RunCase.h - one case from file to verdict ----------------------------------------===//
#ifndef INGOT_TOOLS_NUMERICS_RUNCASE_H
#define INGOT_TOOLS_NUMERICS_RUNCASE_H

#include "Cases.h"
#include "ingot/Import/Import.h"
#include "ingot/Pipelines/Compiler.h"

namespace ingot::numerics {

enum class Outcome {
  Pass,
  Unsupported, // the model is refused with a diagnostic
  Internal,    // the compiler failed
  Refused,     // the compiled model returned a status
  Differ,      // other results
  Crash,       // a signal
  Timeout,
  NoData       // the test's files cannot be read
};
llvm::StringRef outcomeName(Outcome outcome);

struct Verdict {
  Outcome outcome = Outcome::Pass;
  std::string message;
  double seconds = 0; // of processor time, where the case had a process of its own
};

/// Compiles the case in `context` for this machine, runs it on every data set and compares.  Without data it is compiled
/// as far as the dialect of LLVM. If `hostile` it is run
/// with changed inputs before, for which a status is as good as results; the message says what each gave.
Verdict runCase(const Case &testCase, mlir::MLIRContext &context, const ImportOptions &importOptions, const PipelineOptions &options, bool hostile = false);

/// Compiles something small, so that forked children share what the first compilation costs.
void warmUp(mlir::MLIRContext &context, const PipelineOptions &options);

} // namespace ingot::numerics

#endif
