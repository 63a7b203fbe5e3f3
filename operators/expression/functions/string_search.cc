// Finding and replacing in texts, LIKE, distances.
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/utf8.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Cell text_cell(std::string_view text) { return Cell::of_bytes(text); }

int64_t position_of(std::string_view text, std::string_view part, int64_t from) {
  const size_t start = offset_of(text, from);
  const size_t found = text.find(part, start);
  return found == std::string_view::npos
             ? 0
             : from + count_characters(text.substr(start, found - start)) + 1;
}
Cell find_in_text(Call&, const Cell& text, const Cell& part) {
  return Cell::of_number(position_of(text.bytes(), part.bytes(), 0));
}
Cell locate(Call&, const Cell& part, const Cell& text) {
  return Cell::of_number(position_of(text.bytes(), part.bytes(), 0));
}
Cell locate_from(Call& call) {
  if (call[0].null || call[1].null) return Cell::of_null();
  if (call[2].null || call[2].number < 1) return Cell::of_number(0);
  return Cell::of_number(position_of(call[1].bytes(), call[0].bytes(), call[2].number - 1));
}

Cell replace_with(Call& call, std::string_view text, std::string_view part, std::string_view by) {
  if (part.empty()) return text_cell(text);
  ArenaText out(call.arena(), text.size() + by.size());
  for (;;) {
    const size_t found = text.find(part);
    out.append(text.substr(0, found));
    if (found == std::string_view::npos) return out.cell();
    out.append(by);
    text.remove_prefix(found + part.size());
    if (out.size() > kValueBytesMax)
      return call.fail("replace would make a text of more than 256 MiB; make it shorter");
  }
}
Cell replace(Call& call, const Cell& a, const Cell& part, const Cell& by) {
  return replace_with(call, a.bytes(), part.bytes(), by.bytes());
}
Cell remove(Call& call, const Cell& a, const Cell& part) {
  return replace_with(call, a.bytes(), part.bytes(), "");
}

Cell translate(Call& call, const Cell& a, const Cell& from, const Cell& to) {
  const std::string_view text = a.bytes();
  const std::string_view matching = from.bytes();
  ArenaText out(call.arena(), text.size());
  for (size_t i = 0; i < text.size(); i += character_bytes(text, i)) {
    const std::string_view character = text.substr(i, character_bytes(text, i));
    int64_t n = 0;
    size_t j = 0;
    for (; j < matching.size() && matching.substr(j, character_bytes(matching, j)) != character;
         ++n)
      j += character_bytes(matching, j);
    out.append(j >= matching.size() ? character : characters(to.bytes(), n, n + 1));
  }
  return out.cell();
}

Cell starts(Call&, const Cell& a, const Cell& b) {
  return Cell::of_boolean(a.bytes().starts_with(b.bytes()));
}
Cell ends(Call&, const Cell& a, const Cell& b) {
  return Cell::of_boolean(a.bytes().ends_with(b.bytes()));
}
Cell contains(Call&, const Cell& a, const Cell& b) {
  return Cell::of_boolean(a.bytes().find(b.bytes()) != std::string_view::npos);
}

Cell split_part(Call& call, const Cell& a, const Cell& separator, const Cell& number) {
  if (number.number == 0)
    return call.fail(
        "split_part: the first part has the number 1, not 0; use 1 or a negative number");
  const std::string_view text = a.bytes();
  const std::string_view by = separator.bytes();
  if (by.empty())
    return text_cell(number.number == 1 || number.number == -1 ? text : text.substr(0, 0));
  int64_t wanted = number.number;
  if (wanted < 0) {
    int64_t parts = 1;
    for (size_t i = text.find(by); i != std::string_view::npos; i = text.find(by, i + by.size()))
      ++parts;
    wanted += parts + 1;
  }
  size_t from = 0;
  for (int64_t n = 1; wanted >= 1; ++n) {
    const size_t found = text.find(by, from);
    if (n == wanted)
      return text_cell(text.substr(from, found == std::string_view::npos ? found : found - from));
    if (found == std::string_view::npos) break;
    from = found + by.size();
  }
  return text_cell(text.substr(0, 0));
}

Cell substring_index(Call&, const Cell& a, const Cell& separator, const Cell& count) {
  const std::string_view text = a.bytes();
  const std::string_view by = separator.bytes();
  if (by.empty() || count.number == 0) return text_cell(text.substr(0, 0));
  if (count.number > 0) {
    size_t at = std::string_view::npos;
    for (int64_t i = 0; i < count.number; ++i) {
      at = text.find(by, at == std::string_view::npos ? 0 : at + 1);
      if (at == std::string_view::npos) return a;
    }
    return text_cell(text.substr(0, at));
  }
  size_t at = text.size();
  for (int64_t i = 0; i < -count.number; ++i) {
    if (at == 0) return a;
    at = text.rfind(by, at - 1);
    if (at == std::string_view::npos) return a;
  }
  return text_cell(text.substr(at + by.size()));
}

Cell find_in_set(Call&, const Cell& word, const Cell& list) {
  if (word.bytes().find(',') != std::string_view::npos) return Cell::of_number(0);
  std::string_view rest = list.bytes();
  for (int64_t n = 1;; ++n) {
    const size_t comma = rest.find(',');
    if (rest.substr(0, comma) == word.bytes()) return Cell::of_number(n);
    if (comma == std::string_view::npos) return Cell::of_number(0);
    rest.remove_prefix(comma + 1);
  }
}

// Codes of the characters, in the arena.
std::span<uint32_t> codes_of(std::string_view text, Arena& arena) {
  uint32_t* codes = arena.allocate_array<uint32_t>(text.size());
  size_t count = 0;
  for (size_t i = 0; i < text.size(); i += character_bytes(text, i))
    codes[count++] = decode_character(text.substr(i, character_bytes(text, i)));
  return {codes, count};
}

Cell distance_of(Call& call, const Cell& a, const Cell& b) {
  constexpr size_t kCharactersMax = 20'000;  // The work is the product of both lengths.
  const auto x = codes_of(a.bytes(), call.arena());
  const auto y = codes_of(b.bytes(), call.arena());
  if (x.size() > kCharactersMax || y.size() > kCharactersMax)
    return call.fail(
        "levenshtein compares texts of at most 20000 characters; cut them with left()");
  auto* row = call.arena().allocate_array<int64_t>(y.size() + 1);
  for (size_t j = 0; j <= y.size(); ++j) row[j] = static_cast<int64_t>(j);
  for (size_t i = 1; i <= x.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= y.size(); ++j) {
      const int64_t change = diagonal + (x[i - 1] == y[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return Cell::of_number(row[y.size()]);
}
Cell levenshtein(Call& call, const Cell& a, const Cell& b) { return distance_of(call, a, b); }
Cell levenshtein_up_to(Call& call, const Cell& a, const Cell& b, const Cell& limit) {
  const Cell distance = distance_of(call, a, b);
  return distance.null || distance.number <= limit.number ? distance : Cell::of_number(-1);
}

// One character of a pattern: % any text, _ any character, or the character itself.
struct PatternItem {
  enum class Kind : uint8_t { kAnyText, kAnyCharacter, kCharacter } kind;
  std::string_view character;
  size_t bytes;
};

PatternItem item_at(std::string_view pattern, size_t i, char escape) {
  if (pattern[i] == '%') return {PatternItem::Kind::kAnyText, {}, 1};
  if (pattern[i] == '_') return {PatternItem::Kind::kAnyCharacter, {}, 1};
  size_t skipped = 0;
  if (pattern[i] == escape && i + 1 < pattern.size()) skipped = 1;
  const size_t bytes = character_bytes(pattern, i + skipped);
  return {PatternItem::Kind::kCharacter, pattern.substr(i + skipped, bytes), skipped + bytes};
}

// Goes back to the last % only: linear in practice, quadratic at worst.
bool is_like(std::string_view text, std::string_view pattern, char escape) {
  size_t t = 0;
  size_t p = 0;
  size_t retry_text = 0;
  size_t retry_pattern = std::string_view::npos;
  for (;;) {
    if (p < pattern.size()) {
      const PatternItem item = item_at(pattern, p, escape);
      if (item.kind == PatternItem::Kind::kAnyText) {
        retry_pattern = p += 1;
        retry_text = t;
        continue;
      }
      const size_t bytes = t < text.size() ? character_bytes(text, t) : 0;
      const bool fits = bytes > 0 && (item.kind == PatternItem::Kind::kAnyCharacter ||
                                      text.substr(t, bytes) == item.character);
      if (fits) {
        p += item.bytes;
        t += bytes;
        continue;
      }
    } else if (t == text.size()) {
      return true;
    }
    if (retry_pattern == std::string_view::npos || retry_text >= text.size()) return false;
    retry_text += character_bytes(text, retry_text);
    t = retry_text;
    p = retry_pattern;
  }
}

Cell lower_text(Call& call, const Cell& a) {
  ArenaText out(call.arena(), a.size + 8);
  append_lower(a.bytes(), out);
  return out.cell();
}
template <bool kAnyCase>
Cell like_with(Call& call, const Cell& a, const Cell& pattern, char escape) {
  if (!pattern.bytes().empty() && pattern.bytes().back() == escape) {
    const std::string_view rest = pattern.bytes();
    const size_t last = rest.find_last_not_of(escape);
    const size_t escapes = rest.size() - (last == std::string_view::npos ? 0 : last + 1);
    if (escapes % 2 == 1)
      return call.fail("like: the pattern ends with its escape character; write it twice");
  }
  if (kAnyCase)
    return Cell::of_boolean(
        is_like(lower_text(call, a).bytes(), lower_text(call, pattern).bytes(), escape));
  return Cell::of_boolean(is_like(a.bytes(), pattern.bytes(), escape));
}
template <bool kAnyCase>
Cell like(Call& call, const Cell& a, const Cell& pattern) {
  return like_with<kAnyCase>(call, a, pattern, '\\');
}
template <bool kAnyCase>
Cell like_escape(Call& call, const Cell& a, const Cell& pattern, const Cell& escape) {
  if (escape.size != 1) return call.fail("like: ESCAPE takes one character");
  return like_with<kAnyCase>(call, a, pattern, escape.data[0]);
}

const FunctionEntry kFunctions[] = {
    {"like",
     "text like pattern [escape c]",
     "Whether it fits a pattern: % stands for any text, _ for any character.",
     2,
     3,
     {{"string, string > boolean", strict<&like<false>>},
      {"string, string, string > boolean", strict<&like_escape<false>>}}},
    {"ilike",
     "text ilike pattern [escape c]",
     "LIKE whatever the case.",
     2,
     3,
     {{"string, string > boolean", strict<&like<true>>},
      {"string, string, string > boolean", strict<&like_escape<true>>}}},
    {"startswith",
     "startswith(text, start)",
     "Whether it begins so.",
     2,
     2,
     {{"string, string > boolean", strict<&starts>},
      {"binary, binary > boolean", strict<&starts>}}},
    {"endswith",
     "endswith(text, end)",
     "Whether it ends so.",
     2,
     2,
     {{"string, string > boolean", strict<&ends>}, {"binary, binary > boolean", strict<&ends>}}},
    {"contains",
     "contains(text, part)",
     "Whether a part is in it.",
     2,
     2,
     {{"string, string > boolean", strict<&contains>},
      {"binary, binary > boolean", strict<&contains>}}},
    {"instr",
     "instr(text, part)",
     "Where a part is first, from 1; 0 when it is not there.",
     2,
     2,
     {{"string, string > int", strict<&find_in_text>}}},
    {"locate position charindex",
     "locate(part, text[, from])",
     "Where a part is, from a position on.",
     2,
     3,
     {{"string, string > int", strict<&locate>},
      {"string, string, int > int", lenient<&locate_from>}}},
    {"replace",
     "replace(text, part[, by])",
     "With every such part replaced.",
     2,
     3,
     {{"string, string, string > string", strict<&replace>},
      {"string, string > string", strict<&remove>}}},
    {"translate",
     "translate(text, from, to)",
     "Characters replaced one by one; those without a partner are left out.",
     3,
     3,
     {{"string, string, string > string", strict<&translate>}}},
    {"split_part",
     "split_part(text, separator, n)",
     "The n-th part, negative from the end.",
     3,
     3,
     {{"string, string, int > string", strict<&split_part>}}},
    {"substring_index",
     "substring_index(text, separator, count)",
     "What stands before that many separators, or behind, counted from the end.",
     3,
     3,
     {{"string, string, int > string", strict<&substring_index>}}},
    {"find_in_set",
     "find_in_set(word, list)",
     "The place of a word in a list with commas.",
     2,
     2,
     {{"string, string > int", strict<&find_in_set>}}},
    {"levenshtein",
     "levenshtein(a, b[, limit])",
     "How many changes make b of a; -1 above the limit.",
     2,
     3,
     {{"string, string > int", strict<&levenshtein>},
      {"string, string, int > int", strict<&levenshtein_up_to>}}},
};

}  // namespace

std::span<const FunctionEntry> string_search_functions() { return kFunctions; }

}  // namespace penstock::expression
