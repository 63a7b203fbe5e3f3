// bench/workloads/json_lines.h -- events as lines of JSON, one behind the other in memory.
//
// Each line is filled up to 200 bytes. At least kRawPaddingBytes behind the end of every line are readable, so a parser
// may work on it in place.
// Threads    Built by one thread; then constant and readable by all.
// Cost       About 210 bytes of memory an event.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::bench {

class JsonLines {
 public:
  std::size_t size() const noexcept { return line_starts_.size() - 1; }
  // Without its newline. REQUIRES: i < size().
  std::string_view line(std::size_t i) const noexcept {
    return {buffer_.data() + line_starts_[i], line_starts_[i + 1] - line_starts_[i] - 1};
  }
  // All lines, each with its newline.
  std::string_view bytes() const noexcept { return {buffer_.data(), line_starts_.back()}; }

 protected:
  explicit JsonLines(std::uint64_t lines);

  // `append_line(std::string&)` appends one line without its newline.
  template <class AppendLine>
  void add_line(AppendLine append_line) {
    append_line(buffer_);
    end_line();
  }
  // After the last line.
  void add_padding();

 private:
  void end_line();

  std::string buffer_;                    // The lines and the padding.
  std::vector<std::size_t> line_starts_;  // One more than lines: where the next one would start.
};

namespace internal {

inline void append_json(std::string& to, std::string_view text) { to += text; }
void append_json(std::string& to, std::integral auto number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), +number).ptr;
  to.append(digits.data(), end);
}

}  // namespace internal

// Text as it is and numbers in digits.
void append_json_parts(std::string& to, const auto&... parts) {
  (internal::append_json(to, parts), ...);
}

// The field that fills a line up to its length, and the closing brace. The line starts at `start`.
void fill_json_line(std::string& to, std::size_t start);

}  // namespace penstock::bench
