#pragma once
// The bodies of what crosses between a worker and its activity processes (process_channel.h).
#include <string>

#include "perdure/activity.h"
#include "perdure/logger.h"
#include "perdure/payload.h"

namespace perdure::worker {

struct RunRequest {
  std::string process;  // ActivityDefinition::process
  activity::Info info;
  Payloads arguments;
};

std::string encode(const RunRequest& request);
std::string encode(const Payloads& payloads);
std::string encode(const Payload& payload);
std::string encode(const LogRecord& record);

// These take what the functions above made; anything else gives empty values.
RunRequest decode_run_request(const std::string& bytes);
Payloads decode_payloads(const std::string& bytes);
Payload decode_payload(const std::string& bytes);
LogRecord decode_log_record(const std::string& bytes);

}  // namespace perdure::worker
