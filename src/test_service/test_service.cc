#include "test_service/test_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include <utility>

#include "api/convert.h"
#include "temporal/api/testservice/v1/request_response.pb.h"

namespace perdure::test_service {
namespace {

namespace wire = temporal::api::testservice::v1;

Status not_locked() {
  return failed_precondition(
      "time skipping is not locked, so there is no lock to take away: each UnlockTimeSkipping and "
      "UnlockTimeSkippingWithSleep needs a LockTimeSkipping before it");
}

bool is_sleep(std::string_view method) {
  return method == "Sleep" || method == "SleepUntil" || method == "UnlockTimeSkippingWithSleep";
}

}  // namespace

TestService::TestService(runtime::VirtualClock& clock) : clock_(clock) {}

std::uint64_t TestService::call(std::string_view method, const frontend::RequestReader& read,
                                google::protobuf::Message* response, std::function<void(Status)> done) {
  const std::uint64_t ticket = next_ticket_.fetch_add(1);
  if (!is_sleep(method)) {
    done(answer_now(method, read, response));
    return ticket;
  }
  const auto end = read_end(method, read);
  if (!end.ok()) {
    done(end.status());
    return ticket;
  }
  sleep(ticket, *end, method == "UnlockTimeSkippingWithSleep" ? Sleep::kUnlocked : Sleep::kWait,
        std::move(done));
  return ticket;
}

Status TestService::answer_now(std::string_view method, const frontend::RequestReader& read,
                               google::protobuf::Message* response) {
  // None of these requests has a field.
  wire::LockTimeSkippingRequest request;
  if (Status status = read(&request); !status.ok()) {
    return status;
  }
  if (method == "LockTimeSkipping") {
    clock_.lock();
    return {};
  }
  if (method == "UnlockTimeSkipping") {
    return clock_.unlock() ? Status() : not_locked();
  }
  if (method == "GetCurrentTime") {
    api::set_timestamp(static_cast<wire::GetCurrentTimeResponse*>(response)->mutable_time(), clock_.now());
    return {};
  }
  return Status(Code::kUnimplemented,
                fmt::format("{} is not implemented by this version of Perdure", method));
}

Result<Timestamp> TestService::read_end(std::string_view method, const frontend::RequestReader& read) {
  if (method == "SleepUntil") {
    wire::SleepUntilRequest request;
    if (Status status = read(&request); !status.ok()) {
      return status;
    }
    return api::from_proto(request.timestamp());
  }
  wire::SleepRequest request;
  if (Status status = read(&request); !status.ok()) {
    return status;
  }
  const Duration duration = api::from_proto(request.duration());
  if (duration < Duration::zero()) {
    return invalid_argument(fmt::format("{}: the duration is negative ({} ns)", method, duration.count()));
  }
  const Timestamp now = clock_.now();
  return now + std::min(duration, Duration(std::numeric_limits<std::int64_t>::max() - now.nanos));
}

void TestService::sleep(std::uint64_t ticket, Timestamp until, Sleep kind, std::function<void(Status)> done) {
  {
    const std::lock_guard lock(mutex_);
    sleepers_.emplace(ticket, std::move(done));
  }
  if (!clock_.call_at(until, kind, [this, ticket] { finish(ticket, Status()); })) {
    finish(ticket, not_locked());
  }
}

void TestService::cancel(std::uint64_t ticket) {
  finish(ticket, Status(Code::kCancelled, "the caller cancelled"));
}

void TestService::finish(std::uint64_t ticket, const Status& status) {
  std::function<void(Status)> done;
  {
    const std::lock_guard lock(mutex_);
    auto sleeper = sleepers_.extract(ticket);
    if (sleeper.empty()) {
      return;
    }
    done = std::move(sleeper.mapped());
  }
  done(status);
}

}  // namespace perdure::test_service
