#include "twins.h"

#include "twins_core.h"
#include "twins_go.h"
#include "twins_python.h"
#include "twins_typescript.h"

namespace twins {

perdure::Workflows all() {
  auto list = perdure::workflows<
      ContinueAsNewWorkflow, LocalActivityWorkflow, UpsertMemoWorkflow, UpsertSearchAttributesWorkflow,
      SideEffectWorkflow, WorkflowWithParallelSideEffects, DeadlockedWorkflow, TimerWf,
      CancelOrderSelectWorkflow, CancelActivityCompletionBeforeWorkflowTaskStarted, CancelTimerAfterActivity,
      WorkflowWithLocalActivityStartWhenTimerCancel, ActivityCancelRepro,
      AwaitWithTimeoutNoTimerCancelWorkflow, TripWorkflow, ChannelWorkerWorkflow,
      SelectorBlockingDefaultWorkflow, ListAndDescribeWorkflow, ScheduleMemoWorkflowJson, ReplayedFromFile>();
  list = list +
         perdure::workflows<SayHelloWorkflow, ActivityAndSignalsWhileWorkflowDown, QuickActivityWorkflow>();
  list = list + perdure::workflows<CancelFakeProgress, LangFlagsReplayCorrectly, SignalStartOtel>();
  return list +
         perdure::workflows<FailWorkflowTask, TimerWorkflow, WritesChangeMarkers, LocalActivityProblem>();
}

}  // namespace twins
