// bench/workloads/nexmark.h -- the auction events of the Nexmark workloads, computed from their number.
//
// Of 50 events in a row the first is a person, the next three are auctions, the other 46 bids. Any event can be had
// without those before it, so several sources share the numbers out between them.
// Cost       3 to 10 ns, by how many fields are used; no branch that the processor cannot foresee.
#pragma once

#include <cstdint>
#include <type_traits>

#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {

enum class NexmarkKind : std::uint8_t { kPerson, kAuction, kBid };

// Whether event times jump back by up to two seconds.
enum class Disorder : bool { kNone, kTwoSeconds };
inline constexpr std::int64_t kDisorderMillis = 2000;

template <Disorder kDisorder>
using DisorderConstant = std::integral_constant<Disorder, kDisorder>;
// Calls body(DisorderConstant<disorder>).
template <class Body>
auto with_constant(Disorder disorder, Body body) {
  return disorder == Disorder::kNone ? body(DisorderConstant<Disorder::kNone>())
                                     : body(DisorderConstant<Disorder::kTwoSeconds>());
}

// One type for all three kinds; fields that a kind does not have are 0.
struct NexmarkEvent {
  std::uint64_t auction = 0;  // Of an auction: its id. Of a bid: what it is for.
  std::uint64_t person =
      0;  // Of a person: its id. Of an auction: the seller. Of a bid: the bidder.
  std::int64_t time_ms = 0;
  std::int64_t expires_ms = 0;  // Of an auction.
  std::uint32_t price = 0;      // Of a bid. Of an auction: the initial one.
  std::uint32_t reserve = 0;    // Of an auction.
  NexmarkKind kind = NexmarkKind::kPerson;
  std::uint8_t channel = 0;   // Of a bid: 0..3.
  std::uint8_t category = 0;  // Of an auction: 10..14.
  std::uint8_t state = 0;     // Of a person: 0 AZ, 1 CA, 2 ID, 3 OR, 4 WA, 5 WY.
  std::uint8_t city = 0;      // Of a person: 0..9.
};
static_assert(sizeof(NexmarkEvent) == 48, "with the header of an element it fills one cache line");
static_assert(std::is_trivially_copyable_v<NexmarkEvent>);

namespace internal {

inline constexpr std::uint64_t kNexmarkGroup = 50;  // Events from one person to the next.

// Where event n stands, and what all events of its group have in common.
struct NexmarkPlace {
  std::uint64_t group;
  std::uint64_t place;
  std::uint64_t hot_person = 0;
  std::uint64_t hot_auction = 0;

  explicit constexpr NexmarkPlace(std::uint64_t n) noexcept
      : group(n / kNexmarkGroup), place(n % kNexmarkGroup) {
    find_hot();
  }
  constexpr std::uint64_t last_auction() const noexcept { return 3 * group + 2; }
  constexpr void find_hot() noexcept {
    hot_person = group / 100 * 100;
    hot_auction = last_auction() / 100 * 100;
  }
};

// last - back, but not below 0.
constexpr std::uint64_t step_back(std::uint64_t last, std::uint64_t back) noexcept {
  return last > back ? last - back : 0;
}

// The popular id in three of four cases, otherwise one of the last 1000.
constexpr std::uint64_t nexmark_person(std::uint64_t b, const NexmarkPlace& at) noexcept {
  const std::uint64_t recent = step_back(at.group, ((b - 49152) * 1000) >> 14);
  return b < 49152 ? at.hot_person : recent;
}

// The popular id in every second case, otherwise one of the last 100.
constexpr std::uint64_t nexmark_auction(std::uint64_t a, const NexmarkPlace& at) noexcept {
  const std::uint64_t recent = step_back(at.last_auction(), ((a - 32768) * 100) >> 15);
  return a < 32768 ? at.hot_auction : recent;
}

constexpr std::int64_t nexmark_time_ms(std::uint64_t n, std::uint64_t group,
                                       Disorder disorder) noexcept {
  const auto ordered = static_cast<std::int64_t>(group / 2);  // n / 100
  if (disorder == Disorder::kNone) return ordered;
  const auto back = static_cast<std::int64_t>(((sm(2, n) >> 32) * kDisorderMillis) >> 32);
  return kDisorderMillis + ordered - back;
}

// REQUIRES: `at` is the place of n.
[[gnu::always_inline]] constexpr NexmarkEvent nexmark_event_at(std::uint64_t n,
                                                               const NexmarkPlace& at,
                                                               Disorder disorder) noexcept {
  const std::uint64_t random = sm(1, n);
  const std::uint64_t a = random & 0xffff;
  const std::uint64_t b = (random >> 16) & 0xffff;
  const std::uint64_t c = (random >> 32) & 0xffff;
  const std::uint64_t d = random >> 48;
  NexmarkEvent event;
  event.time_ms = nexmark_time_ms(n, at.group, disorder);
  if (at.place >= 4) {
    event.kind = NexmarkKind::kBid;
    event.auction = nexmark_auction(a, at);
    event.person = nexmark_person(b, at);
    event.price = static_cast<std::uint32_t>(1 + (((d << 8) | (c >> 8)) >> (c & 15)));
    event.channel = static_cast<std::uint8_t>((c >> 4) & 3);
  } else if (at.place >= 1) {
    event.kind = NexmarkKind::kAuction;
    event.auction = 3 * at.group + at.place - 1;
    event.person = nexmark_person(b, at);
    event.category = static_cast<std::uint8_t>(10 + ((a * 5) >> 16));
    event.price = static_cast<std::uint32_t>(1 + (d & 1023));
    event.reserve = static_cast<std::uint32_t>(event.price + (c & 1023));
    event.expires_ms = event.time_ms + 2 + static_cast<std::int64_t>(a & 31);
  } else {
    event.person = at.group;
    event.state = static_cast<std::uint8_t>((a * 6) >> 16);
    event.city = static_cast<std::uint8_t>((b * 10) >> 16);
  }
  return event;
}

}  // namespace internal

// Event number n, from 0.
constexpr NexmarkEvent nexmark_event(std::uint64_t n, Disorder disorder) noexcept {
  return internal::nexmark_event_at(n, internal::NexmarkPlace(n), disorder);
}

// The events first, first + step, first + 2 step, ...: source s of W starts at s and steps by W. A fifth to a half
// faster than nexmark_event(n), for it divides once per group instead of once per event. The disorder is a constant:
// what it costs to ask differs with what surrounds the loop.
template <Disorder kDisorder>
class NexmarkGenerator {
 public:
  constexpr NexmarkGenerator(std::uint64_t first, std::uint64_t step) noexcept
      : number_(first), at_(first), step_(step) {}

  constexpr std::uint64_t next_number() const noexcept { return number_; }
  constexpr std::uint64_t step() const noexcept { return step_; }

  [[gnu::always_inline]] constexpr NexmarkEvent next() noexcept { return next_by(step_); }
  // The same where whoever calls knows step() as a constant. REQUIRES: step == step().
  [[gnu::always_inline]] constexpr NexmarkEvent next_by(std::uint64_t step) noexcept {
    const NexmarkEvent event = internal::nexmark_event_at(number_, at_, kDisorder);
    number_ += step;
    at_.place += step;
    if (at_.place >= internal::kNexmarkGroup) at_ = internal::NexmarkPlace(number_);
    return event;
  }

 private:
  std::uint64_t number_;
  internal::NexmarkPlace at_;
  std::uint64_t step_;
};

}  // namespace penstock::bench
