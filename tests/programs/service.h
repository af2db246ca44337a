#pragma once
// The service in this process as a worker may find it: with pages of any size, behind a socket or not, sticky
// or not.
#include <memory>
#include <string>

#include "host/engine.h"
#include "perdure/client.h"
#include "server/server.h"
#include "workflow/run.h"

namespace perdure::programs {

struct Configuration {
  bool served = false;
  int cached = 0;  // runs
  bool sticky = true;
  int page_events = 256;
};

std::string describe(const Configuration& configuration);

class Service {
 public:
  explicit Service(const Configuration& configuration);

  const Client& client() const { return client_; }
  const Client& worker_client() const { return worker_client_; }
  // Of one run, read in pages.
  workflow_core::HistoryEvents history(const std::string& workflow_id, const std::string& run_id) const;

 private:
  host::Engine engine_;
  std::unique_ptr<server::Server> server_;
  Client client_;
  Client worker_client_;
};

}  // namespace perdure::programs
