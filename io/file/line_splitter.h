// io/file/line_splitter.h -- cuts a stream of bytes into lines in place, across block borders.
//
// A line ends with "\n" or "\r\n"; its end is not part of it. Empty lines count. Offsets are bytes
// from the start of the stream; the split is always 0.
// Ownership  Lines point into the splitter and are valid until the next writable().
// Bounds     A line with more than `line_bytes_max` bytes before its newline is never given out:
//            take() stops in front of it, so memory stays bounded whatever comes.
// Threads    One owner.
// Cost       One memchr over the bytes; a line that does not end in its block is moved once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "penstock/core/stream/source.h"

namespace penstock {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Room for `bytes` behind what is kept; moves an unfinished line to the front.
  std::span<char> writable(std::size_t bytes);
  // Says how much of it was filled.
  void written(std::size_t bytes) noexcept { end_ += bytes; }

  // Lends whole lines, as many as there are and as fit, from the batch's start; returns how many.
  std::size_t take(std::span<RawRecord> batch, Instant arrival) noexcept;
  // Lends the bytes behind the last newline as a line of their own: for the end of the input. False
  // when there are none.
  bool take_rest(RawRecord& record, Instant arrival) noexcept;

  // OK, or that the next line is too long, once take() has met it.
  Status status(std::string_view source_name) const;

 private:
  RawRecord cut(std::size_t end, Instant arrival) noexcept;

  std::size_t line_bytes_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;     // First byte not given out.
  std::size_t scanned_ = 0;   // From begin_ to here there is no newline.
  std::size_t end_ = 0;       // Of what was written.
  std::uint64_t offset_ = 0;  // Of begin_ in the stream.
  bool too_long_ = false;
};

}  // namespace penstock
