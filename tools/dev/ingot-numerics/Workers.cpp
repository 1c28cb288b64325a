//===- Workers.cpp - cases in processes of their own ------------------------------------===//
#include "Workers.h"
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::numerics {
namespace {

using Clock = std::chrono::steady_clock;

struct Child {
  size_t index;
  pid_t pid;
  int pipe;
  int printed; // a file in memory
  Clock::time_point started;
  std::string said; // one byte of outcome, then the message
};

// A model's file must not be able to take the machine down.
constexpr rlim_t memoryLimit = rlim_t(12) << 30;
constexpr size_t longest = 1 << 16; // message

[[noreturn]] void runChild(size_t index, int pipe, int printed, bool limited, const std::function<Verdict(size_t)> &body) {
  // LLVM's handlers would print stacks and remove files of the parent.
  for (int number : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE})
    signal(number, SIG_DFL);
  rlimit limit = {memoryLimit, memoryLimit};
  if (limited)
    setrlimit(RLIMIT_AS, &limit);
  rlimit noCore = {0, 0};
  setrlimit(RLIMIT_CORE, &noCore);
  // What dying code prints would only disturb here; it is read when the process has died.
  dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
  dup2(printed, STDERR_FILENO);
  Verdict verdict = body(index);
  std::string said = char('0' + int(verdict.outcome)) + verdict.message.substr(0, longest);
  ssize_t ignored = write(pipe, said.data(), said.size());
  (void)ignored;
  _exit(0);
}

double secondsOf(const timeval &time) { return double(time.tv_sec) + 1e-6 * double(time.tv_usec); }

/// What a sanitizer or an assertion said last, in a line; with a space before it, or nothing.
std::string lastWords(int file) {
  std::string text(16000, 0);
  off_t size = lseek(file, 0, SEEK_END);
  ssize_t bytes = size > 0 ? pread(file, text.data(), text.size(), std::max<off_t>(0, size - off_t(text.size()))) : 0;
  text.resize(std::max<ssize_t>(bytes, 0));
  auto lineAt = [&](size_t at) { return ": " + text.substr(at, std::min(text.find('\n', at) - at, size_t(500))); };
  std::string run;
  if (size_t at = text.rfind("run: "); at != std::string::npos)
    run = lineAt(at);
  for (const char *word : {"ERROR: AddressSanitizer: ", "runtime error: ", "Assertion `"})
    if (size_t at = text.find(word); at != std::string::npos)
      return run + lineAt(at);
  return run;
}

Verdict readVerdict(const Child &child, int status, bool late) {
  if (late)
    return {Outcome::Timeout, "no end in time" + lastWords(child.printed)};
  if (WIFSIGNALED(status))
    return {Outcome::Crash, std::string("signal ") + strsignal(WTERMSIG(status)) + lastWords(child.printed)};
  if (child.said.empty())
    return {Outcome::Crash, "ended with status " + std::to_string(WEXITSTATUS(status)) + lastWords(child.printed)};
  return {Outcome(child.said[0] - '0'), child.said.substr(1)};
}

} // namespace

void runForked(size_t count, unsigned jobs, double seconds, bool limited, const std::function<Verdict(size_t)> &body,
               const std::function<void(size_t, const Verdict &)> &done) {
  std::vector<Child> children;
  size_t next = 0;
  while (next < count || !children.empty()) {
    while (next < count && children.size() < jobs) {
      int ends[2];
      if (pipe(ends) != 0) {
        done(next++, {Outcome::Crash, "no pipe"});
        continue;
      }
      int printed = memfd_create("printed", MFD_CLOEXEC);
      pid_t pid = fork();
      if (pid == 0) {
        close(ends[0]);
        runChild(next, ends[1], printed, limited, body);
      }
      close(ends[1]);
      children.push_back({next++, pid, ends[0], printed, Clock::now(), {}});
    }
    std::vector<pollfd> polls;
    for (Child &child : children)
      polls.push_back({child.pipe, POLLIN, 0});
    poll(polls.data(), polls.size(), 200);
    for (size_t i = children.size(); i-- > 0;) {
      Child &child = children[i];
      bool late = std::chrono::duration<double>(Clock::now() - child.started).count() > seconds;
      bool ended = false;
      if (polls[i].revents) {
        char buffer[4096];
        ssize_t bytes = read(child.pipe, buffer, sizeof(buffer));
        if (bytes > 0)
          child.said.append(buffer, bytes);
        ended = bytes <= 0;
      }
      if (!ended && !late)
        continue;
      if (!ended)
        kill(child.pid, SIGKILL);
      int status = 0;
      rusage used = {};
      wait4(child.pid, &status, 0, &used);
      close(child.pipe);
      Verdict verdict = readVerdict(child, status, !ended);
      close(child.printed);
      verdict.seconds = secondsOf(used.ru_utime) + secondsOf(used.ru_stime);
      done(child.index, verdict);
      children.erase(children.begin() + i);
    }
  }
}

} // namespace ingot::numerics
