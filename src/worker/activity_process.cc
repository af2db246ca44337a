// The worker's side of one activity process.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "worker/process_child.h"
#include "worker/process_pool.h"

extern "C" {
#include <sys/pidfd.h>  // the one of glibc 2.36 does not say that it is C
}

namespace perdure::worker {
namespace {

// How long a process may take to end after its channel did.
constexpr int kEndPatienceMs = 10'000;

[[noreturn]] void cannot_start(const char* what, int error) {
  throw ApplicationError(
      fmt::format("cannot start a process for activities: {}: {}", what, std::strerror(error)),
      {.type = "ActivityProcessDied"});
}

// What posix_spawn() is told: the child has standard streams and its channel and no other file of ours, is
// not ended by Ctrl-C at the worker's terminal, and begins with no signal blocked.
class SpawnPlan {
 public:
  explicit SpawnPlan(int channel) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, channel, kChannelDescriptor);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kChannelDescriptor + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t usual;
    sigemptyset(&usual);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) {
      sigaddset(&usual, signal);
    }
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int spawn(pid_t* id, char* const* arguments) const {
    return posix_spawn(id, "/proc/self/exe", &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? fmt::format("was ended by SIG{} ({})", name, strsignal(signal))
                           : fmt::format("was ended by signal {}", signal);
  }
  return fmt::format("ended itself with exit code {}", WEXITSTATUS(status));
}

}  // namespace

ActivityProcess::ActivityProcess(const std::string& task_queue) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    cannot_start("socketpair", errno);
  }
  channel_ = std::make_unique<ProcessChannel>(ends[0]);
  const ProcessChannel others(ends[1]);  // closed here once the process has it
  std::string program = program_invocation_name;
  std::string flag = kProcessFlag;
  std::string queue = task_queue;  // for who looks at the list of processes
  char* arguments[] = {program.data(), flag.data(), queue.data(), nullptr};
  if (const int error = SpawnPlan(others.descriptor()).spawn(&id_, arguments); error != 0) {
    cannot_start("posix_spawn", error);
  }
}

ActivityProcess::~ActivityProcess() {
  if (id_ > 0 && !reaped_) {
    wait_for_end();
  }
}

bool ActivityProcess::alive() const {
  pollfd polled{.fd = channel_->descriptor(), .events = POLLIN, .revents = 0};
  return poll(&polled, 1, 0) == 0;  // an idle process says nothing, so anything there is its end
}

void ActivityProcess::kill() const {
  if (!reaped_) {
    ::kill(id_, SIGKILL);
  }
}

std::string ActivityProcess::wait_for_end() {
  channel_->shut_down();
  if (const int descriptor = pidfd_open(id_, 0); descriptor >= 0) {
    pollfd polled{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (poll(&polled, 1, kEndPatienceMs) == 0) {
      kill();
    }
    close(descriptor);
  }
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(id_, &status, 0)) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  // Somebody else in this program waits for all processes, or none is to be waited for.
  return ended == id_ ? describe(status) : "ended";
}

}  // namespace perdure::worker
