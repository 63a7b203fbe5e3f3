// sql/parser/token_cursor.h -- where a parser stands in the tokens of a text, and what it asks of them.
//
// Errors      The first error stays; after it every question says no, so a parser unwinds by itself.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/sql/parser/lexer.h"

namespace penstock::sql {

class TokenCursor {
 public:
  TokenCursor(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  bool failed() const { return !error_.ok(); }
  const Status& error() const { return error_; }
  std::string_view text() const { return text_; }

  const Token& peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& take() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  // REQUIRES: one was taken.
  const Token& last() const { return tokens_[at_ - 1]; }
  size_t position() const { return at_; }
  void go_back(size_t position) { at_ = position; }

  bool at_word(std::string_view keyword, size_t ahead = 0) const {
    return !failed() && peek(ahead).kind == TokenKind::kWord &&
           same_word(peek(ahead).text, keyword);
  }
  bool at_symbol(std::string_view symbol, size_t ahead = 0) const {
    return !failed() && peek(ahead).kind == TokenKind::kSymbol && peek(ahead).text == symbol;
  }
  bool at(TokenKind kind, size_t ahead = 0) const { return !failed() && peek(ahead).kind == kind; }
  bool skip_word(std::string_view keyword) { return at_word(keyword) && (take(), true); }
  bool skip_symbol(std::string_view symbol) { return at_symbol(symbol) && (take(), true); }

  void expect_word(std::string_view keyword) {
    if (!skip_word(keyword)) unexpected(keyword);
  }
  void expect_symbol(std::string_view symbol) {
    if (!skip_symbol(symbol)) unexpected("\"" + std::string(symbol) + "\"");
  }
  // Goes on after byte `offset` of the text.
  void skip_to(size_t offset) {
    while (!at(TokenKind::kEnd) && peek().place.offset < offset) take();
  }

  void unexpected(std::string_view wanted) {
    const Token& token = peek();
    const std::string what =
        token.kind == TokenKind::kEnd
            ? "the text ends here"
            : "\"" + std::string(token.text.substr(0, 40)) + "\" was not expected";
    fail(token.place, what, "expected " + std::string(wanted));
  }
  void fail(SourceRange place, std::string_view cause, std::string_view remedy) {
    if (!failed()) error_ = source_error(text_, place, cause, remedy);
  }
  void fail(Status error) {
    if (!failed()) error_ = std::move(error);
  }

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  Status error_;
};

}  // namespace penstock::sql
