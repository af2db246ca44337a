#pragma once
// Server reflection over bytes, both versions. gRPC's own holds a thread for each stream, cannot end its
// streams when the server stops, and would not understand requests that clients compress (wire_bytes.h).
#include <grpcpp/impl/service_type.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace perdure::server {

class ReflectionStream;

class ReflectionService {
 public:
  // `services`, besides this one, are listed.
  explicit ReflectionService(std::vector<std::string> services);

  // One for each version of the protocol, for a server builder.
  std::vector<grpc::Service*> versions() const;

  // Ends the streams, and those that still come. Thread-safe.
  void stop();

 private:
  friend class ReflectionStream;

  std::vector<std::string> services_;
  std::vector<std::unique_ptr<grpc::Service>> versions_;
  std::mutex mutex_;
  bool stopping_ = false;                // guarded by mutex_
  std::set<ReflectionStream*> streams_;  // guarded by mutex_
};

}  // namespace perdure::server
