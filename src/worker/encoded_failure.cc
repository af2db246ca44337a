#include "worker/encoded_failure.h"

#include <utility>

namespace perdure::worker {

using temporal::api::failure::v1::Failure;

Failure encoded_failure(const client::Boundary* boundary, Failure failure) {
  if (boundary == nullptr) {
    return failure;
  }
  Failure encoded = failure;
  try {
    boundary->encode(&encoded);
    return encoded;
  } catch (const DataConversionError& error) {
    Failure bare;
    bare.set_message(error.what());
    auto* info = bare.mutable_application_failure_info();
    info->set_type(failure.application_failure_info().type());
    info->set_non_retryable(failure.application_failure_info().non_retryable());
    return bare;
  }
}

}  // namespace perdure::worker
