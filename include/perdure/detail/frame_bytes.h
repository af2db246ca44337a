#pragma once
// Coroutine frames, counted for the run that they belong to: the larger part of what a workflow in a worker's
// memory takes.
#include <cstddef>
#include <cstdint>
#include <new>

namespace perdure::detail {

// Where the frames that this thread makes and destroys are counted; null: nowhere.
inline constinit thread_local std::int64_t* frame_bytes = nullptr;

inline void* allocate_frame(std::size_t size) {
  void* frame = ::operator new(size);
  if (frame_bytes != nullptr) {
    *frame_bytes += static_cast<std::int64_t>(size);
  }
  return frame;
}

inline void free_frame(void* frame, std::size_t size) noexcept {
  if (frame_bytes != nullptr) {
    *frame_bytes -= static_cast<std::int64_t>(size);
  }
  ::operator delete(frame, size);
}

}  // namespace perdure::detail
