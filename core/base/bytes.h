// core/base/bytes.h -- little-endian numbers and framed text in memory: the one way that stored
// formats are put together (ByteAppender) and taken apart (ByteCursor).
//
// Ownership  An appender writes into a string of the caller's; a cursor reads bytes that it
//            borrows.
// Errors     A cursor trusts nothing it reads: every call is bounds-checked and returns false,
//            having moved and changed nothing, when the bytes do not hold what was asked for.
//            Whoever knows the place makes the Status.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/check.h"

namespace penstock {

class ByteAppender {
 public:
  explicit ByteAppender(std::string& out) noexcept : out_(&out) {}

  template <std::integral Number>
  void number(Number value) {
    auto rest = static_cast<std::uint64_t>(value);
    char bytes[sizeof(Number)];
    for (char& byte : bytes) {
      byte = static_cast<char>(rest & 0xff);
      rest >>= 8;
    }
    out_->append(bytes, sizeof bytes);
  }

  // As they are; the reader must know how many.
  void raw(std::string_view bytes) { out_->append(bytes); }

  // With their length in front, in 4 bytes. REQUIRES: less than 4 GiB.
  void framed(std::string_view bytes) {
    PENSTOCK_CHECK(bytes.size() <= UINT32_MAX);
    number(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }

 private:
  std::string* out_;
};

class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes) noexcept : rest_(bytes) {}

  template <std::integral Number>
    requires(!std::same_as<Number, bool>)  // A stored byte may be neither 0 nor 1.
  [[nodiscard]] bool number(Number& value) noexcept {
    std::string_view bytes;
    if (!raw(sizeof(Number), bytes)) return false;
    std::uint64_t read = 0;
    for (std::size_t i = sizeof(Number); i > 0; --i)
      read = read << 8 | static_cast<unsigned char>(bytes[i - 1]);
    value = static_cast<Number>(read);
    return true;
  }

  // Lends the next `count` bytes.
  [[nodiscard]] bool raw(std::size_t count, std::string_view& bytes) noexcept {
    if (count > rest_.size()) return false;
    bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  // Lends what ByteAppender::framed wrote; false also for a frame longer than `bytes_max`.
  [[nodiscard]] bool framed(std::string_view& bytes, std::size_t bytes_max) noexcept {
    ByteCursor ahead = *this;
    std::uint32_t size = 0;
    if (!ahead.number(size) || size > bytes_max || !ahead.raw(size, bytes)) return false;
    *this = ahead;
    return true;
  }

  std::size_t remaining() const noexcept { return rest_.size(); }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace penstock
