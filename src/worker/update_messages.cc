#include "worker/update_messages.h"

#include "temporal/api/update/v1/message.pb.h"

namespace perdure::worker {
namespace {

using temporal::api::protocol::v1::Message;
namespace update = temporal::api::update::v1;

// True: the body was one.
template <class Body, class Code>
bool code_as(Message* message, const Code& code) {
  Body body;
  if (!message->body().UnpackTo(&body)) {
    return false;
  }
  code(&body);
  message->mutable_body()->PackFrom(body);
  return true;
}

template <class Code>
void code_message(Message* message, const Code& code) {
  static_cast<void>(code_as<update::Request>(message, code) || code_as<update::Acceptance>(message, code) ||
                    code_as<update::Rejection>(message, code) || code_as<update::Response>(message, code));
}

}  // namespace

void decode_messages(const client::Boundary* boundary, workflow_core::ProtocolMessages* messages) {
  for (int i = 0; boundary != nullptr && i < messages->size(); ++i) {
    code_message(messages->Mutable(i), [&](google::protobuf::Message* body) { boundary->decode(body); });
  }
}

void encode_messages(const client::Boundary& boundary, std::vector<Message>* messages) {
  for (Message& message : *messages) {
    code_message(&message, [&](google::protobuf::Message* body) { boundary.encode(body); });
  }
}

}  // namespace perdure::worker
