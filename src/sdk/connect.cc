#include <string_view>
#include <utility>

#include "client/connection.h"
#include "client/rpc_error.h"
#include "perdure/client.h"
#include "sdk/embedded_engine.h"

namespace perdure {
namespace {

constexpr std::string_view kFileScheme = "file:";

[[noreturn]] void refuse(const std::string& target) {
  if (target.empty()) {
    throw OptionsError("Client::connect needs a target, e.g. \"file:./state\"");
  }
  if (target.find("://") != std::string::npos) {
    throw OptionsError("Client::connect does not know the scheme of \"" + target +
                       "\"; this version knows \"file:DIRECTORY\"");
  }
  if (target.find(':') != std::string::npos) {
    throw OptionsError(
        "Client::connect cannot reach \"" + target +
        "\": connecting to a server comes with the next version; use \"file:DIRECTORY\", which runs the "
        "service inside this program");
  }
  throw OptionsError("Client::connect does not understand \"" + target + "\"; did you mean \"file:" + target +
                     "\"?");
}

}  // namespace

Client Client::connect(const std::string& target, ConnectOptions options) {
  if (!target.starts_with(kFileScheme)) {
    refuse(target);
  }
  const std::string directory = target.substr(kFileScheme.size());
  if (directory.empty()) {
    throw OptionsError("Client::connect(\"file:\") needs a directory, e.g. \"file:./state\"");
  }
  auto engine = sdk::EmbeddedEngine::open(directory);
  if (!engine.ok()) {
    throw RpcError(static_cast<RpcStatusCode>(engine.status().code()), engine.status().message());
  }
  return Client(std::make_shared<client::Connection>(std::move(engine).value(),
                                                     std::move(options.namespace_name),
                                                     std::move(options.identity), /*in_process=*/true));
}

}  // namespace perdure
