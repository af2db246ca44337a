#include "server/metrics_listener.h"

#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string_view>
#include <utility>

#include "server/address.h"

namespace perdure::server {
namespace {

using Clock = std::chrono::steady_clock;

// For a request, and for its answer: others wait meanwhile, and so does the end of the server.
constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::size_t kLongestRequest = 8 * 1024;

bool wait_until_ready(int connection, short what, Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
  pollfd waiting{connection, what, 0};
  return left.count() > 0 && poll(&waiting, 1, static_cast<int>(left.count())) > 0;
}

// Up to the end of its headers, or as far as it comes.
std::string read_request(int connection) {
  const auto end = Clock::now() + kPatience;
  std::string request;
  char piece[1024];
  while (request.size() < kLongestRequest && request.find("\r\n\r\n") == std::string::npos &&
         wait_until_ready(connection, POLLIN, end)) {
    const ssize_t got = recv(connection, piece, sizeof piece, 0);
    if (got <= 0) {
      break;
    }
    request.append(piece, static_cast<std::size_t>(got));
  }
  return request;
}

void send_all(int connection, std::string_view bytes) {
  const auto end = Clock::now() + kPatience;
  while (!bytes.empty() && wait_until_ready(connection, POLLOUT, end)) {
    const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string response(std::string_view status, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n{}",
      status, body.size(), body);
}

}  // namespace

Result<std::unique_ptr<MetricsListener>> MetricsListener::start(const std::string& address, bool insecure,
                                                                std::function<std::string()> text) {
  const auto endpoint = resolve(address);
  if (!endpoint.ok()) {
    return endpoint.status();
  }
  if (!endpoint->is_loopback() && !insecure) {
    return failed_precondition(
        fmt::format("{} can be reached by other machines, and metrics have no TLS; serve them on a loopback "
                    "address, or allow it explicitly (--insecure)",
                    address));
  }
  auto acceptor = Acceptor::listen(*endpoint);
  if (!acceptor.ok()) {
    return acceptor.status();
  }
  return std::unique_ptr<MetricsListener>(new MetricsListener(std::move(acceptor).value(), std::move(text)));
}

MetricsListener::MetricsListener(std::unique_ptr<Acceptor> acceptor, std::function<std::string()> text)
    : text_(std::move(text)), address_(acceptor->address().text()), acceptor_(std::move(acceptor)) {
  acceptor_->start([this](int, int connection) {
    answer(connection);
    close(connection);
  });
}

void MetricsListener::answer(int connection) const {
  const std::string request = read_request(connection);
  if (request.starts_with("GET /metrics ") || request.starts_with("GET /metrics?")) {
    send_all(connection, response("200 OK", text_()));
  } else if (request.starts_with("GET ")) {
    send_all(connection, response("404 Not Found", "metrics are at /metrics\n"));
  } else {
    send_all(connection, response("400 Bad Request", "GET /metrics\n"));
  }
}

}  // namespace perdure::server
