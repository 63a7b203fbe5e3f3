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
  while (taken < batch.size() && scanned_ < end_ && !too_long_) {
    const char* from = buffer_.data() + scanned_;
    const auto* newline = static_cast<const char*>(std::memchr(from, '\n', end_ - scanned_));
    scanned_ = newline == nullptr ? end_ : static_cast<std::size_t>(newline - buffer_.data());
    too_long_ = scanned_ - begin_ > line_bytes_max_;
    if (newline == nullptr || too_long_) break;
    batch[taken++] = cut(scanned_, arrival);
    ++scanned_;
    offset_ += scanned_ - begin_;
    begin_ = scanned_;
  }
  return taken;
}

bool LineSplitter::take_rest(RawRecord& record, Instant arrival) noexcept {
  if (begin_ == end_ || too_long_) return false;
  record = cut(end_, arrival);
  offset_ += end_ - begin_;
  begin_ = scanned_ = end_;
  return true;
}

Status LineSplitter::status(std::string_view source_name) const {
  if (!too_long_) return Status();
  return Status::data_error(
      std::string(source_name) + ": the line at byte " + std::to_string(offset_) +
      " is longer than " + std::to_string(line_bytes_max_) +
      " bytes; is it a file of lines? If such lines are meant, raise line_bytes_max");
}

RawRecord LineSplitter::cut(std::size_t end, Instant arrival) noexcept {
  std::size_t size = end - begin_;
  if (size > 0 && buffer_[end - 1] == '\r') --size;
  return {{buffer_.data() + begin_, size}, {SplitId{0}, offset_}, arrival};
}

}  // namespace penstock
