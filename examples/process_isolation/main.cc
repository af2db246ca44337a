// perdure-thumbnails FOLDER [TARGET]: makes a thumbnail of each *.ppm in FOLDER, each in a process of its
// own.
#include <iostream>

#include "thumbnails.h"

// [main]
int main(int argc, char** argv) try {
  perdure::run_as_activity_process_if_asked(argc, argv);
  if (argc < 2) {
    std::cerr << "usage: perdure-thumbnails FOLDER [TARGET]\n";
    return 2;
  }
  auto client = perdure::Client::connect(argc > 2 ? argv[2] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "thumbnails",
                                  .workflows = perdure::workflows<thumbnails::Thumbnails>(),
                                  .activities = perdure::activities<thumbnails::list_pictures>() +
                                                perdure::process_activities<thumbnails::make_thumbnail>(),
                                  .max_processes = 4});
  worker.start();
  // [main]
  const auto report = client.execute_workflow<thumbnails::Thumbnails>(
      argv[1], 64, {.id = std::string("thumbnails of ") + argv[1], .task_queue = "thumbnails"});
  for (const std::string& path : report.made) {
    std::cout << "made " << path << "\n";
  }
  for (const auto& [picture, why] : report.failed) {
    std::cout << "FAILED " << picture << ": " << why << "\n";
  }
  return report.failed.empty() ? 0 : 1;
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-thumbnails: " << error.what() << "\n";
  return 1;
}
