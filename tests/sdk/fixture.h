#pragma once
// The whole of Perdure in this process, on a state directory of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "perdure/perdure.h"

namespace sdk_test {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

inline constexpr const char* kQueue = "test-queue";

class SdkTest : public testing::Test {
 protected:
  SdkTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "perdure-sdk-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~SdkTest() override {
    client_.reset();
    std::filesystem::remove_all(directory_);
  }

  const perdure::Client& client() {
    if (!client_) {
      client_ = perdure::Client::connect("file:" + directory_.string());
    }
    return *client_;
  }
  // Everything of this process lets go of the state directory, if no worker or handle holds it.
  void disconnect() { client_.reset(); }

  // A running worker on kQueue.
  std::unique_ptr<perdure::Worker> worker(perdure::WorkerOptions options) {
    options.task_queue = kQueue;
    auto worker = std::make_unique<perdure::Worker>(client(), std::move(options));
    worker->start();
    return worker;
  }

  // Asks again and again, up to 30 s: for what no call waits for.
  static bool eventually(const std::function<bool()>& holds) {
    const auto give_up_at = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < give_up_at) {
      if (holds()) {
        return true;
      }
    }
    return false;
  }

  std::filesystem::path directory_;
  std::optional<perdure::Client> client_;
};

// The error that `call` throws, as an E.
template <class E>
std::optional<E> error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return error;
  }
  return std::nullopt;
}

// What a failed workflow's result() throws has a chain of causes; E is the type expected at `depth`.
template <class E>
const E* cause_at(const perdure::WorkflowFailureError& error, int depth) {
  std::shared_ptr<const perdure::FailureError> cause = error.cause();
  for (; depth > 0 && cause; --depth) {
    cause = cause->cause();
  }
  return dynamic_cast<const E*>(cause.get());  // kept alive by the chain that `error` holds
}

}  // namespace sdk_test
