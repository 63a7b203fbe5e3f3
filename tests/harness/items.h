// tests/harness/items.h -- what tests feed operators with, and what comes out of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/time.h"
#include "penstock/core/stream/element.h"

namespace penstock::harness {

template <class T>
struct Item {
  ElementKind kind = ElementKind::kData;
  T value{};
  std::int64_t time_or_epoch = 0;

  friend bool operator==(const Item&, const Item&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Item& item) {
    static constexpr const char* kNames[] = {"record", "watermark", "barrier", "idle", "end"};
    return out << kNames[static_cast<int>(item.kind)] << "(" << testing::PrintToString(item.value)
               << " @ " << item.time_or_epoch << ")";
  }
};

template <class T>
Item<T> record(T value, std::int64_t micros = 0) {
  return {ElementKind::kData, std::move(value), micros};
}
template <class T>
Item<T> watermark(std::int64_t micros) {
  return {ElementKind::kWatermark, T{}, micros};
}
template <class T>
Item<T> barrier(std::int64_t epoch) {
  return {ElementKind::kBarrier, T{}, epoch};
}
template <class T>
Item<T> idle() {
  return {ElementKind::kIdle, T{}, 0};
}

template <class T>
using Items = std::vector<Item<T>>;

template <class T>
Element<T> element_of(const Item<T>& item, std::uint64_t key_hash) {
  ElementHeader header = ElementHeader::data({item.time_or_epoch}, key_hash);
  if (item.kind == ElementKind::kWatermark) header = ElementHeader::watermark({item.time_or_epoch});
  if (item.kind == ElementKind::kBarrier)
    header = ElementHeader::barrier({static_cast<std::uint64_t>(item.time_or_epoch)});
  if (item.kind == ElementKind::kIdle) header = ElementHeader::idle();
  return {header, item.value};
}
template <class T>
Item<T> item_of(const Element<T>& element) {
  const bool has_value = element.header.is_data();
  return {element.header.kind(), has_value ? element.payload : T{}, element.header.time_or_epoch};
}

template <class In>
struct Subject {
  std::function<std::uint64_t(const In&)> key_hash;  // For keyed operators.
  std::string side_output;                           // Name of the one to read; empty: none.
  EventTime wall_start{};                            // What the time of day is at first.
};

}  // namespace penstock::harness
