//===- ingot-numerics.cpp - compiles and runs many test cases in one go ------------------===//
//
// The compiler is started once; each case runs in a forked copy of it, so that a crash is that case's failure and nothing else's.
//
//===------------------------------------------------------------------------------------===//
#include "Expectations.h"
#include "Workers.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <dlfcn.h>

using namespace llvm;
using namespace ingot;
using namespace ingot::numerics;

namespace {

cl::OptionCategory category("Options of ingot-numerics");
cl::list<std::string> folders(cl::Positional, cl::OneOrMore, cl::desc("<folder of cases>..."), cl::cat(category));
cl::opt<std::string> filter("filter", cl::desc("Only cases whose name matches"), cl::value_desc("glob"), cl::cat(category));
cl::opt<unsigned> every("every", cl::desc("Only every N-th of these cases"), cl::value_desc("N"), cl::init(1), cl::cat(category));
cl::opt<std::string> expectFile("expect", cl::desc("Cases that are known to fail; others must pass, and these must not"), cl::value_desc("file"),
                                cl::cat(category));
cl::opt<bool> update("update", cl::desc("Write the file of --expect anew"), cl::cat(category));
cl::opt<std::string> listFile("list", cl::desc("Write every case that does not pass, with its message"), cl::value_desc("file"), cl::cat(category));
cl::opt<std::string> timesFile("times", cl::desc("Write the processor time of every case, the slowest first"), cl::value_desc("file"), cl::cat(category));
cl::opt<unsigned> jobs("jobs", cl::desc("Cases at a time (default 2)"), cl::init(2), cl::cat(category));
cl::opt<double> timeout("timeout", cl::desc("Seconds that a case may take (default 60)"), cl::init(60), cl::cat(category));
cl::opt<unsigned> optLevel("O", cl::desc("Optimisation level (default 1: most of the time goes into compiling)"), cl::Prefix, cl::init(1),
                           cl::cat(category));
cl::opt<std::string> cpu("mcpu", cl::desc("Processor (default native)"), cl::init("native"), cl::cat(category));
cl::opt<bool> symbolic("symbolic", cl::desc("Compile as if no dimension of any input were known"), cl::cat(category));
enum Sanitizer { Address, Undefined };
cl::bits<Sanitizer> sanitize("sanitize", cl::CommaSeparated, cl::desc("Check the compiled code as it runs"),
                             cl::values(clEnumValN(Address, "address", "every access; only in ingot-numerics-checked"),
                                        clEnumValN(Undefined, "undefined", "that no undefined value is used")),
                             cl::cat(category));
cl::opt<bool> hostile("hostile", cl::desc("Before its own data, give each case inputs that make no sense: they must end in a status or in results"),
                      cl::cat(category));
cl::opt<std::string> runsFile("runs", cl::desc("Write what each run of --hostile gave"), cl::value_desc("file"), cl::cat(category));
cl::opt<bool> compileOnly("compile-only", cl::desc("Compile every model, also those without data, and run none; one that is refused with a diagnostic passes"),
                          cl::cat(category));
cl::opt<bool> quiet("quiet", cl::desc("Do not name the cases that fail"), cl::cat(category));
cl::opt<bool> inProcess("in-process", cl::desc("No forks: for debugging one case"), cl::cat(category));

/// What many failures have in common: without the names of nodes and values, and without numbers.
std::string commonPart(const std::string &message) {
  std::string text = Regex("node \"[^\"]*\" ").sub("", message);
  for (std::string before; before != text;) {
    before = text;
    text = Regex("[0-9][0-9.e+-]*").sub("#", text);
  }
  return text.substr(0, 160);
}

bool isGood(Outcome outcome) { return outcome == Outcome::Pass || (compileOnly && outcome == Outcome::Unsupported); }

struct Result {
  Verdict verdict;
  bool known = false; // to fail
};

class Report {
public:
  Report(const std::vector<Case> &cases, const Expectations &expectations) : cases(cases), expectations(expectations), results(cases.size()) {}

  void add(size_t index, const Verdict &verdict) {
    Result &result = results[index];
    result.verdict = verdict;
    auto known = expectations.find(cases[index].name);
    bool passes = isGood(verdict.outcome);
    // Whether a slow case ends in time is the machine's affair: it may pass.
    result.known = known != expectations.end() && !(passes && StringRef(known->second).starts_with("timeout"));
    if (quiet || passes != result.known)
      return;
    if (passes)
      outs() << "FAIL: " << cases[index].name << ": passes, but is expected to fail; take it out of " << expectFile << "\n";
    else
      outs() << "FAIL: " << cases[index].name << ": " << outcomeName(verdict.outcome) << ": " << verdict.message << "\n";
    outs().flush();
  }

  /// Prints the summary; returns the number of failures.
  unsigned finish(double seconds) {
    std::map<Outcome, unsigned> outcomes;
    std::map<std::string, std::vector<size_t>> messages;
    unsigned passed = 0, failed = 0, known = 0;
    for (auto [i, result] : enumerate(results)) {
      bool passes = isGood(result.verdict.outcome);
      ++outcomes[result.verdict.outcome];
      if (!passes)
        messages[(outcomeName(result.verdict.outcome) + ": " + commonPart(result.verdict.message)).str()].push_back(i);
      if (passes && !result.known)
        ++passed;
      else if (passes == result.known)
        ++failed;
      else
        ++known;
    }
    std::vector<std::pair<std::string, std::vector<size_t>>> sorted(messages.begin(), messages.end());
    llvm::stable_sort(sorted, [](auto &a, auto &b) { return a.second.size() > b.second.size(); });
    outs() << "\n";
    for (auto &[message, which] : ArrayRef(sorted).take_front(40))
      outs() << format("%5zu ", which.size()) << message << "  (" << cases[which.front()].name << ")\n";
    outs() << "\n";
    for (auto &[outcome, count] : outcomes)
      outs() << count << " " << outcomeName(outcome) << ", ";
    double processor = 0;
    for (const Result &result : results)
      processor += result.verdict.seconds;
    outs() << known << " of them known to fail, " << format("%.0f s, %.0f s of processor time", seconds, processor) << "\n";
    outs() << passed << " passed, " << failed << " failed\n";
    return failed;
  }

  Error writeTimes(StringRef file) const {
    std::vector<std::pair<double, StringRef>> times;
    for (auto [i, result] : enumerate(results))
      times.push_back({result.verdict.seconds, cases[i].name});
    llvm::sort(times, std::greater<>());
    return writeToOutput(file, [&](raw_ostream &os) {
      for (auto &[seconds, name] : times)
        os << format("%8.3f  ", seconds) << name << "\n";
      return Error::success();
    });
  }

  /// What the runs of each case gave, or why there are none.
  Error writeRuns(StringRef file) const {
    return writeToOutput(file, [&](raw_ostream &os) {
      for (auto [i, result] : enumerate(results)) {
        os << "== " << cases[i].name << "\n";
        if (!isGood(result.verdict.outcome))
          os << outcomeName(result.verdict.outcome) << ": ";
        os << result.verdict.message << "\n";
      }
      return Error::success();
    });
  }

  /// Name to message of all that do not pass.
  Expectations failures() const {
    Expectations failures;
    for (auto [i, result] : enumerate(results))
      if (result.verdict.outcome != Outcome::Pass) {
        std::string message = result.verdict.message.substr(0, result.verdict.message.find('\n'));
        failures[cases[i].name] = (outcomeName(result.verdict.outcome) + ": " + message).str();
      }
    return failures;
  }

private:
  const std::vector<Case> &cases;
  const Expectations &expectations;
  std::vector<Result> results;
};

int complain(const Twine &message) {
  errs() << "ingot-numerics: error: " << message << "\n";
  return 2;
}

std::vector<Case> selectCases(std::string &problem) {
  // A pattern refers to its text.
  StringRef text = filter.empty() ? StringRef("*") : StringRef(filter.getValue());
  Expected<GlobPattern> pattern = GlobPattern::create(text);
  if (!pattern) {
    problem = toString(pattern.takeError());
    return {};
  }
  std::vector<Case> cases;
  unsigned matching = 0;
  for (const std::string &folder : folders)
    for (Case &found : findCases(folder, compileOnly))
      if (pattern->match(found.name) && matching++ % std::max(1u, unsigned(every)) == 0) {
        if (compileOnly)
          found.data.clear();
        cases.push_back(std::move(found));
      }
  return cases;
}

} // namespace

/// Asked by AddressSanitizer's runtime where it is in this process: memory that is not there is refused, and a case's process frees nothing at its end.
extern "C" const char *__asan_default_options() { return "detect_leaks=0:allocator_may_return_null=1"; }

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "compiles models, runs them and compares the results with expected ones\n");
  std::string problem;
  std::vector<Case> cases = selectCases(problem);
  if (!problem.empty())
    return complain("--filter: " + problem);
  Expectations expectations, former;
  if (!expectFile.empty()) {
    Expected<Expectations> read = readExpectations(expectFile);
    // A file that is written anew need not exist.
    if (!read && !update)
      return complain(toString(read.takeError()));
    if (!read)
      consumeError(read.takeError());
    else
      (update ? former : expectations) = std::move(*read);
  }
  if (update && (expectFile.empty() || !filter.empty() || every > 1))
    return complain("--update needs --expect and all cases, that is no --filter and no --every");

  ImportOptions importOptions;
  importOptions.forgetDims = symbolic;
  PipelineOptions options;
  options.target.cpu = cpu;
  options.target.optLevel = optLevel;
  bool addresses = sanitize.isSet(Address);
  options.target.sanitizeAddress = addresses;
  options.target.sanitizeUndefined = sanitize.isSet(Undefined);
  if (addresses && !dlsym(RTLD_DEFAULT, "__asan_init"))
    return complain("--sanitize=address needs AddressSanitizer's runtime: use ingot-numerics-checked");
  std::unique_ptr<mlir::MLIRContext> context = createContext(/*multithreaded=*/false);
  Report report(cases, expectations);
  auto started = std::chrono::steady_clock::now();
  auto body = [&](size_t i) { return runCase(cases[i], *context, importOptions, options, hostile); };
  auto done = [&](size_t i, const Verdict &verdict) { report.add(i, verdict); };
  if (inProcess) {
    for (size_t i = 0; i < cases.size(); ++i)
      done(i, body(i));
  } else {
    // The warm-up is tried in a process of its own first: should it crash, the cases are to say so and not this program.
    bool warm = false;
    runForked(1, 1, timeout, !addresses, [&](size_t) { warmUp(*context, options); return Verdict(); },
              [&](size_t, const Verdict &verdict) { warm = verdict.outcome == Outcome::Pass; });
    if (warm)
      warmUp(*context, options);
    runForked(cases.size(), jobs, timeout, !addresses, body, done);
  }
  unsigned failed = report.finish(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  Expectations failures = report.failures();
  keepRemarks(update ? former : expectations, failures);
  for (auto &[file, wanted] : {std::pair(listFile.getValue(), !listFile.empty()), std::pair(expectFile.getValue(), update.getValue())})
    if (wanted)
      if (Error error = writeExpectations(file, failures))
        return complain("cannot write \"" + file + "\": " + toString(std::move(error)));
  if (!runsFile.empty())
    if (Error error = report.writeRuns(runsFile))
      return complain("cannot write \"" + runsFile + "\": " + toString(std::move(error)));
  if (!timesFile.empty())
    if (Error error = report.writeTimes(timesFile))
      return complain("cannot write \"" + timesFile + "\": " + toString(std::move(error)));
  return failed && !update ? 1 : 0;
}
