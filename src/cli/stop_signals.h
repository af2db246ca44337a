#pragma once
// The signals that end a server.
#include <signal.h>

#include <functional>

namespace perdure::cli {

// SIGINT, SIGTERM and SIGHUP are taken by one thread; call before any other thread starts.
sigset_t block_stop_signals();
// Returns at the first SIGINT or SIGTERM; `seen` is told of every signal.
void wait_for_stop_signal(const sigset_t& signals, const std::function<void(int signal)>& seen);
// A second signal while the server drains ends the process at once: what was acknowledged is durable.
void let_stop_signals_end_the_process(const sigset_t& signals);

}  // namespace perdure::cli
