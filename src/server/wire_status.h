#pragma once
// A Status as it goes over the wire.
#include <string>

#include "base/status.h"

namespace perdure::server {

struct WireStatus {
  int code = 0;         // gRPC's
  std::string message;  // at most limits::kStatusMessage bytes, whole UTF-8 sequences
  std::string details;  // a serialised google.rpc.Status, or empty if there is no detail
};

// Clients refuse answers whose headers take more than 16 KiB, so the two together stay below it: first the
// message gives way, then the detail.
WireStatus to_wire(const Status& status);

}  // namespace perdure::server
