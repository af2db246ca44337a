#include "api/request_parser.h"

#include <google/protobuf/io/coded_stream.h>

#include "base/limits.h"

namespace perdure::api {

bool parse_request(google::protobuf::io::ZeroCopyInputStream* bytes, google::protobuf::MessageLite* request) {
  google::protobuf::io::CodedInputStream in(bytes);
  // The message itself is not counted by the parser.
  in.SetRecursionLimit(limits::kRequestDepth - 1);
  return request->ParsePartialFromCodedStream(&in) && in.ConsumedEntireMessage();
}

}  // namespace perdure::api
