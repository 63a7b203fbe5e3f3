// io/dead_letter/base64.h -- bytes as text (RFC 4648, with padding), so that any junk fits into a line of JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// Appends to `out`.
void base64_encode(std::string_view bytes, std::string& out);
// Nothing when `text` is not base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace penstock
