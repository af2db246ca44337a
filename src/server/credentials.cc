#include "server/credentials.h"

#include <errno.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace perdure::server {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Result<std::string> read_file(const std::string& path, const char* what) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return invalid_argument(fmt::format("the {} {} cannot be read: {}", what, path, strerror(errno)));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Bio open(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
}

Certificate parse_certificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(open(pem).get(), nullptr, nullptr, nullptr), X509_free);
}

Key parse_key(const std::string& pem) {
  // No passphrase is asked for: a server starts without anyone at its keyboard.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  return Key(PEM_read_bio_PrivateKey(open(pem).get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
}

Status check_pair(const TlsFiles& files, const std::string& certificate_pem, const std::string& key_pem) {
  const Certificate certificate = parse_certificate(certificate_pem);
  if (certificate == nullptr) {
    return invalid_argument(fmt::format("the TLS certificate {} is not PEM", files.certificate));
  }
  const Key key = parse_key(key_pem);
  if (key == nullptr) {
    return invalid_argument(fmt::format("the TLS key {} is not PEM, or needs a passphrase", files.key));
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return invalid_argument(
        fmt::format("the TLS key {} does not belong to the certificate {}", files.key, files.certificate));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return invalid_argument(fmt::format("the TLS certificate {} has expired", files.certificate));
  }
  return {};
}

Status load_client_ca(const std::string& path, grpc::SslServerCredentialsOptions* options) {
  auto pem = read_file(path, "authority of client certificates");
  if (!pem.ok()) {
    return pem.status();
  }
  if (parse_certificate(*pem) == nullptr) {
    return invalid_argument(fmt::format("the authority of client certificates {} is not PEM", path));
  }
  options->pem_root_certs = std::move(*pem);
  options->client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  return {};
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> make_credentials(const TlsFiles& files) {
  if (files.certificate.empty() && files.key.empty() && files.client_ca.empty()) {
    return grpc::InsecureServerCredentials();
  }
  if (files.certificate.empty() || files.key.empty()) {
    return invalid_argument("TLS needs both a certificate and its key");
  }
  auto certificate = read_file(files.certificate, "TLS certificate");
  auto key = read_file(files.key, "TLS key");
  for (const auto* file : {&certificate, &key}) {
    if (!file->ok()) {
      return file->status();
    }
  }
  if (Status status = check_pair(files, *certificate, *key); !status.ok()) {
    return status;
  }
  grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_key_cert_pairs.push_back({std::move(*key), std::move(*certificate)});
  if (!files.client_ca.empty()) {
    if (Status status = load_client_ca(files.client_ca, &options); !status.ok()) {
      return status;
    }
  }
  return grpc::SslServerCredentials(options);
}

}  // namespace perdure::server
