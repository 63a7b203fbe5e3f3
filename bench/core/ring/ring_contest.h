// bench/core/ring/ring_contest.h -- one course for our ring and its two best known peers.
//
//   throughput   cpu A: number, batch of up to 64  ==== queue of 4096 ====>  cpu B: check and add up
//   round trip   cpu A: one element  ==== queue ====>  cpu B  ==== queue ====>  cpu A
//
// Fairness   Each queue is used as its own documentation shows it to be fastest: ours takes a batch of slots to fill,
//            boost's an array, and both lend all that is there; moodycamel's takes elements one by one and lends the
//            oldest. Same elements, capacity, threads and flags; every run checks its sum.
#pragma once

#include <readerwriterqueue/readerwriterqueue.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "penstock/core/base/check.h"
#include "penstock/core/base/cpu.h"
#include "penstock/core/ring/spsc_ring.h"
#include "penstock/core/stream/element.h"

namespace penstock::bench {

inline constexpr std::size_t kContestCapacity = 4096;
inline constexpr std::size_t kContestBatch = 64;

template <std::size_t kWords>
struct ContestPayload {
  std::uint64_t words[kWords];
};

using Element32 = Element<ContestPayload<2>>;
using Element64 = Element<ContestPayload<6>>;
static_assert(sizeof(Element32) == 32 && sizeof(Element64) == 64);

template <class E>
void fill(E& element, std::uint64_t number) noexcept {
  element.header = ElementHeader::data(EventTime{static_cast<std::int64_t>(number)}, number << 8);
  for (std::uint64_t& word : element.payload.words) word = number;
}

template <class E>
std::uint64_t digest(const E& element) noexcept {
  std::uint64_t sum = element.header.tag;
  for (const std::uint64_t word : element.payload.words) sum += word;
  return sum;
}

// The sum of digest() over elements 0 .. count - 1.
template <class E>
std::uint64_t digest_of_first(std::uint64_t count) noexcept {
  std::uint64_t sum = 0;
  E element;
  for (std::uint64_t i = 0; i < count; ++i) {
    fill(element, i);
    sum += digest(element);
  }
  return sum;
}

// Each contestant: send(first, count) sends elements first .. and returns how many; receive(visit) visits what is there
// and returns how many.

template <class E>
class OurRing {
 public:
  using Element = E;

  std::size_t send(std::uint64_t first, std::size_t count) noexcept {
    const std::size_t sent = ring_.stage_each(
        count, [first](E& slot, std::size_t i) noexcept { fill(slot, first + i); });
    if (sent != 0) ring_.publish();
    return sent;
  }

  template <class Visitor>
  std::size_t receive(Visitor&& visit) noexcept {
    const std::span<E> run = ring_.peek(kContestCapacity);
    for (const E& element : run) visit(element);
    if (!run.empty()) ring_.release(run.size());
    return run.size();
  }

 private:
  SpscRing<E> ring_{kContestCapacity};
};

template <class E>
class BoostSpscQueue {
 public:
  using Element = E;

  std::size_t send(std::uint64_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) fill(batch_[i], first + i);
    if (count == 1) return queue_.push(batch_[0]);
    return queue_.push(batch_.data(), count);
  }

  template <class Visitor>
  std::size_t receive(Visitor&& visit) {
    return queue_.consume_all(visit);
  }

 private:
  boost::lockfree::spsc_queue<E, boost::lockfree::capacity<kContestCapacity>> queue_;
  std::array<E, kContestBatch> batch_;
};

template <class E>
class MoodycamelQueue {
 public:
  using Element = E;

  std::size_t send(std::uint64_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      E element;
      fill(element, first + i);
      if (!queue_.try_enqueue(element)) return i;
    }
    return count;
  }

  template <class Visitor>
  std::size_t receive(Visitor&& visit) {
    const E* const oldest = queue_.peek();
    if (oldest == nullptr) return 0;
    visit(*oldest);
    queue_.pop();
    return 1;
  }

 private:
  moodycamel::ReaderWriterQueue<E, kContestCapacity> queue_{kContestCapacity};
};

// Spins, and only gives the processor away after so long that the other side cannot be running.
class SpinWait {
 public:
  void again() noexcept {
    if (++spins_ < kSpinsMax) return cpu_relax();
    spins_ = 0;
    std::this_thread::yield();
  }
  void reset() noexcept { spins_ = 0; }

 private:
  static constexpr int kSpinsMax = 20'000;
  int spins_ = 0;
};

// Puts the calling thread on one CPU and back where it was.
class PinnedScope {
 public:
  explicit PinnedScope(int cpu) : before_(current_thread_cpus()) {
    PENSTOCK_CHECK(pin_current_thread(cpu).ok());
  }
  ~PinnedScope() { static_cast<void>(pin_current_thread(before_)); }
  PinnedScope(const PinnedScope&) = delete;
  PinnedScope& operator=(const PinnedScope&) = delete;

 private:
  std::vector<int> before_;
};

struct ContestCpus {
  int near;
  int far;
};

// The first and the last CPU that this thread may use; the same one twice when there is only one.
inline ContestCpus contest_cpus() {
  const std::vector<int> cpus = current_thread_cpus();
  return {cpus.front(), cpus.back()};
}

// Runs `far` on a pinned thread of its own and `near` on this one; both begin together. Returns nanoseconds per item
// from then until both are done.
template <class Near, class Far>
double time_pair(std::uint64_t items, Near&& near, Far&& far) {
  const ContestCpus cpus = contest_cpus();
  std::atomic<bool> ready{false};
  std::thread other([&] {
    PENSTOCK_CHECK(pin_current_thread(cpus.far).ok());
    ready.store(true, std::memory_order_release);
    far();
  });
  const PinnedScope pinned(cpus.near);
  for (SpinWait wait; !ready.load(std::memory_order_acquire);) wait.again();
  const auto start = std::chrono::steady_clock::now();
  near();
  other.join();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / static_cast<double>(items);
}

template <class Queue>
void send_all(Queue& queue, std::uint64_t count) {
  SpinWait wait;
  for (std::uint64_t sent = 0; sent < count;) {
    const std::size_t batch =
        queue.send(sent, std::min<std::uint64_t>(kContestBatch, count - sent));
    sent += batch;
    batch == 0 ? wait.again() : wait.reset();
  }
}

// Receives `count` elements and returns the sum of their digests.
template <class Queue>
std::uint64_t receive_all(Queue& queue, std::uint64_t count) {
  std::uint64_t sum = 0;
  SpinWait wait;
  for (std::uint64_t received = 0; received < count;) {
    const std::size_t batch = queue.receive([&](const auto& element) { sum += digest(element); });
    received += batch;
    batch == 0 ? wait.again() : wait.reset();
  }
  return sum;
}

// Nanoseconds per element, one direction, as fast as both sides can.
template <class Queue>
double measure_throughput(std::uint64_t count) {
  const auto queue = std::make_unique<Queue>();
  std::uint64_t sum = 0;
  const double nanos = time_pair(
      count, [&] { send_all(*queue, count); }, [&] { sum = receive_all(*queue, count); });
  PENSTOCK_CHECK(sum == digest_of_first<typename Queue::Element>(count));
  return nanos;
}

// Nanoseconds from sending an element to receiving the answer, nothing else under way.
template <class Queue>
double measure_round_trip(std::uint64_t count) {
  const auto there = std::make_unique<Queue>();
  const auto back = std::make_unique<Queue>();
  std::uint64_t sum = 0;
  const auto receive_one = [](Queue& queue) {
    std::uint64_t got = 0;
    for (SpinWait wait; queue.receive([&](const auto& element) { got = digest(element); }) == 0;)
      wait.again();
    return got;
  };
  const double nanos = time_pair(
      count,
      [&] {
        for (std::uint64_t i = 0; i < count; ++i) {
          there->send(i, 1);
          sum += receive_one(*back);
        }
      },
      [&] {
        for (std::uint64_t i = 0; i < count; ++i) {
          receive_one(*there);
          back->send(i, 1);
        }
      });
  PENSTOCK_CHECK(sum == digest_of_first<typename Queue::Element>(count));
  return nanos;
}

}  // namespace penstock::bench
