#pragma once
// What happens to values between this program and the service: a codec that compresses or encrypts payloads,
// and whether the texts of failures count as values. Given once, to Client::connect() or to a test's
// Environment; the client, its workers and their replays use it.
//
//   auto client = perdure::Client::connect("file:./state", {.data_converter = {.payload_codec = codec}});
//
// Encoded are inputs, results, signal arguments, heartbeat and failure details, memo, summaries, the last
// completion result and the values of side effects; never search attributes and headers.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "perdure/payload.h"

namespace perdure {

// As temporalio.converter.PayloadCodec. Called on several threads at once, never in workflow code, so it may
// use clocks and random numbers; but workflows of the worker wait meanwhile, so it should fetch keys ahead.
// It must not call the client that it belongs to.
class PayloadCodec {
 public:
  PayloadCodec() = default;
  PayloadCodec(const PayloadCodec&) = delete;
  PayloadCodec& operator=(const PayloadCodec&) = delete;
  virtual ~PayloadCodec() = default;

  // Both give as many payloads as they get. What they throw (any std::exception) fails the workflow task, the
  // attempt of the activity, or the client's call; a workflow goes on once its task can be decoded.
  virtual Payloads encode(Payloads payloads) = 0;
  // Has to leave alone what it did not encode: a history may be older than the codec.
  virtual Payloads decode(Payloads payloads) = 0;
};

// Several codecs as one: encodes with the first, then the second, …; decodes the other way round.
class PayloadCodecChain final : public PayloadCodec {
 public:
  explicit PayloadCodecChain(std::vector<std::shared_ptr<PayloadCodec>> codecs)
      : codecs_(std::move(codecs)) {}

  Payloads encode(Payloads payloads) override {
    for (const auto& codec : codecs_) {
      payloads = codec->encode(std::move(payloads));
    }
    return payloads;
  }
  Payloads decode(Payloads payloads) override {
    for (auto codec = codecs_.rbegin(); codec != codecs_.rend(); ++codec) {
      payloads = (*codec)->decode(std::move(payloads));
    }
    return payloads;
  }

 private:
  const std::vector<std::shared_ptr<PayloadCodec>> codecs_;
};

// A whole payload, metadata included, as the bytes of a temporal.api.common.v1.Payload: what codecs of all
// SDKs put into the data of the payload that they make.
std::string serialize_payload(const Payload& payload);
// Throws DataConversionError when `bytes` are no payload.
Payload parse_payload(std::string_view bytes);

struct DataConverter {
  std::shared_ptr<PayloadCodec> payload_codec{};
  // Messages and stack traces of failures go through the codec too: they become the failure's
  // encoded_attributes and its message reads "Encoded failure". Read back in any case.
  bool encode_common_attributes = false;
};

}  // namespace perdure
