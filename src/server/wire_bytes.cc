#include "server/wire_bytes.h"

#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpc/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>
#include <zlib.h>

#include <string>

#include "api/request_parser.h"
#include "base/limits.h"
#include "server/parse_failure.h"

namespace perdure::server {
namespace {

using google::protobuf::io::ZeroCopyInputStream;

// gRPC's reader also knows what its buffer was compressed with.
class Reader : public grpc::ProtoBufferReader {
 public:
  explicit Reader(grpc::ByteBuffer* bytes) : ProtoBufferReader(bytes) {}
  grpc_compression_algorithm compression() {
    const grpc_byte_buffer* buffer = reader()->buffer_in;
    return buffer->type == GRPC_BB_RAW ? buffer->data.raw.compression : GRPC_COMPRESS_NONE;
  }
};

Status too_large(std::size_t size) {
  return Status(Code::kResourceExhausted, fmt::format("grpc: received message larger than max ({} vs. {})",
                                                      size, perdure::limits::kMessage));
}

// grpc-go stops at the limit too, so it does not name a size here.
Status too_large_inflated() {
  return Status(Code::kResourceExhausted,
                fmt::format("grpc: received message after decompression larger than max {}",
                            perdure::limits::kMessage));
}

Status cannot_inflate(const char* why) {
  return internal_error(fmt::format("grpc: failed to decompress the received message: {}", why));
}

class Inflater {
 public:
  // 15 bits of window; 32 more: the header says whether it is gzip or zlib.
  Inflater() : ready_(inflateInit2(&stream_, 15 + 32) == Z_OK) {}
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Status run(ZeroCopyInputStream* in, std::string* out) {
    const void* data = nullptr;
    int size = 0;
    int result = ready_ ? Z_OK : Z_MEM_ERROR;
    while (result == Z_OK && in->Next(&data, &size)) {
      stream_.next_in = static_cast<Bytef*>(const_cast<void*>(data));
      stream_.avail_in = static_cast<uInt>(size);
      result = piece(out);
      if (out->size() > perdure::limits::kMessage) {
        return too_large_inflated();
      }
    }
    if (result == Z_STREAM_END) {
      return {};
    }
    return cannot_inflate(result == Z_OK ? "unexpected end" : zError(result));
  }

 private:
  // Until the input is used up, the stream ends, or there is more than a message may have.
  int piece(std::string* out) {
    int result = Z_OK;
    do {
      constexpr std::size_t kStep = 16 * 1024;
      const std::size_t old = out->size();
      out->resize(old + kStep);
      stream_.next_out = reinterpret_cast<Bytef*>(out->data() + old);
      stream_.avail_out = kStep;
      result = inflate(&stream_, Z_NO_FLUSH);
      out->resize(old + kStep - stream_.avail_out);
      if (result == Z_BUF_ERROR && stream_.avail_in == 0) {
        return Z_OK;  // it wants more input
      }
    } while (result == Z_OK && (stream_.avail_in > 0 || stream_.avail_out == 0) &&
             out->size() <= perdure::limits::kMessage);
    return result;
  }

  z_stream stream_{};
  const bool ready_;
};

// Inflates when needed and hands the plain bytes on.
template <class Use>
Status read(grpc::ByteBuffer* bytes, Use use) {
  if (!bytes->Valid()) {
    return use(nullptr);
  }
  if (bytes->Length() > perdure::limits::kMessage) {
    return too_large(bytes->Length());
  }
  Reader reader(bytes);
  if (!reader.status().ok()) {
    return internal_error("grpc: the received bytes cannot be read");
  }
  if (reader.compression() == GRPC_COMPRESS_NONE) {
    return use(&reader);
  }
  std::string plain;
  Inflater inflater;
  if (Status status = inflater.run(&reader, &plain); !status.ok()) {
    return status;
  }
  google::protobuf::io::ArrayInputStream stream(plain.data(), static_cast<int>(plain.size()));
  return use(&stream);
}

}  // namespace

Status read_message(grpc::ByteBuffer* bytes, google::protobuf::Message* message) {
  bool parsed = true;
  Status status = read(bytes, [&](ZeroCopyInputStream* in) {
    parsed = in == nullptr || api::parse_request(in, message);
    return Status();
  });
  if (!status.ok() || parsed) {
    return status;
  }
  std::string plain;
  status = read_bytes(bytes, &plain);
  return status.ok() ? why_not_parsed(plain, *message->GetDescriptor()) : status;
}

Status read_bytes(grpc::ByteBuffer* bytes, std::string* out) {
  return read(bytes, [out](ZeroCopyInputStream* in) {
    const void* data = nullptr;
    int size = 0;
    while (in != nullptr && in->Next(&data, &size)) {
      out->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    return Status();
  });
}

grpc::ByteBuffer write_message(const google::protobuf::Message& message) {
  const std::size_t size = message.ByteSizeLong();
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace perdure::server
