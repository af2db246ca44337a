// The tests of the example: callers and the dictionary are on the same io_context as the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <thread>

#include "asio_executor.h"
#include "greeting_service.h"

namespace event_loop {
namespace {

using namespace std::chrono_literals;

const tcp::endpoint kAnyPort(asio::ip::make_address("127.0.0.1"), 0);

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "perdure-event-loop-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~EventLoopTest() override { std::filesystem::remove_all(directory_); }

  // A dictionary that hangs up on the first `failures` callers.
  asio::awaitable<void> run_dictionary(int failures) {
    while (true) {
      tcp::socket socket = co_await dictionary_server_.async_accept(asio::use_awaitable);
      if (failures-- > 0) {
        continue;
      }
      std::string word;
      co_await asio::async_read_until(socket, asio::dynamic_buffer(word), '\n', asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer("Bonjour\n", 8), asio::use_awaitable);
    }
  }
  asio::awaitable<std::string> greet(tcp::endpoint service, std::string name) {
    tcp::socket socket(io_);
    co_await socket.async_connect(service, asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(name + "\n"), asio::use_awaitable);
    std::string greeting;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(greeting), '\n', asio::use_awaitable);
    co_return greeting;
  }
  // What the service says to each name, all of which come at once. Then it stops, and the loop ends.
  std::multiset<std::string> greetings(const std::vector<std::string>& names) {
    const auto client = perdure::Client::connect("file:" + directory_.string(),
                                                 {.executor = std::make_shared<AsioExecutor>(io_)});
    Dictionary dictionary(io_, dictionary_server_.local_endpoint());
    perdure::Worker worker(client, {.task_queue = "greetings",
                                    .workflows = perdure::workflows<Greeting>(),
                                    .activities = perdure::activities<&Dictionary::translate>(dictionary)});
    worker.start();
    GreetingService service(io_, client, kAnyPort);
    std::multiset<std::string> said;
    for (const std::string& name : names) {
      asio::co_spawn(io_, greet(service.address(), name), [&](std::exception_ptr, std::string greeting) {
        said.insert(greeting);
        if (said.size() == names.size()) {
          service.stop();
          worker.async_stop().then([&](const auto&) { io_.stop(); });
        }
      });
    }
    io_.run_for(30s);
    threads_ = threads_of_this_process();
    return said;
  }

  asio::io_context io_;
  tcp::acceptor dictionary_server_{io_, kAnyPort};
  std::filesystem::path directory_;
  std::size_t threads_ = 0;
};

TEST_F(EventLoopTest, GreetsManyCallersOnOneThread) {
  asio::co_spawn(io_, run_dictionary(0), asio::detached);
  const std::size_t threads = threads_of_this_process();
  EXPECT_THAT(greetings({"Ada", "Alan", "Grace"}),
              testing::ElementsAre("Bonjour, Ada!\n", "Bonjour, Alan!\n", "Bonjour, Grace!\n"));
  EXPECT_EQ(threads_, threads);
}

TEST_F(EventLoopTest, ADictionaryThatFailsIsAskedAgain) {
  asio::co_spawn(io_, run_dictionary(2), asio::detached);
  EXPECT_THAT(greetings({"Ada"}), testing::ElementsAre("Bonjour, Ada!\n"));
}

}  // namespace
}  // namespace event_loop
