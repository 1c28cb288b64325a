//===- Driver.cpp - one compilation ------------------------------------------------------===//
//
// Read, run the stages, write. Between two stages: what --print-ir-after, --save-temps, --time-stages and the progress line want.
//
//===--------------------------------------------------------------------------------===//
#include "Driver.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/LocationSnapshot.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <chrono>

using namespace mlir;

namespace ingot {
namespace {

// Where IR that was written by --stop-after goes on.
constexpr llvm::StringLiteral stageAttribute = "ingot.stage";

using Clock = std::chrono::steady_clock;

class Compilation {
public:
  Compilation(const DriverOptions &options, Reporter &reporter) : options(options), reporter(reporter), context(createContext()) {
    // IR in a message is for those who look inside.
    context->printOpOnDiagnostic(options.verbose);
    context->getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      reporter.handle(diagnostic);
      return success();
    });
  }

  int run() {
    int code = options.check ? checkSupport() : runAll();
    if (options.timeStages)
      printTimes();
    return code;
  }

private:
  int runAll() {
    enter(Stage::Import);
    if (failed(read()))
      return failureCode();
    finish();
    if (failed(runPasses()))
      return failureCode();
    enter(Stage::Emit);
    if (failed(write()))
      return failureCode();
    finish();
    return exitDone;
  }

  //===------------------------------- steps -----------------------------------------===//

  LogicalResult read() {
    if (!llvm::sys::fs::exists(options.input)) {
      ++reporter.errors;
      reporter.say(DiagnosticSeverity::Error, options.input, "no such file");
      return failure();
    }
    if (llvm::sys::path::extension(options.input) == ".onnx") {
      module = importModel(options.input, context.get(), options.import, &dependencies);
      done = Stage::Import;
      return success(!!module);
    }
    dependencies.push_back(options.input);
    module = parseSourceFile<ModuleOp>(options.input, context.get());
    if (!module)
      return failure();
    done = Stage::Import;
    if (auto name = (*module)->getAttrOfType<StringAttr>(stageAttribute)) {
      std::optional<Stage> stage = parseStage(name);
      if (!stage)
        return module->emitError("\"") << stageAttribute << "\" names the unknown stage \"" << name.strref() << "\"";
      done = *stage;
      (*module)->removeAttr(stageAttribute);
    } else if (module->lookupSymbol<LLVM::LLVMFuncOp>("main")) {
      done = Stage::Codegen;
    }
    return success();
  }

  /// The last stage that runs before something is written.
  Stage lastStage() const {
    if (options.check)
      return Stage::Lower;
    return std::min(options.stopAfter.value_or(Stage::Codegen), Stage::Codegen);
  }

  LogicalResult runPasses() {
    for (const StageInfo &info : allStages()) {
      if (info.stage <= done || info.stage > lastStage())
        continue;
      enter(info.stage);
      if (info.stage == Stage::Normalize && failed(checkModel(*module))) {
        invalidModel = true;
        return failure();
      }
      PassManager passes(context.get());
      buildStage(passes, info.stage, options.pipeline);
      if (failed(passes.run(*module)))
        return failure();
      done = info.stage;
      finish();
    }
    return success();
  }

  LogicalResult write() {
    EmitOptions emitOptions = options.emit;
    OutputKind kind = options.kind;
    if (options.stopAfter)
      (*module)->setAttr(stageAttribute, StringAttr::get(context.get(), nameOf(done)));
    if (kind == OutputKind::Program)
      setThreads();
    std::string snapshot;
    if (options.debugInfo && kind != OutputKind::MLIR && kind != OutputKind::Header && failed(addDebugInfo(snapshot)))
      return failure();
    if (succeeded(emit(*module, emitOptions, kind, options.output)) && succeeded(writeDependencies()))
      return success();
    if (!snapshot.empty())
      llvm::sys::fs::remove(snapshot);
    return failure();
  }

  /// Programs read how many threads they start from the model's metadata.
  void setThreads() {
    if (!options.programThreads)
      return;
    SmallVector<Attribute> metadata;
    if (auto old = (*module)->getAttrOfType<ArrayAttr>("onnx.metadata"))
      metadata.append(old.begin(), old.end());
    Builder b(context.get());
    metadata.push_back(b.getStrArrayAttr({"ingot.threads", std::to_string(options.programThreads)}));
    (*module)->setAttr("onnx.metadata", ArrayAttr::get(context.get(), metadata));
  }

  /// Writes the final IR beside the output and makes its lines the source that debuggers and profilers show.
  LogicalResult addDebugInfo(std::string &snapshot) {
    SmallString<128> path(options.output == "-" ? StringRef(options.emit.entry) : StringRef(options.output));
    llvm::sys::path::replace_extension(path, "debug.mlir");
    snapshot = path.str().str();
    StringRef name = llvm::sys::path::filename(snapshot);
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16).elideLargeResourceString(64).enableDebugInfo(true, /*prettyForm=*/true);
    llvm::Error error = llvm::writeToOutput(snapshot, [&](llvm::raw_ostream &os) {
      generateLocationsFromIR(os, name, *module, flags);
      return llvm::Error::success();
    });
    if (error)
      return fileError(snapshot, std::move(error));
    PassManager passes(context.get());
    passes.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
    return passes.run(*module);
  }

  LogicalResult writeDependencies() {
    if (options.dependencyFile.empty())
      return success();
    auto escaped = [](StringRef path) {
      std::string text;
      for (char c : path) {
        if (c == ' ' || c == '#')
          text += '\\';
        else if (c == '$')
          text += '$';
        text += c;
      }
      return text;
    };
    llvm::Error error = llvm::writeToOutput(options.dependencyFile, [&](llvm::raw_ostream &os) {
      os << escaped(options.output) << ": " << escaped(options.input);
      llvm::StringSet<> seen;
      seen.insert(options.input);
      for (const std::string &path : dependencies)
        if (seen.insert(path).second)
          os << " \\\n  " << escaped(path);
      os << "\n";
      return llvm::Error::success();
    });
    return error ? fileError(options.dependencyFile, std::move(error)) : success();
  }

  LogicalResult fileError(StringRef path, llvm::Error error) {
    return module->emitError("cannot write \"") << path << "\": " << llvm::toString(std::move(error));
  }

  //===------------------------------ --check ------------------------------------------===//

  struct Problem {
    std::string node, op, reason;
  };

  /// Everything that is wrong, on standard output: as lines, or as one JSON object.
  int checkSupport() {
    std::vector<Problem> problems;
    int code = exitDone;
    {
      ScopedDiagnosticHandler collect(context.get(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return success();
        Problem problem;
        diagnostic.getLocation()->walk([&](Location loc) {
          auto name = dyn_cast<NameLoc>(loc);
          if (name)
            std::tie(problem.op, problem.node) = name.getName().strref().contains(':')
                                                     ? std::pair(name.getName().strref().split(':').first.str(), name.getName().strref().split(':').second.str())
                                                     : std::pair(std::string(), std::string());
          return name ? WalkResult::interrupt() : WalkResult::advance();
        });
        problem.reason = diagnostic.str();
        problems.push_back(std::move(problem));
        return success();
      });
      enter(Stage::Import);
      bool good = succeeded(read());
      finish();
      if (!good || failed(runPasses()))
        code = exitModel;
    }
    if (problems.empty() && code != exitDone)
      return reporter.errors ? code : failureCode();
    reporter.progress("");
    options.checkJson ? printJson(problems) : printText(problems);
    return problems.empty() ? exitDone : exitModel;
  }

  void printText(const std::vector<Problem> &problems) {
    if (problems.empty())
      llvm::outs() << options.input << ": all nodes are supported\n";
    else
      llvm::outs() << options.input << ": " << problems.size() << (problems.size() == 1 ? " problem\n" : " problems\n");
    for (const Problem &problem : problems)
      llvm::outs() << "  " << (problem.op.empty() ? "" : "node \"" + problem.node + "\" (" + problem.op + "): ") << problem.reason << "\n";
  }

  void printJson(const std::vector<Problem> &problems) {
    llvm::json::OStream json(llvm::outs(), 2);
    json.object([&] {
      json.attribute("model", options.input);
      json.attribute("supported", problems.empty());
      json.attributeArray("problems", [&] {
        for (const Problem &problem : problems)
          json.object([&] {
            json.attribute("node", llvm::json::fixUTF8(problem.node));
            json.attribute("operator", llvm::json::fixUTF8(problem.op));
            json.attribute("reason", llvm::json::fixUTF8(problem.reason));
          });
      });
    });
    llvm::outs() << "\n";
  }

  //===----------------------- around each stage --------------------------------------===//

  static StringRef nameOf(Stage stage) { return allStages()[unsigned(stage)].name; }

  void enter(Stage stage) {
    current = stage;
    started = Clock::now();
    enterPhase(nameOf(stage).data());
    reporter.progress("[" + llvm::Twine(unsigned(stage) + 1) + "/" + llvm::Twine(allStages().size()) + "] " + nameOf(stage) + ": " +
                      options.input);
    if (options.verbose)
      llvm::errs() << "stage " << nameOf(stage) << ": " << allStages()[unsigned(stage)].sentence << "\n";
  }

  void finish() {
    times.emplace_back(current, std::chrono::duration<double>(Clock::now() - started).count());
    if (llvm::is_contained(options.printAfter, current)) {
      reporter.progress("");
      llvm::errs() << "// ----- after " << nameOf(current) << " -----\n";
      module->print(llvm::errs(), OpPrintingFlags().elideLargeElementsAttrs(16).elideLargeResourceString(64));
      llvm::errs() << "\n";
    }
    if (options.saveTemps && current != Stage::Emit)
      saveIR();
  }

  /// OUTPUT.2-quantize.mlir; complete, so that it can be compiled from there.
  void saveIR() {
    SmallString<128> path(options.output == "-" ? StringRef(options.emit.entry) : StringRef(options.output));
    llvm::sys::path::replace_extension(path, llvm::Twine(unsigned(current) + 1) + "-" + nameOf(current) + ".mlir");
    (*module)->setAttr(stageAttribute, StringAttr::get(context.get(), nameOf(current)));
    llvm::Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
      module->print(os, OpPrintingFlags().enableDebugInfo());
      os << "\n";
      return llvm::Error::success();
    });
    (*module)->removeAttr(stageAttribute);
    if (error)
      (void)fileError(path, std::move(error));
  }

  void printTimes() {
    reporter.progress("");
    double total = 0;
    for (auto &[stage, seconds] : times)
      total += seconds;
    for (auto &[stage, seconds] : times)
      llvm::errs() << llvm::format("%8.3f s %5.1f%%  ", seconds, total > 0 ? 100 * seconds / total : 0.0) << nameOf(stage) << "\n";
    llvm::errs() << llvm::format("%8.3f s         total\n", total);
  }

  /// Whose fault a failure is. A model can only be wrong or unsupported up to the lowering; and what a pass leaves behind
  /// when it refuses a model is valid IR.
  int failureCode() {
    bool internal = reporter.internal || reporter.errors == 0 || (current > Stage::Lower && current < Stage::Emit);
    if (!internal && module && current != Stage::Import && !invalidModel) {
      ScopedDiagnosticHandler silent(context.get(), [](Diagnostic &) { return success(); });
      internal = failed(verify(*module));
    }
    if (!internal)
      return exitModel;
    reporter.internalError(("stage " + nameOf(current) + " failed").str());
    return exitInternal;
  }

  const DriverOptions &options;
  Reporter &reporter;
  std::unique_ptr<MLIRContext> context;
  OwningOpRef<ModuleOp> module;
  std::vector<std::string> dependencies;
  Stage current = Stage::Import, done = Stage::Import;
  bool invalidModel = false; // found before any stage changed it
  Clock::time_point started;
  std::vector<std::pair<Stage, double>> times;
};

} // namespace

int compile(const DriverOptions &options, Reporter &reporter) { return Compilation(options, reporter).run(); }

} // namespace ingot
