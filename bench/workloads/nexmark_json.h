// bench/workloads/nexmark_json.h -- the Nexmark events as lines of JSON, made in memory before the clock starts.
//
// Each line is filled up to 200 bytes. At least kRawPaddingBytes behind the end of every line are readable, so a parser
// may work on it in place.
// Threads    Built by one thread; then constant and readable by all.
// Cost       About 210 bytes of memory an event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/bench/workloads/nexmark.h"

namespace penstock::bench {

// One line without its newline.
std::string nexmark_json_line(const NexmarkEvent& event);

class NexmarkJson {
 public:
  // The events 0 .. events - 1, in order.
  explicit NexmarkJson(std::uint64_t events);

  std::size_t size() const noexcept { return line_starts_.size() - 1; }
  // Without its newline. REQUIRES: i < size().
  std::string_view line(std::size_t i) const noexcept {
    return {buffer_.data() + line_starts_[i], line_starts_[i + 1] - line_starts_[i] - 1};
  }
  // All lines, each with its newline.
  std::string_view bytes() const noexcept { return {buffer_.data(), line_starts_.back()}; }

 private:
  std::string buffer_;                    // The lines and the padding.
  std::vector<std::size_t> line_starts_;  // One more than lines: where the next one would start.
};

// Apple, Google, Facebook, Baidu.
inline constexpr std::string_view kNexmarkChannels[] = {"Apple", "Google", "Facebook", "Baidu"};

}  // namespace penstock::bench
