#pragma once
// A service that is played by the test: every call waits until the test takes it and answers it.
#include <google/protobuf/message.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/transport.h"

namespace perdure::testing {

class ScriptedTransport final : public client::Transport {
 public:
  // A call that waits for its answer. Not answered when it is destroyed: cancelled then.
  class Call {
   public:
    Call(const google::protobuf::Message& request, google::protobuf::Message* response,
         std::function<void(Status)> done)
        : request_(request.New()), response_(response), done_(std::move(done)) {
      request_->CopyFrom(request);
    }
    ~Call() { fail(Status(Code::kCancelled, "nobody answered")); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    template <class Request>
    const Request& request() const {
      return dynamic_cast<const Request&>(*request_);
    }
    const google::protobuf::Message& message() const { return *request_; }
    void answer(const google::protobuf::Message& response) {
      response_->CopyFrom(response);
      std::exchange(done_, nullptr)(Status());
    }
    void fail(const Status& status) {
      if (done_) {
        std::exchange(done_, nullptr)(status);
      }
    }

   private:
    std::unique_ptr<google::protobuf::Message> request_;
    google::protobuf::Message* response_;
    std::function<void(Status)> done_;
  };
  using Wanted = std::function<bool(const google::protobuf::Message&)>;

  // The oldest call of the method, with such a request; waits until there is one.
  std::unique_ptr<Call> next(const std::string& method, const Wanted& wanted = nullptr);
  // Calls of the method that were ever made.
  int seen(const std::string& method);
  // Answers calls of the method with `response` from now on.
  void always(const std::string& method, std::unique_ptr<google::protobuf::Message> response);

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override;
  void cancel(std::uint64_t ticket) override;

 private:
  struct Waiting {
    std::uint64_t ticket;
    std::string method;
    std::unique_ptr<Call> call;
  };

  std::mutex mutex_;
  std::condition_variable called_;
  std::uint64_t next_ticket_ = 1;
  std::list<Waiting> waiting_;
  std::map<std::string, int> seen_;
  std::map<std::string, std::unique_ptr<google::protobuf::Message>> always_;
};

}  // namespace perdure::testing
