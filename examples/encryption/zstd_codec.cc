#include <zstd.h>

#include <stdexcept>
#include <utility>

#include "codecs.h"

namespace encryption {
namespace {

constexpr const char* kEncoding = "binary/zstd";
// More than any payload that a service takes: what claims to be larger is not inflated.
constexpr unsigned long long kMostBytes = 64ULL << 20;

}  // namespace

perdure::Payloads ZstdCodec::encode(perdure::Payloads payloads) {
  for (perdure::Payload& payload : payloads) {
    const std::string whole = perdure::serialize_payload(payload);
    std::string compressed(ZSTD_compressBound(whole.size()), '\0');
    const std::size_t size =
        ZSTD_compress(compressed.data(), compressed.size(), whole.data(), whole.size(), level_);
    if (ZSTD_isError(size) == 0 && size < whole.size()) {
      compressed.resize(size);
      payload = {{{"encoding", kEncoding}}, std::move(compressed)};
    }
  }
  return payloads;
}

perdure::Payloads ZstdCodec::decode(perdure::Payloads payloads) {
  for (perdure::Payload& payload : payloads) {
    if (payload.metadata_value("encoding") != kEncoding) {
      continue;
    }
    const unsigned long long claimed = ZSTD_getFrameContentSize(payload.data.data(), payload.data.size());
    if (claimed > kMostBytes) {  // also what says that there is no size
      throw std::runtime_error("a compressed payload is damaged, or larger than 64 MiB");
    }
    std::string whole(claimed, '\0');
    const std::size_t size =
        ZSTD_decompress(whole.data(), whole.size(), payload.data.data(), payload.data.size());
    if (ZSTD_isError(size) != 0) {
      throw std::runtime_error(std::string("a compressed payload is damaged: ") + ZSTD_getErrorName(size));
    }
    whole.resize(size);
    payload = perdure::parse_payload(whole);
  }
  return payloads;
}

}  // namespace encryption
