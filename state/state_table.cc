#include "penstock/state/state_table.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>

#include "penstock/core/base/check.h"

namespace penstock {
namespace {

constexpr std::uint64_t kSlotsMax =
    (std::uint64_t{1} << 31) - 2;  // Links between entries keep one bit for themselves.
constexpr std::uint64_t kReserveMax = std::uint64_t{256} << 30;
constexpr std::uint64_t kAheadBytes = std::uint64_t{64} << 10;
constexpr std::uint32_t kReach = 128;
constexpr std::uint32_t kCrowdReach = 4096;
constexpr std::uint32_t kCrowdRanges = 1024;

std::uint64_t machine_bytes() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return kReserveMax;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

// Newton's method: each round doubles the bits that are right, of which an odd number has three to begin with.
constexpr std::uint64_t inverse_of_odd(std::uint64_t odd) noexcept {
  std::uint64_t inverse = odd;
  for (int round = 0; round < 5; ++round) inverse *= 2 - odd * inverse;
  return inverse;
}
static_assert(inverse_of_odd(3) * 3 == 1 && inverse_of_odd(4095) * 4095 == 1);

Status no_memory(const std::string& what, std::uint64_t bytes, const MemoryBudget* budget) {
  return no_state_memory(what + " of keyed state (" + std::to_string(bytes) + " bytes)", budget);
}
std::string of_expected(std::uint64_t keys) {
  return keys == 0 ? "" : " of " + std::to_string(keys) + " expected keys";
}

}  // namespace

Status StateTable::open(const StateLayout& layout, const StateTableOptions& options) {
  PENSTOCK_CHECK(layout.stride() > 0 && options.groups.count > 0 &&
                 options.groups.first + options.groups.count <= kKeyGroups);
  layout_ = layout;
  options_ = options;
  if (options_.bytes_max == 0) options_.bytes_max = machine_bytes();
  stride_ = layout.stride();
  stride_shift_ = static_cast<std::uint32_t>(std::countr_zero(stride_));
  stride_inverse_ = inverse_of_odd(stride_ >> stride_shift_);
  first_group_ = options.groups.first;
  group_count_ = options.groups.count;
  multiplier_ = hash_bits(options.seed) | 1;
  const bool grouped = options.ordered_by_group;
  rest_shift_ = grouped ? 10 : 0;
  mixed_shift_ = grouped ? 64 - HashIndex::kTagBitsPerRange : 32;
  group_mask_ = grouped ? 0xffffffff : 0;
  const std::uint64_t bytes_max =
      std::max<std::uint64_t>(std::min(options_.bytes_max, kReserveMax), stride_);
  max_slots_ = std::min(bytes_max / stride_, kSlotsMax);
  const std::uint64_t expected = std::min(options.expected_keys, max_slots_);
  if (!memory_.reserve(max_slots_ * stride_, expected * stride_, options.budget)) {
    return no_memory("the entries" + of_expected(expected), expected * stride_, options.budget);
  }
  const std::uint32_t ranges = grouped ? options.groups.count : kKeyGroups;
  if (!index_.open({ranges, kReach, expected, options_.bytes_max, options.budget})) {
    return no_memory("the index" + of_expected(expected), expected * sizeof(IndexSlot) * 2,
                     options.budget);
  }
  return {};
}

StateEntry* StateTable::insert_new(std::uint64_t hash, const void* key) noexcept {
  if (keys() >= options_.max_keys) return refuse(StateFault::kTooManyKeys);
  const std::uint32_t number = take_slot();
  if (number == kNone) return refuse(StateFault::kNoMemory);
  StateEntry* entry = entry_at(number);
  entry->hash_and_state = masked(hash);
  entry->stamp = stamp_;
  entry->present = 0;
  std::memcpy(entry->key(), key, layout_.key().bytes);
  if (enter(entry, number)) return entry;
  add_gap(number);
  return nullptr;
}

std::uint32_t StateTable::take_slot() noexcept {
  if (gaps_ > 0) {
    const std::uint32_t number = first_gap_ - 1;
    unlink_gap(number);
    return number;
  }
  if (used_ >= max_slots_ || !memory_.extend((used_ + 1) * stride_)) return kNone;
  return static_cast<std::uint32_t>(used_++);
}

bool StateTable::enter(StateEntry* entry, std::uint32_t number) noexcept {
  const auto to_crowd = [this](std::uint32_t moved) { static_cast<void>(enter_crowd(moved)); };
  switch (index_.insert(tag_of(entry->hash_and_state), number, to_crowd)) {
    case HashIndex::Outcome::kDone:
      return true;
    case HashIndex::Outcome::kTooFar:
      return enter_crowd(number);
    case HashIndex::Outcome::kNoMemory:
      break;
  }
  refuse(StateFault::kNoMemory);
  return false;
}

bool StateTable::enter_crowd(std::uint32_t number) noexcept {
  if (crowd_.capacity() == 0 &&
      !crowd_.open({kCrowdRanges, kCrowdReach, 0, options_.bytes_max, options_.budget})) {
    refuse(StateFault::kNoMemory);
    return false;
  }
  const StateEntry* entry = entry_at(number);
  const auto lost = [this](std::uint32_t) { refuse(StateFault::kFlood); };
  switch (crowd_.insert(crowd_tag(entry->hash_and_state, entry->key()), number, lost)) {
    case HashIndex::Outcome::kDone:
      return true;
    case HashIndex::Outcome::kTooFar:
      refuse(StateFault::kFlood);
      break;
    case HashIndex::Outcome::kNoMemory:
      refuse(StateFault::kNoMemory);
      break;
  }
  return false;
}

std::uint32_t StateTable::crowd_tag(std::uint64_t hash, const void* key) const noexcept {
  const KeyShape& shape = layout_.key();
  const std::uint64_t mixed =
      shape.equal_keys_are_equal_bytes
          ? seeded_hash(std::string_view(static_cast<const char*>(key), shape.bytes), multiplier_)
          : seeded_hash(masked(hash), multiplier_);
  return static_cast<std::uint32_t>(mixed >> 32);
}

StateEntry* StateTable::refuse(StateFault fault) noexcept {
  if (fault_ == StateFault::kNone) fault_ = fault;
  return nullptr;
}

void StateTable::erase(StateEntry* entry) noexcept {
  const std::uint32_t number = number_of(entry);
  leave(entry, number);
  ++version_;
  if (walk_.running()) touch(entry);
  if (walk_.running() || options_.keeps_gaps) {
    add_gap(number);
  } else {
    remove_slot(number);
  }
}

void StateTable::leave(const StateEntry* entry, std::uint32_t number) noexcept {
  if (index_.erase(tag_of(entry->hash_and_state), number)) return;
  const bool left =
      crowd_.size() > 0 && crowd_.erase(crowd_tag(entry->hash_and_state, entry->key()), number);
  PENSTOCK_CHECK(left || fault_ != StateFault::kNone);
}

void StateTable::remove_slot(std::uint32_t number) noexcept {
  while (number + 1 < used_ && !entry_at(used_ - 1)->alive()) {
    unlink_gap(static_cast<std::uint32_t>(used_ - 1));
    --used_;
  }
  const auto last = static_cast<std::uint32_t>(used_ - 1);
  StateEntry* from = entry_at(last);
  if (number != last) {
    const StateEntry* to = entry_at(number);
    std::memcpy(entry_at(number), from, stride_);
    if (!index_.renumber(tag_of(to->hash_and_state), last, number)) {
      crowd_.renumber(crowd_tag(to->hash_and_state, to->key()), last, number);
    }
    if (listener_.moved != nullptr) listener_.moved(listener_.context, last, number);
    ++version_;
  }
  from->hash_and_state |= kGap;  // A candidate that was located before must not be taken for alive.
  --used_;
}

void StateTable::add_gap(std::uint32_t number) noexcept {
  StateEntry* entry = entry_at(number);
  entry->hash_and_state |= kGap;
  entry->present = 0;
  entry->stamp = first_gap_;
  if (first_gap_ != 0) entry_at(first_gap_ - 1)->present = number + 1;
  first_gap_ = number + 1;
  ++gaps_;
}

void StateTable::unlink_gap(std::uint32_t number) noexcept {
  const StateEntry* entry = entry_at(number);
  if (entry->present != 0) {
    entry_at(entry->present - 1)->stamp = entry->stamp;
  } else {
    first_gap_ = entry->stamp;
  }
  if (entry->stamp != 0) entry_at(entry->stamp - 1)->present = entry->present;
  --gaps_;
}

Status StateTable::begin_walk(Epoch epoch) {
  if (walk_.running()) {
    return Status::failed_precondition("a snapshot of epoch " + std::to_string(epoch_.value - 1) +
                                       " is still being taken; finish or cancel it before epoch " +
                                       std::to_string(epoch.value));
  }
  if (epoch < epoch_) {
    return Status::failed_precondition("epoch " + std::to_string(epoch.value) +
                                       " is over: changes already carry epoch " +
                                       std::to_string(epoch_.value));
  }
  walk_.begin(used_, stride_);
  if (!walk_.running())
    return no_memory("the copies of a snapshot", used_ * stride_, options_.budget);
  epoch_ = {epoch.value + 1};
  stamp_ = static_cast<std::uint32_t>(epoch_.value) & kEpochStampMask;
  return {};
}

bool StateTable::maintain(std::size_t budget) noexcept {
  for (; budget > 0 && gaps_ > gaps_kept() && !walk_.running(); --budget) {
    if (!entry_at(used_ - 1)->alive()) {
      unlink_gap(static_cast<std::uint32_t>(--used_));
      continue;
    }
    const std::uint32_t number = first_gap_ - 1;
    unlink_gap(number);
    remove_slot(number);
  }
  index_.shrink();
  bool stuck = false;  // Without memory for the new array.
  for (; budget > 0 && index_.growing() && !stuck; --budget) {
    stuck =
        !index_.move_some([this](std::uint32_t moved) { static_cast<void>(enter_crowd(moved)); });
  }
  const std::uint64_t ahead = std::min(used_ * stride_ + kAheadBytes, max_slots_ * stride_);
  // Half as much again stays, so that a number of keys that swings costs nothing.
  const bool shrunk = !walk_.running() && memory_.shrink(ahead + ahead / 2);
  // Nothing is lost when it fails: an insertion that needs the page asks again, and reports.
  static_cast<void>(memory_.extend(ahead));
  return budget == 0 || shrunk;
}

std::uint64_t StateTable::resident_bytes() const noexcept {
  return memory_.resident_bytes() + index_.resident_bytes() + crowd_.resident_bytes();
}

Status StateTable::status() const {
  const std::string keys = std::to_string(this->keys());
  switch (fault_) {
    case StateFault::kNone:
      return {};
    case StateFault::kNoMemory:
      return no_memory("one key more than " + keys, resident_bytes(), options_.budget);
    case StateFault::kTooManyKeys:
      return {StatusCode::kResourceExhausted,
              "keyed state holds " + keys +
                  " keys, as many as this task may; raise max_keys of the stage or the option "
                  "state_keys_max, or let keys go: clear those that are done, or give their state "
                  "a Ttl"};
    case StateFault::kFlood:
      return {StatusCode::kResourceExhausted,
              "thousands of keys share one hash (at " + keys +
                  " keys); give the key type a penstock_hash that uses all of its fields"};
  }
  return Status::internal("unknown fault of a state table");
}

}  // namespace penstock
