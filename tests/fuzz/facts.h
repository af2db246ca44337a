#pragma once
// What a request says about namespace, run and tokens, whatever its type is.
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace perdure::fuzz {

struct RequestFacts {
  bool parsed = false;
  std::string namespace_name;
  std::string task_token;
  std::string page_token;
  std::string workflow_id;
  std::string run_id;
};

RequestFacts facts_of(const google::protobuf::Message& request);

bool is_utf8(std::string_view text);

}  // namespace perdure::fuzz
