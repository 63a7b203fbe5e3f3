// io/file/line_splitter.h -- cuts a stream of bytes into lines in place, across block borders.
//
// A line ends with "\n" or "\r\n"; its end is not part of it. Empty lines count. Offsets are bytes from the start of
// the stream.
// Ownership  Lines point into the splitter and are valid until the next writable() or take_rest().
// Bounds     A line longer than `line_bytes_max` is an error: memory stays bounded whatever comes.
// Threads    One owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace penstock {

struct Line {
  std::string_view text;
  std::uint64_t offset = 0;
};

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Room for at least `bytes` behind what is kept; moves an unfinished line to the front.
  std::span<char> writable(std::size_t bytes);
  // Says how much of it was filled.
  void written(std::size_t bytes) noexcept { end_ += bytes; }

  // The next whole line.
  std::optional<Line> next() noexcept;
  // The bytes behind the last line end as a line of their own: for the end of the input.
  std::optional<Line> take_rest() noexcept;

  bool too_long() const noexcept { return end_ - begin_ > line_bytes_max_ && scanned_ == end_; }
  std::uint64_t offset() const noexcept { return offset_; }  // Of the first byte not given out.
  std::size_t waiting_bytes() const noexcept { return end_ - begin_; }

 private:
  Line cut(std::size_t end) noexcept;

  std::size_t line_bytes_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;    // First byte not given out.
  std::size_t scanned_ = 0;  // Up to here there is no line end.
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace penstock
