#pragma once
// grpc.reflection.v1 and v1alpha, whose messages are the same: one request's bytes in, its answer's bytes
// out. For tools that learn from the server itself what it serves.
#include <string>
#include <vector>

namespace perdure::server {

// `services` are those that are listed. A request that is no message gets an error as its answer.
std::string answer_reflection(const std::string& request, const std::vector<std::string>& services);

}  // namespace perdure::server
