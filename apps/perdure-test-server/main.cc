// The `perdure-test-server` program.
#include "cli/test_server_command.h"

int main(int argc, char** argv) { return perdure::cli::run_test_server(argc, argv); }
