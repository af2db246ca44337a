#pragma once
// Clients are for programs and activities, not for the code of workflows: what they are told changes from
// replay to replay, and they block the worker.

// Defined by the guard (src/guard) of programs that have workers: notes the call and says that it is refused
// when a workflow's code makes it. Weak, since a client alone has no guard.
extern "C" __attribute__((weak)) bool perdure_guard_refuses_client() noexcept;

namespace perdure::client {

// Throws PerdureError; the workflow task fails with what the guard says.
void refuse_in_workflow_code();

}  // namespace perdure::client
