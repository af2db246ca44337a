#pragma once
// The namespaces that this service has. For now there is one, made with the service.
#include <span>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace perdure::frontend {

struct NamespaceEntry {
  std::string_view name;
  std::string_view id;
  std::string_view description;
  Duration retention;
};

// kInvalidArgument for a name that is missing or too long, kNotFound (with Temporal's detail) for one that is
// not there.
Result<const NamespaceEntry*> find_namespace(std::string_view name);
Result<const NamespaceEntry*> find_namespace_by_id(std::string_view id);
std::span<const NamespaceEntry> all_namespaces();

}  // namespace perdure::frontend
