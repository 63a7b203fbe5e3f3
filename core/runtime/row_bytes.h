// core/runtime/row_bytes.h -- how rows lie in a channel: their bytes in a ring beside the slots, copied once.
//
// A row is one piece and means the same anywhere, so it goes into the ring as it is. Its slot has its size and the
// origin of its record: 32 bytes with time and hash. What is longer than a quarter of the ring, or what one record
// expands to beyond the ring, gets a block of its own.
// Credit      A batch begins when half of the ring is free and ends when the longest piece might not fit. Blocks count
//             too: with as many bytes in blocks as the ring has, none begins.
// Ownership   The channel's, until the consumer releases the slot. Blocks are freed by the producer when it sees that,
//             or with the channel.
// Threads     As core/ring/byte_ring.h: read, release and seems_half_empty are the consumer's, the rest the producer's.
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
  struct Block {  // The bytes follow.
    Block* next;
    std::uint64_t end;  // In the order of the ring.
    std::size_t size;
    Origin origin;
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  };
  static constexpr std::uint32_t kInBlock = ~0U;

 public:
  struct Slot {
    std::uint32_t size;  // kInBlock: the block has it.
    SplitId split;
    union {
      std::uint64_t offset;
      Block* block;
    };
  };

  // REQUIRES: at most 1 GiB.
  explicit RowBytes(std::size_t ring_bytes) : ring_(ring_bytes) {}
  RowBytes(const RowBytes&) = delete;
  RowBytes& operator=(const RowBytes&) = delete;
  ~RowBytes() {
    while (oldest_ != nullptr) free_oldest();
  }

  // False: it has to go apart.
  [[nodiscard]] bool write(const Row& row, Slot& slot) noexcept {
    const std::size_t size = row.bytes.size();
    if (size > ring_.piece_max() || !ring_.has_room(size)) [[unlikely]]
      return false;
    std::memcpy(ring_.take(size), row.bytes.data(), size);
    const Origin origin = origin_of(row);
    slot.size = static_cast<std::uint32_t>(size);
    slot.split = origin.split;
    slot.offset = origin.offset;
    return true;
  }
  // Into a block. False: there is no memory.
  [[nodiscard, gnu::cold, gnu::noinline]] bool write_apart(const Row& row, Slot& slot) noexcept {
    const std::size_t size = row.bytes.size();
    auto* const block = static_cast<Block*>(
        std::malloc(sizeof(Block) + size));  // lint: allow(hot) rows that are too large
    if (block == nullptr) return false;
    ring_.take_nothing();
    *block = {nullptr, ring_.taken(), size, origin_of(row)};
    std::memcpy(block->bytes(), row.bytes.data(), size);
    slot.size = kInBlock;
    slot.split = {};
    slot.block = block;
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

  // The row of the next slot: of each once, in their order. It stays until release().
  LentRow read(const Slot& slot) noexcept {
    if (slot.size == kInBlock) [[unlikely]] {
      ring_.next_nothing();
      return {{slot.block->bytes(), slot.block->size}, slot.block->origin};
    }
    return {{ring_.next(slot.size), slot.size}, {slot.split, slot.offset}};
  }
  // All that has been read; before the slots are.
  void release() noexcept { ring_.release(); }
  bool seems_half_empty() const noexcept { return ring_.seems_half_empty(); }

 private:
  static Origin origin_of(const Row& row) noexcept {
    return row.origin == nullptr ? Origin{} : row.origin->raw->origin;
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
