#include "cli/stop_signals.h"

namespace perdure::cli {

sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of its connection
  return signals;
}

void wait_for_stop_signal(const sigset_t& signals, const std::function<void(int signal)>& seen) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) {
      continue;
    }
    seen(signal);
    if (signal != SIGHUP) {
      return;
    }
  }
}

void let_stop_signals_end_the_process(const sigset_t& signals) {
  ::signal(SIGHUP, SIG_IGN);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace perdure::cli
