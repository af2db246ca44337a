#pragma once

namespace process_test {

// A worker with one activity process. Both print their process ids; neither ends by itself.
int be_a_worker(const char* state_directory);

}  // namespace process_test
