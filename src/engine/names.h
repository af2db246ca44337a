#pragma once
// Short names for the wire's namespaces inside the engine, and Temporal's spelling of its enums in texts.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <string>

#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/command_type.pb.h"
#include "temporal/api/enums/v1/common.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "temporal/api/taskqueue/v1/message.pb.h"

namespace perdure::engine {

namespace command = temporal::api::command::v1;
namespace common = temporal::api::common::v1;
namespace enums = temporal::api::enums::v1;
namespace failure = temporal::api::failure::v1;
namespace history = temporal::api::history::v1;
namespace taskqueue = temporal::api::taskqueue::v1;

// "TIMEOUT_TYPE_START_TO_CLOSE" → "StartToClose": what Go's String() gives, and so what Temporal's texts
// contain.
std::string short_name(const google::protobuf::EnumDescriptor* type, int value);

template <class Enum>
std::string short_name(Enum value) {
  return short_name(google::protobuf::GetEnumDescriptor<Enum>(), value);
}

// As the author of events, where no worker or client is: Temporal's own name.
inline constexpr const char* kHistoryService = "history-service";

}  // namespace perdure::engine
