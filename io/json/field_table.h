// io/json/field_table.h -- what JSON field fills which bytes of a record: the table that one decoder and one encoder,
// not templates, work from.
//
// Built once per type by io/json/fields.h, then only read.
// Threads    Immutable; may be shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::json {

enum class FieldKind : std::uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat,
  kDouble,
  kText,         // InlineString: bytes_max bytes, then one byte of length.
  kTimeIso8601,  // All times are EventTime in memory.
  kTimeSeconds,
  kTimeMillis,
  kTimeMicros,
};

// As SQL names it: "DOUBLE".
std::string_view field_kind_name(FieldKind kind) noexcept;

struct FieldEntry {
  // std::optional members: makes (or clears, and returns null) the value inside. Null for plain members.
  using Engage = void* (*)(void* member, bool present);
  // std::optional members: the value inside or null. Null for plain members.
  using Peek = const void* (*)(const void* member);

  std::string_view name;
  // `"name"` with its quotes, to compare at once: its first 8 bytes, which of them it has, and its last 8.
  std::uint64_t head = 0;
  std::uint64_t head_mask = 0;
  std::uint64_t tail = 0;
  std::uint32_t quoted_bytes = 0;
  Engage engage = nullptr;
  Peek peek = nullptr;
  std::uint32_t offset = 0;
  std::uint32_t member_bytes = 0;
  FieldKind kind = FieldKind::kBool;
  std::uint8_t text_bytes_max = 0;
  bool nullable = false;  // May be null or missing.
  std::uint8_t position = 0;
};

class FieldTable {
 public:
  static constexpr std::size_t kFieldsMax = 64;  // One bit each.

  // `defaults` is a fresh value of the type; it and all names outlive the table.
  explicit FieldTable(const void* defaults) noexcept
      : defaults_(static_cast<const char*>(defaults)) {}

  // Sets the entry's position and what is derived from its name. REQUIRES: fewer than kFieldsMax so far, a new name.
  void add(FieldEntry entry);
  void set_origin(std::size_t offset) { origin_offsets_.push_back(offset); }
  void set_arrival(std::size_t offset) { arrival_offsets_.push_back(offset); }

  const std::vector<FieldEntry>& entries() const noexcept { return entries_; }
  const std::vector<std::size_t>& origin_offsets() const noexcept { return origin_offsets_; }
  const std::vector<std::size_t>& arrival_offsets() const noexcept { return arrival_offsets_; }
  std::uint64_t required() const noexcept { return required_; }  // Bit i: entry i must be there.
  std::uint64_t all() const noexcept { return all_; }
  const char* defaults() const noexcept { return defaults_; }
  // Bit i: some quoted name has i bytes, modulo 64.
  std::uint64_t sizes() const noexcept { return sizes_; }
  // `,"name":` of an entry.
  std::string_view prefix(const FieldEntry& entry) const noexcept {
    return prefixes_[entry.position];
  }

 private:
  std::vector<FieldEntry> entries_;
  std::vector<std::string> prefixes_;
  std::vector<std::size_t> origin_offsets_;
  std::vector<std::size_t> arrival_offsets_;
  std::uint64_t required_ = 0;
  std::uint64_t all_ = 0;
  std::uint64_t sizes_ = 0;
  const char* defaults_;
};

}  // namespace penstock::json
