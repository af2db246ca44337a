// The tests of the example: real files, real processes, the service in memory.
#include "thumbnails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/testing.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace thumbnails {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ThumbnailsTest : public testing::Test {
 protected:
  ThumbnailsTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "perdure-thumbnails-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ThumbnailsTest() override { std::filesystem::remove_all(folder_); }

  // A picture whose file ends after `bytes` bytes, or at its end.
  std::string picture(const std::string& name, std::size_t bytes = std::string::npos) {
    std::string content = "P6\n640 480\n255\n" + std::string(std::size_t{640} * 480 * 3, '\x40');
    std::ofstream(folder_ / name, std::ios::binary) << content.substr(0, bytes);
    return folder_ / name;
  }

  // What the workflow says of the folder, with a worker and a service of its own.
  Report thumbnails(int width) {
    perdure::testing::Environment environment;
    perdure::Worker worker(
        environment.client(),
        {.task_queue = "test",
         .workflows = perdure::workflows<Thumbnails>(),
         .activities = perdure::activities<list_pictures>() + perdure::process_activities<make_thumbnail>()});
    worker.start();
    return environment.client().execute_workflow<Thumbnails>(folder_.string(), width,
                                                             {.id = "thumbnails", .task_queue = "test"});
  }

  std::filesystem::path folder_;
};

// [crash]
TEST_F(ThumbnailsTest, ADamagedPictureCostsItsOwnThumbnailOnly) {
  const std::string first = picture("a.ppm");
  const std::string damaged = picture("b.ppm", 5000);
  const std::string last = picture("c.ppm");

  const Report report = thumbnails(64);

  EXPECT_THAT(report.made, ElementsAre(first + ".thumbnail", last + ".thumbnail"));
  ASSERT_EQ(report.failed.size(), 1U);
  EXPECT_EQ(report.failed[0].picture, damaged);
  EXPECT_THAT(report.failed[0].why, HasSubstr("was ended by SIGBUS"));
}
// [crash]

TEST_F(ThumbnailsTest, AThumbnailIsAPictureOfTheSizeAskedFor) {
  picture("a.ppm");
  const Report report = thumbnails(32);
  ASSERT_EQ(report.made.size(), 1U);
  std::ifstream made(report.made[0], std::ios::binary);
  std::string magic;
  int width = 0;
  int height = 0;
  made >> magic >> width >> height;
  EXPECT_EQ(magic, "P6");
  EXPECT_EQ(width, 32);
  EXPECT_EQ(height, 24);
}

}  // namespace
}  // namespace thumbnails

int main(int argc, char** argv) {
  perdure::run_as_activity_process_if_asked(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
