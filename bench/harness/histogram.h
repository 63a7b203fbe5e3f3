// bench/harness/histogram.h -- how often each duration occurred: three significant digits from 1 ns to 1 hour.
//
// Buckets are linear within a power of two and double from one to the next, so that a percentile is never more than a
// thousandth above the truth, whatever its size. Below 1 ns counts as 0, above an hour as an hour; max() is exact.
// Threads    One writer; merge() afterwards.
// Cost       record() is about 2 ns and allocates nothing; a histogram takes 270 KB.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace penstock::bench {

class Histogram {
 public:
  static constexpr std::int64_t kValueMax = 3'600'000'000'000;  // One hour in nanoseconds.

  Histogram() : counts_(bucket_of(static_cast<std::uint64_t>(kValueMax)) + 1) {}

  void record(std::int64_t value_ns) noexcept {
    value_ns = std::max<std::int64_t>(value_ns, 0);
    const auto kept = static_cast<std::uint64_t>(std::min(value_ns, kValueMax));
    ++counts_[bucket_of(kept)];
    ++count_;
    max_ = std::max(max_, value_ns);
    min_ = std::min(min_, value_ns);
  }

  void merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
    min_ = std::min(min_, other.min_);
  }

  std::uint64_t count() const noexcept { return count_; }
  std::int64_t max() const noexcept { return max_; }                    // Exact; 0 when empty.
  std::int64_t min() const noexcept { return count_ == 0 ? 0 : min_; }  // Exact; 0 when empty.

  // The value that `percent` of all values do not exceed: at most a thousandth too high, never too low (unless above
  // the hour); 0 when empty. REQUIRES: 0 <= percent <= 100.
  std::int64_t percentile(double percent) const noexcept {
    const std::uint64_t rank = rank_of(percent);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank && seen > 0) return std::min(highest_in(i), max_);
    }
    return 0;
  }

 private:
  static constexpr int kDigitBits = 10;  // 1024 buckets for each power of two: a thousandth.
  static constexpr std::uint64_t kLinear = std::uint64_t{2} << kDigitBits;

  // Below kLinear the value itself; above, the power of two and the 10 bits after its leading one.
  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const int shift = static_cast<int>(std::bit_width(value | (kLinear - 1))) - (kDigitBits + 1);
    return (static_cast<std::size_t>(shift) << kDigitBits) + (value >> shift);
  }

  static constexpr std::int64_t highest_in(std::size_t bucket) noexcept {
    if (bucket < kLinear) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = (bucket >> kDigitBits) - 1;
    const std::uint64_t lead = bucket - (shift << kDigitBits);
    return static_cast<std::int64_t>(((lead + 1) << shift) - 1);
  }

  // How many values, the wanted one included, lie at or below it.
  std::uint64_t rank_of(double percent) const noexcept {
    const double exact = percent / 100 * static_cast<double>(count_);
    // 99.9 % of 1000 is 999, though the product lies a rounding error above it.
    const auto rank = static_cast<std::uint64_t>(std::ceil(exact - 1e-9 * exact));
    return std::clamp<std::uint64_t>(rank, 1, std::max<std::uint64_t>(count_, 1));
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace penstock::bench
