//===- Options.cpp - the command line of ingotc ----------------------------------------===//
#include "Options.h"
#include "ingot/Target/CpuTarget.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/WithColor.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
using namespace llvm::opt;

namespace ingot {
namespace {

enum OptionId {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "Options.inc"
#undef OPTION
};
#define OPTTABLE_STR_TABLE_CODE
#include "Options.inc"
#undef OPTTABLE_STR_TABLE_CODE
#define OPTTABLE_PREFIXES_TABLE_CODE
#include "Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE
constexpr OptTable::Info optionRows[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "Options.inc"
#undef OPTION
};

struct Table : GenericOptTable {
  Table() : GenericOptTable(OptionStrTable, OptionPrefixesTable, optionRows) {}
};

struct KindRow {
  StringLiteral name, suffix;
  OutputKind kind;
};
// The first row of a kind has its suffix; the others are what other compilers call it.
constexpr KindRow kindRows[] = {
    {"exe", "", OutputKind::Program},      {"so", ".so", OutputKind::SharedLibrary}, {"a", ".a", OutputKind::Archive},
    {"o", ".o", OutputKind::Object},       {"s", ".s", OutputKind::Assembly},        {"ll", ".ll", OutputKind::LLVM},
    {"bc", ".bc", OutputKind::Bitcode},    {"mlir", ".mlir", OutputKind::MLIR},      {"h", ".h", OutputKind::Header},
    {"obj", ".o", OutputKind::Object},     {"object", ".o", OutputKind::Object},     {"asm", ".s", OutputKind::Assembly},
    {"llvm", ".ll", OutputKind::LLVM},     {"llvm-ir", ".ll", OutputKind::LLVM},     {"llvm-bc", ".bc", OutputKind::Bitcode},
    {"lib", ".a", OutputKind::Archive},    {"archive", ".a", OutputKind::Archive},   {"shared", ".so", OutputKind::SharedLibrary},
    {"header", ".h", OutputKind::Header},  {"program", "", OutputKind::Program},
};

/// Turns arguments into DriverOptions; the first mistake is kept.
class Reader {
public:
  explicit Reader(const InputArgList &args) : args(args) {}

  DriverOptions options;
  std::string error;

  void read() {
    readInput();
    readTarget();
    readStages();
    readOutput();
    readModel();
    readCustomOps();
    readThreads();
    readInformation();
  }

private:
  void fail(const Twine &message) {
    if (error.empty())
      error = message.str();
  }

  void readInput() {
    std::vector<std::string> inputs = args.getAllArgValues(OPT_INPUT);
    if (inputs.empty())
      return fail("no model given; expected a .onnx or .mlir file");
    if (inputs.size() > 1)
      return fail("expected one model, got \"" + inputs[0] + "\" and \"" + inputs[1] + "\"");
    options.input = inputs.front();
    StringRef suffix = sys::path::extension(options.input);
    if (suffix != ".onnx" && suffix != ".mlir")
      fail("cannot tell what \"" + options.input + "\" is; expected a .onnx or .mlir file");
  }

  void readTarget() {
    TargetOptions &target = options.emit.target;
    target.triple = args.getLastArgValue(OPT_target).str();
    target.features = args.getLastArgValue(OPT_mattr).str();
    target.cpu = args.getLastArgValue(OPT_mcpu, kGenericMulti).str();
    StringRef level = args.getLastArgValue(OPT_O, "2");
    if (level.size() != 1 || level[0] < '0' || level[0] > '3')
      fail("unknown level \"-O" + level + "\", expected -O0, -O1, -O2 or -O3");
    else
      target.optLevel = level[0] - '0';
    if (Arg *arg = args.getLastArg(OPT_sanitize)) {
      SmallVector<StringRef> names;
      StringRef(arg->getValue()).split(names, ',');
      for (StringRef name : names) {
        if (name != "address" && name != "undefined")
          fail("unknown sanitizer \"" + name + "\", expected address or undefined");
        target.sanitizeAddress |= name == "address";
        target.sanitizeUndefined |= name == "undefined";
      }
    }
    Expected<CpuTarget> resolved = resolveTarget(target);
    if (!resolved)
      return fail(toString(resolved.takeError()));
    for (const std::string &feature : resolved->unchecked)
      options.remarks.push_back("feature \"" + feature + "\" is used, but instances cannot check that the processor has it");
    options.pipeline.target = target;
    options.debugInfo = args.hasArg(OPT_g);
    options.pipeline.profile = args.hasArg(OPT_profile);
    options.import.allValues = args.hasArg(OPT_all_values);
  }

  Stage readStage(StringRef name, StringRef option) {
    if (std::optional<Stage> stage = parseStage(name))
      return *stage;
    std::vector<StringRef> names;
    for (const StageInfo &info : allStages())
      names.push_back(info.name);
    fail("unknown stage \"" + name + "\" in " + option + ", expected one of " + join(names, ", "));
    return Stage::Import;
  }

  void readStages() {
    if (Arg *arg = args.getLastArg(OPT_stop_after)) {
      options.stopAfter = readStage(arg->getValue(), "--stop-after");
      if (options.stopAfter == Stage::Emit)
        options.stopAfter.reset();
    }
    for (const std::string &name : args.getAllArgValues(OPT_print_ir_after)) {
      if (name == "all")
        for (const StageInfo &info : allStages())
          options.printAfter.push_back(info.stage);
      else
        options.printAfter.push_back(readStage(name, "--print-ir-after"));
    }
    StringRef format = args.getLastArgValue(OPT_check_format);
    if (format != "" && format != "text" && format != "json")
      fail("--check=\"" + format + "\", expected text or json");
    options.checkJson = format == "json";
    options.check = args.hasArg(OPT_check) || args.hasArg(OPT_check_format);
    options.import.reportEach = options.pipeline.reportEach = options.check;
    // A report needs no constants, and comes before any work is done.
    options.pipeline.evaluateConstants = !options.check;
    options.saveTemps = options.emit.saveTemps = args.hasArg(OPT_save_temps);
    options.timeStages = args.hasArg(OPT_time_stages);
    options.verbose = options.emit.verbose = args.hasArg(OPT_v);
  }

  void readOutput() {
    StringRef stem = sys::path::stem(options.input);
    StringRef output = args.getLastArgValue(OPT_o);
    std::optional<OutputKind> kind = outputKindOf(output);
    if (Arg *arg = args.getLastArg(OPT_emit)) {
      StringRef name = arg->getValue();
      const KindRow *row = llvm::find_if(kindRows, [&](const KindRow &row) { return row.name == name; });
      if (row == std::end(kindRows))
        return fail("unknown kind of output \"" + name + "\", expected exe, so, a, o, s, ll, bc, mlir or h");
      kind = row->kind;
    } else if (options.stopAfter) {
      kind = OutputKind::MLIR;
    } else if (output.empty()) {
      kind = OutputKind::Object;
    } else if (!kind && !options.check) {
      return fail("cannot tell the kind of output from \"" + output + "\", expected a suffix .o .a .so .s .ll .bc .mlir .h, or --emit=<kind>");
    }
    if (options.stopAfter && kind != OutputKind::MLIR)
      return fail("--stop-after writes MLIR, but --emit asks for something else");
    options.kind = kind.value_or(OutputKind::Object);

    bool library = options.kind == OutputKind::SharedLibrary || options.kind == OutputKind::Archive;
    if (output == "-" && (library || options.kind == OutputKind::Program))
      return fail("libraries and programs cannot be written to standard output");
    if (output.empty()) {
      const KindRow *row = llvm::find_if(kindRows, [&](const KindRow &row) { return row.kind == options.kind; });
      options.output = ((library ? "lib" : "") + stem + row->suffix).str();
    } else {
      options.output = output.str();
    }
    // A slip such as `-o model.mlir` must not cost the model.
    bool same = false;
    if (options.output != "-" && !sys::fs::equivalent(options.input, options.output, same) && same)
      return fail("the output \"" + options.output + "\" is the model itself");
    readEntry(stem);
    readSideFiles();
  }

  void readEntry(StringRef stem) {
    if (Arg *arg = args.getLastArg(OPT_entry)) {
      StringRef name = arg->getValue();
      bool identifier = !name.empty() && !isDigit(name.front()) && llvm::all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
      if (!identifier)
        return fail("--entry=\"" + name + "\" is no C identifier");
      options.emit.entry = name.str();
      return;
    }
    for (char c : stem)
      options.emit.entry += isAlnum(c) ? c : '_';
    if (options.emit.entry.empty() || isDigit(options.emit.entry.front()))
      options.emit.entry.insert(0, "model_");
  }

  std::string besideOutput(StringRef suffix) {
    SmallString<128> path(options.output == "-" ? sys::path::filename(options.input) : StringRef(options.output));
    sys::path::replace_extension(path, suffix);
    return path.str().str();
  }

  void readSideFiles() {
    StringRef where = args.getLastArgValue(OPT_weights, "embed");
    if (where == "file")
      options.emit.weightsFile = besideOutput("weights");
    else if (where != "embed")
      fail("--weights=\"" + where + "\", expected embed or file");
    if (Arg *arg = args.getLastArg(OPT_MF)) {
      if (!args.hasArg(OPT_MD))
        fail("-MF says where -MD writes, but there is no -MD");
      options.dependencyFile = arg->getValue();
    } else if (args.hasArg(OPT_MD)) {
      options.dependencyFile = besideOutput("d");
    }
  }

  void readModel() {
    for (const std::string &text : args.getAllArgValues(OPT_dim)) {
      auto [name, value] = StringRef(text).split('=');
      int64_t number;
      if (name.empty() || value.empty())
        fail("--dim=\"" + text + "\", expected <name>=<n>");
      else if (value.contains(','))
        fail("--dim=\"" + text + "\" asks for several specialisations, which are not supported; expected one number");
      else if (value.getAsInteger(10, number) || number < 0)
        fail("--dim=\"" + text + "\", expected a number from 0 up after \"=\"");
      else
        options.import.dims.emplace_back(name.str(), number);
    }
    for (const std::string &text : args.getAllArgValues(OPT_shape)) {
      // The name may hold "=", the shape may not.
      auto [name, value] = StringRef(text).rsplit('=');
      if (name.empty() || !StringRef(text).contains('=')) {
        fail("--shape=\"" + text + "\", expected <input>=<d>x<d>...");
        continue;
      }
      SmallVector<StringRef> parts;
      if (!value.empty())
        value.split(parts, 'x');
      std::vector<int64_t> dims;
      for (StringRef part : parts) {
        int64_t number = -1;
        if (part != "?" && part != "-1" && (part.getAsInteger(10, number) || number < 0))
          fail("--shape=\"" + text + "\", expected numbers from 0 up or ? between \"x\", got \"" + part + "\"");
        dims.push_back(number);
      }
      options.import.shapes.emplace_back(name.str(), std::move(dims));
    }
  }

  void readCustomOps() {
    for (const std::string &text : args.getAllArgValues(OPT_custom_op)) {
      auto [op, function] = StringRef(text).split('=');
      auto [domain, name] = op.rsplit(':');
      auto isIdentifier = [](StringRef s) { return llvm::all_of(s, [](char c) { return isAlnum(c) || c == '_'; }) && !isDigit(s.front()); };
      if (!op.contains(':') || name.empty() || (StringRef(text).contains('=') && (function.empty() || !isIdentifier(function)))) {
        fail("--custom-op=\"" + text + "\", expected <domain>:<name> or <domain>:<name>=<function>, a C identifier");
        continue;
      }
      CustomOperator custom{domain == "ai.onnx" ? "" : domain.str(), name.str(), function.str()};
      if (function.empty())
        for (char c : "ingot_custom_" + domain.str() + "_" + name.str())
          custom.function += isAlnum(c) ? c : '_';
      options.import.customOps.push_back(std::move(custom));
    }
    options.emit.linkInputs = args.getAllArgValues(OPT_link);
  }

  void readThreads() {
    StringRef text = args.getLastArgValue(OPT_threads, "hook");
    unsigned number = 0;
    if (text == "off" || text == "1")
      options.pipeline.parallel = false;
    else if (text == "hook")
      return;
    else if (text.getAsInteger(10, number) || number == 0 || number > 1024)
      fail("--threads=\"" + text + "\", expected a number from 1 to 1024, hook or off");
    else if (options.kind != OutputKind::Program)
      fail("--threads=" + text + " is for programs (--emit=exe); for other outputs the caller brings the threads, expected hook or off");
    options.programThreads = number;
  }

  void readInformation() {
    StringRef color = args.getLastArgValue(OPT_color, "auto");
    if (color == "always")
      options.color = ColorMode::Always;
    else if (color == "never")
      options.color = ColorMode::Never;
    else if (color != "auto")
      fail("--color=\"" + color + "\", expected auto, always or never");
  }

  const InputArgList &args;
};

int complain(const Twine &message) {
  WithColor(errs(), HighlightColor::Error) << "ingotc: error: ";
  errs() << message << "\n";
  return exitUsage;
}

void printVersion() {
  outs() << "ingotc " INGOT_VERSION "\nLLVM " LLVM_VERSION_STRING "\ntarget: " << sys::getProcessTriple()
         << "\nprocessor: " << TargetOptions().cpu << " (this machine: " << sys::getHostCPUName() << ")\n";
}

} // namespace

std::optional<DriverOptions> parseCommandLine(int argc, char **argv, int &code) {
  Table table;
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  std::string unknown;
  InputArgList args = table.parseArgs(argc, argv, OPT_UNKNOWN, saver, [&](StringRef message) {
    if (unknown.empty())
      unknown = message.str();
  });
  if (args.hasArg(OPT_help)) {
    table.printHelp(outs(), "ingotc [options] <model.onnx>", "compiles an ONNX model into native code");
    outs() << "Stages, in order:\n";
    for (const StageInfo &info : allStages())
      outs() << "  " << left_justify(info.name, 10) << " " << info.sentence << "\n";
    code = exitDone;
    return std::nullopt;
  }
  if (args.hasArg(OPT_version)) {
    printVersion();
    code = exitDone;
    return std::nullopt;
  }
  if (!unknown.empty()) {
    code = complain(unknown);
    return std::nullopt;
  }
  Reader reader(args);
  reader.read();
  if (!reader.error.empty()) {
    code = complain(reader.error);
    return std::nullopt;
  }
  return std::move(reader.options);
}

} // namespace ingot
