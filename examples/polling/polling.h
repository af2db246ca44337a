#pragma once
// Work in a system that can only be asked "are you done?": an export that takes hours. One activity starts it
// and polls; its heartbeats carry what the next attempt needs to go on.
#include <perdure/perdure.h>

#include <chrono>
#include <string>

namespace polling {

struct Status {
  bool done = false;
  int rows = 0;
};

// The system that is polled; calls throw when it cannot be reached.
class ExportService {
 public:
  ExportService() = default;
  ExportService(const ExportService&) = delete;
  ExportService& operator=(const ExportService&) = delete;
  virtual ~ExportService() = default;

  // Gives the job's id.
  virtual std::string submit(const std::string& table) = 0;
  virtual Status status(const std::string& job) = 0;
  virtual void cancel(const std::string& job) = 0;
};

// [activity]
class Exports {
 public:
  // `service` outlives it.
  Exports(ExportService& service, std::chrono::milliseconds interval)
      : service_(service), interval_(interval) {}

  // Gives the number of rows.
  int export_table(const std::string& table) {
    namespace activity = perdure::activity;
    // An attempt before this one may have submitted the job: then its last heartbeat says which it is.
    const auto earlier = activity::heartbeat_details<std::string>();
    const std::string job = earlier ? *earlier : service_.submit(table);
    try {
      while (true) {
        activity::heartbeat(job);
        if (const Status status = service_.status(job); status.done) {
          return status.rows;
        }
        activity::wait_for_cancelled(interval_);
      }
    } catch (const perdure::CancelledError&) {
      service_.cancel(job);
      throw;
    }
  }

 private:
  ExportService& service_;
  const std::chrono::milliseconds interval_;
};
// [activity]

// [workflow]
class ExportTable {
 public:
  perdure::Task<int> run(std::string table) {
    using namespace std::chrono_literals;
    co_return co_await perdure::workflow::execute_activity<&Exports::export_table>(
        table, {.start_to_close_timeout = 24h,  // of the whole export
                .heartbeat_timeout = 10s,       // so that a dead worker is noticed soon
                .retry_policy = perdure::RetryPolicy{.initial_interval = 1s, .maximum_interval = 1min},
                .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
  }
};
// [workflow]

}  // namespace polling
