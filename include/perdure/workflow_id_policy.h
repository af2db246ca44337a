#pragma once
// What becomes of a workflow id that was used before.

namespace perdure {

// Whether a workflow id may be used again once its last run has closed. Values are the wire's.
enum class WorkflowIdReusePolicy {
  kAllowDuplicate = 1,
  kAllowDuplicateFailedOnly = 2,  // only if that run failed, timed out, was cancelled or terminated
  kRejectDuplicate = 3,           // never: WorkflowAlreadyStartedError
};

}  // namespace perdure
