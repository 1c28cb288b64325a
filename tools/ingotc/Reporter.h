//===- Reporter.h - what ingotc says on standard error --------------------------------===//
#ifndef INGOT_TOOLS_INGOTC_REPORTER_H
#define INGOT_TOOLS_INGOTC_REPORTER_H

#include "Options.h"
#include "ingot/Driver/Diagnostics.h"

namespace ingot {

/// Prints diagnostics, remarks, times and, on a terminal, what is being done. Knows whether there was an error, and whose.
class Reporter {
public:
  explicit Reporter(const DriverOptions &options);
  ~Reporter();

  void handle(mlir::Diagnostic &diagnostic);
  void say(mlir::DiagnosticSeverity severity, llvm::StringRef place, llvm::StringRef text);
  /// An error of the compiler, with the request to report it.
  void internalError(llvm::StringRef what);
  /// Replaces the progress line; empty: removes it.
  void progress(const llvm::Twine &text);

  unsigned errors = 0;
  bool internal = false;

private:
  const DriverOptions &options;
  bool colors, terminal, progressShown = false;
};

/// From here on a crash ends with a message and exit code 70, and leaves no partial output behind.
void installCrashHandlers(const char *input);
/// For the message of a crash; must be a literal.
void enterPhase(const char *phase);

} // namespace ingot

#endif
