#pragma once
// Chooses what goes wrong, and when.
#include <memory>
#include <vector>

#include "worker.h"
#include "world.h"

namespace perdure::sim {

class Faults {
 public:
  Faults(World& world, std::vector<std::unique_ptr<Worker>>& workers);

  void start() { next(); }

 private:
  void next();
  void inject();
  void step_clock();

  World& world_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  Random random_;
};

}  // namespace perdure::sim
