#include "sdk/remote_options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "perdure/error.h"
#include "perdure/version.h"

namespace perdure::sdk {
namespace {

// ---- headers ---------------------------------------------------------------------------------------

bool is_header_name(const std::string& name) {
  return !name.empty() && !name.starts_with("grpc-") && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool is_header_value(const std::string& value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void check_header(const std::string& name, const std::string& value) {
  if (!is_header_name(name)) {
    throw OptionsError("ConnectOptions.rpc_metadata: \"" + name +
                       "\" cannot be the name of a header: lower-case letters, digits, '-', '_' and '.', not "
                       "beginning with \"grpc-\"");
  }
  if (!name.ends_with("-bin") && !is_header_value(value)) {
    throw OptionsError("ConnectOptions.rpc_metadata: the value of \"" + name +
                       "\" has bytes that are not printable ASCII; name it \"" + name +
                       "-bin\" to send any bytes");
  }
}

std::map<std::string, std::string> metadata(const ConnectOptions& options) {
  std::map<std::string, std::string> headers = options.rpc_metadata;
  for (const auto& [name, value] : headers) {
    check_header(name, value);
  }
  // What the user gives goes before what is added here.
  headers.try_emplace("client-name", "perdure-cpp");
  headers.try_emplace("client-version", kVersion);
  if (is_header_value(options.namespace_name)) {
    headers.try_emplace("temporal-namespace", options.namespace_name);
  }
  if (!options.api_key.empty()) {
    if (!is_header_value(options.api_key)) {
      throw OptionsError(
          "ConnectOptions.api_key has bytes that are not printable ASCII (a line break at its end?)");
    }
    headers.try_emplace("authorization", "Bearer " + options.api_key);
  }
  return headers;
}

// ---- TLS -------------------------------------------------------------------------------------------

void check_pem(const std::string& text, const char* name) {
  if (!text.empty() && text.find("-----BEGIN ") == std::string::npos) {
    throw OptionsError(std::string("ConnectOptions.tls: ") + name +
                       " is not PEM text (\"-----BEGIN …\"); give the contents of the file, not its name");
  }
}

client::RemoteTls checked(const TlsOptions& tls) {
  check_pem(tls.server_root_ca_cert, "server_root_ca_cert");
  check_pem(tls.client_cert, "client_cert");
  check_pem(tls.client_private_key, "client_private_key");
  if (tls.client_cert.empty() != tls.client_private_key.empty()) {
    throw OptionsError("ConnectOptions.tls: client_cert and client_private_key need each other");
  }
  return {.server_root_ca_cert = tls.server_root_ca_cert,
          .domain = tls.domain,
          .client_cert = tls.client_cert,
          .client_private_key = tls.client_private_key};
}

std::optional<client::RemoteTls> tls_of(const ConnectOptions& options) {
  if (!options.tls) {
    return options.api_key.empty() ? std::nullopt : std::optional(client::RemoteTls());
  }
  if (const auto* given = std::get_if<TlsOptions>(&*options.tls)) {
    return checked(*given);
  }
  return std::get<bool>(*options.tls) ? std::optional(client::RemoteTls()) : std::nullopt;
}

std::optional<client::RemoteKeepAlive> keep_alive_of(const ConnectOptions& options) {
  if (!options.keep_alive) {
    return std::nullopt;
  }
  using namespace std::chrono_literals;
  const auto sensible = [](std::chrono::nanoseconds time) { return time >= 1ms && time <= 24h; };
  if (!sensible(options.keep_alive->interval) || !sensible(options.keep_alive->timeout)) {
    throw OptionsError(
        "ConnectOptions.keep_alive: interval and timeout are between a millisecond and a day; "
        "std::nullopt turns it off");
  }
  return client::RemoteKeepAlive{options.keep_alive->interval, options.keep_alive->timeout};
}

}  // namespace

bool is_address(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return false;
  }
  const std::string_view host = std::string_view(target).substr(0, colon);
  const std::string_view port = std::string_view(target).substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool clean = std::none_of(host.begin(), host.end(), [](char c) {
    return c == '/' || c == '@' || std::isspace(static_cast<unsigned char>(c)) != 0;
  });
  if (!clean || (!bracketed && host.find_first_of(":[]") != std::string_view::npos)) {
    return false;
  }
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number >= 1 && number <= 65'535;
}

client::RemoteOptions remote_options(const std::string& address, const ConnectOptions& options) {
  return {.address = address,
          .tls = tls_of(options),
          .keep_alive = keep_alive_of(options),
          .gzip = options.gzip,
          .metadata = metadata(options)};
}

void refuse_remote_options(const std::string& target, const ConnectOptions& options) {
  const auto refuse = [&](const char* name) {
    throw OptionsError(std::string("ConnectOptions.") + name + " is for connections to a server; \"" +
                       target + "\" runs the service inside this program");
  };
  if (options.tls && (options.tls->index() != 0 || std::get<bool>(*options.tls))) {
    refuse("tls");
  }
  if (!options.api_key.empty()) {
    refuse("api_key");
  }
  if (!options.rpc_metadata.empty()) {
    refuse("rpc_metadata");
  }
  if (options.lazy) {
    refuse("lazy");
  }
  if (options.keep_alive != KeepAliveOptions{}) {
    refuse("keep_alive");
  }
  if (options.gzip) {
    refuse("gzip");
  }
}

}  // namespace perdure::sdk
