#include "server/wire_status.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>

#include "api/convert.h"
#include "server/limits.h"

namespace perdure::server {
namespace {

using google::protobuf::internal::WireFormatLite;

// The longest beginning of at most `most` bytes that does not cut a UTF-8 sequence.
std::string truncate(const std::string& text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

// google.rpc.Status {int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3;}
std::string rpc_status(const Status& status, const std::string& message) {
  google::protobuf::Any detail;
  detail.set_type_url("type.googleapis.com/" + status.detail_type());
  detail.set_value(status.detail());
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  WireFormatLite::WriteInt32(1, static_cast<int>(status.code()), &out);
  WireFormatLite::WriteString(2, message, &out);
  WireFormatLite::WriteBytes(3, api::serialize(detail), &out);
  out.Trim();
  return bytes;
}

// grpc-message is percent-encoded, grpc-status-details-bin base64.
std::size_t encoded_size(const WireStatus& status) {
  const auto plain = std::count_if(status.message.begin(), status.message.end(),
                                   [](char c) { return c >= 0x20 && c < 0x7f && c != '%'; });
  const std::size_t message = 3 * status.message.size() - 2 * static_cast<std::size_t>(plain);
  return message + (status.details.size() + 2) / 3 * 4;
}

}  // namespace

WireStatus to_wire(const Status& status) {
  WireStatus wire;
  wire.code = static_cast<int>(status.code());
  for (const std::size_t most : {limits::kStatusMessage, limits::kStatusMessage / 4}) {
    wire.message = truncate(status.message(), most);
    if (!status.detail_type().empty()) {
      wire.details = rpc_status(status, wire.message);
    }
    if (encoded_size(wire) <= limits::kStatusTrailers) {
      return wire;
    }
  }
  wire.details.clear();
  return wire;
}

}  // namespace perdure::server
