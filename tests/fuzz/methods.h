#pragma once
// Every method of the services that the server offers, from their descriptors, with how often it is tried.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace perdure::fuzz {

struct Method {
  std::string name;
  const google::protobuf::Message* request = nullptr;  // prototypes
  const google::protobuf::Message* response = nullptr;
  int weight = 1;
  bool may_wait = false;  // a long poll: not answered at once
};

class Methods {
 public:
  Methods();

  const std::vector<Method>& all() const { return all_; }
  const Method* find(std::string_view name) const;
  // Those that reach live state come up more often than those that are only refused.
  std::size_t pick(Random& random) const;

 private:
  std::vector<Method> all_;
  std::uint64_t total_weight_ = 0;
};

}  // namespace perdure::fuzz
