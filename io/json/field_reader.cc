#include "penstock/io/json/field_reader.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "penstock/core/base/time.h"
#include "penstock/io/json/iso8601.h"
#include "penstock/io/json/number.h"
#include "penstock/io/json/text.h"
#include "penstock/io/json/word.h"

namespace penstock::json {
namespace {

using Code = DecodeErrorCode;

constexpr std::uint8_t kOk = 0xff;  // No DecodeErrorCode has this value.

// Ok or a DecodeErrorCode, in one register.
class Outcome {
 public:
  constexpr Outcome() noexcept = default;
  constexpr Outcome(Code code) noexcept : value_(static_cast<std::uint8_t>(code)) {}  // NOLINT
  constexpr bool ok() const noexcept { return value_ == kOk; }
  constexpr Code code() const noexcept { return static_cast<Code>(value_); }

 private:
  std::uint8_t value_ = kOk;
};

template <class Value>
void store(char* member, Value value) noexcept {
  std::memcpy(member, &value, sizeof value);
}

constexpr Outcome outcome_of(NumberOutcome outcome) noexcept {
  return outcome == NumberOutcome::kOverflow ? Code::kOverflow : Code::kWrongType;
}

template <class Number>
Outcome read_number(std::string_view token, char* member) noexcept {
  using Wide = std::conditional_t<
      std::floating_point<Number>, Number,
      std::conditional_t<std::signed_integral<Number>, std::int64_t, std::uint64_t>>;
  Wide value = 0;
  const NumberOutcome outcome = parse_number(token, value);
  if (outcome != NumberOutcome::kOk) return outcome_of(outcome);
  if constexpr (sizeof(Number) < sizeof(Wide)) {
    if (value < std::numeric_limits<Number>::min() || value > std::numeric_limits<Number>::max()) {
      return Code::kOverflow;
    }
  }
  store(member, static_cast<Number>(value));
  return {};
}

Outcome read_bool(std::string_view token, char* member) noexcept {
  if (token != "true" && token != "false") return Code::kWrongType;
  store(member, token[0] == 't');
  return {};
}

Outcome read_epoch(std::string_view token, std::int64_t micros_per_unit, char* member) noexcept {
  std::int64_t units = 0;
  const NumberOutcome outcome = parse_number(token, units);
  if (outcome == NumberOutcome::kNotThis) return Code::kWrongType;
  // The bounds are rounded towards 1970 and exact there: the last microsecond belongs to its second.
  if (outcome == NumberOutcome::kOverflow || units < kIso8601Min.micros / micros_per_unit ||
      units > kIso8601Max.micros / micros_per_unit) {
    return Code::kBadTime;
  }
  store(member, EventTime{units * micros_per_unit});
  return {};
}

// What stands between the quotes. False when the token is no string.
bool strip_quotes(std::string_view token, std::string_view& inside) noexcept {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
  inside = token.substr(1, token.size() - 2);
  return true;
}

bool has_escape(std::string_view raw) noexcept {
  return std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

Outcome read_iso8601(std::string_view token, char* member) noexcept {
  std::string_view inside;
  if (!strip_quotes(token, inside)) return Code::kWrongType;
  EventTime time;
  if (!parse_iso8601(inside, time)) {
    char plain[64];
    std::size_t size;
    if (!has_escape(inside)) return Code::kBadTime;
    if (unescape(inside, plain, sizeof plain, size) != TextOutcome::kOk) return Code::kBadTime;
    if (!parse_iso8601({plain, size}, time)) return Code::kBadTime;
  }
  store(member, time);
  return {};
}

// The word of `raw` that begins at `at`, with zeros behind the end.
inline std::uint64_t padded_word(std::string_view raw, std::size_t at) noexcept {
  if (at >= raw.size()) return 0;
  return load_word(raw.data() + at) & first_bytes_mask(raw.size() - at);
}

// REQUIRES: bytes < 8.
inline void store_first_bytes(char* out, std::uint64_t word, std::size_t bytes) noexcept {
  if ((bytes & 4) != 0) {
    std::memcpy(out, &word, 4);
    out += 4;
    word >>= 32;
  }
  if ((bytes & 2) != 0) {
    std::memcpy(out, &word, 2);
    out += 2;
    word >>= 16;
  }
  if ((bytes & 1) != 0) *out = static_cast<char>(word);
}

// Copies `raw` and fills up with zeros to `bytes_max`. Returns not zero when there is a backslash.
inline std::uint64_t copy_padded(std::string_view raw, char* out, std::size_t bytes_max) noexcept {
  std::uint64_t found = 0;
  if (bytes_max < kWordBytes) {
    const std::uint64_t word = padded_word(raw, 0);
    store_first_bytes(out, word, bytes_max);
    return find_byte(word, '\\');
  }
  for (std::size_t at = 0; at + kWordBytes < bytes_max; at += kWordBytes) {
    const std::uint64_t word = padded_word(raw, at);
    found |= find_byte(word, '\\');
    store_word(out + at, word);
  }
  const std::size_t last = bytes_max - kWordBytes;  // May overlap with the word before.
  const std::uint64_t word = padded_word(raw, last);
  store_word(out + last, word);
  return found | find_byte(word, '\\');
}

[[gnu::noinline]] Outcome read_escaped(std::string_view raw, std::size_t bytes_max,
                                       char* member) noexcept {
  std::size_t size;
  switch (unescape(raw, member, bytes_max, size)) {
    case TextOutcome::kTooLong:
      return Code::kTextTooLong;
    case TextOutcome::kBadEscape:
      return Code::kBadEscape;
    case TextOutcome::kOk:
      break;
  }
  std::memset(member + size, 0, bytes_max - size);
  store(member + bytes_max, static_cast<std::uint8_t>(size));
  return {};
}

Outcome read_text(std::string_view token, std::size_t bytes_max, char* member) noexcept {
  std::string_view raw;
  if (!strip_quotes(token, raw)) return Code::kWrongType;
  if (raw.size() > bytes_max || copy_padded(raw, member, bytes_max) != 0) [[unlikely]] {
    return read_escaped(raw, bytes_max, member);
  }
  store(member + bytes_max, static_cast<std::uint8_t>(raw.size()));
  return {};
}

Outcome read_value(const FieldEntry& entry, std::string_view token, char* member) noexcept {
  switch (entry.kind) {
    case FieldKind::kBool:
      return read_bool(token, member);
    case FieldKind::kInt8:
      return read_number<std::int8_t>(token, member);
    case FieldKind::kInt16:
      return read_number<std::int16_t>(token, member);
    case FieldKind::kInt32:
      return read_number<std::int32_t>(token, member);
    case FieldKind::kInt64:
      return read_number<std::int64_t>(token, member);
    case FieldKind::kUint8:
      return read_number<std::uint8_t>(token, member);
    case FieldKind::kUint16:
      return read_number<std::uint16_t>(token, member);
    case FieldKind::kUint32:
      return read_number<std::uint32_t>(token, member);
    case FieldKind::kUint64:
      return read_number<std::uint64_t>(token, member);
    case FieldKind::kFloat:
      return read_number<float>(token, member);
    case FieldKind::kDouble:
      return read_number<double>(token, member);
    case FieldKind::kText:
      return read_text(token, entry.text_bytes_max, member);
    case FieldKind::kTimeIso8601:
      return read_iso8601(token, member);
    case FieldKind::kTimeSeconds:
      return read_epoch(token, 1'000'000, member);
    case FieldKind::kTimeMillis:
      return read_epoch(token, 1'000, member);
    case FieldKind::kTimeMicros:
      return read_epoch(token, 1, member);
  }
  return Code::kWrongType;
}

// Tells a value of another type from what is no value at all.
bool is_value(std::string_view token) noexcept {
  if (token == "true" || token == "false" || token == "null") return true;
  std::string_view inside;
  if (token == "{" || token == "[" || strip_quotes(token, inside)) return true;
  double number;
  return parse_number(token, number) != NumberOutcome::kNotThis;
}

[[gnu::cold, gnu::noinline]] bool fail(Code code, const FieldEntry& entry, std::string_view token,
                                       DecodeError& error) noexcept {
  if (token == "null") code = Code::kNullField;
  if (code == Code::kWrongType && !is_value(token)) code = Code::kNotJson;
  error.code = code;
  error.bytes_max = entry.text_bytes_max;
  return false;
}

}  // namespace

void reset_field(const FieldEntry& entry, const char* defaults, char* out) noexcept {
  std::memcpy(out + entry.offset, defaults + entry.offset, entry.member_bytes);
}

bool read_field(const FieldEntry& entry, std::string_view token, const char* defaults, char* out,
                DecodeError& error) noexcept {
  char* member = out + entry.offset;
  if (entry.nullable) [[unlikely]] {
    const bool null = token == "null";
    if (null && entry.engage == nullptr) reset_field(entry, defaults, out);
    if (entry.engage != nullptr) member = static_cast<char*>(entry.engage(member, !null));
    if (null) return true;
  }
  const Outcome outcome = read_value(entry, token, member);
  return outcome.ok() || fail(outcome.code(), entry, token, error);
}

}  // namespace penstock::json
