#include "client_common.h"

std::string code(const perdure::Client& client, Mailer& mailer) {
  perdure::Worker worker(client, {.task_queue = "q",
                                  .workflows = perdure::workflows<Greets>(),
                                  .activities = perdure::activities<&Mailer::send>(mailer)});
  auto handle = client.start_workflow<Greets>({.greeting = "x", .times = 2}, 3, {.id = "w", .task_queue = "q"});
  handle.signal<&Greets::approve>("me");
  return handle.result();
}
