// sql/parser/source_error.h -- errors of SQL text: the place, the line with a caret under it, the cause and the remedy.
//
// Cost        Only made when something is wrong; nothing here runs per record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"

namespace penstock::sql {

// Bytes [offset, offset + length) of the text.
struct SourceRange {
  uint32_t offset = 0;
  uint32_t length = 0;
};

// "line 1, column 5: CAUSE; REMEDY" and below it the line of the text with a caret (long lines are cut).
Status source_error(std::string_view text, SourceRange place, std::string_view cause,
                    std::string_view remedy);

// The candidate that `name` most probably meant (case ignored), or "" when none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);
// `did you mean "NEAREST"?`, or `fallback` when no candidate is near.
std::string hint(std::string_view name, const std::vector<std::string>& candidates,
                 std::string_view fallback);

}  // namespace penstock::sql
