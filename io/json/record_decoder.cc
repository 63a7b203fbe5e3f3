#include "penstock/io/json/record_decoder.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "penstock/io/json/field_reader.h"
#include "penstock/io/json/text.h"
#include "penstock/io/json/word.h"

namespace penstock::json {
namespace {

using Code = DecodeErrorCode;

constexpr std::size_t kFirstCapacityBytes = 4096;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

constexpr bool is_space(char c) noexcept {
  if (static_cast<unsigned char>(c) > ' ') [[likely]]
    return false;
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr Code code_of(simdjson::error_code error) noexcept {
  switch (error) {
    case simdjson::EMPTY:
      return Code::kEmpty;
    case simdjson::UTF8_ERROR:
      return Code::kInvalidUtf8;
    case simdjson::UNCLOSED_STRING:
      return Code::kTruncated;
    default:
      return Code::kNotJson;
  }
}

// Copies for display, and says so when there was more.
void show(std::string_view text, DecodeError& error) noexcept {
  error.cut = text.size() > DecodeError::kTextBytesMax;
  text = text.substr(0, DecodeError::kTextBytesMax);
  while (error.cut && !text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) {
    text.remove_suffix(1);  // Not in the middle of a character,
  }
  if (error.cut && !text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0)
    text.remove_suffix(1);
  const bool fits = error.text.assign(text);
  static_cast<void>(fits);
}

[[gnu::cold, gnu::noinline]] bool fail(Code code, std::string_view shown,
                                       DecodeError& error) noexcept {
  error = DecodeError{};
  error.code = code;
  show(shown, error);
  return false;
}

[[gnu::cold, gnu::noinline]] bool fail_field(Code code, const FieldEntry& entry,
                                             DecodeError& error) noexcept {
  error = DecodeError{};
  error.code = code;
  error.field = entry.name;
  error.type = field_kind_name(entry.kind);
  return false;
}

// The way through one record: from structural character to structural character, as the index lists them. They are
// all of {}[]:, outside of strings and the first byte of each string, number or word. A step takes its place in the
// index and returns the next, or null when it failed.
class Walk {
 public:
  using Place = const std::uint32_t*;

  Walk(const FieldTable& table, std::string_view record, std::span<const std::uint32_t> index,
       char* out, DecodeError& error) noexcept
      : entries_(table.entries()),
        sizes_(table.sizes()),
        guess_(entries_.data()),
        defaults_(table.defaults()),
        text_(record.data()),
        record_(record),
        begin_(index.data()),
        end_(index.data() + index.size()),
        out_(out),
        error_(error) {}

  // Fills the members; `seen` has the bit of each entry that was there.
  bool run(std::uint64_t& seen) noexcept {
    Place at = begin_;
    if (text_[*at] != '{' && !skip_byte_order_mark(at))
      return fail(Code::kNotAnObject, record_, error_);
    ++at;
    if (at == end_) return fail_incomplete(at) != nullptr;
    if (text_[*at] == '}') {
      ++at;
    } else {
      at = read_pairs(at, seen);
      if (at == nullptr) return false;
    }
    return at == end_ || fail_here(at, Code::kTrailingText) != nullptr;
  }

 private:
  // All pairs and the closing bracket.
  Place read_pairs(Place at, std::uint64_t& seen) noexcept {
    std::uint64_t found = 0;
    char next;
    do {
      at = read_pair(at, found);
      if (at == nullptr) return nullptr;
      next = text_[*at++];
    } while (next == ',');
    seen = found;
    return next == '}' ? at : fail_here(at - 1, Code::kNotJson);
  }

  // `"name" : value`. Stops at the character behind.
  Place read_pair(Place at, std::uint64_t& seen) noexcept {
    if (end_ - at < 4) [[unlikely]]
      return fail_incomplete(at);
    if (text_[at[1]] != ':') [[unlikely]]
      return fail_here(at, Code::kNotJson);
    const FieldEntry* entry = guess_;
    if (!is_name(*entry, text_ + at[0], at[1] - at[0])) {
      const std::string_view quoted = trimmed(at[0], at[1]);
      if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"')
        return fail_here(at, Code::kNotJson);
      entry = find(quoted);
      if (entry == nullptr) return skip_value(at + 2);
    }
    guess_ = entry + 1 == entries_.data() + entries_.size() ? entries_.data() : entry + 1;
    seen |= std::uint64_t{1} << entry->position;
    at += 2;
    if (!read_field(*entry, trimmed(at[0], at[1]), defaults_, out_, error_)) [[unlikely]] {
      return fail_value(at, *entry);
    }
    return at + 1;
  }
  std::string_view trimmed(std::uint32_t from, std::uint32_t to) const noexcept {
    while (is_space(text_[to - 1])) --to;
    return {text_ + from, to - from};
  }

  // REQUIRES: 8 bytes are readable at `quoted`.
  static bool is_name(const FieldEntry& entry, const char* quoted, std::size_t bytes) noexcept {
    if (bytes != entry.quoted_bytes || ((load_word(quoted) ^ entry.head) & entry.head_mask) != 0)
      return false;
    if (bytes <= kWordBytes) return true;
    if (load_word(quoted + bytes - kWordBytes) != entry.tail) return false;
    return bytes <= 2 * kWordBytes ||
           std::memcmp(quoted + 1, entry.name.data(), entry.name.size()) == 0;
  }

  // Null when it is the name of no entry.
  const FieldEntry* find(std::string_view quoted) const noexcept {
    if ((sizes_ >> (quoted.size() % 64) & 1) != 0) {
      for (const FieldEntry& entry : entries_) {
        if (is_name(entry, quoted.data(), quoted.size())) return &entry;
      }
    }
    return has_escape(quoted) ? find_escaped(quoted.substr(1, quoted.size() - 2)) : nullptr;
  }

  static bool has_escape(std::string_view quoted) noexcept {
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < quoted.size(); i += kWordBytes) {
      found |= find_byte(load_word(quoted.data() + i) & first_bytes_mask(quoted.size() - i), '\\');
    }
    return found != 0;
  }

  // A name with a bad escape is nobody's name.
  [[gnu::noinline]] const FieldEntry* find_escaped(std::string_view raw) const noexcept {
    char name[128];
    std::size_t size;
    if (unescape(raw, name, sizeof name, size) != TextOutcome::kOk) return nullptr;
    for (const FieldEntry& entry : entries_) {
      if (entry.name == std::string_view(name, size)) return &entry;
    }
    return nullptr;
  }

  Place skip_value(Place at) noexcept {
    switch (text_[*at]) {
      case '{':
      case '[':
        return skip_nested(at);
      case '}':
      case ']':
      case ',':
      case ':':
        return fail_here(at, Code::kNotJson);
      default:
        return at + 1;
    }
  }

  // Brackets must match; what is between them is nobody's concern.
  Place skip_nested(Place at) noexcept {
    std::uint64_t arrays = 0;  // One bit per open bracket, the innermost lowest.
    std::size_t depth = 0;
    for (; at != end_; ++at) {
      const char c = text_[*at];
      if (c == '{' || c == '[') {
        if (++depth > DecodeLimits::kDepthMax) return fail_here(at, Code::kTooDeep);
        arrays = arrays << 1 | (c == '[' ? 1 : 0);
      } else if (c == '}' || c == ']') {
        if ((arrays & 1) != (c == ']' ? 1 : 0)) return fail_here(at, Code::kNotJson);
        arrays >>= 1;
        if (--depth == 0) break;
      }
    }
    return end_ - at < 2 ? fail_incomplete(end_) : at + 1;
  }

  // RFC 8259 lets a reader ignore it, and some editors put one before the first line of a file.
  bool skip_byte_order_mark(Place& at) const noexcept {
    if (!record_.starts_with(kByteOrderMark) || end_ - at < 2) return false;
    // Outside of a string the index has one place for it.
    ++at;
    return *at == kByteOrderMark.size() && text_[*at] == '{';
  }

  // The index ends too soon. The last character tells a record that was cut from one that never was right.
  [[gnu::cold, gnu::noinline]] Place fail_incomplete(Place at) noexcept {
    const char last = text_[end_[-1]];
    const bool cut = at == end_ || (last != '}' && last != ']');
    fail(cut ? Code::kTruncated : Code::kNotJson, record_, error_);
    return nullptr;
  }

  [[gnu::cold, gnu::noinline]] Place fail_here(Place at, Code code) noexcept {
    fail(code, record_.substr(*at), error_);
    return nullptr;
  }

  // The value does not fit its field; code and bound are set.
  [[gnu::cold, gnu::noinline]] Place fail_value(Place at, const FieldEntry& entry) noexcept {
    const Code code = error_.code;
    const std::uint64_t bytes_max = error_.bytes_max;
    const char first = text_[*at];
    const bool nested = first == '{' || first == '[';
    fail_field(code, entry, error_);
    error_.bytes_max = bytes_max;
    show(nested ? record_.substr(*at) : trimmed(at[0], at[1]), error_);
    return nullptr;
  }

  std::span<const FieldEntry> entries_;
  std::uint64_t sizes_;
  const FieldEntry*
      guess_;  // Writers keep to one order, so what comes behind the last one is tried first.
  const char* defaults_;
  const char* text_;
  std::string_view record_;
  Place begin_;
  Place end_;
  char* out_;
  DecodeError& error_;
};

void reset_missing(const FieldTable& table, std::uint64_t missing, char* out) noexcept {
  for (; missing != 0; missing &= missing - 1) {
    reset_field(table.entries()[static_cast<std::size_t>(std::countr_zero(missing))],
                table.defaults(), out);
  }
}

void fill_metadata(const FieldTable& table, const RawRecord& raw, char* out) noexcept {
  for (const std::size_t offset : table.origin_offsets()) {
    std::memcpy(out + offset, &raw.origin, sizeof raw.origin);
  }
  for (const std::size_t offset : table.arrival_offsets()) {
    std::memcpy(out + offset, &raw.arrival, sizeof raw.arrival);
  }
}

}  // namespace

// simdjson's first stage: it checks UTF-8 and that strings are closed, and lists where the structure is. The second
// stage of that library is for whole documents; a record's fields are read straight from the list.
class RecordDecoder::Index {
 public:
  Index() {
    static_cast<void>(reserve(kFirstCapacityBytes));
  }  // Lack of memory shows when a record is read.

  [[nodiscard]] bool reserve(std::size_t bytes) noexcept {
    if (bytes <= capacity_bytes_) return true;
    const std::size_t capacity = std::bit_ceil(bytes);
    const auto& implementation = simdjson::get_active_implementation();
    // The depth is of the second stage.
    if (implementation->create_dom_parser_implementation(capacity, 1, stage_) !=
        simdjson::SUCCESS) {
      capacity_bytes_ = 0;
      return false;
    }
    capacity_bytes_ = capacity;
    return true;
  }

  simdjson::error_code build(std::string_view record) noexcept {
    return stage_->stage1(reinterpret_cast<const std::uint8_t*>(record.data()), record.size(),
                          simdjson::stage1_mode::regular);
  }

  std::span<const std::uint32_t> positions() const noexcept {
    return {stage_->structural_indexes.get(), stage_->n_structural_indexes};
  }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
  std::size_t capacity_bytes_ = 0;
};

RecordDecoder::RecordDecoder(const FieldTable& table, DecodeLimits limits)
    : table_(&table), limits_(limits), index_(std::make_unique<Index>()) {}
RecordDecoder::RecordDecoder(const RecordDecoder& other)
    : RecordDecoder(*other.table_, other.limits_) {}
RecordDecoder& RecordDecoder::operator=(const RecordDecoder& other) {
  return *this = RecordDecoder(other);
}
RecordDecoder::RecordDecoder(RecordDecoder&& other) noexcept = default;
RecordDecoder& RecordDecoder::operator=(RecordDecoder&& other) noexcept = default;
RecordDecoder::~RecordDecoder() = default;

bool RecordDecoder::decode(const RawRecord& raw, void* out, DecodeError& error) noexcept {
  const std::string_view record = raw.bytes;
  if (record.empty()) return fail(Code::kEmpty, record, error);
  if (record.size() > limits_.record_bytes_max) {
    fail(Code::kTooLong, record, error);
    error.bytes_max = limits_.record_bytes_max;
    return false;
  }
  if (!index_->reserve(record.size())) return fail(Code::kOutOfMemory, record, error);
  if (const simdjson::error_code stage = index_->build(record); stage != simdjson::SUCCESS)
      [[unlikely]] {
    return fail(code_of(stage), record, error);
  }
  auto* const bytes = static_cast<char*>(out);
  std::uint64_t seen = 0;
  if (!Walk(*table_, record, index_->positions(), bytes, error).run(seen)) return false;
  if (const std::uint64_t missing = table_->all() & ~seen; missing != 0) [[unlikely]] {
    if (const std::uint64_t required = missing & table_->required(); required != 0) {
      return fail_field(Code::kMissingField,
                        table_->entries()[static_cast<std::size_t>(std::countr_zero(required))],
                        error);
    }
    reset_missing(*table_, missing, bytes);
  }
  fill_metadata(*table_, raw, bytes);
  return true;
}

}  // namespace penstock::json
