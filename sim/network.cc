#include "network.h"

#include <array>
#include <chrono>

namespace perdure::sim {
namespace {

bool waits_long(std::string_view method) {
  return method.starts_with("Poll") || method == "GetWorkflowExecutionHistory";
}

// How long a caller waits before it gives up, as official SDKs do.
Duration patience(std::string_view method) {
  return waits_long(method) ? std::chrono::seconds(70) : std::chrono::seconds(10);
}

// Whether a second copy, arriving at any time, changes nothing: the first has used up its token, or it only
// reads.
bool may_arrive_twice(std::string_view method) {
  constexpr std::array<std::string_view, 7> kMethods{
      "DescribeWorkflowExecution", "RecordActivityTaskHeartbeat", "RespondActivityTaskCompleted",
      "RespondActivityTaskFailed", "RespondActivityTaskCanceled", "RespondWorkflowTaskCompleted",
      "RespondWorkflowTaskFailed"};
  for (const std::string_view known : kMethods) {
    if (known == method) {
      return true;
    }
  }
  return false;
}

std::shared_ptr<google::protobuf::Message> fresh(const google::protobuf::Message& like) {
  return std::shared_ptr<google::protobuf::Message>(like.New());
}

}  // namespace

Network::Network(const Plan& plan, Schedule& schedule, Node& node, Report& report)
    : plan_(plan),
      schedule_(schedule),
      node_(node),
      report_(report),
      random_(plan.seed * 0x2545f4914f6cdd1dULL + 0x6e6574ULL) {}

Duration Network::delay() {
  if (healed_) {
    return std::chrono::microseconds(100);
  }
  // Mostly quick; now and then long enough to be overtaken by everything that came after.
  const std::uint64_t longest = random_.chance(0.03) ? 1'500'000 : 3'000;
  return std::chrono::microseconds(20 + random_.below(longest));
}

std::uint64_t Network::send(Link link, std::string_view method, const google::protobuf::Message& request,
                            MessagePointer response, bool in_process, Done done) {
  const std::uint64_t call = next_call_++;
  Open& open = open_[call];
  open.link = link;
  open.over_network = plan_.network && !in_process;
  open.response = std::move(response);
  open.done = std::move(done);
  const MessagePointer sent = fresh(request);
  sent->CopyFrom(request);
  if (!open.over_network) {
    open.copies = 1;
    deliver(call, std::string(method), sent, open.response, in_process);
    return call;
  }
  const int copies = may_arrive_twice(method) && chance(0.02) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    ++open.copies;
    if (chance(plan_.message_loss)) {
      report_.mark("network: request lost");
      continue;  // its answer never comes: the caller's patience ends the call
    }
    schedule_.after(delay(), [this, call, name = std::string(method), sent,
                              into = copy == 0 ? open.response : fresh(*open.response)] {
      deliver(call, name, sent, into, false);
    });
  }
  if (copies > 1) {
    report_.mark("network: request duplicated");
  }
  schedule_.after(patience(method),
                  [this, call] { end(call, Status(Code::kDeadlineExceeded, "no answer came")); });
  return call;
}

// The request arrives, whether or not the caller still waits.
void Network::deliver(std::uint64_t call, const std::string& method, const MessagePointer& request,
                      const MessagePointer& response, bool in_process) {
  if (!open_.contains(call)) {
    report_.mark("network: request arrived after its caller gave up");
  }
  const std::uint64_t at_node =
      node_.send(method, *request, response, in_process,
                 [this, call, response, in_process](const Status& status, google::protobuf::Message&) {
                   answered(call, status, response, in_process);
                 });
  if (const auto open = open_.find(call); open != open_.end()) {
    open->second.node_calls.push_back(at_node);
  }
}

void Network::answered(std::uint64_t call, const Status& status, const MessagePointer& response,
                       bool in_process) {
  const auto found = open_.find(call);
  if (found == open_.end()) {
    report_.mark("network: answer that nobody waited for");
    return;
  }
  Open& open = found->second;
  if (!open.answer || (status.ok() && !open.answer->ok())) {
    open.answer = status;
    open.response = response;
  }
  if (--open.copies > 0) {
    return;
  }
  if (in_process || !plan_.network) {
    end(call, *open.answer);
  } else if (chance(plan_.message_loss)) {
    report_.mark("network: answer lost");
  } else {
    schedule_.after(delay(), [this, call, answer = *open.answer] { end(call, answer); });
  }
}

void Network::end(std::uint64_t call, const Status& status) {
  auto node = open_.extract(call);
  if (node.empty()) {
    return;
  }
  Open& open = node.mapped();
  if (!open.answer) {
    forget_at_server(open);
  }
  open.done(status, *open.response);
}

// The server notices that nobody listens any more, unless the connection is half open.
void Network::forget_at_server(const Open& open) {
  if (random_.chance(0.8)) {
    schedule_.after(delay(), [this, calls = open.node_calls] {
      for (const std::uint64_t at_node : calls) {
        node_.cancel(at_node);
      }
    });
  }
}

void Network::cancel(std::uint64_t call) {
  if (const auto open = open_.find(call); open != open_.end()) {
    for (const std::uint64_t at_node : open->second.node_calls) {
      node_.cancel(at_node);
    }
  }
}

void Network::reset_connection() {
  if (next_link_ == 0) {
    return;
  }
  report_.mark("network: connection broke");
  const bool all = random_.chance(0.2);
  const Link broken = static_cast<Link>(random_.below(static_cast<std::uint64_t>(next_link_)));
  std::vector<std::uint64_t> calls;
  for (const auto& [call, open] : open_) {
    if (open.over_network && (all || open.link == broken)) {
      calls.push_back(call);
    }
  }
  for (const std::uint64_t call : calls) {
    end(call, unavailable("the connection broke"));
  }
}

}  // namespace perdure::sim
