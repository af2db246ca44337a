// Runs tests/transcripts/engine-*.txt. `test_engine --rewrite` writes what the engine does now into them:
// read the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "transcript.h"

namespace perdure::engine::testing {
namespace {

bool rewrite() {
  std::vector<std::string> arguments;
  for (const std::string& argument : ::testing::internal::GetArgvs()) {
    arguments.push_back(argument);
  }
  return std::find(arguments.begin(), arguments.end(), "--rewrite") != arguments.end();
}

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(PERDURE_TRANSCRIPTS)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("engine-") && name.ends_with(".txt")) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The file as it would be if every expectation were what happens now.
std::string replay(const std::string& file) {
  Transcript transcript;
  std::string result;
  std::istringstream lines(file);
  std::vector<std::string> commands;
  bool in_output = false;
  for (std::string line; std::getline(lines, line);) {
    if (in_output) {
      in_output = !line.empty();
      result += line.empty() ? "\n" : "";
      continue;
    }
    result += line + "\n";
    if (line == "----") {
      result += transcript.run(commands);
      commands.clear();
      in_output = true;
    } else if (!line.empty() && !line.starts_with("#")) {
      commands.push_back(line);
    }
  }
  EXPECT_TRUE(commands.empty()) << "commands without a ---- line: " << commands.front();
  return result;
}

class TranscriptTest : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(TranscriptTest, GivesWhatItShows) {
  std::ifstream in(GetParam());
  std::stringstream buffer;
  buffer << in.rdbuf();
  const std::string now = replay(buffer.str());
  if (rewrite()) {
    std::ofstream(GetParam()) << now;
    return;
  }
  EXPECT_EQ(buffer.str(), now) << "if the new output is right: test_engine --rewrite, then read the diff";
}

INSTANTIATE_TEST_SUITE_P(Engine, TranscriptTest, ::testing::ValuesIn(transcripts()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace perdure::engine::testing
