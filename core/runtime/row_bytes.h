// core/runtime/row_bytes.h -- how rows lie in a channel: their bytes in a ring beside the slots, copied once.
//
// A row is one piece and means the same anywhere, so it goes into the ring as it is, and its slot says where. What is
// longer than a quarter of the ring, or what one record expands to beyond the ring, gets a block of its own.
// Credit      A batch begins when half of the ring is free and ends when the longest piece might not fit. Blocks count
//             too: with as many bytes in blocks as the ring has, none begins.
// Ownership   The channel's, until the consumer releases the slot. Blocks are freed by the producer when it sees that,
//             or with the channel.
// Threads     As core/ring/byte_ring.h: write, write_apart, has_room, is_worth_while, bytes_apart and publish are the
//             producer's; release and seems_half_empty the consumer's.
// Cost        One copy per row; an allocation per block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "penstock/core/ring/byte_ring.h"
#include "penstock/core/stream/row_record.h"

namespace penstock {

class RowBytes {
 public:
  using Slot = RowSlot;

  explicit RowBytes(std::size_t ring_bytes) : ring_(ring_bytes) {}
  RowBytes(const RowBytes&) = delete;
  RowBytes& operator=(const RowBytes&) = delete;
  ~RowBytes() {
    while (oldest_ != nullptr) free_oldest();
  }

  // False: it has to go apart.
  [[nodiscard]] bool write(const Row& row, RowSlot& slot) noexcept {
    const std::size_t size = row.bytes.size();
    if (size > ring_.piece_max() || !ring_.has_room(size)) [[unlikely]]
      return false;
    char* const to = ring_.take(size, slot.end);
    std::memcpy(to, row.bytes.data(), size);
    fill(row, to, slot);
    return true;
  }
  // Into a block. False: there is no memory.
  [[nodiscard, gnu::cold, gnu::noinline]] bool write_apart(const Row& row, RowSlot& slot) noexcept {
    const std::size_t size = row.bytes.size();
    auto* const block = static_cast<Block*>(
        std::malloc(sizeof(Block) + size));  // lint: allow(hot) rows that are too large
    if (block == nullptr) return false;
    slot.end = ring_.take_nothing();
    *block = {nullptr, slot.end, size};
    char* const to = reinterpret_cast<char*>(block + 1);
    std::memcpy(to, row.bytes.data(), size);
    fill(row, to, slot);
    (newest_ == nullptr ? oldest_ : newest_->next) = block;
    newest_ = block;
    bytes_apart_ += size;
    return true;
  }
  std::size_t bytes_apart() const noexcept { return bytes_apart_; }

  // Whether any row fits; one that would get a block in any case does while blocks are few.
  bool has_room() noexcept {
    return ring_.has_room(ring_.piece_max()) && bytes_apart_ < ring_.capacity();
  }
  bool is_worth_while() noexcept {
    while (oldest_ != nullptr && ring_.has_passed(oldest_->end)) free_oldest();
    return ring_.is_half_free() && bytes_apart_ < ring_.capacity();
  }
  void publish() noexcept { ring_.publish(); }

  // Before the slots up to this one are.
  void release(const RowSlot& slot) noexcept { ring_.release(slot.end); }
  bool seems_half_empty() const noexcept { return ring_.seems_half_empty(); }

 private:
  struct Block {  // The bytes follow.
    Block* next;
    std::uint64_t end;
    std::size_t size;
  };

  static void fill(const Row& row, const char* bytes, RowSlot& slot) noexcept {
    slot.bytes = bytes;
    slot.size = row.bytes.size();
    slot.origin = row.origin == nullptr ? Origin{} : row.origin->raw->origin;
  }
  void free_oldest() noexcept {
    bytes_apart_ -= oldest_->size;
    std::free(std::exchange(oldest_, oldest_->next));
    if (oldest_ == nullptr) newest_ = nullptr;
  }

  ByteRing ring_;
  Block* oldest_ = nullptr;  // In the order of their ends.
  Block* newest_ = nullptr;
  std::size_t bytes_apart_ = 0;
};

}  // namespace penstock
