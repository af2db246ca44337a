#pragma once
// What lies between callers and the node: messages take time, overtake each other, get lost or arrive twice;
// connections break while requests are on their way, or after the server acted on them. A caller in the
// node's own process has no network.
//
// A request that is repeated because its connection broke is a call of its own in the ledger, as it is for
// the system: both may arrive, in any order. The network itself duplicates only what a second copy cannot do
// twice: reads, and answers to tasks.
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "node.h"
#include "plan.h"
#include "report.h"
#include "schedule.h"

namespace perdure::sim {

class Network {
 public:
  using Link = int;

  Network(const Plan& plan, Schedule& schedule, Node& node, Report& report);

  // A caller's connection.
  Link connect() { return next_link_++; }
  // Like Node::call(), and as uncertain as a network. kUnavailable: the connection broke; kDeadlineExceeded:
  // no answer within the caller's patience. Either way the request may have arrived, or may yet.
  template <class Request, class Response>
  std::uint64_t call(Link link, std::string_view method, const Request& request, bool in_process,
                     std::function<void(const Status&, Response&)> done) {
    return send(link, method, request, std::make_shared<Response>(), in_process,
                [done = std::move(done)](const Status& status, google::protobuf::Message& response) {
                  done(status, static_cast<Response&>(response));
                });
  }
  void cancel(std::uint64_t call);

  // Fault: one connection, or all of them, break.
  void reset_connection();
  // From here on messages are neither lost nor late.
  void heal() { healed_ = true; }

 private:
  using Done = std::function<void(const Status&, google::protobuf::Message&)>;
  using MessagePointer = std::shared_ptr<google::protobuf::Message>;
  struct Open {
    Link link = 0;
    bool over_network = false;
    MessagePointer response;
    Done done;
    int copies = 0;                         // requests that are not answered yet
    std::optional<Status> answer;           // of the copies so far; one that is OK counts before others
    std::vector<std::uint64_t> node_calls;  // that may still wait
  };

  std::uint64_t send(Link link, std::string_view method, const google::protobuf::Message& request,
                     MessagePointer response, bool in_process, Done done);
  void deliver(std::uint64_t call, const std::string& method, const MessagePointer& request,
               const MessagePointer& response, bool in_process);
  void answered(std::uint64_t call, const Status& status, const MessagePointer& response, bool in_process);
  void end(std::uint64_t call, const Status& status);
  void forget_at_server(const Open& open);
  bool chance(double probability) { return !healed_ && random_.chance(probability); }
  Duration delay();

  const Plan& plan_;
  Schedule& schedule_;
  Node& node_;
  Report& report_;
  Random random_;
  bool healed_ = false;
  Link next_link_ = 0;
  std::uint64_t next_call_ = 1;
  std::map<std::uint64_t, Open> open_;
};

}  // namespace perdure::sim
