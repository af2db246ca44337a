#pragma once
// One RPC, as its descriptor tells it.
#include <google/protobuf/message.h>

#include <string>

#include "server/metrics.h"

namespace perdure::server {

class ExtraService;

struct Method {
  std::string name;  // "StartWorkflowExecution"
  std::string path;  // "/temporal.api.workflowservice.v1.WorkflowService/StartWorkflowExecution"
  const google::protobuf::Message* request = nullptr;  // prototypes
  const google::protobuf::Message* response = nullptr;
  ExtraService* service = nullptr;  // whose method it is; null: the frontend's
  mutable MethodCounters counters;
  bool may_wait = false;    // a long poll
  bool empty_ends = false;  // an empty answer tells the client to poll again
};

}  // namespace perdure::server
