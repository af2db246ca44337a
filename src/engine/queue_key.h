#pragma once
// The opaque name under which items wait for a poller: kind, namespace and task queue, e.g.
// "w/default/orders".
#include <string>
#include <string_view>

namespace perdure::engine {

enum class TaskKind { kWorkflow, kActivity };

// Sticky queues are ordinary queues with a name of their own.
inline std::string queue_key(TaskKind kind, std::string_view namespace_name, std::string_view task_queue) {
  std::string key(kind == TaskKind::kWorkflow ? "w/" : "a/");
  key.append(namespace_name).append("/").append(task_queue);
  return key;
}

}  // namespace perdure::engine
