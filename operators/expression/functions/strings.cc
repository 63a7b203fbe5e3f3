// Texts: their case, length and parts, joining, padding and trimming.
#include <span>
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/quick_text.h"
#include "penstock/operators/expression/functions/small_bytes.h"
#include "penstock/operators/expression/functions/utf8.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Cell text_cell(std::string_view text) { return Cell::of_bytes(text); }
Cell too_long(Call& call) {
  return call.fail("a text of more than 256 MiB would be made; make it shorter");
}
bool is_too_long(size_t bytes, int64_t times) {
  return times > 0 && bytes > 0 && static_cast<uint64_t>(times) > kValueBytesMax / bytes;
}

Cell upper(Call& call, const Cell& a) {
  char* to = call.arena().allocate(a.size);
  if (write_other_case<'a'>(a.bytes(), to)) return text_cell({to, a.size});
  return in_case_of_unicode<&append_upper>(call.arena(), a);
}
Cell lower(Call& call, const Cell& a) {
  char* to = call.arena().allocate(a.size);
  if (write_other_case<'A'>(a.bytes(), to)) return text_cell({to, a.size});
  return in_case_of_unicode<&append_lower>(call.arena(), a);
}
Cell initials(Call& call, const Cell& a) {
  ArenaText out(call.arena(), a.size + 8);
  append_initials(a.bytes(), out);
  return out.cell();
}

Cell length(Call&, const Cell& a) { return Cell::of_number(count_characters(a.bytes())); }
Cell bytes(Call&, const Cell& a) { return Cell::of_number(a.size); }
Cell bits(Call&, const Cell& a) { return Cell::of_number(int64_t{a.size} * 8); }

Cell reverse(Call& call, const Cell& a) {
  const std::string_view text = a.bytes();
  char* to = call.arena().allocate(text.size());
  size_t end = text.size();
  for (size_t i = 0; i < text.size();) {
    const size_t one = character_bytes(text, i);
    end -= one;
    std::memcpy(to + end, text.data() + i, one);
    i += one;
  }
  return text_cell({to, text.size()});
}
Cell reverse_array(Call& call, const Cell& a) {
  const ArrayView array(a);
  Cell* cells = call.arena().allocate_array<Cell>(array.size());
  for (size_t i = 0; i < array.size(); ++i)
    cells[array.size() - 1 - i] = array.cell(i, call.type().element());
  return make_array({cells, array.size()}, cell_form(call.type().element()), call.arena());
}

template <bool kBinary>
Cell part(const Cell& a, int64_t position, int64_t count) {
  const std::string_view text = a.bytes();
  const auto size = static_cast<int64_t>(text.size());
  int64_t from = position > 0 ? position - 1 : 0;
  if (position < 0) from = (kBinary ? size : count_characters(text)) + position;
  const int64_t until = count > INT32_MAX - std::max<int64_t>(from, 0) ? INT32_MAX : from + count;
  if (!kBinary) return text_cell(characters(text, from, until));
  from = std::clamp<int64_t>(from, 0, size);
  return text_cell(text.substr(static_cast<size_t>(from), static_cast<size_t>(std::max<int64_t>(
                                                              0, std::min(until, size) - from))));
}
Cell substring_between(Call& call, const Cell& a) {
  const auto& places = *call.prepared<Places>();
  return text_cell(characters(a.bytes(), places.from, places.until));
}
template <bool kBinary>
Cell substring(Call&, const Cell& a, const Cell& position, const Cell& count) {
  return part<kBinary>(a, position.number, count.number);
}
template <bool kBinary>
Cell substring_to_end(Call&, const Cell& a, const Cell& position) {
  return part<kBinary>(a, position.number, INT32_MAX);
}
Cell left(Call&, const Cell& a, const Cell& count) {
  return text_cell(characters(a.bytes(), 0, count.number));
}
Cell right(Call&, const Cell& a, const Cell& count) {
  if (count.number <= 0) return text_cell({a.data, 0});
  const int64_t all = count_characters(a.bytes());
  return text_cell(characters(a.bytes(), all - std::min(count.number, all), all));
}

Cell concat(Call& call) {
  const Operands texts = call.operands();
  size_t size = 0;
  bool null = false;
  for (size_t i = 0; i < texts.count; ++i) {
    null |= texts[i].null;
    size += texts[i].size;
  }
  if (null) return Cell::of_null();
  if (size > kValueBytesMax) return too_long(call);
  char* to = call.arena().allocate(size);
  char* at = to;
  for (size_t i = 0; i < texts.count; ++i) at = copy_bytes(at, texts[i].bytes());
  return text_cell({to, size});
}

// The same of parts where they stand.
Cell concat_parts(Call& call) {
  using From = TextPart::Place;
  const std::span<const TextPart> parts = call.parts();
  size_t size = 0;
  bool null = false;
  for (const TextPart& part : parts) {
    if (part.place == From::kRegister) {
      size += call.register_cell(part).size;
      null |= call.register_cell(part).null;
    } else {
      size += part.place == From::kConstant ? part.size : call.column_text(part).size();
    }
  }
  if (null) return Cell::of_null();
  if (size > kValueBytesMax) return too_long(call);
  // Constants are written in whole words; what comes next is written over the rest.
  char* at = call.arena().reserve(size + TextPart::kConstantBytesMax);
  for (const TextPart& part : parts) {
    if (part.place == From::kConstant) {
      std::memcpy(at, &part.constant, sizeof part.constant);
      at += part.size;
    } else if (part.place == From::kColumn) {
      at = copy_bytes(at, call.column_text(part));
    } else {
      at = copy_bytes(at, call.register_cell(part).bytes());
    }
  }
  return text_cell(call.arena().commit(size));
}

Cell concat_arrays(Call& call) {
  size_t count = 0;
  for (size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
    count += ArrayView(call[i]).size();
  }
  Cell* cells = call.arena().allocate_array<Cell>(count);
  size_t next = 0;
  const CellForm form = cell_form(call.type().element());
  for (size_t i = 0; i < call.size(); ++i) {
    const ArrayView array(call[i]);
    for (size_t j = 0; j < array.size(); ++j) cells[next++] = array.cell(j, form);
  }
  return make_array({cells, count}, form, call.arena());
}

// Nulls are left out; arrays count by their elements.
Cell concat_with(Call& call) {
  if (call[0].null) return Cell::of_null();
  ArenaText out(call.arena(), 64);
  bool first = true;
  const auto add = [&](const Cell& cell) {
    if (cell.null) return;
    if (!first) out.append(call[0].bytes());
    first = false;
    out.append(cell.bytes());
  };
  for (size_t i = 1; i < call.size(); ++i) {
    if (call.type_of(i).is(TypeKind::kString)) {
      add(call[i]);
    } else if (!call[i].null) {
      const ArrayView array(call[i]);
      for (size_t j = 0; j < array.size(); ++j) add(array.cell(j, CellForm::kBytes));
    }
    if (out.size() > kValueBytesMax) return too_long(call);
  }
  return out.cell();
}

template <bool kLeft>
Cell pad_with(Call& call, const Cell& a, int64_t length, std::string_view fill) {
  const int64_t have = count_characters(a.bytes());
  if (length <= have || fill.empty())
    return text_cell(characters(a.bytes(), 0, std::max<int64_t>(length, 0)));
  if (is_too_long(4, length)) return too_long(call);
  ArenaText out(call.arena(), a.size + static_cast<size_t>(length - have) * 4);
  if (!kLeft) out.append(a.bytes());
  const int64_t fill_length = count_characters(fill);
  int64_t missing = length - have;
  for (; missing >= fill_length; missing -= fill_length) out.append(fill);
  out.append(characters(fill, 0, missing));
  if (kLeft) out.append(a.bytes());
  return out.cell();
}
template <bool kLeft>
Cell pad(Call& call, const Cell& a, const Cell& length, const Cell& fill) {
  return pad_with<kLeft>(call, a, length.number, fill.bytes());
}
template <bool kLeft>
Cell pad_blanks(Call& call, const Cell& a, const Cell& length) {
  return pad_with<kLeft>(call, a, length.number, " ");
}

Cell repeat(Call& call, const Cell& a, const Cell& times) {
  if (is_too_long(a.size, times.number)) return too_long(call);
  const auto count = static_cast<size_t>(std::max<int64_t>(times.number, 0));
  if (a.size == 0) return a;
  char* to = call.arena().allocate(a.size * count);
  for (size_t i = 0; i < count; ++i) std::memcpy(to + i * a.size, a.data, a.size);
  return text_cell({to, a.size * count});
}
Cell space(Call& call, const Cell& count) {
  if (is_too_long(1, count.number)) return too_long(call);
  const auto size = static_cast<size_t>(std::max<int64_t>(count.number, 0));
  char* to = call.arena().allocate(size);
  if (size > 0) std::memset(to, ' ', size);
  return text_cell({to, size});
}

bool has_character(std::string_view set, std::string_view character) {
  for (size_t i = 0; i < set.size(); i += character_bytes(set, i)) {
    if (set.substr(i, character_bytes(set, i)) == character) return true;
  }
  return false;
}
template <bool kLeft, bool kRight>
std::string_view trimmed(std::string_view text, std::string_view set) {
  size_t from = 0;
  while (kLeft && from < text.size() &&
         has_character(set, text.substr(from, character_bytes(text, from))))
    from += character_bytes(text, from);
  size_t until = text.size();
  while (kRight && until > from) {
    size_t last = until - 1;
    while (last > from && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) --last;
    if (!has_character(set, text.substr(last, until - last))) break;
    until = last;
  }
  return text.substr(from, until - from);
}
template <bool kLeft, bool kRight>
Cell trim(Call&, const Cell& a) {
  return text_cell(trimmed<kLeft, kRight>(a.bytes(), " "));
}
template <bool kLeft, bool kRight>
Cell trim_of(Call&, const Cell& a, const Cell& set) {
  return text_cell(trimmed<kLeft, kRight>(a.bytes(), set.bytes()));
}
// Spark's old order: what to trim first.
template <bool kLeft, bool kRight>
Cell trim_first(Call&, const Cell& set, const Cell& a) {
  return text_cell(trimmed<kLeft, kRight>(a.bytes(), set.bytes()));
}

Cell overlay_with(Call& call, const Cell& a, const Cell& by, int64_t position, int64_t count) {
  const std::string_view text = a.bytes();
  ArenaText out(call.arena(), a.size + by.size);
  out.append(characters(text, 0, position - 1));
  out.append(by.bytes());
  const int64_t taken = count >= 0 ? count : count_characters(by.bytes());
  const size_t rest = offset_of(text, position - 1 + taken);
  out.append(text.substr(rest));
  return out.cell();
}
Cell overlay(Call& call, const Cell& a, const Cell& by, const Cell& position) {
  return overlay_with(call, a, by, position.number, -1);
}
Cell overlay_count(Call& call, const Cell& a, const Cell& by, const Cell& position,
                   const Cell& count) {
  return overlay_with(call, a, by, position.number, count.number);
}

Cell choose(Call& call) {
  if (call[0].null || call[0].number < 1 || static_cast<uint64_t>(call[0].number) >= call.size())
    return Cell::of_null();
  return call[static_cast<size_t>(call[0].number)];
}

// From 1 on: what counts from the end depends on the text.
bool is_place(const BoundPtr& value) {
  return value->is_constant() && !value->is_null() && value->type.is(TypeKind::kInt);
}
Result<BoundPtr> build_substring(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, int, int > string", strict<&substring<false>>},
                                        {"string, int > string", strict<&substring_to_end<false>>},
                                        {"binary, int, int > binary", strict<&substring<true>>},
                                        {"binary, int > binary", strict<&substring_to_end<true>>}};
  const std::vector<BoundPtr> values = values_of(arguments);
  const bool constant = values[0]->type.is(TypeKind::kString) && is_place(values[1]) &&
                        values[1]->value.number > 0 && (values.size() == 2 || is_place(values[2]));
  if (!constant) return build_overload(context, kOverloads, values);
  Places places{values[1]->value.number - 1, INT32_MAX};
  if (values.size() == 3 && values[2]->value.number <= INT32_MAX - places.from)
    places.until = places.from + values[2]->value.number;
  return make_call("substring", strict_quickly<&quick_substring, &substring_between>,
                   TypeKind::kString, {values[0]},
                   {.prepared = std::make_shared<const Places>(places)});
}

constexpr CallCode kConcat{lenient<&concat>, nullptr, nullptr,
                           lenient_quickly<&quick_concat, &concat_parts>};

Result<BoundPtr> build_concat(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  const auto type = common_type(values);
  if (type && type->is(TypeKind::kArray)) {
    for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
    return make_call("concat", lenient<&concat_arrays>, *type, std::move(values));
  }
  const bool binary = type && type->is(TypeKind::kBinary);
  for (BoundPtr& value : values) {
    if (binary) continue;
    if (value->type.is_nested())
      return function_error(
          context, "joins texts or arrays, not " + value->type.to_string() + "; cast it to string");
    Result<BoundPtr> text = make_cast(value, TypeKind::kString, context.settings);
    if (!text.ok()) return text;
    value = *text;
  }
  return make_call("concat", kConcat, binary ? TypeKind::kBinary : TypeKind::kString,
                   std::move(values));
}

Result<BoundPtr> build_concat_with(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  for (BoundPtr& value : values) {
    const DataType wanted = value->type.is(TypeKind::kArray) && value != values[0]
                                ? DataType::array(TypeKind::kString)
                                : DataType(TypeKind::kString);
    Result<BoundPtr> text = make_cast(value, wanted, context.settings);
    if (!text.ok()) return text;
    value = *text;
  }
  return make_call("concat_ws", lenient<&concat_with>, TypeKind::kString, std::move(values));
}

Result<BoundPtr> build_reverse(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& value = arguments[0].value;
  if (value->type.is(TypeKind::kArray))
    return make_call("reverse", strict<&reverse_array>, value->type, {value});
  static const Overload kText[] = {{"string > string", strict<&reverse>}};
  return build_overload(context, kText, {value});
}

const FunctionEntry kFunctions[] = {
    {"upper ucase",
     "upper(text)",
     "In upper case.",
     1,
     1,
     {{"string > string", strict_quickly<&quick_case<'a'>, &upper>}}},
    {"lower lcase",
     "lower(text)",
     "In lower case.",
     1,
     1,
     {{"string > string", strict_quickly<&quick_case<'A'>, &lower>}}},
    {"initcap",
     "initcap(text)",
     "Each word with a capital first letter.",
     1,
     1,
     {{"string > string", strict<&initials>}}},
    {"length char_length character_length len",
     "length(text)",
     "How many characters, or bytes of a binary.",
     1,
     1,
     {{"string > int", strict_in_place<&length>}, {"binary > int", strict<&bytes>}}},
    {"octet_length",
     "octet_length(text)",
     "How many bytes.",
     1,
     1,
     {{"string > int", strict<&bytes>}, {"binary > int", strict<&bytes>}}},
    {"bit_length",
     "bit_length(text)",
     "How many bits.",
     1,
     1,
     {{"string > int", strict<&bits>}, {"binary > int", strict<&bits>}}},
    {"reverse", "reverse(a)", "A text or an array backwards.", 1, 1, {}, &build_reverse},
    {"substring substr",
     "substring(text, position[, length])",
     "A part; 1 is the first character, negative positions count from the end.",
     2,
     3,
     {},
     &build_substring},
    {"left",
     "left(text, count)",
     "The first characters.",
     2,
     2,
     {{"string, int > string", strict<&left>}}},
    {"right",
     "right(text, count)",
     "The last characters.",
     2,
     2,
     {{"string, int > string", strict<&right>}}},
    {"concat",
     "concat(a, ...)",
     "Texts or arrays joined; `a || b` is the same.",
     1,
     kAnyCount,
     {},
     &build_concat},
    {"concat_ws",
     "concat_ws(separator, a, ...)",
     "Texts and elements of arrays joined with a separator; nulls are left out.",
     1,
     kAnyCount,
     {},
     &build_concat_with},
    {"lpad",
     "lpad(text, length[, fill])",
     "Filled up on the left, or cut.",
     2,
     3,
     {{"string, int > string", strict<&pad_blanks<true>>},
      {"string, int, string > string", strict<&pad<true>>}}},
    {"rpad",
     "rpad(text, length[, fill])",
     "Filled up on the right, or cut.",
     2,
     3,
     {{"string, int > string", strict<&pad_blanks<false>>},
      {"string, int, string > string", strict<&pad<false>>}}},
    {"repeat",
     "repeat(text, times)",
     "The text that often.",
     2,
     2,
     {{"string, int > string", strict<&repeat>}}},
    {"space", "space(count)", "That many blanks.", 1, 1, {{"int > string", strict<&space>}}},
    {"trim",
     "trim(text)",
     "Without the blanks at both ends; TRIM(BOTH characters FROM text).",
     1,
     1,
     {{"string > string", strict_in_place<&trim<true, true>>}}},
    {"btrim",
     "btrim(text[, characters])",
     "Without blanks, or those characters, at both ends.",
     1,
     2,
     {{"string > string", strict<&trim<true, true>>},
      {"string, string > string", strict<&trim_of<true, true>>}}},
    {"ltrim",
     "ltrim([characters, ]text)",
     "Without blanks, or those characters, on the left.",
     1,
     2,
     {{"string > string", strict<&trim<true, false>>},
      {"string, string > string", strict<&trim_first<true, false>>}}},
    {"rtrim",
     "rtrim([characters, ]text)",
     "Without blanks, or those characters, on the right.",
     1,
     2,
     {{"string > string", strict<&trim<false, true>>},
      {"string, string > string", strict<&trim_first<false, true>>}}},
    {"ltrim_of",
     "trim(LEADING characters FROM text)",
     "Without those characters on the left.",
     2,
     2,
     {{"string, string > string", strict<&trim_of<true, false>>}}},
    {"rtrim_of",
     "trim(TRAILING characters FROM text)",
     "Without those characters on the right.",
     2,
     2,
     {{"string, string > string", strict<&trim_of<false, true>>}}},
    {"overlay",
     "overlay(text PLACING by FROM position [FOR count])",
     "With a part replaced.",
     3,
     4,
     {{"string, string, int > string", strict<&overlay>},
      {"string, string, int, int > string", strict<&overlay_count>}}},
    {"elt",
     "elt(n, a, ...)",
     "The n-th of the texts.",
     2,
     kAnyCount,
     {{"int, string, ... > string", lenient<&choose>}}},
};

}  // namespace

std::span<const FunctionEntry> string_functions() { return kFunctions; }

}  // namespace penstock::expression
