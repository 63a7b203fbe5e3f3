// bench/state/keyed_count.h -- counting keys, by our table with look-ahead and by a boost::unordered_flat_map.
//
// Both get the same array of keys and hash them themselves; both tables hold all keys before the time is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace penstock::bench {

enum class Draw : std::uint8_t {
  kUniform,
  kSkewed,  // The n-th most frequent key is drawn in proportion to 1 / n.
};

// `count` of the `keys` keys 64 bits wide, drawn at random.
std::vector<std::uint64_t> draw_keys(std::uint64_t keys, std::size_t count, Draw draw,
                                     std::uint64_t seed);
std::uint64_t nth_key(std::uint64_t n) noexcept;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void insert_all(std::uint64_t keys) = 0;
  virtual void count(std::span<const std::uint64_t> keys) = 0;
  virtual std::uint64_t count_of(std::uint64_t key) const = 0;
};

struct OurCounterOptions {
  std::uint64_t expected_keys =
      0;              // 0: the table has grown to its size, as in a job that was not told.
  bool ahead = true;  // With look-ahead.
};

std::unique_ptr<Counter> make_our_counter(const OurCounterOptions& options);
std::unique_ptr<Counter> make_boost_counter();

}  // namespace penstock::bench
