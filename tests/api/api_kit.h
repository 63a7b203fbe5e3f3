// tests/api/api_kit.h -- the record and the small operators that the tests of the typed API share.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "penstock/api/collected.h"
#include "penstock/api/job.h"
#include "penstock/api/test_driver.h"

namespace penstock {

// In tests where somebody always has something to do, a wait this long can only be a hang.
inline constexpr std::chrono::seconds kHangsAfter{60};

struct Sale {
  std::uint32_t shop = 0;
  std::int64_t amount = 0;
  EventTime at{};
  friend bool operator==(const Sale&, const Sale&) = default;
};

struct ShopCount {
  std::uint32_t shop = 0;
  std::int64_t count = 0;
  friend auto operator<=>(const ShopCount&, const ShopCount&) = default;
};

// Counts the records of a key and emits each new count.
struct CountPerShop {
  using Output = ShopCount;
  ValueState<std::int64_t> count;

  void open(OperatorContext& context) { count = context.value_state<std::int64_t>("count"); }
  void on_record(const Record<Sale>& record, CollectorOf<ShopCount> auto&& out) noexcept {
    out.collect(Record<ShopCount>{{record.value.shop, ++count.get_or_create()}, record.time});
  }
};

// Keeps the watermarks that reach it.
template <class T>
struct NoteWatermarks {
  using Output = T;
  std::shared_ptr<std::vector<EventTime>> watermarks;

  void on_record(const Record<T>& record, auto&& out) noexcept { out.collect(record); }
  void on_watermark(EventTime time, auto&&) noexcept { watermarks->push_back(time); }
};

// Polls a condition that some other thread makes true.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + kHangsAfter;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace penstock
