#include "penstock/sql/parser/source_error.h"

#include <algorithm>
#include <cctype>

namespace penstock::sql {
namespace {

constexpr size_t kShownBefore = 60;
constexpr size_t kShownAfter = 40;

struct Line {
  size_t number = 1;
  size_t start = 0;
  size_t end = 0;
};

Line line_at(std::string_view text, size_t offset) {
  Line line;
  for (size_t i = 0; i < offset; ++i) {
    if (text[i] == '\n') {
      ++line.number;
      line.start = i + 1;
    }
  }
  line.end = std::min(text.find('\n', offset), text.size());
  return line;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

size_t characters(std::string_view text) {
  return text.size() -
         static_cast<size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20U) c = ' ';
  }
  return shown;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

Status source_error(std::string_view text, SourceRange place, std::string_view cause,
                    std::string_view remedy) {
  const size_t offset = std::min<size_t>(place.offset, text.size());
  const Line line = line_at(text, offset);
  size_t from = offset - line.start > kShownBefore ? offset - kShownBefore : line.start;
  while (from > line.start && is_continuation(text[from])) --from;
  size_t until = std::min(line.end, offset + std::max<size_t>(place.length, 1) + kShownAfter);
  until = std::min(until, offset + 2 * kShownBefore);
  while (until < line.end && is_continuation(text[until])) ++until;
  const std::string_view before = text.substr(from, offset - from);
  const std::string_view marked =
      text.substr(offset, std::min<size_t>(place.length, until > offset ? until - offset : 0));
  std::string message =
      "line " + std::to_string(line.number) + ", column " +
      std::to_string(characters(text.substr(line.start, offset - line.start)) + 1) + ": ";
  message.append(cause);
  if (!remedy.empty()) message.append("; ").append(remedy);
  const std::string_view lead = from > line.start ? "..." : "";
  message.append("\n  ").append(lead).append(printable(text.substr(from, until - from)));
  if (until < line.end) message.append("...");
  message.append("\n  ").append(lead.size() + characters(before), ' ');
  message.append(std::max<size_t>(characters(marked), 1), '^');
  return Status::invalid_argument(std::move(message));
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() > 64) return "";
  const std::string wanted = lower(name);
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > 64) continue;
    const size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string hint(std::string_view name, const std::vector<std::string>& candidates,
                 std::string_view fallback) {
  const std::string nearest = nearest_name(name, candidates);
  if (nearest.empty()) return std::string(fallback);
  return "did you mean \"" + nearest + "\"?";
}

}  // namespace penstock::sql
