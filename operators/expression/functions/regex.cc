// Regular expressions: rlike, regexp_extract, regexp_replace and their relatives.
#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "penstock/core/row/cell_list.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

constexpr std::int64_t kProgramBytesMax = 8 << 20;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kProgramBytesMax);
  return options;
}

std::string fault_of(std::string_view text, const RE2& pattern) {
  std::string fault =
      "the pattern '" + std::string(text.substr(0, 80)) + "' cannot be used: " + pattern.error();
  const bool looks = text.find("(?=") != text.npos || text.find("(?!") != text.npos ||
                     text.find("(?<=") != text.npos || text.find("(?<!") != text.npos;
  if (looks)
    return fault +
           "; look-around is not supported because it has no bound on its time: match more and cut "
           "with regexp_extract()";
  return fault + "; write a backslash before characters that are meant as they are";
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const re2::StringPiece& text) { return {text.data(), text.size()}; }

template <class Body>
Cell with_pattern(Call& call, const Cell& text, const Body& body) {
  if (const auto* prepared = call.prepared<RE2>()) return body(*prepared);
  const RE2 pattern(piece(text.bytes()), pattern_options());
  if (!pattern.ok()) return call.fail(fault_of(text.bytes(), pattern));
  return body(pattern);
}

Cell rlike(Call& call, const Cell& text, const Cell& pattern) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    return Cell::of_boolean(RE2::PartialMatch(piece(text.bytes()), re));
  });
}

// Each match in turn, with its groups; `visit` says whether to go on. An empty match is followed by one character.
template <class Visit>
void each_match(Arena& arena, const RE2& re, std::string_view text, int groups,
                const Visit& visit) {
  const std::span found(
      arena.allocate_array<re2::StringPiece>(static_cast<std::size_t>(groups) + 1),
      static_cast<std::size_t>(groups) + 1);
  std::size_t at = 0;
  while (at <= text.size() &&
         re.Match(piece(text), at, text.size(), RE2::UNANCHORED, found.data(), groups + 1)) {
    const auto start = static_cast<std::size_t>(found[0].data() - text.data());
    if (!visit(start, found)) return;
    at = start + found[0].size();
    if (found[0].empty()) {
      ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    }
  }
}

bool check_group(Call& call, const RE2& re, std::int64_t group) {
  if (group >= 0 && group <= re.NumberOfCapturingGroups()) return true;
  call.fail("the pattern has " + std::to_string(re.NumberOfCapturingGroups()) +
            " group(s), so there is no group " + std::to_string(group));
  return false;
}

Cell extract_group(Call& call, const Cell& text, const Cell& pattern, const Cell& group) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    if (!check_group(call, re, group.number)) return Cell::of_null();
    Cell out = Cell::of_bytes("");
    const auto wanted = static_cast<std::size_t>(group.number);
    each_match(call.arena(), re, text.bytes(), static_cast<int>(group.number),
               [&](std::size_t, const auto& found) {
                 if (found[wanted].data() != nullptr) out = Cell::of_bytes(view(found[wanted]));
                 return false;
               });
    return out;
  });
}
Cell extract_first(Call& call, const Cell& text, const Cell& pattern) {
  return extract_group(call, text, pattern, Cell::of_number(1));
}

Cell extract_all_groups(Call& call, const Cell& text, const Cell& pattern, const Cell& group) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    if (!check_group(call, re, group.number)) return Cell::of_null();
    CellList cells(call.arena());
    const auto wanted = static_cast<std::size_t>(group.number);
    each_match(call.arena(), re, text.bytes(), static_cast<int>(group.number),
               [&](std::size_t, const auto& found) {
                 cells.push_back(found[wanted].data() == nullptr
                                     ? Cell::of_bytes("")
                                     : Cell::of_bytes(view(found[wanted])));
                 return true;
               });
    return make_array(cells, CellForm::kBytes, call.arena());
  });
}
Cell extract_all_first(Call& call, const Cell& text, const Cell& pattern) {
  return extract_all_groups(call, text, pattern, Cell::of_number(1));
}

Cell count_matches(Call& call, const Cell& text, const Cell& pattern) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    std::int64_t count = 0;
    each_match(call.arena(), re, text.bytes(), 0,
               [&](std::size_t, const auto&) { return ++count > 0; });
    return Cell::of_number(count);
  });
}
Cell first_match(Call& call, const Cell& text, const Cell& pattern) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    Cell out = Cell::of_null();
    each_match(call.arena(), re, text.bytes(), 0, [&](std::size_t, const auto& found) {
      out = Cell::of_bytes(view(found[0]));
      return false;
    });
    return out;
  });
}
std::int64_t characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}
Cell match_place(Call& call, const Cell& text, const Cell& pattern) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    std::int64_t place = 0;
    each_match(call.arena(), re, text.bytes(), 0, [&](std::size_t start, const auto&) {
      place = characters(text.bytes().substr(0, start)) + 1;
      return false;
    });
    return Cell::of_number(place);
  });
}

// Java's replacements: $1 is a group, \ takes the next character as it is. False for a group that is not there.
bool append_replacement(std::string_view by, std::span<const re2::StringPiece> found,
                        std::string& out) {
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (by[i] == '\\' && i + 1 < by.size()) {
      out += by[++i];
    } else if (by[i] == '$' && i + 1 < by.size() && by[i + 1] >= '0' && by[i + 1] <= '9') {
      std::size_t group = static_cast<std::size_t>(by[++i] - '0');
      if (group >= found.size()) return false;
      while (i + 1 < by.size() && by[i + 1] >= '0' && by[i + 1] <= '9' &&
             group * 10 + static_cast<std::size_t>(by[i + 1] - '0') < found.size())
        group = group * 10 + static_cast<std::size_t>(by[++i] - '0');
      out += view(found[group]);
    } else if (by[i] == '$') {
      return false;
    } else {
      out += by[i];
    }
  }
  return true;
}

Cell replace_from(Call& call, const Cell& text, const Cell& pattern, const Cell& by,
                  const Cell& place) {
  return with_pattern(call, pattern, [&](const RE2& re) {
    if (place.number < 1)
      return call.fail("regexp_replace: the place is below 1; the first character is 1");
    std::size_t from = 0;
    for (std::int64_t i = 1; i < place.number && from < text.size; ++i)
      for (++from;
           from < text.size && (static_cast<unsigned char>(text.data[from]) & 0xc0) == 0x80;)
        ++from;
    if (from >= text.size && place.number > 1) return text;
    const std::string_view rest = text.bytes().substr(from);
    std::string& out = call.scratch();
    out.assign(text.bytes().substr(0, from));
    std::size_t done = 0;
    bool good = true;
    each_match(call.arena(), re, rest, re.NumberOfCapturingGroups(),
               [&](std::size_t start, const auto& found) {
                 out += rest.substr(done, start - done);
                 done = start + found[0].size();
                 good = append_replacement(by.bytes(), found, out) && out.size() <= kValueBytesMax;
                 return good;
               });
    if (!good)
      return call.fail(
          "regexp_replace: the replacement names a group that is not there, or the text gets too "
          "long; write \\$ for a dollar sign");
    out += rest.substr(done);
    return call.arena().copy_cell(out);
  });
}
Cell replace_all(Call& call, const Cell& text, const Cell& pattern, const Cell& by) {
  return replace_from(call, text, pattern, by, Cell::of_number(1));
}

// The parts between the matches; a limit above 0 bounds their number. An empty pattern gives the characters.
Cell split_limited(Call& call, const Cell& text, const Cell& pattern, const Cell& limit) {
  const std::string_view all = text.bytes();
  CellList parts(call.arena());
  std::size_t done = 0;
  const bool bounded = limit.number > 0;
  const auto full = [&] {
    return bounded && static_cast<std::int64_t>(parts.size()) + 1 >= limit.number;
  };
  if (pattern.size == 0 && !all.empty()) {
    while (done < all.size() &&
           !(bounded && static_cast<std::int64_t>(parts.size()) >= limit.number)) {
      std::size_t end = done + 1;
      while (end < all.size() && (static_cast<unsigned char>(all[end]) & 0xc0) == 0x80) ++end;
      parts.push_back(Cell::of_bytes(all.substr(done, end - done)));
      done = end;
    }
    return make_array(parts, CellForm::kBytes, call.arena());
  }
  return with_pattern(call, pattern, [&](const RE2& re) {
    if (!full()) {
      each_match(call.arena(), re, all, 0, [&](std::size_t start, const auto& found) {
        if (found[0].empty() && start == 0) return true;
        parts.push_back(Cell::of_bytes(all.substr(done, start - done)));
        done = start + found[0].size();
        return !full();
      });
    }
    parts.push_back(Cell::of_bytes(all.substr(done)));
    return make_array(parts, CellForm::kBytes, call.arena());
  });
}
Cell split(Call& call, const Cell& text, const Cell& pattern) {
  return split_limited(call, text, pattern, Cell::of_number(-1));
}

// By overloads, with the pattern (the second argument) compiled once when it is constant.
Result<BoundPtr> build_with_pattern(const BuildContext& context, const Arguments& arguments,
                                    std::span<const Overload> overloads) {
  const BoundPtr& value = arguments[1].value;
  std::shared_ptr<const void> prepared;
  if (value->is_constant() && !value->is_null() && value->type.is(TypeKind::kString)) {
    const std::string_view text = value->value.bytes();
    auto pattern = std::make_shared<const RE2>(piece(text), pattern_options());
    if (!pattern->ok()) return function_error(context, fault_of(text, *pattern));
    prepared = std::move(pattern);
  }
  return build_overload(context, overloads, values_of(arguments),
                        {.prepared = std::move(prepared)});
}

Result<BoundPtr> build_rlike(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > boolean", strict<&rlike>}};
  return build_with_pattern(context, arguments, kOverloads);
}
Result<BoundPtr> build_extract(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > string", strict<&extract_first>},
                                        {"string, string, int > string", strict<&extract_group>}};
  return build_with_pattern(context, arguments, kOverloads);
}
Result<BoundPtr> build_extract_all(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {
      {"string, string > strings", strict<&extract_all_first>},
      {"string, string, int > strings", strict<&extract_all_groups>}};
  return build_with_pattern(context, arguments, kOverloads);
}
Result<BoundPtr> build_count(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > int", strict<&count_matches>}};
  return build_with_pattern(context, arguments, kOverloads);
}
Result<BoundPtr> build_substr(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > string", strict<&first_match>}};
  return build_with_pattern(context, arguments, kOverloads);
}
Result<BoundPtr> build_instr(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > int", strict<&match_place>}};
  return build_with_pattern(context, {arguments[0], arguments[1]}, kOverloads);
}
Result<BoundPtr> build_replace(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {
      {"string, string, string > string", strict<&replace_all>},
      {"string, string, string, int > string", strict<&replace_from>}};
  return build_with_pattern(context, arguments, kOverloads);
}

Result<BoundPtr> build_split(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > strings", strict<&split>},
                                        {"string, string, int > strings", strict<&split_limited>}};
  return build_with_pattern(context, arguments, kOverloads);
}

const FunctionEntry kFunctions[] = {
    {"split",
     "split(text, pattern[, limit])",
     "The parts between matches; at most so many.",
     2,
     3,
     {},
     &build_split},
    {"rlike regexp regexp_like",
     "rlike(text, pattern)",
     "Whether the pattern matches anywhere.",
     2,
     2,
     {},
     &build_rlike},
    {"regexp_extract",
     "regexp_extract(text, pattern[, group])",
     "A group of the first match, the first by itself; '' for no match.",
     2,
     3,
     {},
     &build_extract},
    {"regexp_extract_all",
     "regexp_extract_all(text, pattern[, group])",
     "A group of each match.",
     2,
     3,
     {},
     &build_extract_all},
    {"regexp_replace",
     "regexp_replace(text, pattern, by[, place])",
     "Each match replaced; $1 is a group. Starts at the place.",
     3,
     4,
     {},
     &build_replace},
    {"regexp_count",
     "regexp_count(text, pattern)",
     "The number of matches.",
     2,
     2,
     {},
     &build_count},
    {"regexp_substr",
     "regexp_substr(text, pattern)",
     "The first match; null for none.",
     2,
     2,
     {},
     &build_substr},
    {"regexp_instr",
     "regexp_instr(text, pattern[, group])",
     "Where the first match starts, from 1 on; 0 for none.",
     2,
     3,
     {},
     &build_instr},
};

}  // namespace

std::span<const FunctionEntry> regex_functions() { return kFunctions; }

}  // namespace penstock::expression
