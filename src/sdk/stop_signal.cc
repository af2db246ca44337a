#include "sdk/stop_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <system_error>

namespace perdure::sdk {
namespace {

// A signal handler has no other way to reach anything than a variable of static lifetime.
int g_pipe[2] = {-1, -1};
struct sigaction g_old_interrupt;
struct sigaction g_old_terminate;
int g_users = 0;  // guarded by users_mutex()

std::mutex& users_mutex() {
  static std::mutex mutex;
  return mutex;
}

extern "C" void on_stop_signal(int) {
  const int saved = errno;
  const char byte = 0;
  // A full pipe says the same.
  if (write(g_pipe[1], &byte, 1) < 0) {
  }
  errno = saved;
}

}  // namespace

StopSignal::StopSignal() {
  const std::lock_guard lock(users_mutex());
  if (g_users > 0) {
    ++g_users;
    return;
  }
  if (pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &g_old_interrupt);
  sigaction(SIGTERM, &action, &g_old_terminate);
  ++g_users;
}

StopSignal::~StopSignal() {
  const std::lock_guard lock(users_mutex());
  if (--g_users == 0) {
    sigaction(SIGINT, &g_old_interrupt, nullptr);
    sigaction(SIGTERM, &g_old_terminate, nullptr);
    close(g_pipe[0]);
    close(g_pipe[1]);
  }
}

void StopSignal::wait(int other_fd) const {
  pollfd fds[2] = {{g_pipe[0], POLLIN, 0}, {other_fd, POLLIN, 0}};
  // Nothing is read: the byte in the pipe is for every worker that waits.
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace perdure::sdk
