// core/checkpoint/snapshot_port.h -- the way of a task's captures to whoever makes them durable.
//
// Worker     begin(), take(), finish(): an epoch's chunks, in order. Never waits: a capture in slices looks at
//            has_room() before each, so that little more than kRoomBytes ever wait here.
// Keeper     next() and give_back(), on a thread of its own or by hand.
// Awaited    Where results of the job wait for its epochs, captures are to be done soon: they come in longer slices.
// Epochs     Everything carries its epoch: what comes late for one that was given up is dropped by the keeper.
// Threads    One worker and one keeper; a lock that is held for a few moves, once per chunk.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock {

class SnapshotPort final : public SnapshotTarget {
 public:
  static constexpr std::size_t kRoomBytes = std::size_t{4} << 20;

  struct Delivery {
    Epoch epoch;
    std::string chunk;
    std::function<Status()> before_ack;  // See SnapshotWriter.
    std::function<Status()> after_commit;
    bool is_last = false;  // All of the part is there.
    bool ended = false;    // The task will capture the same ever after.
  };

  // `is_awaited`: no result of the job is seen before the epoch that it belongs to is durable.
  explicit SnapshotPort(bool is_awaited = false) noexcept : is_awaited_(is_awaited) {}
  bool is_awaited() const noexcept { return is_awaited_; }

  // `notify` is called when something is there, from the worker.
  void set_notify(std::function<void()> notify) { notify_ = std::move(notify); }

  void begin(Epoch epoch) noexcept { epoch_ = epoch; }
  void take(std::string chunk) noexcept override { put({epoch_, std::move(chunk), {}, {}}); }
  void before_ack(std::function<Status()> work) noexcept override {
    put({epoch_, {}, std::move(work), {}});
  }
  void after_commit(std::function<Status()> work) noexcept override {
    put({epoch_, {}, {}, std::move(work)});
  }
  void finish(bool ended) noexcept { put({epoch_, {}, {}, {}, true, ended}); }
  // The task has ended: an epoch should come soon.
  void announce_end() noexcept {
    {
      const std::lock_guard lock(mutex_);
      has_ended_ = true;
    }
    if (notify_) notify_();
  }
  bool has_room() const noexcept override {
    const std::lock_guard lock(mutex_);
    return waiting_bytes_ < kRoomBytes;
  }

  std::string spare() noexcept override {
    const std::lock_guard lock(mutex_);
    if (spares_.empty()) return {};
    std::string chunk = std::move(spares_.back());
    spares_.pop_back();
    return chunk;
  }
  // A chunk that is written. Those of unusual size, and more than can wait, are let go of.
  void give_back(std::string chunk) noexcept {
    if (chunk.capacity() > 2 * SnapshotWriter::kChunkBytes) return;
    chunk.clear();
    const std::lock_guard lock(mutex_);
    if (spares_.size() < kRoomBytes / SnapshotWriter::kChunkBytes)
      spares_.push_back(std::move(chunk));
  }

  std::optional<Delivery> next() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    Delivery first = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= first.chunk.size();
    return first;
  }
  bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return has_ended_;
  }

 private:
  void put(Delivery delivery) noexcept {
    {
      const std::lock_guard lock(mutex_);
      waiting_bytes_ += delivery.chunk.size();
      waiting_.push_back(std::move(delivery));
    }
    if (notify_) notify_();
  }

  const bool is_awaited_;
  mutable std::mutex mutex_;
  std::deque<Delivery> waiting_;
  std::vector<std::string> spares_;
  std::size_t waiting_bytes_ = 0;
  bool has_ended_ = false;
  Epoch epoch_;  // The worker's.
  std::function<void()> notify_;
};

}  // namespace penstock
