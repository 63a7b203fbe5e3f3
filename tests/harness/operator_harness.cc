#include "penstock/tests/harness/operator_harness.h"

namespace penstock::harness {

std::vector<Schedule> every_schedule() {
  std::vector<Schedule> schedules = {
      {.name = "item by item", .feed = 1, .budget = 1},
      {.name = "whole batch", .input_slots = 4096, .output_slots = 4096},
      {.name = "batches of three", .input_slots = 8, .output_slots = 8, .feed = 3, .budget = 3},
      {.name = "a step takes less than there is", .input_slots = 64, .budget = 2},
      {.name = "smallest rings", .input_slots = 2, .output_slots = 2},
      {.name = "output of two slots, full", .output_slots = 2, .output_is_stuck = true},
      {.name = "output of four slots, full", .output_slots = 4, .output_is_stuck = true},
      {.name = "output full, item by item",
       .output_slots = 2,
       .feed = 1,
       .budget = 1,
       .output_is_stuck = true},
  };
  const std::size_t plain = schedules.size();
  for (std::size_t i = 0; i < plain; ++i) {
    Schedule schedule = schedules[i];
    schedule.name += ", a barrier behind each item";
    schedule.barriers = true;
    schedules.push_back(std::move(schedule));
  }
  return schedules;
}

std::vector<Schedule> every_schedule_and_slice() {
  std::vector<Schedule> schedules;
  for (const std::size_t slice : {1U, 3U, 256U}) {
    for (Schedule schedule : every_schedule()) {
      schedule.name += ", slices of " + std::to_string(slice);
      schedule.firing = {.slice = slice, .per_record = slice == 1 ? 0u : 8u};
      schedules.push_back(std::move(schedule));
    }
  }
  return schedules;
}

}  // namespace penstock::harness
