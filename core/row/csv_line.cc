#include "penstock/core/row/csv_line.h"

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= ' '; }

// What stands between quotes, without its escapes.
class Content {
 public:
  // It is never longer than `raw`, what is written.
  Content(std::string_view raw, Arena& arena) noexcept : raw_(raw), arena_(arena) {}

  // `c`, written at `at`.
  void add(char c, std::size_t at) noexcept {
    if (copy_ == nullptr && at != size_) start_copy();
    if (copy_ != nullptr) copy_[size_] = c;
    ++size_;
  }
  std::string_view text() const noexcept {
    return copy_ == nullptr ? raw_.substr(0, size_) : std::string_view(copy_, size_);
  }

 private:
  void start_copy() noexcept {
    copy_ = arena_.allocate(raw_.size());
    std::memcpy(copy_, raw_.data(), size_);
  }

  std::string_view raw_;
  Arena& arena_;
  char* copy_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

bool CsvLine::next(CsvValue& value) noexcept {
  if (ended_) return false;
  if (options_.ignore_leading_blanks.value_or(false)) rest_.remove_prefix(skip_blanks(0));
  value = options_.quote != '\0' && !rest_.empty() && rest_[0] == options_.quote ? quoted()
                                                                                 : unquoted();
  if (carriage_returns_) value.text = with_line_feeds(value.text);
  return true;
}

// "\r\n" as "\n".
std::string_view CsvLine::with_line_feeds(std::string_view text) noexcept {
  if (text.find("\r\n") == std::string_view::npos) return text;
  char* to = arena_.allocate(text.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') to[size++] = text[i];
  }
  return {to, size};
}

std::size_t CsvLine::skip_blanks(std::size_t at) const noexcept {
  while (at < rest_.size() && is_blank(rest_[at]) &&
         !rest_.substr(at).starts_with(options_.separator))
    ++at;
  return at;
}

std::string_view CsvLine::take_until_separator(std::size_t from) noexcept {
  const std::size_t at = rest_.find(options_.separator, from);
  const std::string_view taken = rest_.substr(0, at);
  ended_ = at == std::string_view::npos;
  rest_ = ended_ ? std::string_view() : rest_.substr(at + options_.separator.size());
  return taken;
}

CsvValue CsvLine::unquoted() noexcept {
  std::string_view text = take_until_separator(0);
  if (options_.ignore_trailing_blanks.value_or(false)) {
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  }
  return {text, false};
}

// The value was not quoted after all: as it is written, but for the escapes before the quote that showed it.
std::string_view CsvLine::restored(std::string_view content, std::string_view raw) noexcept {
  const std::size_t bytes = content.size() + raw.size() + 1;
  char* to = arena_.allocate(bytes);
  to[0] = options_.quote;
  if (!content.empty()) std::memcpy(to + 1, content.data(), content.size());
  if (!raw.empty()) std::memcpy(to + 1 + content.size(), raw.data(), raw.size());
  std::string_view text(to, bytes);
  if (options_.ignore_trailing_blanks.value_or(false)) {
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  }
  return text;
}

CsvValue CsvLine::quoted() noexcept {
  const std::string_view raw = rest_.substr(1);
  Content content(raw, arena_);
  std::size_t at = 0;
  while (at < raw.size()) {
    const char c = raw[at];
    const char after = at + 1 < raw.size() ? raw[at + 1] : '\0';
    if (c == options_.escape && c != '\0' && at + 1 < raw.size() &&
        (after == options_.quote || (after == c && c != options_.quote))) {
      content.add(after, at + 1);
      at += 2;
      continue;
    }
    if (c != options_.quote) {
      content.add(c, at++);
      continue;
    }
    // The last of several quotes may close; those before it belong to the value.
    while (at + 1 < raw.size() && raw[at + 1] == options_.quote) content.add(c, at++);
    const std::size_t next = skip_blanks(at + 2) - 1;
    if (next >= raw.size() || raw.substr(next).starts_with(options_.separator)) {
      take_until_separator(next + 1);
      return {content.text(), true};
    }
    const std::size_t written = at + 1;  // In the rest of the line: from the quote on.
    return {restored(content.text(), take_until_separator(written).substr(written)), false};
  }
  ended_ = true;
  return {content.text(), true};
}

}  // namespace penstock
