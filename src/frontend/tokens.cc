// Layout: version, kind, fields (8-byte little-endian integers, strings with a length before them), a MAC of
// all that stands before it. A change of any field's meaning takes a new version.
//   version 1: HMAC-SHA256 under the store's key. No longer written; still opened, since an activity may be
//   completed
//              with its token long after it was handed out.
//   version 2: SipHash-2-4 with 128 bits under a key that is derived from the store's. It takes a tenth of
//   the time,
//              and a token is sealed and opened for every task.
#include "frontend/tokens.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"

namespace perdure::frontend {
namespace {

constexpr char kHmacVersion = 1;
constexpr char kVersion = 2;
constexpr char kWorkflowTask = 'w';
constexpr char kActivityTask = 'a';
constexpr char kHistory = 'h';
constexpr char kQueryTask = 'q';
constexpr char kList = 'l';
constexpr std::size_t kHmacBytes = 32;
constexpr std::size_t kMacBytes = 16;

template <std::size_t kBytes>
using Mac = std::array<unsigned char, kBytes>;

const unsigned char* to_unsigned(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct FreeMacContext {
  void operator()(EVP_MAC_CTX* unused) const { EVP_MAC_CTX_free(unused); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMacContext>;

// Looking the algorithm up costs far more than a token's MAC, so each thread keeps a context; it is given the
// key anew for each token.
MacContext make_sip_hash() {
  EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  check(algorithm != nullptr, "OpenSSL has SipHash");
  MacContext context(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);
  std::size_t bytes = kMacBytes;
  const std::array<OSSL_PARAM, 2> size{OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &bytes),
                                       OSSL_PARAM_construct_end()};
  check(context != nullptr && EVP_MAC_CTX_set_params(context.get(), size.data()) == 1,
        "SipHash gives 128 bits");
  return context;
}

}  // namespace

class Tokens::Authenticator {
 public:
  explicit Authenticator(const std::string& key) : key_(key) {
    const Mac<kHmacBytes> derived = hmac("perdure: tokens of version 2");
    std::copy_n(derived.begin(), sip_key_.size(), sip_key_.begin());
  }

  Mac<kHmacBytes> hmac(std::string_view bytes) const {
    Mac<kHmacBytes> mac{};
    check(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), to_unsigned(bytes), bytes.size(),
               mac.data(), nullptr) != nullptr,
          "OpenSSL has HMAC-SHA256");
    return mac;
  }
  Mac<kMacBytes> mac(std::string_view bytes) const {
    thread_local const MacContext kept = make_sip_hash();
    Mac<kMacBytes> mac{};
    std::size_t length = 0;
    const bool made = EVP_MAC_init(kept.get(), sip_key_.data(), sip_key_.size(), nullptr) == 1 &&
                      EVP_MAC_update(kept.get(), to_unsigned(bytes), bytes.size()) == 1 &&
                      EVP_MAC_final(kept.get(), mac.data(), &length, mac.size()) == 1;
    check(made && length == kMacBytes, "SipHash ends with 16 bytes");
    return mac;
  }

 private:
  const std::string key_;
  std::array<unsigned char, 16> sip_key_{};
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
    const auto mac = authenticator.mac(bytes_);
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
    const std::size_t mac_bytes = sealed.empty() || sealed[0] != kHmacVersion ? kMacBytes : kHmacBytes;
    if (sealed.size() < 2 + mac_bytes || (sealed[0] != kVersion && sealed[0] != kHmacVersion) ||
        sealed[1] != kind) {
      return;
    }
    const std::string_view signed_part = sealed.substr(0, sealed.size() - mac_bytes);
    const std::string_view given = sealed.substr(signed_part.size());
    valid_ = sealed[0] == kVersion ? equal(authenticator.mac(signed_part), given)
                                   : equal(authenticator.hmac(signed_part), given);
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
  template <std::size_t kBytes>
  static bool equal(const Mac<kBytes>& mac, std::string_view given) {
    return CRYPTO_memcmp(mac.data(), given.data(), kBytes) == 0;
  }

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

std::string Tokens::seal(const QueryTaskToken& token) const {
  return Writer(kQueryTask)
      .text(token.namespace_name.value)
      .number(static_cast<std::int64_t>(token.task.query))
      .number(token.task.attempt)
      .number(token.task.incarnation)
      .seal(*authenticator_);
}

std::string Tokens::seal(const ListToken& token) const {
  return Writer(kList)
      .text(token.namespace_name.value)
      .text(token.list)
      .text(token.position)
      .seal(*authenticator_);
}

Result<ListToken> Tokens::open_list(std::string_view sealed) const {
  Reader reader(*authenticator_, sealed, kList);
  if (!reader.valid()) {
    return bad_page_token();
  }
  ListToken token;
  token.namespace_name = NamespaceName(reader.text());
  token.list = reader.text();
  token.position = reader.text();
  return reader.complete() ? Result(std::move(token)) : bad_page_token();
}

Result<QueryTaskToken> Tokens::open_query_task(std::string_view sealed) const {
  Reader reader(*authenticator_, sealed, kQueryTask);
  if (!reader.valid()) {
    return bad_task_token();
  }
  QueryTaskToken token;
  token.namespace_name = NamespaceName(reader.text());
  token.task.query = static_cast<std::uint64_t>(reader.number());
  token.task.attempt = reader.number();
  token.task.incarnation = reader.number();
  return reader.complete() ? Result(std::move(token)) : bad_task_token();
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
