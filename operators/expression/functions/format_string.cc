#include "penstock/operators/expression/functions/format_string.h"

#include <cmath>
#include <cstdio>
#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/value_text.h"
#include "penstock/operators/expression/functions/utf8.h"

namespace penstock::expression {
namespace {

constexpr int64_t kWidthMax = 100'000;

struct Directive {
  size_t argument = 0;  // 0: the next one.
  std::string_view flags;
  int64_t width = -1;
  int precision = -1;
  char conversion = 0;

  bool has(char flag) const { return flags.find(flag) != std::string_view::npos; }
};

int64_t digits_at(std::string_view text, size_t& i) {
  int64_t value = -1;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
    value = std::min<int64_t>((value < 0 ? 0 : value) * 10 + (text[i] - '0'), kWidthMax + 1);
  return value;
}

// After the %; false when it is broken.
bool read(std::string_view pattern, size_t& i, Directive& directive) {
  const size_t start = i;
  const int64_t index = digits_at(pattern, i);
  if (index > 0 && i < pattern.size() && pattern[i] == '$') {
    directive.argument = static_cast<size_t>(index);
    ++i;
  } else {
    i = start;
  }
  const size_t flags = i;
  while (i < pattern.size() &&
         std::string_view("-#+ 0,(").find(pattern[i]) != std::string_view::npos)
    ++i;
  directive.flags = pattern.substr(flags, i - flags);
  directive.width = digits_at(pattern, i);
  if (i < pattern.size() && pattern[i] == '.') {
    ++i;
    directive.precision = static_cast<int>(digits_at(pattern, i));
    if (directive.precision < 0 || directive.precision > 1000) return false;
  }
  if (i >= pattern.size() || directive.width > kWidthMax) return false;
  directive.conversion = pattern[i++];
  return true;
}

void group_thousands(std::string& digits) {
  const size_t point = std::min(digits.find('.'), digits.size());
  for (size_t i = point; i > 3; i -= 3) digits.insert(i - 3, ",");
}

// Digits without a sign, dressed as the flags ask.
std::string dress(const Directive& directive, bool minus, std::string digits) {
  if (directive.has(',')) group_thousands(digits);
  std::string before = minus ? "-" : directive.has('+') ? "+" : directive.has(' ') ? " " : "";
  std::string after;
  if (minus && directive.has('(')) {
    before = "(";
    after = ")";
  }
  const auto width = static_cast<size_t>(std::max<int64_t>(directive.width, 0));
  const size_t size = before.size() + digits.size() + after.size();
  if (directive.has('0') && size < width) before.append(width - size, '0');
  return before + digits + after;
}

bool whole_number(const Directive& directive, const Cell& value, const DataType& type,
                  std::string& text) {
  if (!type.is_integral()) return false;
  const bool minus = value.number < 0;
  if (directive.conversion == 'd') {
    const uint64_t size =
        minus ? 0 - static_cast<uint64_t>(value.number) : static_cast<uint64_t>(value.number);
    text.clear();
    text += dress(directive, minus, std::to_string(size));
    return true;
  }
  uint64_t bits = static_cast<uint64_t>(value.number);
  if (type.is(TypeKind::kInt)) bits = static_cast<uint32_t>(bits);
  if (type.is(TypeKind::kShort)) bits = static_cast<uint16_t>(bits);
  if (type.is(TypeKind::kByte)) bits = static_cast<uint8_t>(bits);
  char digits[32];
  const char* format = directive.conversion == 'o'   ? "%lo"
                       : directive.conversion == 'x' ? "%lx"
                                                     : "%lX";
  std::snprintf(digits, sizeof digits, format, bits);
  const char* prefix = !directive.has('#')           ? ""
                       : directive.conversion == 'o' ? "0"
                       : directive.conversion == 'x' ? "0x"
                                                     : "0X";
  text.clear();
  text += dress(directive, false, std::string(prefix) + digits);
  return true;
}

bool real_number(const Directive& directive, const Cell& value, const DataType& type,
                 std::string& text) {
  double real = 0;
  if (type.is(TypeKind::kDouble)) {
    real = value.real;
  } else if (type.is(TypeKind::kFloat)) {
    real = static_cast<double>(value.single);
  } else if (type.is(TypeKind::kDecimal)) {
    real = decimal_to_double(decimal_of_cell(value, type), type.scale());
  } else {
    return false;
  }
  if (!std::isfinite(real)) {
    text = std::isnan(real) ? "NaN"
           : real > 0       ? (directive.has('+') ? "+Infinity" : "Infinity")
                            : "-Infinity";
    return true;
  }
  char digits[1500];
  const char format[] = {'%', '.', '*', directive.conversion, 0};
  std::snprintf(digits, sizeof digits, format, directive.precision < 0 ? 6 : directive.precision,
                std::fabs(real));
  text.clear();
  text += dress(directive, std::signbit(real), digits);
  return true;
}

bool convert(const Directive& directive, const Cell& value, const DataType& type, Call& call,
             std::string& text) {
  switch (directive.conversion) {
    case 'b':
    case 'B':
      text = value.null || (type.is(TypeKind::kBoolean) && value.number == 0) ? "false" : "true";
      return true;
    case 's':
    case 'S':
      text.clear();
      if (value.null) {
        text = "null";
      } else {
        append_text(value, type, call.zone(), text);
      }
      if (directive.precision >= 0) text.resize(characters(text, 0, directive.precision).size());
      return true;
    default:
      break;
  }
  if (value.null) {
    text = "null";
    return true;
  }
  switch (directive.conversion) {
    case 'd':
    case 'o':
    case 'x':
    case 'X':
      return whole_number(directive, value, type, text);
    case 'e':
    case 'E':
    case 'f':
    case 'g':
      return real_number(directive, value, type, text);
    case 'c': {
      if (!type.is_integral() || value.number < 0 || value.number > 0x10FFFF) return false;
      ArenaText one(call.arena(), 16);
      one.append_code(static_cast<uint32_t>(value.number));
      text = one.view();
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

Cell format_string(Call& call) {
  if (call[0].null) return Cell::of_null();
  const std::string_view pattern = call[0].bytes();
  ArenaText out(call.arena(), pattern.size() + 64);
  size_t next = 1;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '%') {
      out.push(pattern[i++]);
      continue;
    }
    Directive directive;
    if (!read(pattern, ++i, directive))
      return call.fail(
          "format_string: a % of the pattern is not complete; write %% for the sign itself");
    std::string& text = call.scratch();
    text = directive.conversion == 'n' ? '\n' : '%';
    if (directive.conversion != 'n' && directive.conversion != '%') {
      const size_t argument = directive.argument > 0 ? directive.argument : next++;
      if (argument >= call.size())
        return call.fail(
            "format_string: the pattern asks for more values than there are; add them");
      if (!convert(directive, call[argument], call.type_of(argument), call, text)) {
        return call.fail(std::string("format_string: %") + directive.conversion +
                         " does not take a value of type " + call.type_of(argument).to_string() +
                         "; use %s");
      }
    }
    const auto width = static_cast<size_t>(std::max<int64_t>(directive.width, 0));
    const auto size = static_cast<size_t>(count_characters(text));
    const size_t blanks = width > size ? width - size : 0;
    const auto fill = [&] {
      for (size_t blank = 0; blank < blanks; ++blank) out.push(' ');
    };
    if (!directive.has('-')) fill();
    if (directive.conversion == 'S' || directive.conversion == 'B') {
      append_upper(text, out);
    } else {
      out.append(text);
    }
    if (directive.has('-')) fill();
  }
  return out.cell();
}

}  // namespace penstock::expression
