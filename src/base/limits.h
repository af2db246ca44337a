#pragma once
// Every limit has a name and a source. Values are the defaults of Temporal's server 1.32 unless said
// otherwise; sizes in bytes, compared with `>`; counts compared with `>=`.
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace perdure::limits {

inline constexpr std::size_t kBlobError = 2 * 1024 * 1024;  // one payload: limit.blobSize.error
inline constexpr std::size_t kBlobWarn = 512 * 1024;        // limit.blobSize.warn
inline constexpr std::size_t kMemoError = 2 * 1024 * 1024;  // limit.memoSize.error
inline constexpr std::size_t kIdLength = 1000;              // limit.maxIDLength, bytes
inline constexpr std::size_t kMessage = 4 * 1024 * 1024;    // one request, decompressed
// Ours: messages within messages. What is kept and answered wraps a request's parts in some more (a failure
// in command 4 deep comes back in an event 6 deep), and protobuf's parsers, those of clients too, read 100.
inline constexpr int kRequestDepth = 90;
inline constexpr std::size_t kTransaction = 4 * 1024 * 1024;     // system.transactionSizeLimit
inline constexpr std::int64_t kHistoryEvents = 51'200;           // limit.historyCount.error
inline constexpr std::int64_t kHistoryEventsSuggest = 4'096;     // limit.historyCount.suggestContinueAsNew
inline constexpr std::int64_t kHistoryBytes = 50 * 1024 * 1024;  // limit.historySize.error
inline constexpr std::int64_t kHistoryBytesSuggest =
    4 * 1024 * 1024;                                      // limit.historySize.suggestContinueAsNew
inline constexpr std::size_t kPendingActivities = 2'000;  // limit.numPendingActivities.error
// Each of limit.numPendingChildExecutions.error, numPendingSignals.error, numPendingCancelRequests.error.
inline constexpr std::size_t kPendingChildren = 2'000;
inline constexpr std::size_t kPendingExternalSignals = 2'000;
inline constexpr std::size_t kPendingExternalCancels = 2'000;
inline constexpr std::int64_t kSignals = 10'000;     // history.maximumSignalsPerExecution
inline constexpr std::size_t kUpdatesInFlight = 10;  // history.maxInFlightUpdates
inline constexpr std::size_t kUpdateBytesInFlight = 20 << 20;  // history.maxInFlightUpdatePayloads
inline constexpr std::size_t kUpdates = 2'000;                 // history.maxTotalUpdates
inline constexpr std::size_t kUpdatesSuggest = 1'800;          // nine tenths of it
inline constexpr std::int64_t kDiscardedTaskEvents =
    10;  // history.discardSpeculativeWorkflowTaskMaximumEventsCount
inline constexpr std::chrono::seconds kSpeculativeTaskStart{
    5};  // SpeculativeWorkflowTaskScheduleToStartTimeout
inline constexpr std::size_t kBufferedQueries = 1;   // history.MaxBufferedQueryCount
inline constexpr std::size_t kBufferedEvents = 100;  // history.maximumBufferedEventsBatch
inline constexpr std::size_t kBufferedEventBytes = 2 * 1024 * 1024;
inline constexpr std::size_t kStoredActivityFailure = 4 * 1024;  // kept in state; longer is truncated to
inline constexpr std::size_t kStoredActivityFailureTruncated = 2 * 1024;
inline constexpr int kHistoryPageEvents = 256;
inline constexpr std::size_t kHistoryPageBytes = 2 * 1024 * 1024;  // ours: a page never outgrows one message
inline constexpr std::chrono::seconds kWorkflowTaskTimeoutDefault{10};
inline constexpr std::chrono::seconds kWorkflowTaskTimeoutMax{120};
inline constexpr std::chrono::minutes kWorkflowTaskRetryMax{10};
inline constexpr std::chrono::seconds kMatchingLongPoll{60};  // matching.longPollExpirationInterval
inline constexpr std::chrono::seconds kHistoryLongPoll{20};   // history.longPollExpirationInterval
inline constexpr std::chrono::seconds kReuseInterval{1};      // history.workflowIdReuseMinimalInterval
inline constexpr std::chrono::hours kRetentionDefault{72};
// All namespaces are in memory; Temporal bounds neither.
inline constexpr std::size_t kNamespaces = 1'000;
inline constexpr std::size_t kNamespaceBytes = 64 * 1024;  // of what is said about one
inline constexpr std::size_t kQueueWindow = 1'000;         // ours: tasks of one queue kept in memory
inline constexpr std::size_t kPollersPerQueue = 10'000;    // ours
// Workers that sent heartbeats are in memory; Temporal keeps a million of any size.
inline constexpr std::size_t kWorkers = 10'000;
inline constexpr std::size_t kWorkerHeartbeat = 16 * 1024;
inline constexpr std::size_t kWorkersPageBytes = 2 * 1024 * 1024;  // ours: a page never outgrows one message
inline constexpr std::size_t kMailbox = 4'096;             // ours: commands waiting for the engine
inline constexpr std::size_t kMailboxBytes = 64 << 20;     // ours: what their requests hold

}  // namespace perdure::limits
