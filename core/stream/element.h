// core/stream/element.h -- what a slot of a ring holds: a record, or a control element in its place in the order.
//
// Layout     16 bytes of header, then the payload. `tag` keeps the key hash (its low byte given up) and the kind, so
//            that a record with up to 16 payload bytes fills half a cache line and one with up to 48 a whole one; other
//            strides straddle lines and measured slower.
// Meaning    of `time_or_epoch`: event time in micros for kData, the watermark for kWatermark, the epoch's number for
//            kBarrier, unused for kIdle and kEnd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/time.h"

namespace penstock {

enum class ElementKind : std::uint8_t {
  kData = 0,
  kWatermark = 1,
  kBarrier = 2,
  kIdle = 3,
  kEnd = 4
};

inline constexpr std::uint64_t kElementKindMask = 0xff;

struct ElementHeader {
  std::int64_t time_or_epoch = 0;
  std::uint64_t tag = 0;  // Key hash with the kind in its low byte.

  static constexpr ElementHeader data(EventTime time, std::uint64_t key_hash) noexcept {
    return {time.micros, key_hash & ~kElementKindMask};
  }
  static constexpr ElementHeader watermark(EventTime time) noexcept {
    return {time.micros, static_cast<std::uint64_t>(ElementKind::kWatermark)};
  }
  static constexpr ElementHeader barrier(Epoch epoch) noexcept {
    return {static_cast<std::int64_t>(epoch.value),
            static_cast<std::uint64_t>(ElementKind::kBarrier)};
  }
  static constexpr ElementHeader idle() noexcept {
    return {0, static_cast<std::uint64_t>(ElementKind::kIdle)};
  }
  static constexpr ElementHeader end() noexcept {
    return {0, static_cast<std::uint64_t>(ElementKind::kEnd)};
  }

  constexpr ElementKind kind() const noexcept {
    return static_cast<ElementKind>(tag & kElementKindMask);
  }
  constexpr bool is_data() const noexcept { return (tag & kElementKindMask) == 0; }
  constexpr std::uint64_t key_hash() const noexcept { return tag & ~kElementKindMask; }
  constexpr EventTime time() const noexcept { return {time_or_epoch}; }
  constexpr Epoch epoch() const noexcept { return {static_cast<std::uint64_t>(time_or_epoch)}; }
};

// 32, 64, or the next multiple of 64 bytes.
constexpr std::size_t element_alignment(std::size_t payload_bytes) noexcept {
  return sizeof(ElementHeader) + payload_bytes <= 32 ? 32 : 64;
}

template <class T>
struct alignas(element_alignment(sizeof(T))) Element {
  static_assert(
      std::is_trivially_copyable_v<T>,
      "a record that changes thread must be trivially copyable: use InlineString<N> for text");
  ElementHeader header;
  T payload;
};

}  // namespace penstock
