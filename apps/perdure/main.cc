// The `perdure` program.
#include "cli/cli.h"

int main(int argc, char** argv) { return perdure::cli::run(argc, argv); }
