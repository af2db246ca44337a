#include "server/parse_failure.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <vector>

#include "base/limits.h"

namespace perdure::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

enum class Shape { kWhole, kMalformed, kTooDeep };

// Goes through nested messages with a stack of its own.
class Walk {
 public:
  Walk(std::string_view bytes, const Descriptor& type)
      : in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        open_{{&type, static_cast<int>(bytes.size())}} {}

  Shape run() {
    while (!open_.empty()) {
      if (in_.CurrentPosition() == open_.back().end) {
        open_.pop_back();
      } else if (in_.CurrentPosition() > open_.back().end || !field()) {
        return Shape::kMalformed;
      } else if (open_.size() > std::size_t{perdure::limits::kRequestDepth}) {
        return Shape::kTooDeep;
      }
    }
    return Shape::kWhole;
  }

 private:
  struct Message {
    const Descriptor* type;
    int end;  // position after it
  };

  bool field() {
    const std::uint32_t tag = in_.ReadTag();
    if (WireFormatLite::GetTagFieldNumber(tag) == 0) {
      return false;
    }
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      return WireFormatLite::SkipField(&in_, tag);
    }
    std::uint32_t length = 0;
    const bool fits = in_.ReadVarint32(&length) &&
                      length <= static_cast<std::uint32_t>(open_.back().end - in_.CurrentPosition());
    if (!fits) {
      return false;
    }
    const FieldDescriptor* known =
        open_.back().type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (known != nullptr && known->type() == FieldDescriptor::TYPE_MESSAGE) {
      open_.push_back({known->message_type(), in_.CurrentPosition() + static_cast<int>(length)});
      return true;
    }
    return in_.Skip(static_cast<int>(length));
  }

  CodedInputStream in_;
  std::vector<Message> open_;
};

}  // namespace

Status why_not_parsed(std::string_view bytes, const Descriptor& type) {
  switch (Walk(bytes, type).run()) {
    case Shape::kTooDeep:
      return invalid_argument(
          fmt::format("the request is nested deeper than {} messages", perdure::limits::kRequestDepth));
    case Shape::kMalformed:
      return internal_error(
          "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data");
    case Shape::kWhole:
      break;
  }
  return internal_error("grpc: error unmarshalling request: string field contains invalid UTF-8");
}

}  // namespace perdure::server
