#include "visibility/attributes.h"

#include <algorithm>
#include <utility>

namespace perdure::visibility {
namespace {

using enum ValueType;

constexpr std::pair<std::string_view, ValueType> kSystem[] = {
    {"WorkflowId", kKeyword},
    {"RunId", kKeyword},
    {"WorkflowType", kKeyword},
    {"StartTime", kDatetime},
    {"ExecutionTime", kDatetime},
    {"CloseTime", kDatetime},
    {"ExecutionStatus", kKeyword},
    {"TaskQueue", kKeyword},
    {"HistoryLength", kInt},
    {"ExecutionDuration", kInt},
    {"StateTransitionCount", kInt},
    {"HistorySizeBytes", kInt},
    {"ParentWorkflowId", kKeyword},
    {"ParentRunId", kKeyword},
    {"RootWorkflowId", kKeyword},
    {"RootRunId", kKeyword},
    {"TemporalChangeVersion", kKeywordList},
    {"BinaryChecksums", kKeywordList},
    {"BuildIds", kKeywordList},
    {"BatcherNamespace", kKeyword},
    {"BatcherUser", kKeyword},
    {"TemporalScheduledStartTime", kDatetime},
    {"TemporalScheduledById", kKeyword},
    {"TemporalSchedulePaused", kBool},
    {"TemporalNamespaceDivision", kKeyword},
    {"TemporalPauseInfo", kKeywordList},
    {"TemporalReportedProblems", kKeywordList},
    {"TemporalWorkerDeploymentVersion", kKeyword},
    {"TemporalWorkflowVersioningBehavior", kKeyword},
    {"TemporalWorkerDeployment", kKeyword},
    {"TemporalUsedWorkerDeploymentVersions", kKeywordList},
    {"TemporalExternalPayloadCount", kInt},
    {"TemporalExternalPayloadSizeBytes", kInt},
};

}  // namespace

std::string_view value_type_text(ValueType type) {
  switch (type) {
    case kText:
      return "Text";
    case kKeyword:
      return "Keyword";
    case kInt:
      return "Int";
    case kDouble:
      return "Double";
    case kBool:
      return "Bool";
    case kDatetime:
      return "Datetime";
    case kKeywordList:
      return "KeywordList";
  }
  return "Unspecified";
}

std::optional<ValueType> system_attribute(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kSystem), std::end(kSystem),
                                         [name](const auto& one) { return one.first == name; });
  return found == std::end(kSystem) ? std::nullopt : std::optional(found->second);
}

}  // namespace perdure::visibility
