#include "penstock/operators/expression/functions/utf8.h"

#include <locale.h>
#include <wctype.h>

#include <clocale>
#include <cwctype>

namespace penstock::expression {
namespace {

// The only locale that every system has and that knows Unicode.
locale_t unicode() noexcept {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

uint32_t upper_code(uint32_t code) noexcept {
  if (code == 0x131U) return 'I';
  return unicode() == nullptr
             ? code
             : static_cast<uint32_t>(towupper_l(static_cast<wint_t>(code), unicode()));
}
uint32_t lower_code(uint32_t code) noexcept {
  return unicode() == nullptr
             ? code
             : static_cast<uint32_t>(towlower_l(static_cast<wint_t>(code), unicode()));
}

// Letters that become several in upper case.
struct Special {
  uint32_t code;
  std::string_view upper;
  std::string_view title;
};
constexpr Special kSpecials[] = {
    {0xDF, "SS", "Ss"},   {0x149, "ʼN", "ʼN"},  {0x1F0, "J̌", "J̌"},      {0x390, "Ϊ́", "Ϊ́"},
    {0x3B0, "Ϋ́", "Ϋ́"},    {0x587, "ԵՒ", "Եւ"},  {0x1E96, "H̱", "H̱"},     {0x1E97, "T̈", "T̈"},
    {0x1E98, "W̊", "W̊"},   {0x1E99, "Y̊", "Y̊"},   {0x1E9A, "Aʾ", "Aʾ"},   {0xFB00, "FF", "Ff"},
    {0xFB01, "FI", "Fi"}, {0xFB02, "FL", "Fl"}, {0xFB03, "FFI", "Ffi"}, {0xFB04, "FFL", "Ffl"},
    {0xFB05, "ST", "St"}, {0xFB06, "ST", "St"}, {0x1C4, "Ǆ", "ǅ"},      {0x1C5, "Ǆ", "ǅ"},
    {0x1C6, "Ǆ", "ǅ"},    {0x1C7, "Ǉ", "ǈ"},    {0x1C8, "Ǉ", "ǈ"},      {0x1C9, "Ǉ", "ǈ"},
    {0x1CA, "Ǌ", "ǋ"},    {0x1CB, "Ǌ", "ǋ"},    {0x1CC, "Ǌ", "ǋ"},      {0x1F1, "Ǳ", "ǲ"},
    {0x1F2, "Ǳ", "ǲ"},    {0x1F3, "Ǳ", "ǲ"}};

const Special* special_of(uint32_t code) noexcept {
  for (const Special& special : kSpecials) {
    if (special.code == code) return &special;
  }
  return nullptr;
}

void append_upper_code(uint32_t code, bool title, ArenaText& out) noexcept {
  if (const Special* special = code < 0x80U ? nullptr : special_of(code)) {
    out.append(title ? special->title : special->upper);
  } else {
    out.append_code(upper_code(code));
  }
}

}  // namespace

uint32_t decode_character(std::string_view character) noexcept {
  const auto byte = [&](size_t i) {
    return i < character.size() ? static_cast<unsigned char>(character[i]) & 0x3FU : 0U;
  };
  const auto lead = static_cast<unsigned char>(character[0]);
  switch (character.size()) {
    case 1:
      return lead;
    case 2:
      return (lead & 0x1FU) << 6U | byte(1);
    case 3:
      return (lead & 0xFU) << 12U | byte(1) << 6U | byte(2);
    default:
      return (lead & 7U) << 18U | byte(1) << 12U | byte(2) << 6U | byte(3);
  }
}

bool is_letter(uint32_t code) noexcept {
  return unicode() != nullptr && iswalpha_l(static_cast<wint_t>(code), unicode()) != 0;
}

void ArenaText::grow(size_t more) noexcept {
  capacity_ = std::max(capacity_ * 2, size_ + more);
  char* larger = arena_.allocate(capacity_);
  if (size_ > 0) std::memcpy(larger, data_, size_);
  data_ = larger;
}

void ArenaText::append_code(uint32_t code) noexcept {
  const auto put = [this](uint32_t byte) { push(static_cast<char>(byte)); };
  if (code < 0x80U) return put(code);
  if (code < 0x800U) {
    put(0xC0U | code >> 6U);
    return put(0x80U | (code & 0x3FU));
  }
  if (code < 0x10000U) {
    put(0xE0U | code >> 12U);
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
  }
  put(0x80U | (code >> 6U & 0x3FU));
  put(0x80U | (code & 0x3FU));
}

void append_upper(std::string_view text, ArenaText& out) noexcept {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t bytes = character_bytes(text, i);
    if (static_cast<unsigned char>(c) < 0x80U) {
      out.push(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    } else if (bytes == 1) {
      out.push(c);
    } else {
      append_upper_code(decode_character(text.substr(i, bytes)), false, out);
    }
    i += bytes;
  }
}

void append_lower(std::string_view text, ArenaText& out) noexcept {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t bytes = character_bytes(text, i);
    const uint32_t code = decode_character(text.substr(i, bytes));
    if (code < 0x80U) {
      out.push(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    } else if (bytes == 1) {
      out.push(c);
    } else if (code == 0x130U) {
      out.append("i\xCC\x87");
    } else {
      out.append_code(lower_code(code));
    }
    i += bytes;
  }
}

void append_initials(std::string_view text, ArenaText& out) noexcept {
  bool begins = true;
  for (size_t i = 0; i < text.size();) {
    const size_t bytes = character_bytes(text, i);
    const std::string_view character = text.substr(i, bytes);
    if (begins) {
      append_upper_code(decode_character(character), true, out);
    } else {
      append_lower(character, out);
    }
    begins = text[i] == ' ';
    i += bytes;
  }
}

}  // namespace penstock::expression
