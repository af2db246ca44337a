// perdure-event_loop [TARGET [PORT]]: greets who sends a name to 127.0.0.1:PORT, until Ctrl-C. One thread.
#include <filesystem>
#include <iostream>

#include "asio_executor.h"
#include "greeting_service.h"

namespace {

using asio::ip::tcp;
using event_loop::AsioExecutor;
using event_loop::Dictionary;
using event_loop::Greeting;
using event_loop::GreetingService;

// The dictionary, which would be another program.
asio::awaitable<void> answer(tcp::socket socket) {
  std::string word;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(word), '\n', asio::use_awaitable);
  const std::string translation = word == "hello\n" ? "Bonjour\n" : "Pardon\n";
  co_await asio::async_write(socket, asio::buffer(translation), asio::use_awaitable);
}
asio::awaitable<void> run_dictionary(tcp::acceptor& acceptor) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), answer(std::move(socket)), asio::detached);
  }
}

}  // namespace

// [main]
int main(int argc, char** argv) try {
  const std::string target = argc > 1 ? argv[1] : "file:./state";
  const auto port = static_cast<unsigned short>(argc > 2 ? std::stoi(argv[2]) : 7000);
  const asio::ip::address here = asio::ip::make_address("127.0.0.1");
  asio::io_context io;
  tcp::acceptor dictionary_server(io, {here, 0});
  asio::co_spawn(io, run_dictionary(dictionary_server), asio::detached);

  const auto client = perdure::Client::connect(target, {.executor = std::make_shared<AsioExecutor>(io)});
  Dictionary dictionary(io, dictionary_server.local_endpoint());
  perdure::Worker worker(client, {.task_queue = "greetings",
                                  .workflows = perdure::workflows<Greeting>(),
                                  .activities = perdure::activities<&Dictionary::translate>(dictionary)});
  worker.start();
  GreetingService service(io, client, {here, port});

  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const asio::error_code&, int) {
    service.stop();
    worker.async_stop().then([&](const auto&) { io.stop(); });
  });
  std::cout << "listening on port " << service.address().port() << std::endl;
  io.run();
} catch (const std::exception& error) {
  std::cerr << "perdure-event_loop: " << error.what() << "\n";
  return 1;
}
// [main]
