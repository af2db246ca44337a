#pragma once
// What earlier answers told: run ids and tokens, so that later requests reach live state. And what the
// oracles need to know of them: which tokens were ever handed out, and for which run.
#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::fuzz {

enum class TokenKind { kWorkflowTask, kActivityTask, kPage };

struct IssuedToken {
  TokenKind kind{};
  std::string workflow_id;
  std::set<std::string> run_ids;  // it is of one of these; empty: not known
};

class Pool {
 public:
  void learn(const google::protobuf::Message& response);
  // The page token of a history whose run is one of these.
  void add_page_token(const std::string& token, const std::string& workflow_id,
                      const std::set<std::string>& run_ids);

  // Null: never handed out.
  const IssuedToken* find_token(const std::string& token) const;

  // Mostly one that was not used yet; empty if there is none.
  std::string token(TokenKind kind, Random& random);
  std::string run_id(Random& random) const;  // empty if there is none
  std::int64_t event_id(Random& random) const;
  std::string last_token(TokenKind kind) const;
  std::string last_run_id() const;

 private:
  void add_token(TokenKind kind, const std::string& token,
                 const temporal::api::common::v1::WorkflowExecution& run);
  void learn_events(const temporal::api::history::v1::History& history);
  void add_run_id(const std::string& run_id);

  std::map<std::string, IssuedToken> issued_;
  std::map<TokenKind, std::vector<std::string>> tokens_;
  std::map<TokenKind, std::vector<std::string>> unused_;
  std::vector<std::string> run_ids_;
  std::vector<std::int64_t> event_ids_;
};

}  // namespace perdure::fuzz
