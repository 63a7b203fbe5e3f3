// Numbers and texts in forms: format_string, format_number, to_number, to_char, mask, parse_url.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/format_string.h"
#include "penstock/operators/expression/functions/utf8.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Result<BoundPtr> build_format_string(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  if (!values[0]->type.is(TypeKind::kString))
    return function_error(context, "the pattern must be a string; write it first");
  return make_call(context.function, lenient<&format_string>, TypeKind::kString, std::move(values));
}

// Half to the even digit, as Java's DecimalFormat.
std::string fixed_digits(const Cell& value, const DataType& type, int digits) {
  if (type.is(TypeKind::kDecimal)) {
    Int128 rounded = 0;
    const Int128 number = decimal_of_cell(value, type);
    if (!round_decimal(number, type.scale(), digits, DecimalRounding::kHalfEven, rounded))
      rounded = number;
    std::string text = decimal_text(rounded, type.scale());
    const size_t point = text.find('.');
    const size_t have = point == std::string::npos ? 0 : text.size() - point - 1;
    if (have > static_cast<size_t>(digits))
      text.resize(digits == 0 ? point : point + 1 + static_cast<size_t>(digits));
    if (have == 0 && digits > 0) text += '.';
    if (have < static_cast<size_t>(digits)) text.append(static_cast<size_t>(digits) - have, '0');
    return text;
  }
  char text[500];
  std::snprintf(text, sizeof text, "%.*f", std::min(digits, 100), value.real);
  return text;
}

// Which digits a pattern such as #,###.00 asks for.
struct NumberPattern {
  size_t group = 0;
  size_t whole_min = 0;
  int fraction_min = 0;
  int fraction_max = 0;
};

NumberPattern read_pattern(std::string_view text) {
  NumberPattern pattern;
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const size_t comma = whole.rfind(',');
  if (comma != std::string_view::npos) pattern.group = whole.size() - comma - 1;
  for (const char c : whole) pattern.whole_min += c == '0' ? 1 : 0;
  for (const char c : point == std::string_view::npos ? "" : text.substr(point + 1)) {
    pattern.fraction_min += c == '0' ? 1 : 0;
    pattern.fraction_max += c == '0' || c == '#' ? 1 : 0;
  }
  return pattern;
}

Cell write_number(Call& call, const Cell& value, const NumberPattern& pattern) {
  const DataType& type = call.type_of(0);
  if (type.is(TypeKind::kDouble) && !std::isfinite(value.real))
    return call.arena().copy_cell(std::isnan(value.real) ? "NaN" : value.real > 0 ? "∞" : "-∞");
  std::string text = fixed_digits(value, type, pattern.fraction_max);
  const bool minus = text[0] == '-';
  if (minus) text.erase(0, 1);
  size_t point = std::min(text.find('.'), text.size());
  const size_t fraction_end =
      point + (pattern.fraction_min > 0 ? 1U + static_cast<size_t>(pattern.fraction_min) : 0U);
  while (text.size() > std::max(point, fraction_end) && (text.back() == '0' || text.back() == '.'))
    text.pop_back();
  if (point == 1 && text[0] == '0' && pattern.whole_min == 0 && text.size() > 1) {
    text.erase(0, 1);
    point = 0;
  }
  if (point < pattern.whole_min) text.insert(0, pattern.whole_min - point, '0');
  point = std::max(point, pattern.whole_min);
  for (size_t i = point; pattern.group > 0 && i > pattern.group; i -= pattern.group)
    text.insert(i - pattern.group, ",");
  return call.arena().copy_cell((minus ? "-" : "") + text);
}

Cell format_digits(Call& call, const Cell& value, const Cell& digits) {
  if (digits.number < 0) return Cell::of_null();
  const int count = static_cast<int>(std::min<int64_t>(digits.number, 100));
  return write_number(call, value, {3, 1, count, count});
}
Cell format_pattern(Call& call, const Cell& value, const Cell& pattern) {
  return write_number(call, value, read_pattern(pattern.bytes()));
}

Result<BoundPtr> build_format_number(const BuildContext& context, const Arguments& arguments) {
  BoundPtr value = arguments[0].value;
  const BoundPtr& form = arguments[1].value;
  if (implicit_cast_cost(value->type, TypeKind::kDouble) < 0)
    return function_error(context, "formats numbers, not " + value->type.to_string() + "; cast it");
  if (!value->type.is(TypeKind::kDecimal)) {
    value = coerce(
        value,
        value->type.is_integral() ? decimal_of_number(value->type) : DataType(TypeKind::kDouble),
        context.settings);
  }
  if (form->type.is(TypeKind::kString))
    return make_call("format_number", strict<&format_pattern>, TypeKind::kString, {value, form});
  if (implicit_cast_cost(form->type, TypeKind::kInt) < 0)
    return function_error(context, "takes the digits as an int or a pattern as a string");
  return make_call("format_number", strict<&format_digits>, TypeKind::kString,
                   {value, coerce(form, TypeKind::kInt, context.settings)});
}

// The form of to_number and to_char: S MI $ 9 0 , . and their letters G D.
struct NumberForm {
  std::string whole;  // 9, 0 and commas.
  std::string fraction;
  bool point = false;
  bool currency = false;
  bool sign_first = false;
  bool sign_last = false;
  bool minus_only = false;  // MI: a blank for positive numbers.

  DataType type() const {
    const auto digits = static_cast<int>(
        std::count_if(whole.begin(), whole.end(), [](char c) { return c != ','; }));
    const auto scale = static_cast<int>(fraction.size());
    return bounded_decimal(std::max(1, digits + scale), scale);
  }
};

std::optional<NumberForm> read_form(std::string_view text) {
  NumberForm form;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
    const bool begun = !form.whole.empty() || form.point;
    if (c == '9' || c == '0') {
      (form.point ? form.fraction : form.whole) += c;
    } else if ((c == ',' || c == 'G') && !form.point) {
      form.whole += ',';
    } else if ((c == '.' || c == 'D') && !form.point) {
      form.point = true;
    } else if (c == '$' && !begun) {
      form.currency = true;
    } else if (c == 'S' || (c == 'M' && i + 1 < text.size() && (text[i + 1] | 0x20) == 'i')) {
      (begun ? form.sign_last : form.sign_first) = true;
      form.minus_only = c == 'M';
      if (c == 'M') ++i;
    } else {
      return std::nullopt;
    }
  }
  if (form.whole.empty() && form.fraction.empty()) return std::nullopt;
  return form;
}

template <bool kTry>
Cell to_number(Call& call, const Cell& a) {
  const auto& form = *call.prepared<NumberForm>();
  std::string_view text = a.bytes();
  const auto fail = [&] {
    return kTry ? Cell::of_null()
                : call.fail("to_number: \"" + std::string(a.bytes().substr(0, 60)) +
                            "\" does not fit the form; use try_to_number to get null");
  };
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  bool minus = false;
  if (form.sign_first && !text.empty() &&
      (text[0] == '-' || (text[0] == '+' && !form.minus_only))) {
    minus = text[0] == '-';
    text.remove_prefix(1);
  } else if (form.sign_last && !text.empty() &&
             (text.back() == '-' || (text.back() == '+' && !form.minus_only))) {
    minus = text.back() == '-';
    text.remove_suffix(1);
  }
  if (form.currency && (text.empty() || text[0] != '$')) return fail();
  if (form.currency) text.remove_prefix(1);
  const size_t point = text.find('.');
  if (point != std::string_view::npos && !form.point) return fail();
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.size() > form.whole.size() || fraction.size() > form.fraction.size() ||
      (whole.empty() && fraction.empty()))
    return fail();
  std::string digits = minus ? "-" : "";
  for (size_t i = 0; i < whole.size(); ++i) {
    const bool comma = form.whole[form.whole.size() - whole.size() + i] == ',';
    if (comma != (whole[i] == ',') || (!comma && (whole[i] < '0' || whole[i] > '9'))) return fail();
    if (!comma) digits += whole[i];
  }
  if (fraction.find_first_not_of("0123456789") != std::string_view::npos) return fail();
  digits += "." + std::string(fraction);
  Int128 value = 0;
  return parse_decimal(digits, call.type(), value)
             ? cell_of_decimal(value, call.type(), call.arena())
             : fail();
}

Cell to_char(Call& call, const Cell& a) {
  const auto& form = *call.prepared<NumberForm>();
  const DataType& type = call.type_of(0);
  const Int128 number = decimal_of_cell(a, type);
  std::string text = fixed_digits(Cell(a), type, static_cast<int>(form.fraction.size()));
  const bool minus = number < 0;
  if (text[0] == '-') text.erase(0, 1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string fraction = point < text.size() ? text.substr(point + 1) : "";
  std::string whole = text.substr(0, point);
  if (whole == "0" && form.whole.find('0') == std::string::npos) whole.clear();
  std::string out;
  for (size_t i = form.whole.size(); i > 0; --i) {
    const char wanted = form.whole[i - 1];
    if (wanted == ',') {
      out.insert(0, whole.empty() && form.whole.find('0') >= i - 1 ? " " : ",");
    } else if (!whole.empty()) {
      out.insert(0, 1, whole.back());
      whole.pop_back();
    } else {
      out.insert(0, wanted == '0' ? "0" : " ");
    }
  }
  if (!whole.empty()) {  // Too many digits for the form.
    out = std::string(form.whole.size(), '#');
    return call.arena().copy_cell(out +
                                  (form.point ? "." + std::string(form.fraction.size(), '#') : ""));
  }
  const size_t first = std::min(out.find_first_not_of(' '), out.size());
  std::string sign = minus ? "-" : form.minus_only ? " " : "+";
  std::string before = (form.sign_first ? sign : "") + (form.currency ? "$" : "");
  out = out.substr(0, first) + before + out.substr(first);
  if (form.point) out += "." + fraction;
  if (form.sign_last) out += sign;
  return call.arena().copy_cell(out);
}

template <bool kTry>
Result<BoundPtr> build_to_number(const BuildContext& context, const Arguments& arguments) {
  Result<std::string> text = constant_text(context, arguments[1].value, "the form");
  if (!text.ok()) return text.status();
  const auto form = read_form(*text);
  if (!form)
    return function_error(
        context, "\"" + *text + "\" is no form of a number; use 9, 0, comma, point, S, MI and $");
  auto prepared = std::make_shared<const NumberForm>(*form);
  const DataType type = form->type();
  return make_call(context.function, strict<&to_number<kTry>>, type,
                   {coerce(arguments[0].value, TypeKind::kString, context.settings)},
                   {.prepared = std::move(prepared)});
}

Result<BoundPtr> build_to_char(const BuildContext& context, const Arguments& arguments) {
  const DataType& type = arguments[0].value->type;
  if (!type.is_numeric() && !type.is(TypeKind::kString))
    return build_function("date_format", arguments, context.settings);
  Result<std::string> text = constant_text(context, arguments[1].value, "the form");
  if (!text.ok()) return text.status();
  const auto form = read_form(*text);
  if (!form)
    return function_error(
        context, "\"" + *text + "\" is no form of a number; use 9, 0, comma, point, S, MI and $");
  const DataType decimal = type.is(TypeKind::kDecimal) ? type
                           : type.is_numeric()         ? decimal_of_number(type)
                                                       : DataType::decimal(38, 18);
  auto prepared = std::make_shared<const NumberForm>(*form);
  return make_call(context.function, strict<&to_char>, TypeKind::kString,
                   {coerce(arguments[0].value, decimal, context.settings)},
                   {.prepared = std::move(prepared)});
}

// Upper and lower letters, digits and others become one character each; a null keeps what it would replace.
Cell mask(Call& call) {
  static constexpr std::string_view kDefaults[] = {"X", "x", "n"};
  if (call[0].null) return Cell::of_null();
  const std::string_view text = call[0].bytes();
  ArenaText out(call.arena(), text.size() + 8);
  for (size_t i = 0; i < text.size(); i += character_bytes(text, i)) {
    const std::string_view character = text.substr(i, character_bytes(text, i));
    const char c = character[0];
    const uint32_t code = decode_character(character);
    ArenaText lower(call.arena(), 16);
    append_lower(character, lower);
    size_t kind = 3;
    if (c >= '0' && c <= '9') {
      kind = 2;
    } else if (is_letter(code)) {
      kind = lower.view() == character ? 1 : 0;
    }
    const bool given = call.size() > kind + 1;
    if (given ? call[kind + 1].null : kind == 3) {
      out.append(character);
    } else {
      out.append(given ? call[kind + 1].bytes() : kDefaults[kind]);
    }
  }
  return out.cell();
}

struct UrlParts {
  std::optional<std::string_view> protocol, authority, user, host, path, query, reference, file;
};

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  if (const size_t hash = url.find('#'); hash != std::string_view::npos) {
    parts.reference = url.substr(hash + 1);
    url = url.substr(0, hash);
  }
  if (const size_t colon = url.find("://"); colon != std::string_view::npos) {
    parts.protocol = url.substr(0, colon);
    url.remove_prefix(colon + 3);
    const size_t end = std::min(url.find_first_of("/?"), url.size());
    const std::string_view authority = url.substr(0, end);
    parts.authority = authority;
    const size_t at = authority.rfind('@');
    if (at != std::string_view::npos) parts.user = authority.substr(0, at);
    const std::string_view host =
        at == std::string_view::npos ? authority : authority.substr(at + 1);
    parts.host = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
    url.remove_prefix(end);
  }
  parts.file = url;
  const size_t question = url.find('?');
  parts.path = url.substr(0, question);
  if (question != std::string_view::npos) parts.query = url.substr(question + 1);
  return parts;
}

Cell parse_url(Call& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
  }
  const UrlParts parts = split_url(call[0].bytes());
  const std::pair<std::string_view, std::optional<std::string_view>> named[] = {
      {"HOST", parts.host},     {"PATH", parts.path},          {"QUERY", parts.query},
      {"REF", parts.reference}, {"FILE", parts.file},          {"PROTOCOL", parts.protocol},
      {"USERINFO", parts.user}, {"AUTHORITY", parts.authority}};
  for (const auto& [name, value] : named) {
    if (name != call[1].bytes()) continue;
    if (!value) return Cell::of_null();
    if (call.size() == 2) return Cell::of_bytes(*value);
    if (name != "QUERY") return Cell::of_null();
    for (std::string_view rest = *value; !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      const std::string_view key = call[2].bytes();
      if (pair.starts_with(key) && pair.substr(key.size()).starts_with('='))
        return Cell::of_bytes(pair.substr(key.size() + 1));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    }
  }
  return Cell::of_null();
}

const FunctionEntry kFunctions[] = {
    {"format_string printf",
     "format_string(pattern, a, ...)",
     "Values in a pattern, as Java's String.format.",
     1,
     kAnyCount,
     {},
     &build_format_string},
    {"format_number",
     "format_number(a, digits)",
     "With commas and so many digits, or by a pattern such as #,###.00.",
     2,
     2,
     {},
     &build_format_number},
    {"to_number",
     "to_number(text, form)",
     "The decimal of a text in a form such as 99,999.99.",
     2,
     2,
     {},
     &build_to_number<false>},
    {"try_to_number",
     "try_to_number(text, form)",
     "The same, null when it does not fit.",
     2,
     2,
     {},
     &build_to_number<true>},
    {"to_char to_varchar",
     "to_char(a, form)",
     "A number in such a form, or a time by a pattern.",
     2,
     2,
     {},
     &build_to_char},
    {"mask",
     "mask(text[, upper[, lower[, digit[, other]]]])",
     "Letters and digits replaced by X, x and n.",
     1,
     5,
     {{"string > string", lenient<&mask>},
      {"string, string > string", lenient<&mask>},
      {"string, string, string > string", lenient<&mask>},
      {"string, string, string, string > string", lenient<&mask>},
      {"string, string, string, string, string > string", lenient<&mask>}}},
    {"parse_url",
     "parse_url(url, part[, key])",
     "HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of a URL; a key of its query.",
     2,
     3,
     {{"string, string > string", lenient<&parse_url>},
      {"string, string, string > string", lenient<&parse_url>}}},
};

}  // namespace

std::span<const FunctionEntry> string_format_functions() { return kFunctions; }

}  // namespace penstock::expression
