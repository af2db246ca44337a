// The C++ SDK on Perdure's own server, with certificates on both sides.
#include "server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/engine.h"
#include "perdure/perdure.h"
#include "storage/memory/memory_storage.h"
#include "tests/client_grpc/certificates.h"
#include "tests/sdk/fixture.h"

namespace client_grpc_test {

using namespace std::chrono_literals;

std::string shake_hands(std::string name) { return "Nice to meet you, " + name; }

class Meeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await perdure::workflow::execute_activity<shake_hands>(name,
                                                                        {.start_to_close_timeout = 10s});
  }
};

class OnOurServer : public testing::Test {
 protected:
  OnOurServer() : engine_(perdure::storage::open_memory_storage()) {
    std::string pattern = std::filesystem::temp_directory_path() / "perdure-tls-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~OnOurServer() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Returns the address.
  std::string serve(perdure::server::ServerOptions options) {
    options.address = "127.0.0.1:0";
    auto server = perdure::server::Server::start(engine_.frontend(), options);
    EXPECT_TRUE(server.ok()) << server.status().to_string();
    server_ = std::move(server).value();
    return server_->address();
  }
  std::string file(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }
  static std::string meet(const perdure::Client& client) {
    perdure::Worker worker(client, {.task_queue = "meetings",
                                    .workflows = perdure::workflows<Meeting>(),
                                    .activities = perdure::activities<shake_hands>()});
    worker.start();
    return client.execute_workflow<Meeting>("you", {.id = "meeting", .task_queue = "meetings"});
  }

  perdure::host::Engine engine_;
  std::filesystem::path directory_;
  std::unique_ptr<perdure::server::Server> server_;
};

TEST_F(OnOurServer, AWorkflowRunsToItsResult) {
  EXPECT_EQ(meet(perdure::Client::connect(serve({}))), "Nice to meet you, you");
}

TEST_F(OnOurServer, AWorkflowRunsToItsResultWithCompressedRequests) {
  EXPECT_EQ(meet(perdure::Client::connect(serve({}), {.gzip = true})), "Nice to meet you, you");
}

TEST_F(OnOurServer, CertificatesAreShownAndCheckedOnBothSides) {
  Authority authority("an authority");
  const Certificate server = authority.issue("perdure.test");
  const std::string address = serve({.tls = {.certificate = file("server.pem", server.certificate),
                                             .key = file("server.key", server.key),
                                             .client_ca = file("ca.pem", authority.certificate())}});
  const Certificate me = authority.issue("me");
  perdure::TlsOptions tls{.server_root_ca_cert = authority.certificate(),
                          .domain = "perdure.test",
                          .client_cert = me.certificate,
                          .client_private_key = me.key};
  EXPECT_EQ(meet(perdure::Client::connect(address, {.tls = tls})), "Nice to meet you, you");

  const Certificate stranger = Authority("a stranger").issue("me");
  tls.client_cert = stranger.certificate;
  tls.client_private_key = stranger.key;
  EXPECT_TRUE(
      sdk_test::error_of<perdure::RpcError>([&] { perdure::Client::connect(address, {.tls = tls}); }));
}

}  // namespace client_grpc_test
