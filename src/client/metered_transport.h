#pragma once
// A transport that counts and times its calls.
#include <memory>
#include <string>

#include "client/transport.h"
#include "perdure/metrics.h"

namespace perdure::client {

class Pacer;

// `pacer`, which outlives it, is the clock.
std::unique_ptr<Transport> make_metered_transport(std::unique_ptr<Transport> transport,
                                                  std::shared_ptr<MetricsSink> metrics, Pacer& pacer,
                                                  std::string namespace_name);

}  // namespace perdure::client
