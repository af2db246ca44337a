// A program whose allocator looks at the clock, as jemalloc's and mimalloc's do now and then.
#include <time.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include "guard/guard.h"
#include "tests/sdk/fixture.h"

namespace {
std::atomic<int> g_looks = 0;
}

// As if it came from a library of its own.
[[gnu::noinline]] void* operator new(std::size_t size) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  ++g_looks;
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace allocator_test {

using namespace sdk_test;

class Allocates {
 public:
  perdure::Task<int> run(int count) {
    const int before = g_looks;
    for (int i = 0; i < count; ++i) {
      const auto memory = std::make_unique<std::string>(100, 'x');
    }
    co_return g_looks - before;
  }
};

class LooksItself {
 public:
  perdure::Task<int> run(int) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    co_return static_cast<int>(now.tv_nsec);
  }
};

class AllocatorTest : public SdkTest {
 protected:
  void SetUp() override {
    if (!perdure::guard::available()) {
      GTEST_SKIP() << "the guard is off in builds with sanitizers";
    }
  }
};

TEST_F(AllocatorTest, TheClockOfTheAllocatorIsNotTheWorkflows) {
  const auto running = worker({.workflows = perdure::workflows<Allocates>()});
  const auto handle = client().start_workflow<Allocates>(1'000, {.id = "allocates", .task_queue = kQueue});
  EXPECT_GE(handle.result(), 1'000);
  EXPECT_EQ(handle.fetch_history().find("EVENT_TYPE_WORKFLOW_TASK_FAILED"), std::string::npos);
}

TEST_F(AllocatorTest, WhatTheWorkflowAsksForItselfIsStillRefused) {
  const auto running = worker({.workflows = perdure::workflows<LooksItself>()});
  const auto handle = client().start_workflow<LooksItself>(1, {.id = "looks", .task_queue = kQueue});
  EXPECT_TRUE(eventually(
      [&] { return handle.fetch_history().find("code called clock_gettime") != std::string::npos; }));
}

}  // namespace allocator_test
