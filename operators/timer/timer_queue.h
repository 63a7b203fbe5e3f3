// operators/timer/timer_queue.h -- the order in which timers come due: a heap of (time, key), four children to a node.
//
// Tickets    push() gives one out; cancel() marks its timer dead, in O(1), without looking for it in the heap. Dead
//            ones leave when they come to the front, or by maintain() once they outnumber the live ones.
// Order      By time, then by the top of the key's hash.
// Layout     A node is 16 bytes and its four children are one cache line; keys stand aside, by ticket. Memory grows
//            in steps of 64 KiB and is never copied.
// Look-ahead What is due is taken out of the heap some timers early, into a short run, so that the state of those
//            keys can be on its way when their turn comes; a timer that is set meanwhile and is due before them still
//            goes first.
// Cost       push() is O(1) on average; pop() is O(log n): about 1 us among 10 M.
// Threads    One owner.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "penstock/core/base/check.h"
#include "penstock/core/base/prefetch.h"
#include "penstock/state/growable_memory.h"

namespace penstock {

template <class Key>
class TimerQueue {
 public:
  struct Item {
    std::int64_t time;
    std::uint64_t hash;
    Key key;
  };
  static_assert(std::is_trivially_copyable_v<Key>);

  // False: no address space.
  [[nodiscard]] bool open(MemoryBudget* budget = nullptr) noexcept {
    return heap_memory_.reserve(kLineBytes + kTimersMax * sizeof(Node), 0, budget) &&
           owners_memory_.reserve((kTimersMax + 1) * sizeof(Owner), 0, budget);
  }

  // The ticket of the new timer, never 0; 0: no memory.
  [[nodiscard]] std::uint32_t push(std::int64_t time, std::uint64_t hash, const Key& key) noexcept {
    if (heap_size_ == kTimersMax ||
        !heap_memory_.extend(kLineBytes + (heap_size_ + 1) * sizeof(Node)))
      return 0;
    const std::uint32_t ticket = take_ticket();
    if (ticket == 0) return 0;
    owners()[ticket] = Owner{hash, kLive, key};
    sift_up(heap_size_++, Node::of(time, hash, ticket));
    return ticket;
  }
  // REQUIRES: the timer has not been popped.
  void cancel(std::uint32_t ticket) noexcept {
    PENSTOCK_DCHECK(owners()[ticket].link == kLive);
    owners()[ticket].link = kDead;
    ++dead_;
  }

  // Fetches what cancel() changes.
  void prefetch_cancel(std::uint32_t ticket) const noexcept {
    internal::prefetch_for_write(&owners()[ticket]);
  }

  bool empty() const noexcept { return size() == 0; }
  std::uint64_t size() const noexcept { return heap_size_ + run_size_; }
  std::uint64_t dead() const noexcept { return dead_; }
  // Of the first timer by order, which may be dead. REQUIRES: !empty().
  std::int64_t front_time() const noexcept {
    return (run_is_first() ? run_at(0) : heap()[0]).time();
  }
  bool due(std::int64_t until) const noexcept { return !empty() && front_time() <= until; }
  // Takes the first timer out; whether it was live. REQUIRES: !empty().
  bool pop(Item& item) noexcept {
    const Node first = run_is_first() ? take_from_run() : take_from_heap();
    const Owner& owner = owners()[first.ticket()];
    item = Item{first.time(), owner.hash, owner.key};
    const bool live = owner.link == kLive;
    free_ticket(first.ticket());
    return live;
  }

  // Fills the run with what is due until then.
  void look_ahead(std::int64_t until) noexcept {
    while (run_size_ < kRun && heap_size_ > 0 && heap()[0].time() <= until) {
      if (run_size_ > 0 && heap()[0] < run_at(run_size_ - 1)) return;
      const Node next = take_from_heap();
      internal::prefetch_for_write(&owners()[next.ticket()]);
      run_[(run_first_ + run_size_++) % kRun] = next;
    }
  }
  // Calls visit(Item) for the timer that is `distance` behind the first of the run.
  template <class Visit>
  void peek(std::size_t distance, Visit visit) const noexcept {
    if (distance >= run_size_) return;
    const Node& node = run_at(distance);
    const Owner& owner = owners()[node.ticket()];
    visit(Item{node.time(), owner.hash, owner.key});
  }

  // Looks at up to `budget` timers, and takes the dead ones out, while most are dead.
  void maintain(std::size_t budget) noexcept {
    if (unswept_ == 0) {
      if (dead_ <= kDeadMin || dead_ * 2 <= size()) return;
      unswept_ = heap_size_;
    }
    unswept_ = std::min(unswept_, heap_size_);
    for (; budget > 0 && unswept_ > 0; --budget) {
      if (unswept_ > kSweepAhead)
        internal::prefetch_for_write(&owners()[heap()[unswept_ - kSweepAhead].ticket()]);
      // From the back: what fills a gap has been looked at.
      const std::uint32_t ticket = heap()[--unswept_].ticket();
      if (owners()[ticket].link == kDead) {
        remove(unswept_);
        free_ticket(ticket);
      }
    }
  }

  std::uint64_t resident_bytes() const noexcept {
    return heap_memory_.resident_bytes() + owners_memory_.resident_bytes();
  }

  static constexpr std::size_t kRun = 16;

 private:
  static constexpr std::size_t kLineBytes = 64;
  static constexpr std::uint64_t kTimersMax = std::uint64_t{1} << 30;
  static constexpr std::uint64_t kDeadMin = 1024;
  static constexpr std::uint64_t kChildren = 4;
  static constexpr std::uint64_t kSweepAhead = 16;
  // What an owner's link says; else it is the next free ticket.
  static constexpr std::uint32_t kLive = 0xffffffff;
  static constexpr std::uint32_t kDead = 0xfffffffe;

  struct Owner {
    std::uint64_t hash;
    std::uint32_t link;
    Key key;
  };
  struct Node {  // Ordered as one number: time, top of the hash, ticket.
    std::uint64_t low;
    std::uint64_t high;

    static constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    static Node of(std::int64_t time, std::uint64_t hash, std::uint32_t ticket) noexcept {
      return {(hash >> 32 << 32) | ticket, static_cast<std::uint64_t>(time) ^ kSign};
    }
    std::int64_t time() const noexcept { return static_cast<std::int64_t>(high ^ kSign); }
    std::uint32_t ticket() const noexcept { return static_cast<std::uint32_t>(low); }
    friend bool operator<(const Node& a, const Node& b) noexcept {
      __extension__ using Number = unsigned __int128;
      return ((Number{a.high} << 64) | a.low) < ((Number{b.high} << 64) | b.low);
    }
  };
  static_assert(sizeof(Node) * kChildren == kLineBytes);

  // Children of node i are nodes 4 i + 1 to 4 i + 4: with node 0 at the end of a line they share one.
  Node* heap() const noexcept {
    return reinterpret_cast<Node*>(heap_memory_.data() + kLineBytes - sizeof(Node));
  }
  Owner* owners() const noexcept { return reinterpret_cast<Owner*>(owners_memory_.data()); }
  const Node& run_at(std::size_t i) const noexcept { return run_[(run_first_ + i) % kRun]; }
  bool run_is_first() const noexcept {
    return run_size_ > 0 && (heap_size_ == 0 || run_at(0) < heap()[0]);
  }

  std::uint32_t take_ticket() noexcept {
    const std::uint32_t ticket = first_free_;
    if (ticket != 0) {
      first_free_ = owners()[ticket].link;
      return ticket;
    }
    if (!owners_memory_.extend((used_tickets_ + 2) * sizeof(Owner))) return 0;
    return static_cast<std::uint32_t>(++used_tickets_);
  }
  void free_ticket(std::uint32_t ticket) noexcept {
    if (owners()[ticket].link == kDead) --dead_;
    owners()[ticket].link = first_free_;
    first_free_ = ticket;
  }

  Node take_from_run() noexcept {
    const Node first = run_at(0);
    run_first_ = (run_first_ + 1) % kRun;
    --run_size_;
    return first;
  }
  Node take_from_heap() noexcept {
    const Node first = heap()[0];
    remove(0);
    return first;
  }
  void remove(std::uint64_t at) noexcept {
    const Node last = heap()[--heap_size_];
    if (at == heap_size_) return;
    if (at > 0 && last < heap()[(at - 1) / kChildren]) {
      sift_up(at, last);
    } else {
      sift_down(at, last);
    }
  }
  void sift_up(std::uint64_t at, const Node& node) noexcept {
    while (at > 0) {
      const std::uint64_t parent = (at - 1) / kChildren;
      if (!(node < heap()[parent])) break;
      heap()[at] = heap()[parent];
      at = parent;
    }
    heap()[at] = node;
  }
  void sift_down(std::uint64_t at, const Node& node) noexcept {
    for (;;) {
      const std::uint64_t first = at * kChildren + 1;
      if (first >= heap_size_) break;
      const std::uint64_t end = std::min(first + kChildren, heap_size_);
      // Which child wins is not known yet, and waiting for it would cost more than the lines of all four.
      for (std::uint64_t child = first; child < end; ++child)
        internal::prefetch_for_write(&heap()[child * kChildren + 1]);
      std::uint64_t best = first;
      for (std::uint64_t child = first + 1; child < end; ++child)
        best = heap()[child] < heap()[best] ? child : best;
      if (!(heap()[best] < node)) break;
      heap()[at] = heap()[best];
      at = best;
    }
    heap()[at] = node;
  }

  GrowableMemory heap_memory_;
  GrowableMemory owners_memory_;
  std::uint64_t heap_size_ = 0;
  std::uint64_t dead_ = 0;
  std::uint64_t unswept_ = 0;  // Nodes from the front that a sweep has not looked at; 0: none runs.
  std::uint64_t used_tickets_ = 0;
  std::uint32_t first_free_ = 0;
  Node run_[kRun];
  std::size_t run_first_ = 0;
  std::size_t run_size_ = 0;
};

}  // namespace penstock
