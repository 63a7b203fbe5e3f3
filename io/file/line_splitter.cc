#include "penstock/io/file/line_splitter.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace penstock {

std::span<char> LineSplitter::writable(std::size_t bytes) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t needed = end_ + bytes + kRawPaddingBytes;
  if (buffer_.size() < needed) buffer_.resize(std::max(needed, 2 * buffer_.size()));
  return {buffer_.data() + end_, bytes};
}

std::size_t LineSplitter::take(std::span<RawRecord> batch, Instant arrival) noexcept {
  std::size_t taken = 0;
  while (taken < batch.size() && scanned_ < end_) {
    const bool at_end = find_end();
    const bool too_long = dropped_bytes_ > 0 || scanned_ - begin_ > line_bytes_max_;
    if (too_long) {
      drop_scanned();
    } else if (at_end) {
      batch[taken++] = line(scanned_, arrival);
    }
    if (at_end) {
      ++scanned_;
      offset_ += scanned_ - begin_;
      begin_line();
    }
    // No further line: there is one head to lend.
    if (too_long && take_cut(batch[taken], at_end, arrival)) return taken + 1;
  }
  return taken;
}

bool LineSplitter::take_rest(RawRecord& record, Instant arrival) noexcept {
  if (dropped_bytes_ > 0) return take_cut(record, true, arrival);
  if (begin_ == end_) return false;
  record = line(end_, arrival);
  offset_ += end_ - begin_;
  rest_in_quotes_ = quotes_ && quotes_->open_quote({buffer_.data() + begin_, end_ - begin_});
  scanned_ = end_;
  begin_line();
  return true;
}

LineSplitter::Position LineSplitter::position(std::span<const RawRecord> unread) const noexcept {
  if (!unread.empty()) return {unread.front().origin.offset, false};
  if (dropped_bytes_ > 0 && !reported_) return {head_offset_, false};
  return {offset_, dropped_bytes_ > 0, rest_in_quotes_};
}

void LineSplitter::start_at(Position position) noexcept {
  offset_ = position.offset;
  reported_ = position.within_line;
  rest_in_quotes_ = position.in_quotes;
  dropped_bytes_ = position.within_line ? 1 : 0;
}

std::string LineSplitter::why_cut(const RawRecord& raw) const {
  const std::string size = std::string(dropped_bytes_ > 0 ? "at least " : "") +
                           std::to_string(raw.cut_from_bytes) + " bytes is longer than " +
                           std::to_string(line_bytes_max_) + " bytes";
  if (open_quote_) {
    return "record of " + size + ": the quote at byte " + std::to_string(*open_quote_) +
           " is not closed within these, so it ends with the line that it has reached; close the "
           "quote, or, if such records are meant, raise line_bytes_max";
  }
  return "line of " + size +
         "; is it a file of lines? If such lines are meant, raise line_bytes_max";
}

bool LineSplitter::find_end() noexcept {
  return quotes_ && dropped_bytes_ == 0 ? find_end_behind_quotes() : find_newline();
}

bool LineSplitter::find_end_behind_quotes() noexcept {
  const std::size_t there = end_ - begin_;
  const bool too_many = there > line_bytes_max_;
  const std::string_view line(buffer_.data() + begin_, too_many ? line_bytes_max_ + 1 : there);
  const std::size_t size = quotes_->find_end(line);
  scanned_ = begin_ + size;
  if (size < line.size()) return true;
  open_quote_.reset();
  if (!too_many) return false;
  if (const auto quote = quotes_->open_quote(line)) open_quote_ = offset_ + *quote;
  return find_newline();
}

// Moves scanned_ to the next newline, or to the end of what there is.
bool LineSplitter::find_newline() noexcept {
  const char* from = buffer_.data() + scanned_;
  const auto* newline = static_cast<const char*>(std::memchr(from, '\n', end_ - scanned_));
  scanned_ = newline == nullptr ? end_ : static_cast<std::size_t>(newline - buffer_.data());
  return newline != nullptr;
}

// At scanned_.
void LineSplitter::begin_line() noexcept {
  begin_ = scanned_;
  if (quotes_) quotes_->start();
}

RawRecord LineSplitter::line(std::size_t end, Instant arrival) const noexcept {
  std::size_t size = end - begin_;
  if (size > 0 && buffer_[end - 1] == '\r' && !quotes_) --size;
  return {{buffer_.data() + begin_, size}, {SplitId{0}, offset_}, arrival};
}

void LineSplitter::drop_scanned() {
  if (dropped_bytes_ == 0) {
    const std::size_t kept = std::min(kCutBytes, line_bytes_max_);
    head_.resize(kept + kRawPaddingBytes);
    std::memcpy(head_.data(), buffer_.data() + begin_, kept);
    head_offset_ = offset_;
  }
  dropped_bytes_ += scanned_ - begin_;
  offset_ += scanned_ - begin_;
  begin_ = scanned_;
}

// Gives out the line being dropped if it is time to; forgets it at its end.
bool LineSplitter::take_cut(RawRecord& record, bool at_end, Instant arrival) noexcept {
  const bool due = !reported_ && (at_end || dropped_bytes_ > kReportFactor * line_bytes_max_);
  if (due) {
    record = {{head_.data(), head_.size() - kRawPaddingBytes},
              {SplitId{0}, head_offset_},
              arrival,
              dropped_bytes_};
  }
  reported_ = !at_end && (reported_ || due);
  if (at_end) dropped_bytes_ = 0;
  return due;
}

}  // namespace penstock
