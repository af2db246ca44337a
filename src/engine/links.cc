#include "engine/links.h"

namespace perdure::engine {

namespace {

using temporal::api::common::v1::Link;

Link link_to(const std::string& namespace_name, const std::string& workflow_id, const std::string& run_id) {
  Link link;
  auto* event = link.mutable_workflow_event();
  event->set_namespace_(namespace_name);
  event->set_workflow_id(workflow_id);
  event->set_run_id(run_id);
  return link;
}

}  // namespace

Link started_link(const std::string& namespace_name, const std::string& workflow_id,
                  const std::string& run_id) {
  Link link = link_to(namespace_name, workflow_id, run_id);
  auto* reference = link.mutable_workflow_event()->mutable_event_ref();
  reference->set_event_id(1);
  reference->set_event_type(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
  return link;
}

Link request_link(const std::string& namespace_name, const std::string& workflow_id,
                  const std::string& run_id, const std::string& request_id,
                  temporal::api::enums::v1::EventType type) {
  Link link = link_to(namespace_name, workflow_id, run_id);
  auto* reference = link.mutable_workflow_event()->mutable_request_id_ref();
  reference->set_request_id(request_id);
  reference->set_event_type(type);
  return link;
}

}  // namespace perdure::engine
