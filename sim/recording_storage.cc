#include "recording_storage.h"

namespace perdure::sim {

void RecordingStorage::commit(std::vector<Transition> transitions, std::function<void(Status)> done) {
  report_.expect(!record_.failed, "D4", "a commit after a commit that failed for good");
  report_.expect(!record_.under_way, "D2", "a second commit while one is under way");
  record_.under_way = true;
  ++record_.commits;
  if (transitions.size() > 1) {
    report_.mark("group commit of several transitions");
  }
  auto kept = std::make_shared<std::vector<Transition>>(transitions);
  inner_->commit(std::move(transitions), [this, kept, done = std::move(done)](Status status) {
    record_.under_way = false;
    if (status.ok()) {
      for (const Transition& transition : *kept) {
        record_.mirror.apply(transition);
      }
      after_commit_();
    } else if (status.code() == Code::kResourceExhausted) {
      report_.mark("commit refused: disk full");
    } else {
      report_.mark("commit failed");
      record_.failed = true;
      record_.unknown = std::move(*kept);
    }
    done(std::move(status));
  });
}

}  // namespace perdure::sim
