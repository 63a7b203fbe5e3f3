#include "penstock/core/runtime/metrics.h"

namespace penstock {
namespace {

template <class Field>
std::uint64_t sum(const std::vector<TaskMetrics>& tasks, Field field) noexcept {
  std::uint64_t total = 0;
  for (const TaskMetrics& task : tasks) total += task.*field;
  return total;
}

}  // namespace

std::uint64_t JobMetrics::errors() const noexcept { return sum(tasks, &TaskMetrics::errors); }
std::uint64_t JobMetrics::skipped() const noexcept { return sum(tasks, &TaskMetrics::skipped); }
std::uint64_t JobMetrics::dead_letters() const noexcept {
  return sum(tasks, &TaskMetrics::dead_letters);
}
std::uint64_t JobMetrics::late() const noexcept { return sum(tasks, &TaskMetrics::late); }
std::uint64_t JobMetrics::lag() const noexcept { return sum(tasks, &TaskMetrics::lag); }
std::uint64_t JobMetrics::delivered() const noexcept { return sum(tasks, &TaskMetrics::delivered); }
std::uint64_t JobMetrics::undelivered() const noexcept {
  return sum(tasks, &TaskMetrics::undelivered);
}
std::uint64_t JobMetrics::misdated() const noexcept { return sum(tasks, &TaskMetrics::misdated); }
std::uint64_t JobMetrics::state_keys() const noexcept {
  return sum(tasks, &TaskMetrics::state_keys);
}
std::uint64_t JobMetrics::state_bytes() const noexcept {
  return sum(tasks, &TaskMetrics::state_bytes);
}

std::vector<KeyGroupShare> JobMetrics::hottest_groups() const {
  std::vector<KeyGroupShare> all;
  std::vector<double> records;
  for (const TaskMetrics& task : tasks) {
    if (task.hottest_group_share == 0) continue;
    if (all.empty() || all.back().stage != task.stage) {
      all.push_back({task.stage});
      records.push_back(0);
    }
    // For now of all records, not a share.
    const auto read = static_cast<double>(task.records_in);
    records.back() += read;
    if (task.hottest_group_share * read <= all.back().share) continue;
    all.back().group = task.hottest_group;
    all.back().share = task.hottest_group_share * read;
  }
  for (std::size_t i = 0; i < all.size(); ++i) all[i].share /= records[i];
  return all;
}

std::uint64_t JobMetrics::records_read() const noexcept {
  std::uint64_t total = 0;
  for (const TaskMetrics& task : tasks) total += task.queue_capacity == 0 ? task.records_in : 0;
  return total;
}

std::uint64_t JobMetrics::records_read_before() const noexcept {
  std::uint64_t total = 0;
  for (const TaskMetrics& task : tasks)
    total += task.queue_capacity == 0 ? task.records_in_before : 0;
  return total;
}

}  // namespace penstock
