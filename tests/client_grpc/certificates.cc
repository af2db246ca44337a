#include "tests/client_grpc/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

namespace client_grpc_test {
namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePointer = std::unique_ptr<X509, decltype(&X509_free)>;

template <class Write>
std::string to_pem(const Write& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  write(memory.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void set_name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()),
                             -1, -1, 0);
}

void extend(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Of `subject` with `key`, signed by `issuer` with `issuer_key`; valid for a day.
CertificatePointer make_certificate(const std::string& subject, EVP_PKEY* key, const std::string& issuer,
                                    EVP_PKEY* issuer_key) {
  CertificatePointer certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  set_name(X509_get_subject_name(certificate.get()), subject);
  set_name(X509_get_issuer_name(certificate.get()), issuer);
  X509_set_pubkey(certificate.get(), key);
  if (subject == issuer) {
    extend(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  } else {
    extend(certificate.get(), NID_subject_alt_name, "DNS:" + subject);
  }
  X509_sign(certificate.get(), issuer_key, EVP_sha256());
  return certificate;
}

std::string to_pem(const CertificatePointer& certificate) {
  return to_pem([&](BIO* memory) { PEM_write_bio_X509(memory, certificate.get()); });
}

}  // namespace

struct Authority::Key {
  KeyPointer key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
};

Authority::Authority(const std::string& name)
    : name_(name),
      key_(std::make_unique<Key>()),
      certificate_(to_pem(make_certificate(name, key_->key.get(), name, key_->key.get()))) {}

Authority::~Authority() = default;

Certificate Authority::issue(const std::string& name) {
  const Key key;
  const CertificatePointer certificate = make_certificate(name, key.key.get(), name_, key_->key.get());
  return {.certificate = to_pem(certificate), .key = to_pem([&](BIO* memory) {
                                                PEM_write_bio_PrivateKey(memory, key.key.get(), nullptr,
                                                                         nullptr, 0, nullptr, nullptr);
                                              })};
}

}  // namespace client_grpc_test
