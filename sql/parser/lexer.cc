#include "penstock/sql/parser/lexer.h"

#include <array>
#include <cctype>

namespace penstock::sql {
namespace {

// Longest first, so that the first that fits is the token.
constexpr std::array<std::string_view, 14> kLongSymbols = {
    "<=>", ">>>", "||", "->", "=>", "==", "<>", "!=", "<=", ">=", "<<", ">>", "::", "!<"};
constexpr std::string_view kShortSymbols = "()[]{},.;:+-*/%=<>!&|^~?@";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalpha(byte) != 0 || c == '_' || byte >= 0x80U;
}
bool is_word(char c) { return is_word_start(c) || is_digit(c) || c == '$'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void append_utf8(std::string& out, uint32_t code) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80U) {
    put(code);
  } else if (code < 0x800U) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000U) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    if (text_.size() > kTextBytesMax) {
      return error(kTextBytesMax, 1,
                   "the SQL text has " + std::to_string(text_.size()) + " bytes, at most " +
                       std::to_string(kTextBytesMax) + " are read",
                   "split it");
    }
    for (;;) {
      PENSTOCK_RETURN_IF_ERROR(skip_blanks());
      if (tokens_.size() > kTokensMax) {
        return error(at_, 1, "the SQL text has more than " + std::to_string(kTokensMax) + " tokens",
                     "split it");
      }
      if (at_ >= text_.size()) break;
      PENSTOCK_RETURN_IF_ERROR(next());
    }
    add(TokenKind::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  Status error(size_t from, size_t length, std::string_view cause, std::string_view remedy) const {
    return source_error(text_, {static_cast<uint32_t>(from), static_cast<uint32_t>(length)}, cause,
                        remedy);
  }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void add(TokenKind kind, size_t from, std::string value = {}) {
    const SourceRange place{static_cast<uint32_t>(from), static_cast<uint32_t>(at_ - from)};
    tokens_.push_back({kind, place, text_.substr(from, at_ - from), std::move(value)});
  }

  Status skip_blanks() {
    for (;;) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (text_.substr(at_, 2) == "--") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_, 2) == "/*") {
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos)
          return error(at_, 2, "this comment is not closed", "add */");
        at_ = end + 2;
      } else {
        return {};
      }
    }
  }

  Status next() {
    const size_t from = at_;
    const char c = peek();
    if (c == '\'' || c == '"') return quoted_string(c);
    if ((c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"')) return raw_string();
    if (c == '`') return quoted_name();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !after_operand())) return number();
    if (is_word_start(c)) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      add(TokenKind::kWord, from);
      return {};
    }
    return symbol();
  }

  // "a.5" is a field, ".5" a number.
  bool after_operand() const {
    if (tokens_.empty() || tokens_.back().place.offset + tokens_.back().place.length != at_)
      return false;
    const Token& last = tokens_.back();
    return last.kind != TokenKind::kSymbol || last.text == ")" || last.text == "]";
  }

  Status symbol() {
    const size_t from = at_;
    for (const std::string_view symbol : kLongSymbols) {
      if (text_.substr(at_, symbol.size()) == symbol) {
        at_ += symbol.size();
        add(TokenKind::kSymbol, from);
        return {};
      }
    }
    if (kShortSymbols.find(peek()) == std::string_view::npos || peek() == '\0') {
      return error(from, 1, "this character has no meaning in SQL",
                   "remove it, or put names in `backquotes`");
    }
    ++at_;
    add(TokenKind::kSymbol, from);
    return {};
  }

  Status number() {
    const size_t from = at_;
    while (is_digit(peek())) ++at_;
    if (peek() == '.' && !is_word_start(peek(1)) && peek(1) != '.') {
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    if ((peek() == 'e' || peek() == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && is_digit(peek(2))))) {
      at_ += 2;
      while (is_digit(peek())) ++at_;
    }
    while (is_word(peek())) ++at_;  // The suffix; the parser judges it.
    add(TokenKind::kNumber, from);
    return {};
  }

  Status quoted_name() {
    const size_t from = at_++;
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '`') {
        if (peek(1) != '`') {
          ++at_;
          if (value.empty())
            return error(from, 2, "a name in backquotes is empty", "write the name");
          add(TokenKind::kQuotedName, from, std::move(value));
          return {};
        }
        ++at_;
      }
      value.push_back(text_[at_]);
    }
    return error(from, 1, "this backquote is not closed", "add ` after the name");
  }

  Status raw_string() {
    const size_t from = at_++;
    const char quote = text_[at_++];
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos)
      return error(from, 2, "this string is not closed", unclosed(quote));
    std::string value(text_.substr(at_, end - at_));
    at_ = end + 1;
    add(TokenKind::kString, from, std::move(value));
    return {};
  }

  static std::string unclosed(char quote) { return std::string("add ") + quote + " at its end"; }

  Status quoted_string(char quote) {
    const size_t from = at_++;
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote) {
        if (peek(1) == quote) {  // '' is one quote.
          value.push_back(quote);
          at_ += 2;
          continue;
        }
        ++at_;
        add(TokenKind::kString, from, std::move(value));
        return {};
      }
      if (c == '\\' && at_ + 1 < text_.size()) {
        escape(value);
      } else {
        value.push_back(c);
        ++at_;
      }
    }
    return error(from, 1, "this string is not closed", unclosed(quote));
  }

  // \n, é, \101 and so on. \% and \_ stay as they are: LIKE reads them.
  void escape(std::string& value) {
    const char c = text_[at_ + 1];
    if ((c == 'u' && unicode_escape(value, 4)) || (c == 'U' && unicode_escape(value, 8))) return;
    if (c >= '0' && c <= '1' && octal(peek(2)) && octal(peek(3))) {
      value.push_back(static_cast<char>((c - '0') * 64 + (peek(2) - '0') * 8 + (peek(3) - '0')));
      at_ += 4;
      return;
    }
    at_ += 2;
    constexpr std::string_view kFrom = "0btnrZ";
    constexpr std::string_view kTo("\0\b\t\n\r\x1A", 6);
    if (c == '%' || c == '_') value.push_back('\\');
    const size_t known = kFrom.find(c);
    value.push_back(known == std::string_view::npos ? c : kTo[known]);
  }

  static bool octal(char c) { return c >= '0' && c <= '7'; }

  bool unicode_escape(std::string& value, size_t digits) {
    uint32_t code = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = peek(2 + i);
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
      const int digit =
          is_digit(c) ? c - '0' : std::tolower(static_cast<unsigned char>(c)) - 'a' + 10;
      code = code * 16U + static_cast<uint32_t>(digit);
    }
    if (code > 0x10FFFFU) return false;
    append_utf8(value, code);
    at_ += 2 + digits;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

bool same_word(std::string_view word, std::string_view keyword) noexcept {
  if (word.size() != keyword.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) != keyword[i]) return false;
  }
  return true;
}

}  // namespace penstock::sql
