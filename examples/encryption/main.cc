#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "codecs.h"
#include "patient.h"

namespace encryption {

namespace {

// [converter]
perdure::DataConverter converter(const std::string& key) {
  const std::vector<std::shared_ptr<perdure::PayloadCodec>> codecs = {
      std::make_shared<ZstdCodec>(),
      std::make_shared<EncryptionCodec>("key-2026", std::map<std::string, std::string>{{"key-2026", key}})};
  return {.payload_codec = std::make_shared<perdure::PayloadCodecChain>(codecs),
          .encode_common_attributes = true};
}
// [converter]

int run(const std::string& target, const std::string& key) {
  // [connect]
  const auto client = perdure::Client::connect(target, {.data_converter = converter(key)});
  // [connect]
  perdure::Worker worker(client, {.task_queue = "encryption",
                                  .workflows = perdure::workflows<Examination>(),
                                  .activities = perdure::activities<file_report>()});
  worker.start();
  const auto handle =
      client.start_workflow<Examination>("Ada", {.id = "examination", .task_queue = "encryption"});
  std::cout << "this program reads: " << handle.result() << '\n';
  const bool readable = handle.fetch_history().find("Ada") != std::string::npos;
  std::cout << "the service reads: " << (readable ? "all of it" : "binary/encrypted") << '\n';
  return readable ? 1 : 0;
}

}  // namespace
}  // namespace encryption

int main(int argc, char** argv) {
  const char* key = std::getenv("ENCRYPTION_KEY");
  if (argc != 2 || key == nullptr) {
    std::cerr << "usage: ENCRYPTION_KEY=32-bytes perdure-encryption TARGET, e.g. file:./state\n";
    return 2;
  }
  try {
    return encryption::run(argv[1], key);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
