#pragma once
// Updates as the runtime passes them on, and those who wait for them: in the Loop, from the call to its
// answer.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/engine.h"
#include "temporal/api/update/v1/message.pb.h"

namespace perdure::runtime {

struct UpdateAnswer {
  RunId run_id;
  engine::UpdateStage stage{};
  // With kCompleted.
  std::optional<temporal::api::update::v1::Outcome> outcome{};
};

struct WaitingUpdate {
  std::uint64_t id = 0;
  ExecutionId execution;
  std::string update_id;
  engine::UpdateStage stage{};  // waited for; kUnknown and kAdmitted: the answer is what is known at once
  Timestamp deadline;           // as patience_time()
  std::function<void(Result<UpdateAnswer>)> reply;
};

}  // namespace perdure::runtime
