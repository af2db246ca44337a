#pragma once
// `perdure-test-server PORT [--enable-time-skipping]`: the service in memory, with a clock that tests move
// through Temporal's TestService. The arguments are those with which Temporal's SDKs start their test server,
// so that they can start this one in its place.

namespace perdure::cli {

// Serves 127.0.0.1:PORT until a signal. Returns the exit code.
int run_test_server(int argc, char** argv);

}  // namespace perdure::cli
