// tests/harness/memory_backend.h -- a state backend whose disks are maps, and which answers when it likes.
//
// What a disk has been asked for is done a little at a time, whenever the worker looks for an answer; how much, and in
// which order requests are answered, comes from a seed. Kept epochs outlive the disks, as files would.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "penstock/core/base/random.h"
#include "penstock/state/disk/disk_records.h"
#include "penstock/state/disk/state_backend.h"

namespace penstock::harness {

class MemoryBackend final : public StateBackend {
 public:
  using Records = std::map<std::string, std::string, std::less<>>;

  explicit MemoryBackend(std::uint64_t memory_bytes, std::uint64_t seed = 1)
      : memory_bytes_(memory_bytes), random_(seed) {}

  Result<std::unique_ptr<StateDisk>> open(const StateDiskOptions& options) override {
    ++opened;
    return std::unique_ptr<StateDisk>(std::make_unique<Disk>(*this, options));
  }
  std::uint64_t memory_bytes() const noexcept override { return memory_bytes_; }

  std::map<std::pair<std::string, std::uint64_t>, Records> kept;
  std::uint64_t opened = 0;
  std::uint64_t answered = 0;
  std::uint64_t cloned = 0;
  std::uint64_t records_put = 0;
  Status next_failure;  // Of the next block.

 private:
  class Disk final : public StateDisk {
   public:
    Disk(MemoryBackend& backend, StateDiskOptions options)
        : backend_(backend), options_(std::move(options)) {}

    std::uint64_t write(std::string block) override {
      work_.emplace_back([this, block = std::move(block)] {
        apply(block);
        ++written_;
      });
      return ++blocks_;
    }
    std::uint64_t written() const noexcept override { return written_; }
    bool has_room() const noexcept override {
      some_work();
      return work_.size() < 16;
    }
    void fetch(std::string request) override { requests_.push_back(std::move(request)); }
    bool take_answer(std::string& answer) override {
      some_work();
      if (requests_.empty() || backend_.random_.below(3) == 0) return false;
      const auto at =
          requests_.begin() + static_cast<std::ptrdiff_t>(backend_.random_.below(requests_.size()));
      answer = answer_to(*at);
      requests_.erase(at);
      ++backend_.answered;
      return true;
    }
    std::function<Status()> keep(Epoch epoch) override {
      auto done = std::make_shared<bool>(false);
      work_.emplace_back([this, epoch, done] {
        backend_.kept[{options_.name, epoch.value}] = live_;
        *done = true;
      });
      return [this, done] {
        while (!*done) do_first();
        return failure_;
      };
    }
    void tell_time(TimeDomain, EventTime) noexcept override {}
    Status status() const override { return failure_; }
    bool failed() const noexcept override { return !failure_.ok(); }
    Status go_on_from(const std::string& name, Epoch epoch) override {
      EXPECT_TRUE(live_.empty() && work_.empty());
      live_ = backend_.kept.at({name, epoch.value});
      ++backend_.cloned;
      return {};
    }
    Status visit(const std::string& name, Epoch epoch, KeyGroupRange groups,
                 const Visit& visit) override {
      for (const auto& [record, value] : backend_.kept.at({name, epoch.value})) {
        if (groups.contains(disk_group_of(record))) PENSTOCK_RETURN_IF_ERROR(visit(record, value));
      }
      return {};
    }
    Result<std::string> read(const std::string& request) override {
      while (!work_.empty()) do_first();
      if (!failure_.ok()) return failure_;
      return answer_to(request);
    }

   private:
    void some_work() const {
      const bool is_slow = work_.size() < 16 && backend_.random_.below(8) != 0;
      for (std::uint64_t n = is_slow ? 0 : 2; n > 0 && !work_.empty(); --n) do_first();
    }
    void do_first() const {
      const auto work = std::move(work_.front());
      work_.pop_front();
      work();
    }
    void apply(const std::string& block) {
      if (!backend_.next_failure.ok()) failure_ = std::exchange(backend_.next_failure, {});
      EXPECT_TRUE(for_each_change(
          block,
          [this](std::string_view name, std::string_view value) {
            live_.insert_or_assign(std::string(name), std::string(value));
            ++backend_.records_put;
          },
          [this](std::string_view name) { live_.erase(std::string(name)); }));
    }
    std::string answer_to(const std::string& request) const {
      const std::size_t one = sizeof(std::uint64_t) + options_.prefix_bytes;
      DiskAnswer answer;
      for (std::size_t i = 0; i < request.size(); i += one) {
        const std::string prefix = request.substr(i + sizeof(std::uint64_t), options_.prefix_bytes);
        answer.begin(std::string_view(request).substr(i, one));
        for (auto at = live_.lower_bound(prefix);
             at != live_.end() && at->first.starts_with(prefix); ++at)
          answer.record(at->first, at->second);
        answer.end();
      }
      return answer.take();
    }

    MemoryBackend& backend_;
    StateDiskOptions options_;
    Records live_;
    mutable std::deque<std::function<void()>>
        work_;  // Goes on beside the worker, whatever that asks.
    std::deque<std::string> requests_;
    std::uint64_t blocks_ = 0;
    std::uint64_t written_ = 0;
    Status failure_;
  };

  std::uint64_t memory_bytes_;
  Random random_;
};

}  // namespace penstock::harness
