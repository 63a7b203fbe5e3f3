// Texts as numbers, bytes, URLs: hex, base64, character sets, bases.
#include <array>
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/utf8.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Cell text_cell(std::string_view text) { return Cell::of_bytes(text); }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
}

Cell hex_bytes(Call& call, const Cell& a) {
  char* to = call.arena().allocate(size_t{a.size} * 2);
  for (size_t i = 0; i < a.size; ++i) {
    const auto byte = static_cast<unsigned char>(a.data[i]);
    to[2 * i] = kHexDigits[byte >> 4U];
    to[2 * i + 1] = kHexDigits[byte & 15U];
  }
  return text_cell({to, size_t{a.size} * 2});
}

// Unsigned, in a base from 2 to 36.
Cell in_base(Call& call, uint64_t value, uint64_t base, bool minus) {
  constexpr size_t kMax = 66;
  char* to = call.arena().allocate(kMax);
  size_t at = kMax;
  do {
    const uint64_t digit = value % base;
    to[--at] = static_cast<char>(digit < 10 ? '0' + digit : 'A' + digit - 10);
    value /= base;
  } while (value != 0);
  if (minus) to[--at] = '-';
  return text_cell({to + at, kMax - at});
}
Cell hex_number(Call& call, const Cell& a) {
  return in_base(call, static_cast<uint64_t>(a.number), 16, false);
}
Cell binary_digits(Call& call, const Cell& a) {
  return in_base(call, static_cast<uint64_t>(a.number), 2, false);
}

Cell unhex(Call& call, const Cell& a) {
  const size_t size = (size_t{a.size} + 1) / 2;
  char* to = call.arena().allocate(size);
  size_t from = 0;
  for (size_t i = 0; i < size; ++i) {
    const int high = i == 0 && a.size % 2 == 1 ? 0 : digit_of(a.data[from++]);
    const int low = digit_of(a.data[from++]);
    if (high > 15 || low > 15) return Cell::of_null();
    to[i] = static_cast<char>(high * 16 + low);
  }
  return text_cell({to, size});
}

// As an unsigned number; what is too large is the largest.
Cell convert_base(Call& call, const Cell& a, const Cell& from, const Cell& to) {
  const int64_t out_base = to.number < 0 ? -to.number : to.number;
  if (from.number < 2 || from.number > 36 || out_base < 2 || out_base > 36) return Cell::of_null();
  std::string_view text = a.bytes();
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return Cell::of_null();
  const bool minus = text.front() == '-';
  if (minus) text.remove_prefix(1);
  uint64_t value = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit >= from.number) break;
    if (__builtin_mul_overflow(value, static_cast<uint64_t>(from.number), &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value)) {
      if (call.settings().ansi)
        return call.fail("conv: the number does not fit in 64 bits; use fewer digits");
      value = ~uint64_t{0};
      break;
    }
  }
  const bool is_signed = to.number < 0;
  if (minus) value = is_signed && static_cast<int64_t>(value) < 0 ? ~uint64_t{0} : 0 - value;
  const bool shown_minus = is_signed && static_cast<int64_t>(value) < 0;
  return in_base(call, shown_minus ? 0 - value : value, static_cast<uint64_t>(out_base),
                 shown_minus);
}

Cell to_base64(Call& call, const Cell& a) {
  const size_t size = (size_t{a.size} + 2) / 3 * 4;
  char* to = call.arena().allocate(size);
  size_t out = 0;
  for (size_t i = 0; i < a.size; i += 3) {
    const auto byte = [&](size_t j) {
      return j < a.size ? static_cast<unsigned char>(a.data[j]) : 0U;
    };
    const uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    to[out++] = kBase64[bits >> 18U];
    to[out++] = kBase64[bits >> 12U & 63U];
    to[out++] = i + 1 < a.size ? kBase64[bits >> 6U & 63U] : '=';
    to[out++] = i + 2 < a.size ? kBase64[bits & 63U] : '=';
  }
  return text_cell({to, size});
}

// Other characters are passed over, as MIME has it.
Cell from_base64(Call& call, const Cell& a) {
  char* to = call.arena().allocate(size_t{a.size});
  size_t out = 0;
  uint32_t bits = 0;
  uint32_t count = 0;
  for (const char c : a.bytes()) {
    if (c == '=') break;
    const size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6U | static_cast<uint32_t>(digit);
    if (++count % 4 == 0) {
      for (const uint32_t shift : {16U, 8U, 0U}) to[out++] = static_cast<char>(bits >> shift);
    }
  }
  if (count % 4 == 1) return call.fail("unbase64: the text is cut off; give all of it");
  if (count % 4 == 2) to[out++] = static_cast<char>(bits >> 4U);
  if (count % 4 == 3) {
    to[out++] = static_cast<char>(bits >> 10U);
    to[out++] = static_cast<char>(bits >> 2U);
  }
  return text_cell({to, out});
}

Cell ascii(Call&, const Cell& a) {
  return Cell::of_number(
      a.size == 0 ? 0 : decode_character(a.bytes().substr(0, character_bytes(a.bytes(), 0))));
}
Cell character(Call& call, const Cell& code) {
  ArenaText out(call.arena(), 4);
  if (code.number >= 0) out.append_code(static_cast<uint32_t>(code.number) & 0xFFU);
  return out.cell();
}

enum class Charset : uint8_t { kUtf8, kAscii, kLatin1, kUtf16, kUtf16Big, kUtf16Little, kUnknown };
Charset charset_of(std::string_view name) {
  static constexpr std::pair<std::string_view, Charset> kNames[] = {
      {"UTF-8", Charset::kUtf8},        {"UTF8", Charset::kUtf8},
      {"US-ASCII", Charset::kAscii},    {"ASCII", Charset::kAscii},
      {"ISO-8859-1", Charset::kLatin1}, {"UTF-16", Charset::kUtf16},
      {"UTF-16BE", Charset::kUtf16Big}, {"UTF-16LE", Charset::kUtf16Little}};
  for (const auto& [known, charset] : kNames) {
    if (same_name(known, name)) return charset;
  }
  return Charset::kUnknown;
}
Cell unknown_charset(Call& call, std::string_view name) {
  return call.fail("there is no character set \"" + std::string(name.substr(0, 40)) +
                   "\"; use UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE or UTF-16LE");
}

void append_utf16(uint32_t code, bool big, ArenaText& out) {
  const auto unit = [&](uint32_t value) {
    out.push(static_cast<char>(big ? value >> 8U : value));
    out.push(static_cast<char>(big ? value : value >> 8U));
  };
  if (code < 0x10000U) return unit(code);
  unit(0xD800U + ((code - 0x10000U) >> 10U));
  unit(0xDC00U + ((code - 0x10000U) & 0x3FFU));
}

Cell encode(Call& call, const Cell& a, const Cell& charset) {
  const Charset set = charset_of(charset.bytes());
  if (set == Charset::kUnknown) return unknown_charset(call, charset.bytes());
  if (set == Charset::kUtf8) return a;
  const std::string_view text = a.bytes();
  ArenaText out(call.arena(), text.size() * 2 + 2);
  if (set == Charset::kUtf16) out.append("\xFE\xFF");
  for (size_t i = 0; i < text.size(); i += character_bytes(text, i)) {
    const uint32_t code = decode_character(text.substr(i, character_bytes(text, i)));
    if (set >= Charset::kUtf16) {
      append_utf16(code, set != Charset::kUtf16Little, out);
    } else {
      out.push(code < (set == Charset::kAscii ? 0x80U : 0x100U) ? static_cast<char>(code) : '?');
    }
  }
  return out.cell();
}

Cell decode_utf16(Call& call, std::string_view bytes, bool big) {
  ArenaText out(call.arena(), bytes.size() * 2);
  const auto unit = [&](size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return big ? static_cast<uint32_t>(first << 8U | second)
               : static_cast<uint32_t>(second << 8U | first);
  };
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    uint32_t code = unit(i);
    const bool pair = code >= 0xD800U && code < 0xDC00U && i + 3 < bytes.size();
    if (pair) {
      code = 0x10000U + ((code - 0xD800U) << 10U) + (unit(i + 2) - 0xDC00U);
      i += 2;
    }
    out.append_code(code);
  }
  return out.cell();
}

Cell decode(Call& call, const Cell& a, const Cell& charset) {
  std::string_view bytes = a.bytes();
  switch (charset_of(charset.bytes())) {
    case Charset::kUtf8:
      return a;
    case Charset::kUtf16Big:
      return decode_utf16(call, bytes, true);
    case Charset::kUtf16Little:
      return decode_utf16(call, bytes, false);
    case Charset::kUtf16: {
      const bool little = bytes.starts_with("\xFF\xFE");
      if (little || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
      return decode_utf16(call, bytes, !little);
    }
    case Charset::kUnknown:
      return unknown_charset(call, charset.bytes());
    default:
      break;
  }
  const bool ascii_only = charset_of(charset.bytes()) == Charset::kAscii;
  ArenaText out(call.arena(), bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.append_code(ascii_only && byte > 0x7FU ? 0xFFFDU : byte);
  }
  return out.cell();
}

// decode(bytes, charset), or decode(a, b, value, ..., otherwise): the value behind the first that equals a.
Result<BoundPtr> build_decode(const BuildContext& context, const Arguments& arguments) {
  static const Overload kCharset[] = {{"binary, string > string", strict<&decode>}};
  const std::vector<BoundPtr> values = values_of(arguments);
  if (values.size() == 2) return build_overload(context, kCharset, values);
  Arguments parts;
  for (size_t i = 1; i + 1 < values.size(); i += 2) {
    Result<BoundPtr> same = build_function("<=>", {values[0], values[i]}, context.settings);
    if (!same.ok()) return same;
    parts.push_back({*same, nullptr, ""});
    parts.push_back(arguments[i + 1]);
  }
  if (values.size() % 2 == 0) parts.push_back(arguments.back());
  return build_function("case", parts, context.settings);
}

Cell url_encode(Call& call, const Cell& a) {
  ArenaText out(call.arena(), size_t{a.size} + 16);
  for (const char c : a.bytes()) {
    const bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                       c == '-' || c == '_' || c == '.' || c == '*';
    if (plain || c == ' ') {
      out.push(c == ' ' ? '+' : c);
      continue;
    }
    out.push('%');
    out.push(kHexDigits[static_cast<unsigned char>(c) >> 4U]);
    out.push(kHexDigits[static_cast<unsigned char>(c) & 15U]);
  }
  return out.cell();
}

template <bool kTry>
Cell url_decode(Call& call, const Cell& a) {
  const std::string_view text = a.bytes();
  ArenaText out(call.arena(), text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : 99;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : 99;
    if (high > 15 || low > 15)
      return kTry ? Cell::of_null()
                  : call.fail(
                        "url_decode: a % is not followed by two hexadecimal digits; use "
                        "try_url_decode to get null");
    out.push(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out.cell();
}

Cell soundex(Call& call, const Cell& a) {
  constexpr std::string_view kCodes = "01230127022455012623010202";  // Of A to Z; 7 is H and W.
  const std::string_view text = a.bytes();
  const auto letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  if (text.empty() || !letter(text[0])) return a;
  const auto code = [&](char c) {
    const char low = static_cast<char>(c | 0x20);
    return low == 'h' || low == 'w' ? '7' : kCodes[static_cast<size_t>(low - 'a')];
  };
  ArenaText out(call.arena(), 8);
  out.push(static_cast<char>(text[0] & ~0x20));
  char last = code(text[0]);
  for (size_t i = 1; i < text.size() && out.size() < 4; ++i) {
    if (!letter(text[i])) {
      last = '0';
      continue;
    }
    const char next = code(text[i]);
    if (next == '7') continue;
    if (next != '0' && next != last) out.push(next);
    last = next;
  }
  while (out.size() < 4) out.push('0');
  return out.cell();
}

Cell luhn(Call&, const Cell& a) {
  int64_t sum = 0;
  bool twice = false;
  const std::string_view text = a.bytes();
  for (size_t i = text.size(); i > 0; --i) {
    if (text[i - 1] < '0' || text[i - 1] > '9') return Cell::of_boolean(false);
    const int digit = (text[i - 1] - '0') * (twice ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
    twice = !twice;
  }
  return Cell::of_boolean(!text.empty() && sum % 10 == 0);
}

const FunctionEntry kFunctions[] = {
    {"hex",
     "hex(a)",
     "A number or bytes in hexadecimal digits.",
     1,
     1,
     {{"bigint > string", strict<&hex_number>},
      {"string > string", strict<&hex_bytes>},
      {"binary > string", strict<&hex_bytes>}}},
    {"unhex",
     "unhex(text)",
     "The bytes of hexadecimal digits; null of other texts.",
     1,
     1,
     {{"string > binary", strict<&unhex>}}},
    {"bin",
     "bin(a)",
     "A number in binary digits.",
     1,
     1,
     {{"bigint > string", strict<&binary_digits>}}},
    {"conv",
     "conv(text, from, to)",
     "A number from one base to another; a negative base shows the sign.",
     3,
     3,
     {{"string, int, int > string", strict<&convert_base>}}},
    {"base64", "base64(bytes)", "In base 64.", 1, 1, {{"binary > string", strict<&to_base64>}}},
    {"unbase64",
     "unbase64(text)",
     "The bytes of base 64.",
     1,
     1,
     {{"string > binary", strict<&from_base64>}}},
    {"ascii",
     "ascii(text)",
     "The code of the first character.",
     1,
     1,
     {{"string > int", strict<&ascii>}}},
    {"chr char",
     "chr(code)",
     "The character of a code, modulo 256.",
     1,
     1,
     {{"bigint > string", strict<&character>}}},
    {"encode",
     "encode(text, charset)",
     "The bytes of a text.",
     2,
     2,
     {{"string, string > binary", strict<&encode>}}},
    {"decode",
     "decode(bytes, charset)",
     "The text of bytes; decode(a, b, value, ..., otherwise) is the value behind the first that "
     "equals a.",
     2,
     kAnyCount,
     {},
     &build_decode},
    {"url_encode",
     "url_encode(text)",
     "As part of a URL.",
     1,
     1,
     {{"string > string", strict<&url_encode>}}},
    {"url_decode",
     "url_decode(text)",
     "The text of a part of a URL.",
     1,
     1,
     {{"string > string", strict<&url_decode<false>>}}},
    {"try_url_decode",
     "try_url_decode(text)",
     "The same, null when it is broken.",
     1,
     1,
     {{"string > string", strict<&url_decode<true>>}}},
    {"soundex",
     "soundex(text)",
     "How a word sounds in English.",
     1,
     1,
     {{"string > string", strict<&soundex>}}},
    {"luhn_check",
     "luhn_check(digits)",
     "Whether the check digit is right.",
     1,
     1,
     {{"string > boolean", strict<&luhn>}}},
};

}  // namespace

std::span<const FunctionEntry> encoding_functions() { return kFunctions; }

}  // namespace penstock::expression
