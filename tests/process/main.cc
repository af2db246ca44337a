// As of a program with process activities; and, asked so by a test, such a program.
#include <gtest/gtest.h>

#include <cstring>

#include "perdure/process_activities.h"
#include "tests/process/worker_program.h"

int main(int argc, char** argv) {
  perdure::run_as_activity_process_if_asked(argc, argv);
  if (argc == 3 && std::strcmp(argv[1], "--be-a-worker") == 0) {
    return process_test::be_a_worker(argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
