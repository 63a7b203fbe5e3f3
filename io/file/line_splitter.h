// io/file/line_splitter.h -- cuts a stream of bytes into lines in place, across block borders.
//
// A line ends with "\n" or "\r\n"; its end is not part of it. Empty lines count. Offsets are bytes
// from the start of the stream; the split is always 0.
// Quotes     After quote() a "\n" in quotes ends no line (core/row/quoted_lines.h), and the "\r" in front of one that
//            does stays with the line: its format drops it, and learns from it what line ends in quotes are.
// Ownership  Lines point into the splitter and are valid until the next writable() or take().
// Bounds     Of a line with more than `line_bytes_max` bytes before its newline only the first
//            kCutBytes are kept and given out, as a record with `cut_from_bytes`; the rest is
//            passed over, so memory stays bounded whatever comes. It is given out at its end, or
//            when kReportFactor times `line_bytes_max` have passed by: it may have no end. It ends at the next
//            newline, in quotes or not: a quote that nobody closes is one bad record, not the rest of the stream.
// Threads    One owner.
// Cost       One memchr over the bytes; a line that does not end in its block is moved once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "penstock/core/stream/source.h"

namespace penstock {

class LineSplitter {
 public:
  static constexpr std::size_t kCutBytes = std::size_t{64} << 10;
  static constexpr std::size_t kReportFactor = 4;

  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}
  // REQUIRES: nothing was written.
  void quote(const std::optional<QuotedLines>& how) {
    if (how) quotes_.emplace(*how);
  }

  // Room for `bytes` behind what is kept; moves an unfinished line to the front.
  std::span<char> writable(std::size_t bytes);
  // Says how much of it was filled.
  void written(std::size_t bytes) noexcept {
    end_ += bytes;
    rest_in_quotes_ = rest_in_quotes_ && bytes == 0;
  }

  // Lends whole lines, as many as there are and as fit, from the batch's start; returns how many.
  std::size_t take(std::span<RawRecord> batch, Instant arrival) noexcept;
  // Lends the bytes behind the last newline as a line of their own: for the end of the input. False
  // when there are none.
  bool take_rest(RawRecord& record, Instant arrival) noexcept;

  // Where a reader of the same stream goes on: at the first of `unread`, lines that take() lent last, or with what
  // comes next.
  struct Position {
    std::uint64_t offset = 0;
    bool within_line = false;  // In a line that was too long and has been given out.
    bool in_quotes =
        false;  // Behind a rest with a quote that was open: more of the stream would have been its.
  };
  Position position(std::span<const RawRecord> unread) const noexcept;
  // REQUIRES: nothing was written. The bytes that follow stand there in the stream.
  void start_at(Position position) noexcept;

  // See ByteReader::why_cut().
  std::string why_cut(const RawRecord& raw) const;

 private:
  // Moves scanned_ to the end of the line, or of what there is.
  bool find_end() noexcept;
  bool find_end_behind_quotes() noexcept;
  bool find_newline() noexcept;
  void begin_line() noexcept;
  RawRecord line(std::size_t end, Instant arrival) const noexcept;
  void drop_scanned();
  bool take_cut(RawRecord& record, bool at_end, Instant arrival) noexcept;

  std::size_t line_bytes_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;                    // First byte not given out.
  std::size_t scanned_ = 0;                  // From begin_ to here there is no end of a line.
  std::size_t end_ = 0;                      // Of what was written.
  std::uint64_t offset_ = 0;                 // Of begin_ in the stream.
  std::optional<QuotedLineScanner> quotes_;  // Of the line at begin_.

  // Of a line that is too long, from where that was seen to its end.
  std::vector<char> head_;
  std::uint64_t head_offset_ = 0;
  std::uint64_t dropped_bytes_ = 0;  // 0: there is no such line.
  bool reported_ = false;
  std::optional<std::uint64_t>
      open_quote_;               // Of the stream: what may have kept it from ending in time.
  bool rest_in_quotes_ = false;  // Of a rest that was given out.
};

}  // namespace penstock
