// core/row/time_pattern.h -- Java's date and time patterns ("yyyy-MM-dd'T'HH:mm:ss[.SSS]X"): writing and reading.
//
// Letters     G y M L d D a h H k K m s S V z O X x Z, for writing also E F Q q; '' quotes, [] optional parts. Names of
//             months and days are English. What counts weeks (Y w W u) is refused, as Spark refuses it.
// Reading     Exact: "dd" are two digits, nothing may be left. A missing year is 1970, a month or day 1, a time 0.
// Threads     Immutable once made.
// Cost        No allocation after compile(). Patterns of numbers of fixed width ("yyyy-MM-dd HH:mm:ss.SSS") are filled
//             into a template, two digits at a time, for years of four digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/row/calendar.h"

namespace penstock {

class TimePattern {
 public:
  enum class Use : std::uint8_t { kWriting, kReading };
  static constexpr std::size_t kPatternBytesMax = 512;

  static Result<TimePattern> compile(std::string_view pattern, Use use);

  // Dates that were written last, as digits: records are of few days. Memory of the caller's, one per thread.
  struct RecentDays {
    static constexpr std::size_t kDays = 64;
    struct Entry {
      std::uint64_t day = ~std::uint64_t{0};
      std::uint64_t digits = 0;
    };
    Entry entries[kDays];
  };

  // The most that write() writes.
  std::size_t text_bytes_max() const noexcept { return text_bytes_max_; }
  std::size_t write(std::int64_t micros, const TimeZone& zone, char* to) const noexcept {
    return write(micros, zone, to, nullptr);
  }
  std::size_t write(std::int64_t micros, const TimeZone& zone, char* to,
                    RecentDays* recent) const noexcept;
  // An instant, by the zone of the text if it names one, else by `zone`.
  bool read(std::string_view text, const TimeZone& zone, std::int64_t& micros) const noexcept;

 private:
  struct Item {
    char letter = 0;  // 0: the literal text; '[' and ']' as they are.
    int count = 0;
    bool adjacent = false;  // A number of fixed width follows at once.
    std::string literal;
    std::size_t close = 0;  // Of '[': the item of its ']'.
  };
  // Two digits of a template: which ones and where.
  struct Pair {
    std::uint16_t value = 0;
    std::uint16_t at = 0;
  };
  static constexpr std::size_t kTemplateStep = 16;
  struct Writer;
  struct Reader;
  struct Digits;

  void make_template();
  std::size_t fill(const Digits& digits, char* to) const noexcept;
  [[gnu::noinline]] std::size_t write_items(std::int64_t micros, const TimeZone& zone,
                                            char* to) const noexcept;

  std::vector<Item> items_;
  std::size_t text_bytes_max_ = 0;
  std::vector<Pair> pairs_;  // Empty unless all items have a place in the template.
  std::string template_;     // In whole steps.
  std::size_t template_bytes_ = 0;
  bool has_fraction_ = false;
};

}  // namespace penstock
