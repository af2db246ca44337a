// Layout: version, kind, fields (8-byte little-endian integers, strings with a length before them),
// HMAC-SHA256 of all that stands before it. A change of any field's meaning takes a new version.
#include "frontend/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"

namespace perdure::frontend {
namespace {

constexpr char kVersion = 1;
constexpr char kWorkflowTask = 'w';
constexpr char kActivityTask = 'a';
constexpr char kHistory = 'h';
constexpr std::size_t kMacBytes = 32;

using Mac = std::array<unsigned char, kMacBytes>;

}  // namespace

// HMAC-SHA256 whose key is prepared once; looking up the algorithm costs more than a token's hash.
class Tokens::Authenticator {
 public:
  explicit Authenticator(const std::string& key) : hash_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
    check(hash_ != nullptr && key.size() <= kBlockBytes, "SHA-256 is available and the key fits a block");
    inner_ = begin(key, 0x36);
    outer_ = begin(key, 0x5c);
  }
  ~Authenticator() {
    EVP_MD_CTX_free(inner_);
    EVP_MD_CTX_free(outer_);
    EVP_MD_free(hash_);
  }
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  Mac mac(std::string_view bytes) const {
    const Mac inner = finish(inner_, bytes);
    return finish(outer_, {reinterpret_cast<const char*>(inner.data()), inner.size()});
  }

 private:
  static constexpr std::size_t kBlockBytes = 64;

  EVP_MD_CTX* begin(const std::string& key, unsigned char padding) const {
    std::array<unsigned char, kBlockBytes> block{};
    std::copy(key.begin(), key.end(), block.begin());
    for (unsigned char& byte : block) {
      byte = static_cast<unsigned char>(byte ^ padding);
    }
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    check(context != nullptr && EVP_DigestInit_ex2(context, hash_, nullptr) == 1 &&
              EVP_DigestUpdate(context, block.data(), block.size()) == 1,
          "SHA-256 starts");
    return context;
  }
  static Mac finish(const EVP_MD_CTX* begun, std::string_view bytes) {
    Mac mac{};
    unsigned int length = 0;
    // The context itself is kept, one for each thread; what it computes with is copied into it anew.
    struct Free {
      void operator()(EVP_MD_CTX* unused) const { EVP_MD_CTX_free(unused); }
    };
    thread_local const std::unique_ptr<EVP_MD_CTX, Free> kept(EVP_MD_CTX_new());
    EVP_MD_CTX* context = kept.get();
    const bool made = context != nullptr && EVP_MD_CTX_copy_ex(context, begun) == 1 &&
                      EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context, mac.data(), &length) == 1;
    check(made && length == kMacBytes, "SHA-256 ends");
    return mac;
  }

  EVP_MD* hash_;
  EVP_MD_CTX* inner_ = nullptr;
  EVP_MD_CTX* outer_ = nullptr;
};

class Tokens::Writer {
 public:
  explicit Writer(char kind) {
    bytes_.reserve(kUsualBytes);
    bytes_.push_back(kVersion);
    bytes_.push_back(kind);
  }

  Writer& number(std::int64_t value) {
    auto rest = static_cast<std::uint64_t>(value);
    std::array<char, 8> encoded{};
    for (char& byte : encoded) {
      byte = static_cast<char>(rest & 0xff);
      rest >>= 8;
    }
    bytes_.append(encoded.data(), encoded.size());
    return *this;
  }
  Writer& text(const std::string& value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  std::string seal(const Authenticator& authenticator) {
    const Mac mac = authenticator.mac(bytes_);
    bytes_.append(reinterpret_cast<const char*>(mac.data()), mac.size());
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t kUsualBytes = 224;  // of a token of a task

  std::string bytes_;
};

class Tokens::Reader {
 public:
  // Not valid() unless `sealed` has the kind and the right MAC.
  Reader(const Authenticator& authenticator, std::string_view sealed, char kind) {
    if (sealed.size() < 2 + kMacBytes || sealed[0] != kVersion || sealed[1] != kind) {
      return;
    }
    const std::string_view signed_part = sealed.substr(0, sealed.size() - kMacBytes);
    const Mac mac = authenticator.mac(signed_part);
    valid_ = CRYPTO_memcmp(mac.data(), sealed.data() + signed_part.size(), kMacBytes) == 0;
    rest_ = signed_part.substr(2);
  }

  std::int64_t number() {
    if (rest_.size() < 8) {
      valid_ = false;
      return 0;
    }
    std::uint64_t value = 0;
    for (int i = 7; i >= 0; --i) {
      value = value << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    }
    rest_.remove_prefix(8);
    return static_cast<std::int64_t>(value);
  }
  std::string text() {
    const std::int64_t length = number();
    if (length < 0 || static_cast<std::uint64_t>(length) > rest_.size()) {
      valid_ = false;
      return {};
    }
    std::string value(rest_.substr(0, static_cast<std::size_t>(length)));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    return value;
  }
  bool valid() const { return valid_; }
  // Everything was read and nothing was missing.
  bool complete() const { return valid_ && rest_.empty(); }

 private:
  bool valid_ = false;
  std::string_view rest_;
};

namespace {

Status bad_task_token() { return invalid_argument("Error deserializing task token."); }
Status bad_page_token() { return invalid_argument("Invalid NextPageToken."); }

}  // namespace

Tokens::Tokens(const std::string& key) : authenticator_(std::make_unique<const Authenticator>(key)) {}

Tokens::~Tokens() = default;

std::string Tokens::seal(const WorkflowTaskToken& token) const {
  return Writer(kWorkflowTask)
      .text(token.namespace_name.value)
      .number(token.execution.value)
      .text(token.run_id.value)
      .number(token.task.scheduled_event_id)
      .number(token.task.started_event_id)
      .number(token.task.attempt)
      .number(token.task.incarnation)
      .number(token.task.started_time)
      .seal(*authenticator_);
}

std::string Tokens::seal(const ActivityTaskToken& token) const {
  return Writer(kActivityTask)
      .text(token.namespace_name.value)
      .number(token.execution.value)
      .text(token.run_id.value)
      .number(token.task.scheduled_event_id)
      .text(token.task.activity_id)
      .number(token.task.attempt)
      .number(token.task.stamp)
      .seal(*authenticator_);
}

std::string Tokens::seal(const HistoryToken& token) const {
  return Writer(kHistory)
      .text(token.namespace_name.value)
      .number(token.execution.value)
      .text(token.run_id.value)
      .number(token.next)
      .number(token.end)
      .number(token.paging ? 1 : 0)
      .number(token.running ? 1 : 0)
      .number(token.reverse ? 1 : 0)
      .text(token.suffix)
      .seal(*authenticator_);
}

Result<WorkflowTaskToken> Tokens::open_workflow_task(std::string_view sealed) const {
  Reader reader(*authenticator_, sealed, kWorkflowTask);
  if (!reader.valid()) {
    return bad_task_token();
  }
  WorkflowTaskToken token;
  token.namespace_name = NamespaceName(reader.text());
  token.execution.value = reader.number();
  token.run_id = RunId(reader.text());
  token.task.scheduled_event_id = reader.number();
  token.task.started_event_id = reader.number();
  token.task.attempt = static_cast<std::int32_t>(reader.number());
  token.task.incarnation = reader.number();
  token.task.started_time = reader.number();
  return reader.complete() ? Result(std::move(token)) : bad_task_token();
}

Result<ActivityTaskToken> Tokens::open_activity_task(std::string_view sealed) const {
  Reader reader(*authenticator_, sealed, kActivityTask);
  if (!reader.valid()) {
    return bad_task_token();
  }
  ActivityTaskToken token;
  token.namespace_name = NamespaceName(reader.text());
  token.execution.value = reader.number();
  token.run_id = RunId(reader.text());
  token.task.scheduled_event_id = reader.number();
  token.task.activity_id = reader.text();
  token.task.attempt = static_cast<std::int32_t>(reader.number());
  token.task.stamp = reader.number();
  return reader.complete() ? Result(std::move(token)) : bad_task_token();
}

Result<HistoryToken> Tokens::open_history(std::string_view sealed) const {
  Reader reader(*authenticator_, sealed, kHistory);
  if (!reader.valid()) {
    return bad_page_token();
  }
  HistoryToken token;
  token.namespace_name = NamespaceName(reader.text());
  token.execution.value = reader.number();
  token.run_id = RunId(reader.text());
  token.next = reader.number();
  token.end = reader.number();
  token.paging = reader.number() != 0;
  token.running = reader.number() != 0;
  token.reverse = reader.number() != 0;
  token.suffix = reader.text();
  return reader.complete() ? Result(std::move(token)) : bad_page_token();
}

}  // namespace perdure::frontend
