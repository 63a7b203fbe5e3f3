// state/disk/disk_records.h -- how keyed state lies on a disk, and how changes and answers travel to and from it.
//
// Name       key group (2 bytes, big-endian), key, table, rest. Table 0: the key's values; table i + 1: elements of the
//            i-th state, a map, and the rest is what follows the key in an element's key. So all of a key lie together,
//            and all of a key group.
// Value      an item of state/state_items.h.
// Block      changes in order: {length of name, length of value or kGone} of 4 bytes each, name, value.
// Request    {hash, prefix} of each key that is asked for; the hash is the asker's.
// Answer     for each of them {hash, prefix, records, 0}; a record is {length, name, length, value}, lengths of 4
//            bytes.
// Threads    No state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/key_group.h"

namespace penstock {

inline constexpr std::size_t kDiskGroupBytes = 2;
inline constexpr std::uint8_t kDiskKeyTable = 0;

constexpr std::uint8_t disk_table_of(std::uint32_t position) noexcept {
  return static_cast<std::uint8_t>(position + 1);
}

void append_disk_group(std::string& to, KeyGroup group);
// The key group that a name begins with. REQUIRES: at least kDiskGroupBytes.
KeyGroup disk_group_of(std::string_view name) noexcept;
inline void append_disk_prefix(std::string& to, std::uint64_t hash, std::string_view key) {
  append_disk_group(to, key_group_of(hash));
  to.append(key);
}

// A block that is put together.
class DiskBlock {
 public:
  // Room for a value of so many bytes, to be filled before the next call.
  char* put(std::string_view name, std::size_t bytes) {
    head(name, static_cast<std::uint32_t>(bytes));
    const std::size_t at = bytes_.size();
    bytes_.resize(at + bytes);
    return bytes_.data() + at;
  }
  void erase(std::string_view name) { head(name, kGone); }
  void append(const DiskBlock& other) { bytes_.append(other.bytes_); }

  std::size_t bytes() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }
  std::string take() { return std::exchange(bytes_, {}); }

  static constexpr std::uint32_t kGone = 0xffffffff;

 private:
  void head(std::string_view name, std::uint32_t value_bytes) {
    ByteAppender to(bytes_);
    to.number(static_cast<std::uint32_t>(name.size()));
    to.number(value_bytes);
    to.raw(name);
  }

  std::string bytes_;
};

// Calls put(name, value) and erase(name) for the changes of a block. False: it is none.
template <class Put, class Erase>
bool for_each_change(std::string_view block, Put put, Erase erase) {
  ByteCursor from(block);
  while (!from.at_end()) {
    std::uint32_t name_bytes = 0;
    std::uint32_t value_bytes = 0;
    std::string_view name;
    std::string_view value;
    if (!from.number(name_bytes) || !from.number(value_bytes) || !from.raw(name_bytes, name))
      return false;
    if (value_bytes == DiskBlock::kGone) {
      erase(name);
    } else if (from.raw(value_bytes, value)) {
      put(name, value);
    } else {
      return false;
    }
  }
  return true;
}

// An answer that is put together: begin() for each key, record() for each of its records, end().
class DiskAnswer {
 public:
  void begin(std::string_view hash_and_prefix) { bytes_.append(hash_and_prefix); }
  void record(std::string_view name, std::string_view value) {
    ByteAppender to(bytes_);
    to.framed(name);
    to.framed(value);
  }
  void end() { ByteAppender(bytes_).framed({}); }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// Calls key(hash, prefix), then record(name, value) for each of its records; they say whether they take it. False: they
// did not, or the bytes are no answer.
template <class Key, class Record>
bool for_each_answer(std::string_view answer, std::size_t prefix_bytes, Key key, Record record) {
  ByteCursor from(answer);
  while (!from.at_end()) {
    std::uint64_t hash = 0;
    std::string_view prefix;
    if (!from.number(hash) || !from.raw(prefix_bytes, prefix) || !key(hash, prefix)) return false;
    for (;;) {
      std::string_view name;
      std::string_view value;
      if (!from.framed(name, UINT32_MAX)) return false;
      if (name.empty()) break;
      if (!from.framed(value, UINT32_MAX) || !record(name, value)) return false;
    }
  }
  return true;
}

}  // namespace penstock
