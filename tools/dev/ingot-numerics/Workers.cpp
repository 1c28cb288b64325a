//===- Workers.cpp - cases in processes of their own ------------------------------------===//
#include "Workers.h"
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
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
  Clock::time_point started;
  std::string said; // one byte of outcome, then the message
};

// A model's file must not be able to take the machine down.
constexpr rlim_t memoryLimit = rlim_t(12) << 30;

[[noreturn]] void runChild(size_t index, int pipe, bool limited, const std::function<Verdict(size_t)> &body) {
  // LLVM's handlers would print stacks and remove files of the parent.
  for (int number : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE})
    signal(number, SIG_DFL);
  rlimit limit = {memoryLimit, memoryLimit};
  if (limited)
    setrlimit(RLIMIT_AS, &limit);
  rlimit noCore = {0, 0};
  setrlimit(RLIMIT_CORE, &noCore);
  // What dying code prints would only disturb.
  int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  Verdict verdict = body(index);
  std::string said = char('0' + int(verdict.outcome)) + verdict.message.substr(0, 4000);
  ssize_t ignored = write(pipe, said.data(), said.size());
  (void)ignored;
  _exit(0);
}

double secondsOf(const timeval &time) { return double(time.tv_sec) + 1e-6 * double(time.tv_usec); }

Verdict readVerdict(const Child &child, int status, bool late) {
  if (late)
    return {Outcome::Timeout, "no end in time"};
  if (WIFSIGNALED(status))
    return {Outcome::Crash, std::string("signal ") + strsignal(WTERMSIG(status))};
  if (child.said.empty())
    return {Outcome::Crash, "ended with status " + std::to_string(WEXITSTATUS(status))};
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
      pid_t pid = fork();
      if (pid == 0) {
        close(ends[0]);
        runChild(next, ends[1], limited, body);
      }
      close(ends[1]);
      children.push_back({next++, pid, ends[0], Clock::now(), {}});
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
      verdict.seconds = secondsOf(used.ru_utime) + secondsOf(used.ru_stime);
      done(child.index, verdict);
      children.erase(children.begin() + i);
    }
  }
}

} // namespace ingot::numerics
