// core/stream/row_record.h -- Row: a row on its way through one chain, as bytes that are lent, and where they are from.
//
// Ownership   The bytes belong to the operator, decoder or channel that lends them, and live until it lends the next;
//             operators that pass a row on lend it further. Who keeps a row copies its bytes.
// Threads     A row stays with its task: an exchange copies its bytes and lends the copy to the next one
//             (core/runtime/row_bytes.h). It is not trivially copyable, so that nothing else takes it there.
// Errors      What cannot be worked out of a row is refused to its origin: the record that it came from is then treated
//             as one that could not be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/stream/source.h"

namespace penstock {

// Takes the records that an operator can do nothing with: counts them and applies the policy of their source.
class RefusedRecords {
 public:
  virtual ~RefusedRecords() = default;
  virtual void refuse(const RawRecord& raw, const std::string& reason) noexcept = 0;
};

// One per source and task; `raw` is the record at hand.
struct RowOrigin {
  const RawRecord* raw = nullptr;
  RefusedRecords* refused = nullptr;
};

struct Row {
  std::string_view bytes;             // In the encoding of core/row/row.h.
  const RowOrigin* origin = nullptr;  // Null: it was made by the program.
  std::uint64_t key_hash = 0;         // Of what the exchange at the end of the stage spreads it by.

  Row() noexcept = default;
  explicit Row(std::string_view row, const RowOrigin* from = nullptr) noexcept
      : bytes(row), origin(from) {}
  Row(const Row& other) noexcept
      : bytes(other.bytes), origin(other.origin), key_hash(other.key_hash) {}
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): nothing is owned.
  Row& operator=(const Row& other) noexcept {
    bytes = other.bytes;
    origin = other.origin;
    key_hash = other.key_hash;
    return *this;
  }
  ~Row() = default;
};

// A row that is lent by a channel, and the origin of the record that it was made of.
struct LentRow {
  std::string_view bytes;
  Origin origin;
};

}  // namespace penstock
