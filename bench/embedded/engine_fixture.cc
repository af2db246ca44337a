#include "engine_fixture.h"

#include <stdexcept>

#include "client/connection.h"
#include "sdk/in_process_transport.h"
#include "storage/sqlite/sqlite_storage.h"

namespace perdure::bench {

EngineFixture::EngineFixture(const std::filesystem::path& state) {
  const auto before = std::chrono::steady_clock::now();
  auto storage =
      storage::open_sqlite({.directory = state, .holder = "benchmark", .program_version = "bench"});
  if (!storage.ok()) {
    throw std::runtime_error(storage.status().to_string());
  }
  runtime::InstanceOptions options{.seed = static_cast<std::uint64_t>(before.time_since_epoch().count())};
  instance_ = std::make_unique<runtime::Instance>(std::move(storage).value(), clock_, options);
  frontend_ = std::make_unique<frontend::Frontend>(*instance_);
  thread_ = std::make_unique<runtime::LoopThread>(*instance_, clock_);
  open_time_ = std::chrono::steady_clock::now() - before;
  connection_ = std::make_shared<client::Connection>(std::make_unique<sdk::InProcessTransport>(*frontend_),
                                                     "default", "benchmark", true);
  client_ = std::make_unique<Client>(connection_);
}

EngineFixture::~EngineFixture() { (void)thread_->stop(); }

}  // namespace perdure::bench
