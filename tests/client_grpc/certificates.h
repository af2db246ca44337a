#pragma once
// A certificate authority for one test.
#include <memory>
#include <string>

namespace client_grpc_test {

struct Certificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();

  const std::string& certificate() const { return certificate_; }
  // For a server of this DNS name, or a client of this name.
  Certificate issue(const std::string& name);

 private:
  struct Key;

  const std::string name_;
  std::unique_ptr<Key> key_;
  std::string certificate_;
};

}  // namespace client_grpc_test
