#include "idle_polls.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "client/remote.h"
#include "client/transport.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {

IdlePolls measure_idle_polls(const ServerProcess& server, const std::string& address, int polls) {
  namespace wire = temporal::api::workflowservice::v1;
  constexpr int kConnections = 20;
  std::vector<std::unique_ptr<client::Transport>> transports;
  for (int i = 0; i < kConnections; ++i) {
    // Other metadata, or gRPC would make one connection of them.
    transports.push_back(client::make_grpc_transport(
        {.address = address,
         .keep_alive = client::RemoteKeepAlive{std::chrono::seconds(30 + i), std::chrono::seconds(15)}}));
  }
  std::vector<wire::PollActivityTaskQueueResponse> responses(static_cast<std::size_t>(polls));
  std::vector<std::uint64_t> tickets;
  std::atomic<int> ended = 0;
  const std::uint64_t before = server.resident_bytes();
  const int threads_before = server.threads();
  for (int i = 0; i < polls; ++i) {
    wire::PollActivityTaskQueueRequest request;
    request.set_namespace_("default");
    request.set_identity("idle poll");
    request.mutable_task_queue()->set_name(fmt::format("idle-{}", i));
    tickets.push_back(transports[static_cast<std::size_t>(i % kConnections)]->call(
        "PollActivityTaskQueue", request, &responses[static_cast<std::size_t>(i)], std::chrono::seconds(70),
        [&ended](const Status&) { ++ended; }));
  }
  std::this_thread::sleep_for(std::chrono::seconds(5));  // until all have arrived
  const int gone = ended;
  const IdlePolls result{polls,
                         static_cast<double>(server.resident_bytes() - before) / static_cast<double>(polls),
                         server.threads() - threads_before};
  for (int i = 0; i < polls; ++i) {
    transports[static_cast<std::size_t>(i % kConnections)]->cancel(tickets[static_cast<std::size_t>(i)]);
  }
  while (ended < polls) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (gone > 0) {
    throw std::runtime_error(fmt::format("{} of {} idle polls ended early", gone, polls));
  }
  return result;
}

}  // namespace perdure::bench
