#pragma once
// The generated headers that cost seconds to parse, precompiled once for the rooms that need them. Never included by
// name: a room with HEAVY_API gets it from the build, and its files still include what they use.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
