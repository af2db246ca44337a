#include "thumbnails.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace thumbnails {
namespace {

constexpr std::size_t kBytesPerPixel = 3;

// As decoders written long ago are: it believes what the header says about the size, maps that much of the
// file, and reads beyond its end if the file was cut off. The kernel then ends the process (SIGBUS).
class TrustingDecoder {
 public:
  explicit TrustingDecoder(const std::string& path) {
    std::ifstream header(path, std::ios::binary);
    std::string magic;
    int depth = 0;
    header >> magic >> width_ >> height_ >> depth;
    if (magic != "P6" || width_ == 0 || height_ == 0 || depth != 255) {
      throw perdure::ApplicationError(path + " is no picture", {.type = "NoPicture", .non_retryable = true});
    }
    begin_ = static_cast<std::size_t>(header.tellg()) + 1;
    size_ = begin_ + width_ * height_ * kBytesPerPixel;
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (mapped == MAP_FAILED) {
      throw std::runtime_error("cannot map " + path);
    }
    bytes_ = static_cast<const unsigned char*>(mapped);
  }
  ~TrustingDecoder() { munmap(const_cast<unsigned char*>(bytes_), size_); }
  TrustingDecoder(const TrustingDecoder&) = delete;
  TrustingDecoder& operator=(const TrustingDecoder&) = delete;

  std::size_t width() const { return width_; }
  std::size_t height() const { return height_; }
  const unsigned char* pixel(std::size_t x, std::size_t y) const {
    return bytes_ + begin_ + (y * width_ + x) * kBytesPerPixel;
  }

 private:
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  const unsigned char* bytes_ = nullptr;
};

}  // namespace

std::vector<std::string> list_pictures(const std::string& folder) {
  std::vector<std::string> pictures;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".ppm") {
      pictures.push_back(entry.path());
    }
  }
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

// [activity]
std::string make_thumbnail(const std::string& picture, int width) {
  perdure::activity::logger().info("decoding", {{"picture", picture}});
  const TrustingDecoder decoder(picture);
  const auto columns = static_cast<std::size_t>(width);
  const std::size_t rows = std::max<std::size_t>(1, columns * decoder.height() / decoder.width());
  std::string pixels;
  for (std::size_t y = 0; y < rows; ++y) {
    perdure::activity::heartbeat(y);
    for (std::size_t x = 0; x < columns; ++x) {
      const unsigned char* pixel = decoder.pixel(x * decoder.width() / columns, y * decoder.height() / rows);
      pixels.append(pixel, pixel + kBytesPerPixel);
    }
  }
  // Whole or not at all: the process may end at any time.
  const std::string path = picture + ".thumbnail";
  const std::string unfinished = path + "." + std::to_string(getpid());
  std::ofstream file(unfinished, std::ios::binary);
  file << "P6\n" << columns << ' ' << rows << "\n255\n" << pixels;
  file.close();
  if (!file) {
    throw std::runtime_error("cannot write " + unfinished);
  }
  std::filesystem::rename(unfinished, path);
  return path;
}
// [activity]

}  // namespace thumbnails
