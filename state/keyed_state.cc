#include "penstock/state/keyed_state.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/check.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

KeyedStateStore::KeyedStateStore(std::string place, MemoryBudget* budget)
    : budget_(budget), place_(std::move(place)) {}

KeyedStateStore::~KeyedStateStore() = default;

Status KeyedStateStore::with_place(const Status& status) const { return status.with_place(place_); }

Status KeyedStateStore::add_name(std::string_view name) {
  if (layout_.stride() != 0) {
    return with_place(Status::failed_precondition(
        "state '" + std::string(name) + "' was asked for after open(); ask for it in open()"));
  }
  if (name.empty()) return with_place(Status::invalid_argument("a state handle needs a name"));
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
    return with_place(Status::invalid_argument(
        "state '" + std::string(name) + "' was asked for twice; names are unique in an operator"));
  }
  names_.emplace_back(name);
  return {};
}

Status KeyedStateStore::check_size(std::size_t bytes) const {
  if (bytes > kEntryBytesMax) {
    return with_place(Status::invalid_argument("state '" + names_.back() + "' has values of " +
                                               std::to_string(bytes) + " bytes, more than " +
                                               std::to_string(kEntryBytesMax)));
  }
  return {};
}

Result<std::uint32_t> KeyedStateStore::add_slot(std::string_view name, std::size_t bytes,
                                                std::size_t alignment, bool derived) {
  PENSTOCK_RETURN_IF_ERROR(add_name(name));
  PENSTOCK_RETURN_IF_ERROR(check_size(bytes));
  current_.need_scratch(bytes);
  auto index = layout_.add_slot(bytes, alignment, derived);
  if (!index.ok()) return with_place(index.status());
  return index;
}

Status KeyedStateStore::seal(const KeyShape& key, const KeyedStateOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(with_place(layout_.seal(key)));
  StateTableOptions table;
  table.groups = options.groups;
  table.seed = options.seed;
  table.max_keys = options.max_keys;
  table.bytes_max = options.bytes_max;
  table.budget = budget_;
  table.keeps_empty_keys = options.on_disk && has_pages();
  table.keeps_gaps = keeps_gaps_ && !options.on_disk;
  // Those that are here, of which some have no state, say nothing about how many there are.
  if (table.keeps_empty_keys) table.max_keys = StateTableOptions().max_keys;
  snapshot_.may_drop(options.may_drop);
  StateTableOptions keyed = table;  // How many elements maps have is another matter.
  if (!table.keeps_empty_keys) keyed.expected_keys = options.expected_keys;
  PENSTOCK_RETURN_IF_ERROR(with_place(table_.open(layout_, keyed)));
  for (const auto& map : maps_) PENSTOCK_RETURN_IF_ERROR(with_place(map->open(&table_, table)));
  table_.set_move_listener({[](void* self, std::uint32_t from, std::uint32_t to) noexcept {
                              static_cast<KeyedStateStore*>(self)->moved(from, to);
                            },
                            this});
  return {};
}

bool KeyedStateStore::has_pages() const noexcept {
  return std::any_of(items_.all().begin(), items_.all().end(),
                     [](const KeptState& state) { return !state.stays_in_memory; });
}

Status KeyedStateStore::keep_on(StateBackend& backend, const StateDiskOptions& options) {
  if (!has_pages()) return {};
  PENSTOCK_CHECK(table_.keeps_empty_keys());
  auto pages = std::make_unique<StatePages>(&items_, &snapshot_);
  std::uint32_t bits = 0;
  for (const std::uint32_t slot : pinning_) bits |= layout_.slot(slot).bit;
  PENSTOCK_RETURN_IF_ERROR(with_place(pages->open(backend, options, bits)));
  pages_ = std::move(pages);
  snapshot_.keep_on_disk(pages_.get());
  return {};
}

Status KeyedStateStore::keep_on_disk(const TaskContext& context) {
  if (context.state_backend == nullptr) return {};
  StateDiskOptions options;
  options.checkpoints = context.checkpoint_folder;
  options.name = context.state_disk;
  options.waker = context.waker;
  return keep_on(*context.state_backend, options);
}

Status KeyedStateStore::restored() {
  current_.forget();
  PENSTOCK_RETURN_IF_ERROR(with_place(snapshot_.restored()));
  return pages_ != nullptr ? with_place(pages_->restored()) : Status();
}

void KeyedStateStore::tell_changes(Notices& notices) const {
  for (const std::string& name : snapshot_.dropped()) {
    notices.post(
        {Severity::kWarning, place_, "dropped: state '" + name + "', which it has no more"});
  }
  for (const auto& [name, change] : snapshot_.changed()) {
    notices.post({change.drops_fields() ? Severity::kWarning : Severity::kInfo, place_,
                  "state '" + name + "' goes on with another type: " + change.to_string()});
  }
}

Status KeyedStateStore::check_type(std::string_view name, const StateType& type) const {
  if (type.problem.empty()) return {};
  return with_place(Status::invalid_argument("state '" + std::string(name) + "': " + type.problem));
}

void KeyedStateStore::moved(std::uint32_t from, std::uint32_t to) noexcept {
  for (const auto& map : maps_) map->primary_moved(to);
  for (const StateMoveListener& listener : move_listeners_)
    listener.moved(listener.context, from, to);
}

bool KeyedStateStore::failed() const noexcept {
  if (pages_ != nullptr && pages_->failed()) [[unlikely]]
    return true;
  if (table_.fault() != StateFault::kNone) [[unlikely]]
    return true;
  for (const auto& map : maps_) {
    if (map->table().fault() != StateFault::kNone) [[unlikely]]
      return true;
  }
  return false;
}

Status KeyedStateStore::status() const {
  if (pages_ != nullptr) PENSTOCK_RETURN_IF_ERROR(with_place(pages_->status()));
  PENSTOCK_RETURN_IF_ERROR(with_place(table_.status()));
  for (const auto& map : maps_) PENSTOCK_RETURN_IF_ERROR(with_place(map->table().status()));
  return {};
}

KeyedStateMetrics KeyedStateStore::metrics() const noexcept {
  KeyedStateMetrics metrics{table_.keys(), 0, table_.resident_bytes(), table_.growths(),
                            table_.crowded_keys()};
  for (const auto& map : maps_) {
    metrics.map_elements += map->table().keys();
    metrics.resident_bytes += map->table().resident_bytes();
    metrics.growths += map->table().growths();
    metrics.crowded_keys += map->table().crowded_keys();
  }
  return metrics;
}

void KeyedStateStore::sweep(std::size_t records, EventTime wall, EventTime passed) noexcept {
  // Looked at for what has expired, per batch and per record: a round keeps up with keys that come once. If A of them
  // come in a time to live, a round, one in a quarter of it, sees 5/4 A entries and removes A/4, each at a price of 8:
  // (5/4 + 7/4) A = 3 A in all, paid for by A/4 records. More would make steps longer than 1 ms.
  constexpr std::size_t kSweptEntries = 256;
  constexpr std::size_t kSweptPerRecord = 12;
  const std::size_t budget = kSweptEntries + kSweptPerRecord * records;
  sweep_.sweep(TimeDomain::kProcessingTime, wall, budget);
  if (pages_ != nullptr) pages_->tell_time(TimeDomain::kProcessingTime, wall);
  // When time is over nobody asks for the room, and what is left of the state is what there was at the end.
  if (passed == kMaxEventTime) return;
  sweep_.sweep(TimeDomain::kEventTime, passed, budget);
  if (pages_ != nullptr) pages_->tell_time(TimeDomain::kEventTime, passed);
}

void KeyedStateStore::report(TaskCounters& counters, std::uint64_t beside) const noexcept {
  const KeyedStateMetrics now = metrics();
  counters.state_keys.set(now.keys);
  counters.state_bytes.set(now.resident_bytes + beside);
  counters.hottest_group.set(load_.hottest());
  counters.hottest_group_records.set(load_.hottest_records());
  counters.sampled_records.set(load_.records());
}

Status KeyedStateStore::check_ttl(std::string_view name, const Ttl& ttl) const {
  if (ttl.after.count() > 0) return {};
  return with_place(Status::invalid_argument(
      "state '" + std::string(name) + "' is to expire after " + std::to_string(ttl.after.count()) +
      " us; a value must live for longer than nothing"));
}

bool KeyedStateStore::maintain(std::size_t budget) noexcept {
  current_.forget();
  bool more = table_.maintain(budget);
  for (const auto& map : maps_) more |= map->table().maintain(budget);
  return more;
}

}  // namespace penstock
