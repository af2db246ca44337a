#pragma once
// Requests out of bytes.
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

namespace perdure::api {

// Fills `request` with all that the stream holds. False: the bytes are not a message of its type, a string in
// it is not UTF-8, or it is nested deeper than limits::kRequestDepth.
bool parse_request(google::protobuf::io::ZeroCopyInputStream* bytes, google::protobuf::MessageLite* request);

}  // namespace perdure::api
