#pragma once
// A service with one thread: it greets whoever sends a name over TCP. Each greeting is a workflow; the word
// for it comes from a dictionary, another service, which an activity asks without blocking.
#include <perdure/perdure.h>

#include <asio.hpp>
#include <string>

namespace event_loop {

using asio::ip::tcp;

// [activity]
// Talks to a server that answers each line with a line.
class Dictionary {
 public:
  // Both outlive it, or are copied: `io` and the server's address.
  Dictionary(asio::io_context& io, tcp::endpoint server) : io_(io), server_(std::move(server)) {}

  // An activity that is a coroutine: it waits for the io_context, on its thread.
  perdure::Task<std::string> translate(std::string word) {
    const perdure::AsyncPromise<std::string> translation;
    asio::co_spawn(io_, ask(word), [translation](std::exception_ptr error, std::string line) {
      if (error) {
        translation.set_exception(error);  // the attempt fails, and another one follows
      } else {
        translation.set_value(std::move(line));
      }
    });
    co_return co_await translation.get_async();
  }

 private:
  asio::awaitable<std::string> ask(std::string word);

  asio::io_context& io_;
  const tcp::endpoint server_;
};
// [activity]

// [workflow]
class Greeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    using namespace std::chrono_literals;
    const std::string hello = co_await perdure::workflow::execute_activity<&Dictionary::translate>(
        "hello",
        {.start_to_close_timeout = 5s, .retry_policy = perdure::RetryPolicy{.initial_interval = 100ms}});
    co_return hello + ", " + name + "!";
  }
};
// [workflow]

// Listens; each line that comes is a name, and is answered by a line.
class GreetingService {
 public:
  GreetingService(asio::io_context& io, const perdure::Client& client, const tcp::endpoint& address);

  tcp::endpoint address() const { return acceptor_.local_endpoint(); }
  // Accepts nobody any more.
  void stop() { acceptor_.close(); }

 private:
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(tcp::socket socket);

  const perdure::AsyncClient client_;
  tcp::acceptor acceptor_;
};

}  // namespace event_loop
