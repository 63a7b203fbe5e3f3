#include "penstock/core/base/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace penstock {
namespace {

constexpr std::uint32_t kPolynomialReflected = 0x82f63b78;

// kTables[k][b] is the effect of byte b with k more bytes behind it, so that 8 bytes take 8
// independent look-ups.
constexpr auto kTables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomialReflected : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t table = 1; table < 8; ++table) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[table - 1][byte];
      tables[table][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(
    std::string_view bytes, std::uint32_t earlier) noexcept {
  std::uint64_t crc = ~earlier;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; at != end; ++at) narrow = __builtin_ia32_crc32qi(narrow, static_cast<unsigned char>(*at));
  return ~narrow;
}
#endif

using Crc32c = std::uint32_t (*)(std::string_view, std::uint32_t) noexcept;

Crc32c fastest() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_by_instruction;
#endif
  return internal::crc32c_by_table;
}

}  // namespace

std::uint32_t internal::crc32c_by_table(std::string_view bytes, std::uint32_t earlier) noexcept {
  std::uint32_t crc = ~earlier;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t first = crc ^ (at[0] | std::uint32_t{at[1]} << 8 |
                                       std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24);
    crc = kTables[7][first & 0xff] ^ kTables[6][first >> 8 & 0xff] ^
          kTables[5][first >> 16 & 0xff] ^ kTables[4][first >> 24] ^ kTables[3][at[4]] ^
          kTables[2][at[5]] ^ kTables[1][at[6]] ^ kTables[0][at[7]];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ kTables[0][(crc ^ *at) & 0xff];
  return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t earlier) noexcept {
  static const Crc32c kChosen = fastest();
  return kChosen(bytes, earlier);
}

}  // namespace penstock
