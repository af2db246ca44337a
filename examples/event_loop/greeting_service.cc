#include "greeting_service.h"

#include "asio_executor.h"

namespace event_loop {
namespace {

asio::awaitable<std::string> read_line(tcp::socket& socket, std::string& buffer) {
  const std::size_t length =
      co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), '\n', asio::use_awaitable);
  std::string line = buffer.substr(0, length - 1);
  buffer.erase(0, length);
  co_return line;
}

asio::awaitable<void> write_line(tcp::socket& socket, std::string line) {
  line += '\n';
  co_await asio::async_write(socket, asio::buffer(line), asio::use_awaitable);
}

}  // namespace

asio::awaitable<std::string> Dictionary::ask(std::string word) {
  tcp::socket socket(io_);
  co_await socket.async_connect(server_, asio::use_awaitable);
  co_await write_line(socket, word);
  std::string buffer;
  co_return co_await read_line(socket, buffer);
}

GreetingService::GreetingService(asio::io_context& io, const perdure::Client& client,
                                 const tcp::endpoint& address)
    : client_(client), acceptor_(io, address) {
  asio::co_spawn(io, accept(), asio::detached);
}

asio::awaitable<void> GreetingService::accept() {
  while (acceptor_.is_open()) {
    tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

// [serve]
asio::awaitable<void> GreetingService::serve(tcp::socket socket) {
  std::string buffer;
  while (true) {  // until the caller hangs up, which throws
    const std::string name = co_await read_line(socket, buffer);
    const std::string greeting = co_await answer_of(client_.execute_workflow<Greeting>(
        name, {.id = "greeting-" + name,
               .task_queue = "greetings",
               .id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting}));
    co_await write_line(socket, greeting);
  }
}
// [serve]

}  // namespace event_loop
