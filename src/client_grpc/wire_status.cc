#include "client_grpc/wire_status.h"

#include <string>
#include <string_view>

#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::client_grpc {
namespace {

// The API has a message of its own with the fields and numbers of google.rpc.Status, which it does not bring.
using RpcStatus = temporal::api::errordetails::v1::MultiOperationExecutionFailure::OperationStatus;

}  // namespace

Status from_wire(const grpc::Status& status) {
  if (status.ok()) {
    return Status();
  }
  const int number = static_cast<int>(status.error_code());
  const bool known = number > 0 && number <= static_cast<int>(Code::kUnauthenticated);
  const Code code = known ? static_cast<Code>(number) : Code::kUnknown;
  RpcStatus details;
  if (!details.ParseFromString(status.error_details()) || details.details().empty()) {
    return Status(code, status.error_message());
  }
  const google::protobuf::Any& first = details.details(0);
  const std::string& url = first.type_url();
  return Status(code, status.error_message(), url.substr(url.rfind('/') + 1), first.value());
}

}  // namespace perdure::client_grpc
