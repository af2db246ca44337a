#include "client/later_call.h"

#include <optional>

#include "base/event_loop.h"
#include "client/in_workflow_code.h"

namespace perdure::client {
namespace {

using google::protobuf::Message;

class LaterCall : public std::enable_shared_from_this<LaterCall> {
 public:
  using Done = std::function<void(const Status&, const std::exception_ptr&)>;

  LaterCall(const std::shared_ptr<Connection>& connection, std::string_view method,
            std::shared_ptr<const Message> request, std::shared_ptr<Message> response, CallKind kind,
            Done done)
      : connection_(connection),
        loop_(connection->loop()),
        method_(method),
        request_(std::move(request)),
        response_(std::move(response)),
        kind_(kind),
        retry_(kind, connection->in_process()),
        done_(std::move(done)) {}

  void attempt() {
    const std::shared_ptr<Connection> connection = connection_.lock();
    if (connection == nullptr) {
      return;
    }
    response_->Clear();
    // Moved on with the answer, so that nothing of the call is left where the transport runs.
    connection->transport().call(method_, *request_, response_.get(), connection->timeout(kind_),
                                 [self = shared_from_this()](const Status& status) mutable {
                                   if (const auto loop = self->loop_.lock()) {
                                     loop->post([call = std::move(self), status] { call->answered(status); });
                                   }
                                 });
  }

 private:
  void answered(const Status& status) {
    const std::shared_ptr<Connection> connection = connection_.lock();
    if (connection == nullptr) {
      return;
    }
    if (!status.ok()) {
      const auto pause = retry_.after(status, connection->pacer().now(), connection->fresh_fraction());
      if (pause) {
        connection->loop()->run_after(*pause, [self = shared_from_this()] { self->attempt(); });
        return;
      }
    }
    std::exception_ptr codec_error;
    try {
      if (status.ok() && connection->boundary() != nullptr) {
        connection->boundary()->decode(response_.get());
      }
    } catch (const DataConversionError&) {
      codec_error = std::current_exception();
    }
    std::exchange(done_, nullptr)(status, codec_error);
  }

  const std::weak_ptr<Connection> connection_;
  const std::weak_ptr<EventLoop> loop_;
  const std::string_view method_;
  const std::shared_ptr<const Message> request_;
  const std::shared_ptr<Message> response_;
  const CallKind kind_;
  Retry retry_;
  Done done_;
};

}  // namespace

void call_later(const std::shared_ptr<Connection>& connection, std::string_view method,
                const std::shared_ptr<const Message>& request, std::shared_ptr<Message> response,
                CallKind kind,
                std::function<void(const Status& status, const std::exception_ptr& codec_error)> done) {
  refuse_in_workflow_code();
  std::shared_ptr<const Message> sent = request;
  if (const Boundary* boundary = connection->boundary()) {
    const std::shared_ptr<Message> encoded(request->New());
    encoded->CopyFrom(*request);
    try {
      boundary->encode(encoded.get());
    } catch (const DataConversionError&) {
      connection->loop()->post(
          [done = std::move(done), error = std::current_exception()] { done(Status(), error); });
      return;
    }
    sent = encoded;
  }
  connection->warn_if_large(method, *sent);
  std::make_shared<LaterCall>(connection, method, std::move(sent), std::move(response), kind, std::move(done))
      ->attempt();
}

}  // namespace perdure::client
