#include "penstock/core/row/time_pattern.h"

#include <string>

namespace penstock {

namespace {

struct LetterRule {
  char letter;
  int count_max;
  bool reads;
};

constexpr LetterRule kLetters[] = {
    {'G', 4, true},  {'y', 6, true},  {'M', 4, true},  {'L', 4, true},  {'d', 2, true},
    {'D', 3, true},  {'a', 1, true},  {'h', 2, true},  {'H', 2, true},  {'k', 2, true},
    {'K', 2, true},  {'m', 2, true},  {'s', 2, true},  {'S', 9, true},  {'V', 2, true},
    {'z', 4, true},  {'O', 4, true},  {'X', 5, true},  {'x', 5, true},  {'Z', 5, true},
    {'E', 4, false}, {'F', 1, false}, {'Q', 4, false}, {'q', 4, false},
};

bool is_letter(char c) noexcept { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

const LetterRule* find_letter(char letter) noexcept {
  for (const LetterRule& rule : kLetters)
    if (rule.letter == letter) return &rule;
  return nullptr;
}

Status refuse(std::string_view pattern, std::size_t at, const std::string& cause) {
  return Status::invalid_argument("time pattern '" + std::string(pattern.substr(0, 80)) +
                                  "', character " + std::to_string(at + 1) + ": " + cause);
}

Status check_letter(std::string_view pattern, std::size_t at, int count, bool reading) {
  const char letter = pattern[at];
  const std::string name = std::string("'") + letter + "'";
  if (std::string_view("YwWu").find(letter) != std::string_view::npos)
    return refuse(
        pattern, at,
        name + " counts weeks, which is not supported; write y for years, d or E for days");
  const LetterRule* rule = find_letter(letter);
  if (rule == nullptr)
    return refuse(pattern, at, name + " has no meaning; put text between single quotes");
  if (count > rule->count_max || (letter == 'V' && count != 2) ||
      (letter == 'O' && count != 1 && count != 4))
    return refuse(pattern, at,
                  name + " stands " + std::to_string(count) +
                      " times, which has no meaning; write it less often");
  if (reading && !rule->reads)
    return refuse(pattern, at, name + " can be written but not read; leave it out");
  return {};
}

// The text of a quoted part, or a quote itself for ''. Moves `at` behind it.
bool take_quoted(std::string_view pattern, std::size_t& at, std::string& literal) {
  const std::size_t start = ++at;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] != '\'') {
      literal += pattern[at];
    } else if (at + 1 < pattern.size() && pattern[at + 1] == '\'' && at != start) {
      literal += pattern[++at];
    } else {
      if (at == start) literal += '\'';
      ++at;
      return true;
    }
  }
  return false;
}

constexpr bool is_numeric(char letter, int count) noexcept {
  if (letter == 'M' || letter == 'L') return count <= 2;
  return std::string_view("ydDhHkKmsS").find(letter) != std::string_view::npos;
}

}  // namespace

Result<TimePattern> TimePattern::compile(std::string_view pattern, Use use) {
  TimePattern compiled;
  if (pattern.size() > kPatternBytesMax)
    return refuse(pattern, kPatternBytesMax,
                  "a pattern has at most " + std::to_string(kPatternBytesMax) + " bytes");
  std::vector<std::size_t> open;
  for (std::size_t at = 0; at < pattern.size();) {
    Item item;
    const char c = pattern[at];
    if (c == '\'') {
      const std::size_t start = at;
      if (!take_quoted(pattern, at, item.literal))
        return refuse(pattern, start, "this quote is not closed; add one behind the text");
    } else if (c == '[' || c == ']') {
      item.letter = c;
      if (c == ']' && open.empty())
        return refuse(pattern, at, "there is no [ for this ]; write ']' for the character");
      if (c == '[') {
        open.push_back(compiled.items_.size());
      } else {
        compiled.items_[open.back()].close = compiled.items_.size();
        open.pop_back();
      }
      ++at;
    } else if (is_letter(c)) {
      const std::size_t end = pattern.find_first_not_of(c, at);
      item.letter = c;
      item.count = static_cast<int>((end == std::string_view::npos ? pattern.size() : end) - at);
      PENSTOCK_RETURN_IF_ERROR(check_letter(pattern, at, item.count, use == Use::kReading));
      at += static_cast<std::size_t>(item.count);
    } else if (c == '{' || c == '}' || c == '#') {
      return refuse(pattern, at, "this character is reserved; put it between single quotes");
    } else {
      item.literal = c;
      ++at;
    }
    compiled.items_.push_back(std::move(item));
  }
  if (!open.empty()) return refuse(pattern, pattern.size(), "a [ is not closed; add a ]");
  for (std::size_t i = 0; i + 1 < compiled.items_.size(); ++i) {
    const Item& next = compiled.items_[i + 1];
    compiled.items_[i].adjacent = is_numeric(next.letter, next.count) && next.count > 1;
  }
  constexpr std::size_t kItemBytesMax = 40;
  for (const Item& item : compiled.items_)
    compiled.text_bytes_max_ += item.letter == 0 ? item.literal.size() : kItemBytesMax;
  compiled.make_template();
  return compiled;
}

}  // namespace penstock
