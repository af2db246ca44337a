// Client::connect to a server: options, TLS, keys, and what is said when it does not work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "perdure/perdure.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "tests/client_grpc/certificates.h"
#include "tests/client_grpc/test_server.h"
#include "tests/sdk/fixture.h"

namespace client_grpc_test {
namespace {

using perdure::Client;
using perdure::ConnectOptions;
using perdure::OptionsError;
using perdure::RpcError;
using sdk_test::error_of;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

std::shared_ptr<grpc::ServerCredentials> tls(const Certificate& certificate,
                                             const std::string& client_ca = "") {
  grpc::SslServerCredentialsOptions options(client_ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = client_ca;
  options.pem_key_cert_pairs.push_back({certificate.key, certificate.certificate});
  return grpc::SslServerCredentials(options);
}

class ConnectTest : public testing::Test {
 protected:
  // A server that knows nothing but remembers the last call.
  std::unique_ptr<TestServer> serve(
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    return std::make_unique<TestServer>(
        [this](const std::shared_ptr<ServedCall>& call) {
          {
            const std::lock_guard lock(mutex_);
            ++calls_;
            method_ = call->method();
            metadata_ = call->metadata();
          }
          call->answer(grpc::Status::OK, "");
        },
        std::move(credentials));
  }
  std::string refused(const std::string& target, ConnectOptions options) {
    const auto error = error_of<OptionsError>([&] { Client::connect(target, options); });
    return error ? error->what() : "no error";
  }

  std::mutex mutex_;
  int calls_ = 0;
  std::string method_;
  std::map<std::string, std::string> metadata_;
};

TEST_F(ConnectTest, AsksTheServerWhatItIsAndSaysWhoItIs) {
  const auto server = serve();
  Client::connect(server->address(), {.namespace_name = "shop", .rpc_metadata = {{"x-tenant", "7"}}});
  EXPECT_EQ(method_, "GetSystemInfo");
  EXPECT_THAT(metadata_, Contains(Pair("client-name", "perdure-cpp")));
  EXPECT_THAT(metadata_, Contains(Pair("client-version", "0.1.0")));
  EXPECT_THAT(metadata_, Contains(Pair("temporal-namespace", "shop")));
  EXPECT_THAT(metadata_, Contains(Pair("x-tenant", "7")));
  EXPECT_THAT(metadata_, Not(Contains(Key("authorization"))));
}

TEST_F(ConnectTest, AServerThatIsNotThereIsNamed) {
  auto server = serve();
  const std::string address = server->address();
  server.reset();
  const auto error = error_of<RpcError>([&] { Client::connect(address); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), perdure::RpcStatusCode::kUnavailable);
  EXPECT_THAT(error->what(), HasSubstr("no server answers at " + address));
}

TEST_F(ConnectTest, ALazyClientSendsNothingUntilItIsUsed) {
  auto server = serve();
  const Client client = Client::connect(server->address(), {.lazy = true});
  EXPECT_EQ(calls_, 0);
  client.get_workflow_handle_by_name("w").terminate();
  EXPECT_EQ(method_, "TerminateWorkflowExecution");
}

TEST_F(ConnectTest, TlsChecksTheServersName) {
  Authority authority("an authority");
  const auto server = serve(tls(authority.issue("perdure.test")));
  const perdure::TlsOptions trusting{.server_root_ca_cert = authority.certificate(),
                                     .domain = "perdure.test"};
  Client::connect(server->address(), {.tls = trusting});
  EXPECT_EQ(calls_, 1);

  perdure::TlsOptions another = trusting;
  another.domain = "another.test";
  EXPECT_TRUE(error_of<RpcError>([&] { Client::connect(server->address(), {.tls = another}); }));
  perdure::TlsOptions stranger = trusting;
  stranger.server_root_ca_cert = Authority("a stranger").certificate();
  EXPECT_TRUE(error_of<RpcError>([&] { Client::connect(server->address(), {.tls = stranger}); }));
  const auto without = error_of<RpcError>([&] { Client::connect(server->address()); });
  ASSERT_TRUE(without);
  EXPECT_THAT(without->what(), HasSubstr("(without TLS)"));
  EXPECT_EQ(calls_, 1);
}

TEST_F(ConnectTest, MutualTlsShowsTheClientsCertificate) {
  Authority authority("an authority");
  Authority clients("an authority of clients");
  const auto server = serve(tls(authority.issue("perdure.test"), clients.certificate()));
  const Certificate me = clients.issue("me");
  perdure::TlsOptions options{.server_root_ca_cert = authority.certificate(),
                              .domain = "perdure.test",
                              .client_cert = me.certificate,
                              .client_private_key = me.key};
  Client::connect(server->address(), {.tls = options});
  EXPECT_EQ(calls_, 1);

  options.client_cert.clear();
  options.client_private_key.clear();
  const auto error = error_of<RpcError>([&] { Client::connect(server->address(), {.tls = options}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("(with TLS)"));
  EXPECT_EQ(calls_, 1);
}

TEST_F(ConnectTest, AnApiKeyIsABearerTokenAndTurnsTlsOn) {
  Authority authority("an authority");
  const auto secure = serve(tls(authority.issue("perdure.test")));
  Client::connect(
      secure->address(),
      {.tls = perdure::TlsOptions{.server_root_ca_cert = authority.certificate(), .domain = "perdure.test"},
       .api_key = "secret"});
  EXPECT_THAT(metadata_, Contains(Pair("authorization", "Bearer secret")));
  const auto plain = serve();
  Client::connect(plain->address(), {.tls = false, .api_key = "other"});
  EXPECT_THAT(metadata_, Contains(Pair("authorization", "Bearer other")));
  const auto error = error_of<RpcError>([&] { Client::connect(plain->address(), {.api_key = "other"}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("(with TLS)"));
}

TEST_F(ConnectTest, OptionsThatCannotWorkAreRefusedBeforeAnythingIsSent) {
  const std::string target = "127.0.0.1:1";
  EXPECT_THAT(refused(target, {.tls = perdure::TlsOptions{.server_root_ca_cert = "ca.pem"}}),
              HasSubstr("the contents of the file, not its name"));
  EXPECT_THAT(refused(target, {.tls = perdure::TlsOptions{.client_cert = "-----BEGIN CERTIFICATE-----"}}),
              HasSubstr("need each other"));
  EXPECT_THAT(refused(target, {.api_key = "secret\n"}), HasSubstr("line break"));
  EXPECT_THAT(refused(target, {.rpc_metadata = {{"X-Tenant", "7"}}}),
              HasSubstr("\"X-Tenant\" cannot be the name"));
  EXPECT_THAT(refused(target, {.rpc_metadata = {{"grpc-timeout", "1S"}}}), HasSubstr("grpc-timeout"));
  EXPECT_THAT(refused(target, {.rpc_metadata = {{"name", "K\xc3\xa4the"}}}), HasSubstr("\"name-bin\""));
  EXPECT_THAT(refused(target, {.keep_alive = perdure::KeepAliveOptions{.interval = {}}}),
              HasSubstr("keep_alive"));
}

TEST_F(ConnectTest, TargetsThatCannotBeAreRefused) {
  for (const char* target :
       {"host:", "host:x", "host:0", "host:65536", ":7233", "::1:7233", "a b:1", "a/b:1"}) {
    EXPECT_THAT(refused(target, {}), HasSubstr("does not understand")) << target;
  }
  EXPECT_THAT(refused("http://localhost:7233", {}), HasSubstr("scheme"));
  EXPECT_THAT(refused("localhost", {}), HasSubstr("\"localhost:7233\""));
}

}  // namespace
}  // namespace client_grpc_test
