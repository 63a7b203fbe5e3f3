// api/input.h -- the way in for programs: push records into a job from any thread.
//
//   auto [payments, input] = job.input<Payment>();
//   ...
//   if (Status status = input.push(payment); !status.ok()) ...   // from any thread, while the job runs
//
// Threads    push() and close(): any number of threads. Copies of a handle name the same input.
// Ordering   Records of one thread keep their order; between threads there is none.
// Progress   push() never blocks: a full input refuses with kResourceExhausted, and the caller decides to try again, to
//            drop or to slow down. Nothing that was accepted is lost unless the job is stopped instead of drained.
// Lifetime   A handle may outlive the job; push() then says kFailedPrecondition. Records pushed before start wait.
// Cost       A few atomic operations on shared lines; one system call when the worker sleeps.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "penstock/core/base/status.h"
#include "penstock/core/ring/inbox.h"
#include "penstock/core/stream/record.h"
#include "penstock/core/stream/source.h"

namespace penstock {

struct InputOptions {
  std::size_t capacity = 65536;  // Records that may wait.
};

namespace internal {

template <class T>
class InputChannel {
 public:
  explicit InputChannel(InputOptions options) : inbox_(options.capacity) {}

  Status push(const T& value) noexcept {
    // Looked at before the visit as well, so that refused pushes cannot keep closed_and_quiet() waiting.
    if (closed_.load(std::memory_order_relaxed)) return refused();
    const Visit visit(visitors_);
    // Behind the visit in the one order of all seq_cst accesses: see closed_and_quiet().
    if (closed_.load(std::memory_order_seq_cst)) return refused();
    if (!inbox_.push(value)) {
      return Status(StatusCode::kResourceExhausted,
                    "input: " + std::to_string(inbox_.capacity()) +
                        " records wait; push slower or raise InputOptions::capacity");
    }
    wake();
    return Status();
  }

  void close() noexcept {
    const Visit visit(visitors_);
    closed_.store(true, std::memory_order_seq_cst);
    wake();
  }

  bool closed() const noexcept { return closed_.load(std::memory_order_seq_cst); }
  // Closed, and no push that was let in before is still on its way: what the inbox holds then is all.
  bool closed_and_quiet() const noexcept {
    return closed() && visitors_.load(std::memory_order_seq_cst) == 0;
  }
  std::size_t drain(std::span<T> out) noexcept { return inbox_.drain(out); }

  void attach(Waker* waker) noexcept { waker_.store(waker, std::memory_order_seq_cst); }
  // After it nobody touches the waker any more.
  void detach() noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    waker_.store(nullptr, std::memory_order_seq_cst);
    while (visitors_.load(std::memory_order_seq_cst) != 0) std::this_thread::yield();
  }

 private:
  // Counts the threads that may hold the waker, so that detach() can wait for them.
  class Visit {
   public:
    explicit Visit(std::atomic<std::size_t>& count) noexcept : count_(count) {
      count_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~Visit() { count_.fetch_sub(1, std::memory_order_seq_cst); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    std::atomic<std::size_t>& count_;
  };

  static Status refused() noexcept {
    return Status::failed_precondition(
        "input: the job has ended or the input was closed; push before that");
  }
  void wake() noexcept {
    if (Waker* waker = waker_.load(std::memory_order_seq_cst)) waker->wake_if_parked();
  }

  Inbox<T> inbox_;
  alignas(64) std::atomic<std::size_t> visitors_{0};
  std::atomic<Waker*> waker_{nullptr};  // Null before the job runs and after it has ended.
  std::atomic<bool> closed_{false};
};

// The typed source at the other end.
template <class T>
class InputSource {
 public:
  using Value = T;

  explicit InputSource(std::shared_ptr<InputChannel<T>> channel) : channel_(std::move(channel)) {}

  Status open(const SourceContext& context) {
    channel_->attach(context.waker);
    return Status();
  }
  Status close() {
    channel_->detach();
    return Status();
  }

  std::string what_may_be_lost() const {
    return "input of the program: what was pushed after the last snapshot is lost in a crash, and "
           "the "
           "program has to push it again";
  }

  // What was accepted comes out before the end.
  void stop() noexcept { channel_->close(); }

  PollResult poll(std::size_t max, Instant now, auto& emit) {
    PollResult result;
    // Asked before the inbox is: what was pushed before a close is then found by this poll.
    const bool quiet = channel_->closed_and_quiet();
    while (result.records < max && !emit.full() && (next_ < filled_ || refill())) {
      emit(Record<T>{batch_[next_++], EventTime{}});
      ++result.records;
    }
    if (result.records == 0) result.state = quiet ? SourceState::kEnded : SourceState::kWaiting;
    // A push that is on its way has perhaps woken us already: look again soon.
    if (!quiet && channel_->closed()) result.wake_at = now;
    return result;
  }

 private:
  bool refill() noexcept {
    next_ = 0;
    filled_ = channel_->drain(batch_);
    return filled_ > 0;
  }

  std::shared_ptr<InputChannel<T>> channel_;
  std::array<T, 64> batch_{};
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace internal

template <class T>
class InputHandle {
 public:
  explicit InputHandle(std::shared_ptr<internal::InputChannel<T>> channel)
      : channel_(std::move(channel)) {}

  Status push(const T& value) const noexcept { return channel_->push(value); }
  // No more records will come: the job ends when it has worked off what waits, if its other sources have ended too.
  void close() const noexcept { channel_->close(); }

 private:
  std::shared_ptr<internal::InputChannel<T>> channel_;
};

}  // namespace penstock
