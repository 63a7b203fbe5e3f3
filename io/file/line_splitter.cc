#include "penstock/io/file/line_splitter.h"

#include <algorithm>
#include <cstring>

#include "penstock/core/stream/source.h"

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

std::optional<Line> LineSplitter::next() noexcept {
  const void* found = std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
  if (found == nullptr) {
    scanned_ = end_;
    return std::nullopt;
  }
  const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
  const Line line = cut(at);
  offset_ += at + 1 - begin_;
  begin_ = scanned_ = at + 1;
  return line;
}

std::optional<Line> LineSplitter::take_rest() noexcept {
  if (begin_ == end_) return std::nullopt;
  const Line line = cut(end_);
  offset_ += end_ - begin_;
  begin_ = scanned_ = end_;
  return line;
}

Line LineSplitter::cut(std::size_t end) noexcept {
  std::size_t length = end - begin_;
  if (length > 0 && buffer_[end - 1] == '\r') --length;
  return {{buffer_.data() + begin_, length}, offset_};
}

}  // namespace penstock
