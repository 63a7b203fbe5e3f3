#include "penstock/bench/state/keyed_count.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>

#include "penstock/core/base/check.h"
#include "penstock/core/base/hash.h"
#include "penstock/core/base/random.h"
#include "penstock/state/keyed_state.h"
#include "penstock/state/lookahead.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kBatch =
    1024;  // Records at a time, as a task drains them from a ring under load.

class OurCounter final : public Counter {
 public:
  explicit OurCounter(const OurCounterOptions& options)
      : ahead_(options.ahead),
        store_("bench"),
        count_(store_.value_state<std::uint64_t>("count").value()) {
    KeyedStateOptions sealed;
    sealed.seed = 42;
    sealed.expected_keys = options.expected_keys;
    PENSTOCK_CHECK(store_.seal<std::uint64_t>(sealed).ok());
  }

  void insert_all(std::uint64_t keys) override {
    for (std::uint64_t n = 0; n < keys; ++n) {
      const std::uint64_t key = nth_key(n);
      store_.set_current_key(key_hash(key), key);
      count_.set(0);
    }
    while (store_.maintain(1024)) {
    }
  }

  void count(std::span<const std::uint64_t> keys) override {
    for (; !keys.empty(); keys = keys.subspan(std::min(kBatch, keys.size()))) {
      const auto batch = keys.first(std::min(kBatch, keys.size()));
      for (std::size_t i = 0; i < batch.size(); ++i) hashes_[i] = key_hash(batch[i]);
      ahead_ ? count_ahead(batch) : count_plainly(batch);
    }
  }

  std::uint64_t count_of(std::uint64_t key) const override {
    const StateEntry* entry = store_.table().find(key_hash(key), key);
    return entry == nullptr ? 0 : *entry->at<std::uint64_t>(store_.table().layout().slot(0).offset);
  }

 private:
  void count_ahead(std::span<const std::uint64_t> batch) {
    for_each_ahead(
        store_.table(), batch.size(), [this](std::size_t i) { return hashes_[i]; },
        [&](std::size_t i, std::uint32_t candidate) {
          store_.set_current_key(hashes_[i], batch[i], candidate);
          ++count_.get_or_create();
        });
  }
  void count_plainly(std::span<const std::uint64_t> batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      store_.set_current_key(hashes_[i], batch[i]);
      ++count_.get_or_create();
    }
  }

  bool ahead_;
  KeyedStateStore store_;
  ValueState<std::uint64_t> count_;
  std::uint64_t hashes_[kBatch] = {};
};

class BoostCounter final : public Counter {
 public:
  void insert_all(std::uint64_t keys) override {
    for (std::uint64_t n = 0; n < keys; ++n) map_.try_emplace(nth_key(n), 0);
  }
  void count(std::span<const std::uint64_t> keys) override {
    for (const std::uint64_t key : keys) ++map_[key];
  }
  std::uint64_t count_of(std::uint64_t key) const override {
    const auto found = map_.find(key);
    return found == map_.end() ? 0 : found->second;
  }

 private:
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> map_;
};

}  // namespace

std::uint64_t nth_key(std::uint64_t n) noexcept { return hash_bits(n ^ 0x5eed); }

std::vector<std::uint64_t> draw_keys(std::uint64_t keys, std::size_t count, Draw draw,
                                     std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint64_t> drawn(count);
  const double log_keys = std::log(static_cast<double>(keys));
  for (std::uint64_t& key : drawn) {
    const double unit = static_cast<double>(random.next_u64() >> 11) * 0x1p-53;
    const auto rank = static_cast<std::uint64_t>(std::exp(unit * log_keys)) - 1;
    key = nth_key(draw == Draw::kSkewed ? std::min(rank, keys - 1) : random.below(keys));
  }
  return drawn;
}

std::unique_ptr<Counter> make_our_counter(const OurCounterOptions& options) {
  return std::make_unique<OurCounter>(options);
}

std::unique_ptr<Counter> make_boost_counter() { return std::make_unique<BoostCounter>(); }

}  // namespace penstock::bench
