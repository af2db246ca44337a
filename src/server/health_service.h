#pragma once
// grpc.health.v1, over bytes: gRPC's own would not understand requests that clients compress, because
// decompression is ours (wire_bytes.h).
#include <grpcpp/impl/service_type.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace perdure::server {

class HealthWatch;

class HealthService final : public grpc::Service {
 public:
  // `services` are served until stop(); "" stands for the whole server.
  explicit HealthService(std::set<std::string> services);

  // Not serving any more, and tells those that watch. Thread-safe.
  void stop();

 private:
  friend class HealthWatch;

  int status_of(const std::string& service) const;  // grpc.health.v1's enum

  const std::set<std::string> services_;
  mutable std::mutex mutex_;
  bool serving_ = true;             // guarded by mutex_
  std::set<HealthWatch*> watches_;  // guarded by mutex_
};

}  // namespace perdure::server
