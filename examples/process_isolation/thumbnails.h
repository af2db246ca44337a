#pragma once
// Thumbnails of a folder of pictures, made by a decoder that nobody should trust.
#include <chrono>
#include <string>
#include <vector>

#include "perdure/perdure.h"
#include "perdure/process_activities.h"

namespace thumbnails {

// Activities.

// The pictures of a folder (Netpbm, *.ppm), sorted.
std::vector<std::string> list_pictures(const std::string& folder);
// Writes PICTURE.thumbnail, `width` pixels wide, and gives its path. A damaged picture may end the process.
std::string make_thumbnail(const std::string& picture, int width);

struct Failed {
  std::string picture;
  std::string why;
};
struct Report {
  std::vector<std::string> made;
  std::vector<Failed> failed;
};

// [workflow]
class Thumbnails {
 public:
  perdure::Task<Report> run(std::string folder, int width) {
    using namespace std::chrono_literals;
    namespace workflow = perdure::workflow;
    const auto pictures =
        co_await workflow::execute_activity<list_pictures>(folder, {.start_to_close_timeout = 1min});
    std::vector<workflow::ActivityHandle<std::string>> running;
    for (const std::string& picture : pictures) {
      running.push_back(workflow::start_activity<make_thumbnail>(
          picture, width,
          {.start_to_close_timeout = 1min, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 2}}));
    }
    Report report;
    for (std::size_t i = 0; i < running.size(); ++i) {
      try {
        report.made.push_back(co_await running[i]);
      } catch (const perdure::ActivityError& error) {
        report.failed.push_back({pictures[i], error.cause()->message()});
      }
    }
    co_return report;
  }
};
// [workflow]

}  // namespace thumbnails
