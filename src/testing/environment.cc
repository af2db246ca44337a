#include "perdure/testing/environment.h"

#include <utility>

#include "client/connection.h"
#include "testing/test_engine.h"

namespace perdure::testing {
namespace {

using std::chrono::system_clock;

Timestamp to_timestamp(system_clock::time_point time) {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()};
}

std::shared_ptr<client::Connection> connect(std::unique_ptr<TestEngine> engine,
                                            const EnvironmentOptions& options) {
  auto connection = std::make_shared<client::Connection>(
      std::move(engine), options.namespace_name, options.identity, /*in_process=*/true,
      client::make_system_pacer(), client::extensions_of(options));
  connection->log_to(&write_log);
  return connection;
}

}  // namespace

class Environment::Impl {
 public:
  Impl(std::unique_ptr<TestEngine> engine, const EnvironmentOptions& options)
      : engine_(engine.get()), client_(connect(std::move(engine), options)) {}

  TestEngine& engine() { return *engine_; }
  const Client& client() const { return client_; }
  std::shared_ptr<client::Connection> connection() const { return client_.connection(); }

 private:
  TestEngine* const engine_;  // the connection's
  const Client client_;
};

Environment::Environment(EnvironmentOptions options)
    : impl_(std::make_unique<Impl>(
          std::make_unique<TestEngine>(to_timestamp(options.start_time.value_or(system_clock::now()))),
          options)) {}

Environment::~Environment() = default;

const Client& Environment::client() const { return impl_->client(); }

system_clock::time_point Environment::now() const {
  return system_clock::time_point(
      std::chrono::duration_cast<system_clock::duration>(Duration(impl_->engine().clock().now().nanos)));
}

void Environment::sleep(std::chrono::nanoseconds duration) { impl_->engine().sleep(duration); }

void Environment::skip_time(bool on) { impl_->engine().skip_while_waiting(on); }

TimeLock Environment::lock_time() {
  runtime::VirtualClock* clock = &impl_->engine().clock();
  clock->lock();
  // The connection keeps the engine, and with it the clock.
  return TimeLock(std::shared_ptr<void>(
      clock, [connection = impl_->connection()](runtime::VirtualClock* locked) { (void)locked->unlock(); }));
}

}  // namespace perdure::testing
