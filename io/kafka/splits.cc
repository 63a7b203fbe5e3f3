#include "penstock/io/kafka/splits.h"

#include <algorithm>

#include "penstock/core/base/check.h"
#include "penstock/core/base/crc32c.h"
#include "penstock/core/base/hash.h"

namespace penstock::kafka::internal {

std::uint32_t task_of(std::string_view topic, std::int32_t partition,
                      std::uint32_t task_count) noexcept {
  const std::uint64_t first = hash_bits(crc32c(topic)) >> 32;
  return static_cast<std::uint32_t>((first + static_cast<std::uint32_t>(partition)) % task_count);
}

bool SplitNumbers::learn(std::vector<std::string> topics) {
  std::sort(topics.begin(), topics.end());
  const std::lock_guard lock(mutex_);
  for (std::string& topic : topics) {
    if (topics_.try_emplace(std::move(topic), next_).second) ++next_;
  }
  return next_ <= kTopicsMax;
}

void SplitNumbers::keep(const std::string& topic, std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto [own, is_new] = topics_.try_emplace(topic, next_);
  if (is_new) ++next_;
  for (auto& [name, given] : topics_) {
    if (given == number) given = own->second;
  }
  own->second = number;
  next_ = std::max(next_, number + 1);
}

std::uint32_t SplitNumbers::number_of(std::string_view topic) const {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second;
}

SplitId SplitNumbers::of(std::string_view topic, std::int32_t partition) const {
  PENSTOCK_CHECK(partition >= 0 && partition < kPartitionsMax);
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(topic);
  PENSTOCK_CHECK(found != topics_.end());
  return {found->second * static_cast<std::uint32_t>(kPartitionsMax) +
          static_cast<std::uint32_t>(partition)};
}

}  // namespace penstock::kafka::internal
