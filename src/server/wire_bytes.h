#pragma once
// Messages out of and into the byte buffers of gRPC. Decompression is done here, not by gRPC, which would
// inflate without a limit.
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "base/status.h"

namespace perdure::server {

// The channel argument that leaves decompression to read_message().
inline constexpr const char* kDecompressArgument = "grpc.per_message_decompression";

// kResourceExhausted with grpc-go's text for more than limits::kMessage bytes, before or after decompression;
// kInternal with grpc-go's text for bytes that are not a message of this type.
Status read_message(grpc::ByteBuffer* bytes, google::protobuf::Message* message);

// The same for bytes that are already in one piece; for services without generated code.
Status read_bytes(grpc::ByteBuffer* bytes, std::string* out);

grpc::ByteBuffer write_message(const google::protobuf::Message& message);

}  // namespace perdure::server
