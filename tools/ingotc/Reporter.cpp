//===- Reporter.cpp - what ingotc says on standard error --------------------------------===//
#include "Reporter.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <atomic>
#include <cstring>
#include <unistd.h>

using namespace llvm;
using mlir::DiagnosticSeverity;

namespace ingot {

static constexpr StringLiteral reportRequest =
    "this is a fault of Ingot: please report it, with the model or with the files that --save-temps writes";

Reporter::Reporter(const DriverOptions &options) : options(options) {
  terminal = errs().is_displayed();
  colors = options.color == ColorMode::Always || (options.color == ColorMode::Auto && errs().has_colors());
  errs().enable_colors(colors);
}

Reporter::~Reporter() { progress(""); }

void Reporter::progress(const Twine &text) {
  if (!terminal)
    return;
  std::string line = text.str();
  if (progressShown || !line.empty())
    errs() << "\r\033[K" << line;
  progressShown = !line.empty();
}

void Reporter::say(DiagnosticSeverity severity, StringRef place, StringRef text) {
  progress("");
  raw_ostream &os = errs();
  if (colors)
    os.changeColor(raw_ostream::SAVEDCOLOR, /*Bold=*/true);
  os << place << ": ";
  if (colors)
    os.changeColor(severity == DiagnosticSeverity::Error     ? raw_ostream::RED
                   : severity == DiagnosticSeverity::Warning ? raw_ostream::MAGENTA
                                                             : raw_ostream::CYAN,
                   /*Bold=*/true);
  os << severityName(severity) << ": ";
  if (colors)
    os.resetColor();
  os << text << "\n";
}

void Reporter::handle(mlir::Diagnostic &diagnostic) {
  Message message = readDiagnostic(diagnostic, options.input);
  // Every slow path of every kernel has a remark; they are for whoever asks.
  if (message.severity == DiagnosticSeverity::Remark && !options.verbose)
    return;
  say(message.severity, message.place, message.text);
  for (const mlir::Diagnostic &note : diagnostic.getNotes()) {
    Message noteMessage = readDiagnostic(note, options.input);
    say(noteMessage.severity, noteMessage.place, noteMessage.text);
  }
  if (message.severity == DiagnosticSeverity::Error) {
    ++errors;
    internal |= message.isInternal;
  }
}

void Reporter::internalError(StringRef what) {
  say(DiagnosticSeverity::Error, options.input, (internalErrorPrefix + what).str());
  say(DiagnosticSeverity::Note, options.input, reportRequest);
  internal = true;
}

//===---------------------------------- crashes ----------------------------------------===//

static std::atomic<const char *> currentPhase{"starting"};
static const char *currentInput = "";

void enterPhase(const char *phase) { currentPhase = phase; }

// Only what is allowed in a signal handler.
static void writeText(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, std::strlen(text));
  (void)ignored;
}

[[noreturn]] static void die(const char *what) {
  for (const char *part : {"\n", currentInput, ": error: internal error: ", what, " in stage ", currentPhase.load(), "\n", currentInput,
                           ": note: ", reportRequest.data(), "\n"})
    writeText(part);
  _exit(exitInternal);
}

void installCrashHandlers(const char *input) {
  currentInput = input;
  sys::AddSignalHandler([](void *) { die("the compiler crashed"); }, nullptr);
  install_fatal_error_handler(
      [](void *, const char *reason, bool) {
        sys::RunInterruptHandlers(); // removes partial outputs
        die(reason);
      },
      nullptr);
  install_bad_alloc_error_handler(
      [](void *, const char *, bool) {
        sys::RunInterruptHandlers();
        die("out of memory");
      },
      nullptr);
}

} // namespace ingot
