//===- Options.h - the command line of ingotc -----------------------------------------===//
#ifndef INGOT_TOOLS_INGOTC_OPTIONS_H
#define INGOT_TOOLS_INGOTC_OPTIONS_H

#include "ingot/Pipelines/Compiler.h"
#include "ingot/Target/Emit.h"
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// The exit codes of ingotc.
enum ExitCode { exitDone = 0, exitModel = 1, exitUsage = 2, exitInternal = 70 };

enum class ColorMode { Auto, Always, Never };

struct DriverOptions {
  std::string input, output;
  OutputKind kind = OutputKind::Object;
  ImportOptions import;
  PipelineOptions pipeline;
  EmitOptions emit;
  unsigned programThreads = 0;             // --threads=<n> of a program; 0: not said
  std::string dependencyFile;              // empty: none
  std::optional<Stage> stopAfter;
  std::vector<Stage> printAfter;
  bool check = false, checkJson = false, debugInfo = false, saveTemps = false, timeStages = false, verbose = false;
  ColorMode color = ColorMode::Auto;
  std::vector<std::string> remarks;        // what to tell besides
};

/// Reads the command line. Without a value the program is done: the exit code is in `code`, and what had to be said was said.
std::optional<DriverOptions> parseCommandLine(int argc, char **argv, int &code);

} // namespace ingot

#endif
