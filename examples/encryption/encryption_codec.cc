#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "codecs.h"

namespace encryption {
namespace {

constexpr const char* kEncoding = "binary/encrypted";
constexpr const char* kKeyId = "encryption-key-id";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool done, const char* what) {
  if (!done) {
    throw std::runtime_error(what);
  }
}

}  // namespace

EncryptionCodec::EncryptionCodec(std::string current, std::map<std::string, std::string> keys)
    : current_(std::move(current)), keys_(std::move(keys)) {
  if (!keys_.contains(current_)) {
    throw std::invalid_argument("there is no key \"" + current_ + "\" to encrypt with");
  }
  for (const auto& [id, key] : keys_) {
    if (key.size() != kKeyBytes) {
      throw std::invalid_argument("key \"" + id + "\" has " + std::to_string(key.size()) +
                                  " bytes; AES-256 takes 32");
    }
  }
}

// [encode]
perdure::Payloads EncryptionCodec::encode(perdure::Payloads payloads) {
  for (perdure::Payload& payload : payloads) {
    payload = {{{"encoding", kEncoding}, {kKeyId, current_}}, encrypt(perdure::serialize_payload(payload))};
  }
  return payloads;
}

perdure::Payloads EncryptionCodec::decode(perdure::Payloads payloads) {
  for (perdure::Payload& payload : payloads) {
    if (payload.metadata_value("encoding") == kEncoding) {
      const std::string key_id(payload.metadata_value(kKeyId));
      payload = perdure::parse_payload(decrypt(key_id, payload.data));
    }
  }
  return payloads;
}
// [encode]

std::string EncryptionCodec::encrypt(const std::string& text) const {
  std::string out(kNonceBytes + text.size() + kTagBytes, '\0');
  require(RAND_bytes(bytes(out), kNonceBytes) == 1, "no random bytes for a nonce");
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int written = 0;
  int rest = 0;
  const bool done = cipher &&
                    EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(keys_.at(current_)),
                                       bytes(out)) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), bytes(out) + kNonceBytes, &written, bytes(text),
                                      static_cast<int>(text.size())) == 1 &&
                    EVP_EncryptFinal_ex(cipher.get(), bytes(out) + kNonceBytes + written, &rest) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                                        bytes(out) + kNonceBytes + text.size()) == 1;
  require(done, "OpenSSL cannot encrypt");
  return out;
}

std::string EncryptionCodec::decrypt(const std::string& key_id, const std::string& data) const {
  const auto key = keys_.find(key_id);
  if (key == keys_.end()) {
    throw std::runtime_error("the payload was encrypted with the key \"" + key_id +
                             "\", which this program does not have");
  }
  require(data.size() >= kNonceBytes + kTagBytes, "an encrypted payload is cut short");
  const std::size_t size = data.size() - kNonceBytes - kTagBytes;
  std::string out(size, '\0');
  std::string tag = data.substr(kNonceBytes + size);
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int written = 0;
  int rest = 0;
  const bool done =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key->second), bytes(data)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes(out), &written, bytes(data) + kNonceBytes,
                        static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes(out) + written, &rest) == 1;
  require(done, "an encrypted payload was changed, or its key is another one of the same id");
  return out;
}

}  // namespace encryption
