#include "penstock/state/hash_index.h"

#include <algorithm>
#include <bit>

#include "penstock/core/base/check.h"

namespace penstock {
namespace {

constexpr std::uint64_t kSlotsMin = 64;

constexpr std::uint64_t load_limit(std::uint64_t capacity) noexcept { return capacity * 19 / 32; }

}  // namespace

bool HashIndex::open(const Options& options) noexcept {
  PENSTOCK_CHECK(options.ranges >= 1 && options.ranges <= 1024 && options.reach > 0 &&
                 options.reach % kLineSlots == 0);
  ranges_ = options.ranges;
  reach_ = options.reach;
  bytes_max_ = options.bytes_max;
  budget_ = options.budget;
  std::uint32_t bits = 0;
  while (bits < kTagBitsPerRange && (std::uint64_t{ranges_} << bits) < kSlotsMin) ++bits;
  while (bits < kTagBitsPerRange && load_limit(std::uint64_t{ranges_} << bits) < options.expected)
    ++bits;
  bits_min_ = bits;
  if (!make_array(current_, bits, true)) return false;
  set_limits();
  return true;
}

bool HashIndex::make_array(Array& array, std::uint32_t bits, bool present) noexcept {
  const std::uint64_t capacity = std::uint64_t{ranges_} << bits;
  const std::uint64_t bytes = (capacity + reach_) * sizeof(IndexSlot);
  if (bytes > bytes_max_ || !array.memory.reserve(bytes, present ? bytes : 0, budget_))
    return false;
  array.slots = reinterpret_cast<IndexSlot*>(array.memory.data());
  array.shift = kTagBitsPerRange - bits;
  array.capacity = capacity;
  return true;
}

void HashIndex::set_limits() noexcept {
  full_at_ = current_.capacity / 8 * 7;
  grow_at_ = current_.shift == 0 ? ~std::uint64_t{0} : load_limit(current_.capacity);
  const bool can_shrink = kTagBitsPerRange - current_.shift > bits_min_;
  shrink_at_ = can_shrink ? load_limit(current_.capacity) / 4 : 0;
}

HashIndex::Outcome HashIndex::full_outcome() const noexcept {
  return current_.shift == 0 ? Outcome::kTooFar : Outcome::kNoMemory;
}

void HashIndex::start_growth() noexcept {
  // Without memory the present array serves until full_at_; each doubling of the wait keeps failing calls rare.
  if (!make_array(next_, kTagBitsPerRange - current_.shift + 1, false)) {
    next_ = Array();
    grow_at_ += std::max<std::uint64_t>((full_at_ - std::min(grow_at_, full_at_)) / 4, 1);
    return;
  }
  cursor_ = 0;
  ++growths_;
}

void HashIndex::start_shrinking() noexcept {
  if (!make_array(next_, kTagBitsPerRange - current_.shift - 1, false)) {
    next_ = Array();
    shrink_at_ /= 2;
    return;
  }
  cursor_ = 0;
}

HashIndex::Move HashIndex::next_move() noexcept {
  Move move;
  move.at = move.begin = move.end = cursor_;
  if (!growing()) return move;
  const std::uint64_t end = std::min(cursor_ + kMoveSlots, current_.capacity);
  const bool halves = next_.capacity < current_.capacity;
  const std::uint64_t slots =
      std::min((halves ? end / 2 + kLineSlots : end * 2), next_.capacity) + reach_;
  if (next_.memory.extend(slots * sizeof(IndexSlot))) move.end = end;
  return move;
}

bool HashIndex::next_moved(Move& move) const noexcept {
  if (move.begin == move.end) return false;
  const std::uint64_t last =
      move.end + reach_;  // Nothing that is at home before `end` lies past it.
  for (; move.at < last; ++move.at) {
    const IndexSlot slot = current_.slots[move.at];
    if (slot.number_plus_one == 0) {
      if (move.at >= move.end) return false;
      continue;
    }
    const std::uint64_t home = current_.home(slot.tag);
    if (home < move.begin || home >= move.end) continue;
    move.slot = slot;
    ++move.at;
    return true;
  }
  return false;
}

void HashIndex::finish_move(const Move& move) noexcept {
  cursor_ = move.end;
  if (!growing()) return;
  if (cursor_ < current_.capacity) {
    current_.memory.drop_front(cursor_ * sizeof(IndexSlot));
    return;
  }
  current_ = std::move(next_);
  next_ = Array();
  cursor_ = 0;
  set_limits();
}

HashIndex::Outcome HashIndex::place(std::uint32_t tag, std::uint32_t number) noexcept {
  const Outcome outcome = place_in(array_of(tag), tag, number);
  if (outcome == Outcome::kDone) ++size_;
  return outcome;
}

HashIndex::Outcome HashIndex::place_in(Array& array, std::uint32_t tag,
                                       std::uint32_t number) noexcept {
  IndexSlot* line = array.slots + array.home(tag);
  for (const IndexSlot* end = line + reach_; line != end; line += kLineSlots) {
    const std::uint32_t taken = taken_of(line);
    if (taken == kLineSlots) [[unlikely]]
      continue;
    line[taken] = {number + 1, tag};
    return Outcome::kDone;
  }
  return Outcome::kTooFar;
}

IndexSlot* HashIndex::slot_of(std::uint32_t tag, std::uint32_t number) noexcept {
  Array& array = array_of(tag);
  IndexSlot* slot = array.slots + array.home(tag);
  for (IndexSlot* end = slot + reach_; slot != end && slot->number_plus_one != 0; ++slot) {
    // The tag as well: slots that have moved to the new array stay behind here under numbers given away since.
    if (slot->number_plus_one == number + 1 && slot->tag == tag) return slot;
  }
  return nullptr;
}

bool HashIndex::renumber(std::uint32_t tag, std::uint32_t from, std::uint32_t to) noexcept {
  IndexSlot* slot = slot_of(tag, from);
  if (slot == nullptr) return false;
  slot->number_plus_one = to + 1;
  return true;
}

bool HashIndex::erase(std::uint32_t tag, std::uint32_t number) noexcept {
  Array& array = array_of(tag);
  IndexSlot* const line = array.slots + array.home(tag);
  const std::uint32_t taken = taken_of(line);
  if (taken == kLineSlots) [[unlikely]]
    return erase_shifting(array, tag, number);
  // All with this home are in it, in any order.
  std::uint32_t at = 0;
  std::uint32_t found = 0;
  for (std::uint32_t i = 0; i < kLineSlots; ++i) {
    const bool is_it = line[i].number_plus_one == number + 1 && line[i].tag == tag;
    at |= is_it ? i : 0;
    found |= is_it ? 1 : 0;
  }
  if (found == 0) return false;
  line[at] = line[taken - 1];
  line[taken - 1] = {0, 0};
  --size_;
  return true;
}

bool HashIndex::erase_shifting(Array& array, std::uint32_t tag, std::uint32_t number) noexcept {
  IndexSlot* found = slot_of(tag, number);
  if (found == nullptr) return false;
  auto hole = static_cast<std::uint64_t>(found - array.slots);
  // Shift back what may live nearer to its home, so that probing meets no gap before its goal.
  const std::uint64_t end = std::min<std::uint64_t>(
      array.capacity + reach_, array.memory.present_bytes() / sizeof(IndexSlot));
  for (std::uint64_t at = hole + 1; at < end && array.slots[at].number_plus_one != 0; ++at) {
    if (array.home(array.slots[at].tag) > hole) continue;
    array.slots[hole] = array.slots[at];
    hole = at;
  }
  array.slots[hole] = {0, 0};
  --size_;
  return true;
}

}  // namespace penstock
