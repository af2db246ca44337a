#include "frontend/namespaces.h"

#include <fmt/format.h>

#include <string>

#include "api/convert.h"
#include "base/limits.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::frontend {
namespace {

constexpr NamespaceEntry kDefault{"default", "9f6f8e6a-6b7c-5d0a-9c52-6d2f0b1f3a10", "Default namespace.",
                                  limits::kRetentionDefault};

Status no_such_namespace(std::string_view name) {
  temporal::api::errordetails::v1::NamespaceNotFoundFailure detail;
  detail.set_namespace_(std::string(name));
  return api::with_detail(Code::kNotFound, fmt::format("Namespace {} is not found.", name), detail);
}

}  // namespace

Result<const NamespaceEntry*> find_namespace(std::string_view name) {
  if (name.empty()) {
    return invalid_argument("Namespace not set on request.");
  }
  if (name.size() > limits::kIdLength) {
    return invalid_argument("Namespace length exceeds limit.");
  }
  if (name != kDefault.name) {
    return no_such_namespace(name);
  }
  return &kDefault;
}

Result<const NamespaceEntry*> find_namespace_by_id(std::string_view id) {
  if (id != kDefault.id) {
    return no_such_namespace(id);
  }
  return &kDefault;
}

std::span<const NamespaceEntry> all_namespaces() { return {&kDefault, 1}; }

}  // namespace perdure::frontend
