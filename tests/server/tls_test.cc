// TLS and client certificates.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/client_grpc/certificates.h"
#include "tests/server/fixture.h"
#include "tests/storage/temporary_directory.h"

namespace perdure::server::testing {
namespace {

using client_grpc_test::Authority;
using client_grpc_test::Certificate;

class Tls : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = directory_.file(name);
    std::ofstream(path) << text;
    return path;
  }

  // Of a server for "localhost".
  TlsFiles files() { return {write("cert.pem", own_.certificate), write("key.pem", own_.key), ""}; }

  grpc::Status call_with(const Served& served, const grpc::SslCredentialsOptions& options) {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    auto channel =
        grpc::CreateCustomChannel(served.server->address(), grpc::SslCredentials(options), arguments);
    wire::GetSystemInfoResponse response;
    return call(*channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &response);
  }

  Status start(const TlsFiles& tls) {
    Served other;
    auto server = Server::start(other.engine.frontend(), {.address = "127.0.0.1:0", .tls = tls});
    return server.ok() ? Status() : server.status();
  }

  storage::testing::TemporaryDirectory directory_;
  Authority authority_{"test authority"};
  Authority stranger_{"another authority"};
  Certificate own_ = authority_.issue("localhost");
};

TEST_F(Tls, AClientThatTrustsTheAuthorityIsServed) {
  const Served served({.tls = files()});
  const auto status = call_with(served, {.pem_root_certs = authority_.certificate()});
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(Tls, AClientThatTrustsAnotherAuthorityIsNot) {
  const Served served({.tls = files()});
  EXPECT_FALSE(call_with(served, {.pem_root_certs = stranger_.certificate()}).ok());
}

TEST_F(Tls, PlainTextIsNotServed) {
  const Served served({.tls = files()});
  wire::GetSystemInfoResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  EXPECT_FALSE(
      call(*served.channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &response, &context).ok());
}

TEST_F(Tls, WithAClientAuthorityOnlyItsClientsAreServed) {
  TlsFiles tls = files();
  tls.client_ca = write("ca.pem", authority_.certificate());
  const Served served({.tls = tls});
  const Certificate client = authority_.issue("client");
  const auto known = call_with(served, {authority_.certificate(), client.key, client.certificate});
  EXPECT_TRUE(known.ok()) << known.error_message();
  const Certificate other = stranger_.issue("client");
  EXPECT_FALSE(call_with(served, {authority_.certificate(), other.key, other.certificate}).ok());
  EXPECT_FALSE(call_with(served, {.pem_root_certs = authority_.certificate()}).ok());
}

TEST_F(Tls, FilesThatCannotWorkAreNamed) {
  TlsFiles tls = files();
  tls.certificate = directory_.file("missing.pem");
  EXPECT_EQ(start(tls).message(),
            "the TLS certificate " + tls.certificate + " cannot be read: No such file or directory");
  tls = files();
  tls.key = write("other.pem", stranger_.issue("localhost").key);
  EXPECT_EQ(start(tls).message(),
            "the TLS key " + tls.key + " does not belong to the certificate " + tls.certificate);
  tls = files();
  tls.certificate = write("garbage.pem", "garbage");
  EXPECT_EQ(start(tls).message(), "the TLS certificate " + tls.certificate + " is not PEM");
  tls = files();
  tls.client_ca = write("garbage.pem", "garbage");
  EXPECT_EQ(start(tls).message(), "the authority of client certificates " + tls.client_ca + " is not PEM");
  tls = files();
  tls.key = "";
  EXPECT_EQ(start(tls).message(), "TLS needs both a certificate and its key");
  EXPECT_EQ(start(tls).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace perdure::server::testing
