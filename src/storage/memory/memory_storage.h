#pragma once
// A store that keeps everything in memory and forgets it with the process. For tests of the rooms above it:
// same contract and order of answers as the durable stores, no durability.
#include <memory>

#include "storage/storage.h"

namespace perdure::storage {

std::unique_ptr<Storage> open_memory_storage();

}  // namespace perdure::storage
