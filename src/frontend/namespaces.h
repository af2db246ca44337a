#pragma once
// The namespaces that this service has: `default`, which is there from the start, and those that were
// registered. What is stored of one is Temporal's own description of it.
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::frontend {

using NamespaceDescription = temporal::api::workflowservice::v1::DescribeNamespaceResponse;
using NamespacePointer = std::shared_ptr<const NamespaceDescription>;

// Thread-safe.
class Namespaces {
 public:
  // `records`: those of the store (storage::StoreInfo).
  explicit Namespaces(const std::map<std::string, std::string>& records);

  // kInvalidArgument for a name that is missing or too long, kNotFound (with Temporal's detail) for one that
  // is not there, kDataLoss for one that is there and cannot be read.
  Result<NamespacePointer> find(std::string_view name) const;
  Result<NamespacePointer> find_by_id(std::string_view id) const;
  // By name.
  std::vector<NamespacePointer> all() const;

  // Adds or replaces one that is durable already.
  void put(NamespaceDescription description);

  // Under which the store keeps a namespace.
  static std::string record_key(std::string_view name);
  static std::string record_of(const NamespaceDescription& description);

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, NamespacePointer, std::less<>> by_name_;  // null: its record cannot be read
};

// What is the same for all of them: capabilities, limits, the one cluster.
void complete_description(NamespaceDescription* description);

}  // namespace perdure::frontend
