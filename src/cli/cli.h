#pragma once
// The `perdure` program without its main().

namespace perdure::cli {

// Parses the arguments, runs the command, returns the exit code. 0: done; 1: damage found, or the command
// failed; 2: not checkable (fsck); usage errors are CLI11's codes above 100.
int run(int argc, char** argv);

}  // namespace perdure::cli
