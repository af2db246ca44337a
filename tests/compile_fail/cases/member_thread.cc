// expect: static assertion failed.*perdure: a thread, future or promise cannot cross a workflow or activity boundary
// expect: check_member<Job, .*worker.*, std::thread
#include <thread>

#include "perdure/payload.h"

struct Job {
  int id = 0;
  std::thread worker;
};
const auto payload = perdure::to_payload(Job{});
