#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "client/connection.h"
#include "perdure/error.h"
#include "perdure/server.h"
#include "sdk/embedded_engine.h"
#include "server/engine_figures.h"
#include "server/server.h"

namespace perdure {
namespace {

host::Engine& engine_of(const Client& client) {
  auto* embedded = dynamic_cast<sdk::EmbeddedEngine*>(&client.connection()->transport());
  if (embedded == nullptr) {
    throw OptionsError(
        "perdure::serve needs a client with an engine in this program, from Client::connect(\"file:DIR\"); "
        "this "
        "one talks to a server");
  }
  return embedded->engine();
}

[[noreturn]] void refuse(const Status& status) {
  if (status.code() == Code::kInvalidArgument || status.code() == Code::kFailedPrecondition) {
    throw OptionsError("perdure::serve: " + status.message());
  }
  throw RpcError(static_cast<RpcStatusCode>(status.code()), "perdure::serve: " + status.message());
}

// An engine on the program's loop has nobody but that loop to answer the calls under way, and the loop may be
// who waits here.
void drain_and_drive(server::Server& server, host::Engine& engine, std::chrono::milliseconds grace) {
  constexpr std::chrono::milliseconds kStep{1};
  std::mutex mutex;
  std::condition_variable changed;
  bool drained = false;
  std::thread draining([&] {
    server.drain(grace);
    const std::lock_guard lock(mutex);
    drained = true;
    changed.notify_all();
  });
  for (std::unique_lock lock(mutex); !changed.wait_for(lock, kStep, [&] { return drained; });) {
    lock.unlock();
    engine.drive();
    lock.lock();
  }
  draining.join();
}

}  // namespace

struct EngineServer::Impl {
  ~Impl() { stop(std::chrono::milliseconds::zero()); }
  void stop(std::chrono::milliseconds grace) {
    if (server != nullptr) {
      drain_and_drive(*server, *served, grace);
      server.reset();
      engine.reset();
    }
  }

  std::shared_ptr<client::Connection> engine;  // lives as long as it is served
  host::Engine* served = nullptr;
  std::string address;
  std::string metrics_address;
  std::unique_ptr<server::Server> server;
};

EngineServer::EngineServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EngineServer::~EngineServer() = default;
EngineServer::EngineServer(EngineServer&&) noexcept = default;
EngineServer& EngineServer::operator=(EngineServer&&) noexcept = default;

const std::string& EngineServer::address() const { return impl_->address; }
const std::string& EngineServer::metrics_address() const { return impl_->metrics_address; }

void EngineServer::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

EngineServer serve(const Client& client, const std::string& address, ServeOptions options) {
  host::Engine& engine = engine_of(client);
  server::ServerOptions serving;
  serving.address = address;
  serving.metrics_address = std::move(options.metrics_address);
  serving.tls = {std::move(options.tls_certificate), std::move(options.tls_key),
                 std::move(options.tls_client_ca)};
  serving.insecure = options.insecure;
  serving.figures = server::engine_figures(engine);
  auto started = server::Server::start(engine.frontend(), serving);
  if (!started.ok()) {
    refuse(started.status());
  }
  auto impl = std::make_unique<EngineServer::Impl>();
  impl->engine = client.connection();
  impl->served = &engine;
  impl->server = std::move(started).value();
  impl->address = impl->server->address();
  impl->metrics_address = impl->server->metrics_address();
  return EngineServer(std::move(impl));
}

}  // namespace perdure
