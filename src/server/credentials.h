#pragma once
// TLS as the files say.
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "base/status.h"
#include "server/server.h"

namespace perdure::server {

// No files: plain text. kInvalidArgument, with the file's name, for a file that is missing, is not PEM, or
// for a key that does not belong to the certificate.
Result<std::shared_ptr<grpc::ServerCredentials>> make_credentials(const TlsFiles& files);

}  // namespace perdure::server
