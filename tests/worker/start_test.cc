// How a worker starts.
#include <gtest/gtest.h>

#include <thread>

#include "tests/worker/rig.h"

namespace perdure::testing {
namespace {

TEST(WorkerStart, AWorkerThatStillAsksForItsNamespaceCanBeStopped) {
  Rig rig;
  std::thread starting([&] { rig.worker.start(); });
  const auto question = rig.service.next("DescribeNamespace");
  rig.worker.stop();  // returns, though nobody has answered
  question->answer(wire::DescribeNamespaceResponse());
  starting.join();
  EXPECT_EQ(rig.service.seen("PollWorkflowTaskQueue"), 0);
}

TEST(WorkerStart, AfterARefusalItCanBeStartedAgain) {
  Rig rig;
  std::thread starting([&] { EXPECT_THROW(rig.worker.start(), RpcError); });
  rig.service.next("DescribeNamespace")->fail(Status(Code::kNotFound, "no such namespace"));
  starting.join();
  rig.service.always("DescribeNamespace", std::make_unique<wire::DescribeNamespaceResponse>());
  rig.worker.start();
  rig.service.next("PollWorkflowTaskQueue");
  EXPECT_THROW(rig.worker.start(), PerdureError);
}

}  // namespace
}  // namespace perdure::testing
