#pragma once
// Runs the blocks of a transcript file against a World. A block is commands, a line "----" and the output
// they give.
//
//   start id=w1 [type= queue= request= reuse= conflict= run-timeout= execution-timeout= task-timeout= delay=
//         retry=initial:1s,attempts:3]
//   reset id= to= [run=NUMBER reason= exclude=Signal]
//   signal-with-start id= name= [as start]    hold-outbox        release-outbox
//   signal id= name= [input= request=]        cancel id=        terminate id= [reason=]
//   poll-workflow queue= [worker= sticky in-process as=TASK]      (TASK is "last" unless named)
//   complete [task=TASK sticky=queue:10s force return-new as=TASK] [commands=[StartTimer id=1 after=10s; …]]
//   fail-task [task= cause= message=]
//   poll-activity queue= [worker= in-process as=]
//   complete-activity [task= | id= activity=] [result=]            fail-activity [… message= type=
//   non-retryable next=] cancel-activity […details=]               heartbeat [… details=] advance 10s crash
//   describe id=        items id=        history id=
#include <map>
#include <string>
#include <vector>

#include "harness.h"
#include "render.h"
#include "transcript_line.h"

namespace perdure::engine::testing {

class Transcript {
 public:
  // What the commands print.
  std::string run(const std::vector<std::string>& commands);

 private:
  struct Task {
    std::string workflow_id;
    WorkflowTaskRef workflow;
    ActivityTaskRef activity;
  };

  void carry_out(const Line& line);
  void start(const Line& line);
  void print_start(const Result<StartReply>& reply);
  void signal_with_start(const Line& line);
  void reset(const Line& line);
  void signal(const Line& line);
  void cancel(const Line& line);
  void terminate(const Line& line);
  void poll_workflow(const Line& line);
  void complete(const Line& line);
  void fail_task(const Line& line);
  void poll_activity(const Line& line);
  void activity_answer(const Line& line);
  void describe(const Line& line);
  void items(const Line& line);

  Task activity_of(const Line& line) const;
  std::string print_task(const Task& task, const WorkflowTaskStart& start);
  std::string print_activity(const Task& task, const ActivityTaskStart& start);
  std::string run_name(ExecutionId id);
  void print_events();
  void print(const std::string& text) { output_ += renderer_.without_uuids(text) + "\n"; }
  void print_status(const Status& status);

  World world_;
  Renderer renderer_;
  std::string output_;
  std::map<std::string, Task> tasks_;
  std::map<std::string, int> runs_of_id_;
  std::map<ExecutionId, std::string> run_names_;
};

}  // namespace perdure::engine::testing
