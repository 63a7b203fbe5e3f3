// io/json/text.h -- the inside of JSON strings: escapes undone when reading, made when writing.
//
// Ownership  Reads borrowed bytes, writes into the caller's memory; nothing is kept.
// Cost       No allocation beyond growth of the text that is appended to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::json {

enum class TextOutcome : std::uint8_t { kOk, kTooLong, kBadEscape };

// Copies what stands between the quotes to `out` without its escapes; `size` is what was written, never more than
// `bytes_max`. Half of a surrogate pair is a bad escape: it has no UTF-8 form.
TextOutcome unescape(std::string_view raw, char* out, std::size_t bytes_max,
                     std::size_t& size) noexcept;

// Appends `text` as the inside of a JSON string. What is not valid UTF-8 becomes U+FFFD, one for each maximal part of
// a character, as Unicode recommends; so the result always is valid.
void append_escaped(std::string_view text, std::string& out);

}  // namespace penstock::json
