#include "tests/fuzz/replay.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "tests/fuzz/methods.h"
#include "tests/fuzz/pool.h"
#include "tests/fuzz/target.h"

namespace perdure::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string stands_for(const std::string& value, const Pool& pool) {
  if (value == "@workflow_task") {
    return pool.last_token(TokenKind::kWorkflowTask);
  }
  if (value == "@activity_task") {
    return pool.last_token(TokenKind::kActivityTask);
  }
  if (value == "@page") {
    return pool.last_token(TokenKind::kPage);
  }
  return value == "@run" ? pool.last_run_id() : value;
}

// Requests name tokens and runs at most one message deep.
void resolve(Message* message, const Pool& pool, int depth) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      continue;
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection->SetString(message, field, stands_for(reflection->GetString(*message, field), pool));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth > 0) {
      resolve(reflection->MutableMessage(message, field), pool, depth - 1);
    }
  }
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

class Replay {
 public:
  // Empty: nothing was found.
  std::string run(std::istream& steps) {
    std::string line;
    for (int number = 1; std::getline(steps, line); ++number) {
      std::string problem = line.empty() || line[0] == '#' ? std::string() : step(line);
      if (problem.empty() && report_.violation()) {
        problem = report_.violation()->invariant + ": " + report_.violation()->detail;
      }
      if (!problem.empty()) {
        return fmt::format("line {}: {}", number, problem);
      }
    }
    target_.set_full(false);
    target_.step();
    target_.compare("at the end");
    target_.restart();
    target_.compare("after a restart");
    target_.stop();
    return report_.violation() ? report_.violation()->invariant + ": " + report_.violation()->detail
                               : std::string();
  }

 private:
  std::string step(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string method;
    words >> verb >> method;
    if (verb == "advance") {
      target_.advance(std::chrono::milliseconds(std::stoll(method)));
    } else if (verb == "restart") {
      target_.restart();
    } else if (verb == "full" || verb == "space") {
      target_.set_full(verb == "full");
    } else if (verb == "call" || verb == "bytes") {
      std::string rest;
      std::getline(words >> std::ws, rest);
      return call(method, rest, verb == "bytes");
    } else {
      return "no such step: " + verb;
    }
    return {};
  }

  std::string call(std::string name, const std::string& request, bool is_hex) {
    const bool in_process = name.ends_with('!');
    if (in_process) {
      name.pop_back();
    }
    const Method* method = methods_.find(name);
    if (method == nullptr) {
      return "no such method: " + name;
    }
    std::string bytes = is_hex ? from_hex(request) : std::string();
    if (!is_hex) {
      std::unique_ptr<Message> message(method->request->New());
      if (!google::protobuf::TextFormat::ParseFromString(request, message.get())) {
        return "not a request of " + name;
      }
      resolve(message.get(), pool_, 1);
      bytes = message->SerializePartialAsString();
    }
    target_.send(*method, bytes, {.timeout = std::chrono::seconds(70), .in_process = in_process});
    target_.step();
    return {};
  }

  sim::Report report_{/*verbose=*/false};
  Pool pool_;
  Methods methods_;
  Target target_{1, report_, pool_};
};

}  // namespace

bool replay_corpus(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  bool clean = true;
  for (const auto& file : files) {
    std::ifstream steps(file);
    const std::string problem = Replay().run(steps);
    if (!problem.empty()) {
      fmt::print("FOUND AGAIN {}: {}\n", file.filename().string(), problem);
      clean = false;
    }
  }
  fmt::print("{} past findings replayed\n", files.size());
  return clean;
}

}  // namespace perdure::fuzz
