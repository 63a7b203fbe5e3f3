// sql/parser/lexer.h -- SQL text as tokens with exact positions.
//
// Errors      Unclosed quotes, comments and backquotes, unknown characters, too long texts are refused.
// Ownership   Tokens view the text, which must outlive them; only `value` of quoted tokens is a copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/sql/parser/source_error.h"

namespace penstock::sql {

inline constexpr size_t kTextBytesMax = 1 << 20;
inline constexpr size_t kTokensMax = 200'000;

enum class TokenKind : uint8_t {
  kWord,        // A name or keyword as written.
  kQuotedName,  // `name`; value without quotes.
  kString,      // 'text' or "text"; value unescaped.
  kNumber,      // Digits, point, exponent and suffix as written.
  kSymbol,      // An operator or a bracket.
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  SourceRange place;
  std::string_view text;  // As written.
  std::string value;      // Of quoted tokens.
};

// The tokens of `text`, a kEnd as the last.
Result<std::vector<Token>> tokenize(std::string_view text);

// Does the word read `keyword` (given in upper case), whatever its case?
bool same_word(std::string_view word, std::string_view keyword) noexcept;

}  // namespace penstock::sql
