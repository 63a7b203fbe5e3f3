// core/base/inline_string.h -- text of at most N bytes inside the object, so that records stay trivially copyable.
//
// Unused bytes are zero: two equal texts are equal bytes, so a record may be hashed and compared as memory.
// Nothing is ever cut: what does not fit is refused (assign returns false, the literal constructor does not compile
// past N).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "penstock/core/base/check.h"

namespace penstock {

template <std::size_t N>
class InlineString {
  static_assert(N >= 1 && N <= 255, "the length is one byte");

 public:
  static constexpr std::size_t kBytesMax = N;

  constexpr InlineString() noexcept = default;

  template <std::size_t L>
    requires(L <= N + 1)
  constexpr InlineString(const char (&literal)[L]) noexcept  // NOLINT: a literal is a text.
      : size_(static_cast<std::uint8_t>(L - 1)) {
    for (std::size_t i = 0; i + 1 < L; ++i) bytes_[i] = literal[i];
  }

  // REQUIRES: text.size() <= N; use assign() for text of unknown length.
  static constexpr InlineString of(std::string_view text) noexcept {
    InlineString result;
    const bool fits = result.assign(text);
    PENSTOCK_CHECK(fits);
    return result;
  }

  // Replaces the text. Returns false and changes nothing when it does not fit.
  [[nodiscard]] constexpr bool assign(std::string_view text) noexcept {
    if (text.size() > N) return false;
    for (std::size_t i = 0; i < text.size(); ++i) bytes_[i] = text[i];
    for (std::size_t i = text.size(); i < N; ++i) bytes_[i] = '\0';
    size_ = static_cast<std::uint8_t>(text.size());
    return true;
  }

  constexpr std::string_view view() const noexcept { return {bytes_, size_}; }
  constexpr operator std::string_view() const noexcept { return view(); }  // NOLINT: it is a text.
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }

  friend constexpr bool operator==(const InlineString& a, const InlineString& b) noexcept {
    return a.view() == b.view();
  }
  friend constexpr auto operator<=>(const InlineString& a, const InlineString& b) noexcept {
    return a.view() <=> b.view();
  }

 private:
  char bytes_[N] = {};
  std::uint8_t size_ = 0;
};

}  // namespace penstock
