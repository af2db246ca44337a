#include "runtime/instance.h"

#include <utility>

#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/service.h"

namespace perdure::runtime {

struct Instance::Impl {
  Impl(std::unique_ptr<storage::Storage> storage, Clock& clock, InstanceOptions options)
      : token_key(storage->info().token_key),
        loop(std::move(storage), clock, std::move(options), mailbox),
        service(loop) {}

  const std::string token_key;
  Mailbox mailbox;
  Loop loop;
  Service service;
};

Instance::Instance(std::unique_ptr<storage::Storage> storage, Clock& clock, InstanceOptions options)
    : impl_(std::make_unique<Impl>(std::move(storage), clock, std::move(options))) {}

Instance::~Instance() = default;

bool Instance::post(std::function<void(Service&)> command, Admission admission, std::size_t bytes) {
  return impl_->mailbox.post(std::move(command), admission, bytes);
}

void Instance::set_waker(std::function<void()> wake) { impl_->mailbox.set_waker(std::move(wake)); }

void Instance::step() { impl_->loop.step(impl_->service); }

std::optional<Timestamp> Instance::wake_at() { return impl_->loop.wake_at(); }

Status Instance::health() const { return impl_->mailbox.state(); }

const std::string& Instance::token_key() const { return impl_->token_key; }

Status Instance::stop() { return impl_->loop.stop(impl_->service); }

void Instance::abandon() { impl_->loop.abandon(); }

InstanceStats Instance::stats() const { return impl_->loop.stats(); }

void Instance::visit_cached(const std::function<void(const engine::Execution&)>& visit) const {
  impl_->loop.visit_cached(visit);
}

storage::Storage& Instance::storage() { return impl_->loop.storage(); }

Service& Instance::service() { return impl_->service; }

}  // namespace perdure::runtime
