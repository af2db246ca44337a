#pragma once
// Two codecs to copy: payloads encrypted with AES-256-GCM, and payloads compressed with zstd.
#include <perdure/perdure.h>

#include <map>
#include <string>

namespace encryption {

// [encryption]
// What it writes is read by the encryption samples of Temporal's Go, TypeScript and Python SDKs, and the
// other way round: encoding "binary/encrypted", the id of the key beside it, and as data a nonce of 12 bytes,
// the encrypted payload and the tag of 16 bytes.
class EncryptionCodec final : public perdure::PayloadCodec {
 public:
  // `keys` by their ids, 32 bytes each; `current` encrypts, all of them decrypt. Throws
  // std::invalid_argument.
  EncryptionCodec(std::string current, std::map<std::string, std::string> keys);

  perdure::Payloads encode(perdure::Payloads payloads) override;
  perdure::Payloads decode(perdure::Payloads payloads) override;

 private:
  std::string encrypt(const std::string& text) const;
  std::string decrypt(const std::string& key_id, const std::string& data) const;

  const std::string current_;
  const std::map<std::string, std::string> keys_;
};
// [encryption]

// Encoding "binary/zstd": the whole payload, compressed; left alone where that makes it no smaller. Compress
// before you encrypt. But what an attacker can mix into a payload lets him guess the rest from its size.
class ZstdCodec final : public perdure::PayloadCodec {
 public:
  explicit ZstdCodec(int level = 3) : level_(level) {}

  perdure::Payloads encode(perdure::Payloads payloads) override;
  perdure::Payloads decode(perdure::Payloads payloads) override;

 private:
  const int level_;
};

}  // namespace encryption
