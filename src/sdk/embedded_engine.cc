#include "sdk/embedded_engine.h"

#include <utility>

namespace perdure::sdk {

Result<std::unique_ptr<EmbeddedEngine>> EmbeddedEngine::open(const std::string& directory,
                                                             std::unique_ptr<EventLoop> loop) {
  auto engine = host::Engine::open(directory, std::move(loop));
  if (!engine.ok()) {
    return engine.status();
  }
  return std::make_unique<EmbeddedEngine>(std::move(engine).value());
}

EmbeddedEngine::EmbeddedEngine(std::unique_ptr<host::Engine> engine)
    : engine_(std::move(engine)), transport_(engine_->frontend()) {}

}  // namespace perdure::sdk
