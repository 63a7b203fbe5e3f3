// api/collected.h -- a list that the end of a stream fills and any thread may read: for tests and small programs.
//
// Cost       One lock per polled batch of each task, none per record.
// Lifetime   The list and the stream share it; it may be read after the job has ended.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "penstock/core/stream/record.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

template <class T>
class Collected {
 public:
  // Everything collected so far, in order per task.
  std::vector<T> values() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->values;
  }
  std::size_t size() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->values.size();
  }

 private:
  template <class>
  friend class CollectInto;
  struct Shared {
    std::mutex mutex;
    std::vector<T> values;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// The operator: `stream.apply(CollectInto(list)).for_each(...)` passes records on; see collect_into().
template <class T>
class CollectInto {
 public:
  using Output = T;

  explicit CollectInto(Collected<T> list) : list_(std::move(list)) {}

  void on_record(const Record<T>& record, auto&& out) noexcept {
    batch_.push_back(record.value);
    out.collect(record);
  }
  void end_batch(Instant, auto&&) noexcept { hand_over(); }
  Status close(auto&&) {
    hand_over();
    return Status();
  }

 private:
  void hand_over() noexcept {
    if (batch_.empty()) return;
    const std::lock_guard lock(list_.shared_->mutex);
    list_.shared_->values.insert(list_.shared_->values.end(), batch_.begin(), batch_.end());
    batch_.clear();
  }

  Collected<T> list_;
  std::vector<T> batch_;
};

// Ends `stream` in `list`.
template <class AnyStream>
void collect_into(AnyStream stream, Collected<typename AnyStream::Value> list) {
  using T = typename AnyStream::Value;
  std::move(stream).apply(CollectInto<T>(std::move(list))).for_each([](const T&) noexcept {});
}

}  // namespace penstock
