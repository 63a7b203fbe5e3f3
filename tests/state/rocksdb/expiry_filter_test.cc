#include "penstock/state/rocksdb/expiry_filter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "penstock/core/base/bytes.h"
#include "penstock/state/disk/disk_records.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kKeyBytes = 4;

// A value that stays, one that expires by the time of day, one by the watermark, and a map that does.
ExpiryFilter filter() {
  return {kDiskGroupBytes + kKeyBytes,
          {{false, kKeyBytes, 8, 0us, TimeDomain::kProcessingTime},
           {false, kKeyBytes, 16, 100us, TimeDomain::kProcessingTime},
           {false, kKeyBytes, 8, 100us, TimeDomain::kEventTime},
           {true, 8, 16, 100us, TimeDomain::kEventTime}}};
}

std::string key_record(std::uint32_t mask, std::int64_t by_day, std::int64_t by_watermark) {
  std::string item;
  ByteAppender to(item);
  to.number(std::uint64_t{99});
  to.number(mask);
  to.raw("key!");
  if ((mask & 1) != 0) to.number(std::int64_t{0});
  if ((mask & 2) != 0) {
    to.number(by_day);
    to.raw("12345678");
  }
  if ((mask & 4) != 0) to.number(by_watermark);
  return item;
}

const std::string kKeyName = std::string("ggkey!") + '\0';

TEST(ExpiryFilter, AKeyGoesWhenAllOfItsValuesHaveExpired) {
  ExpiryFilter filter = penstock::filter();
  EXPECT_TRUE(filter.any_expires());
  EXPECT_FALSE(filter.has_expired(kKeyName, key_record(2, 0, 0)));  // No time has been told.
  filter.tell_time(TimeDomain::kProcessingTime, {150});
  EXPECT_TRUE(filter.has_expired(kKeyName, key_record(2, 50, 0)));
  EXPECT_FALSE(filter.has_expired(kKeyName, key_record(2, 51, 0)));
  EXPECT_FALSE(filter.has_expired(kKeyName, key_record(3, 0, 0)));
  EXPECT_FALSE(filter.has_expired(kKeyName, key_record(6, 0, 0)));
  filter.tell_time(TimeDomain::kEventTime, {1000});
  EXPECT_TRUE(filter.has_expired(kKeyName, key_record(6, 0, 900)));
  EXPECT_FALSE(filter.has_expired(kKeyName, key_record(6, 0, 901)));
}

TEST(ExpiryFilter, AnElementGoesByItself) {
  ExpiryFilter filter = penstock::filter();
  filter.tell_time(TimeDomain::kEventTime, {1000});
  std::string item(12 + 8, 'x');
  ByteAppender(item).number(std::int64_t{900});
  item.append(8, 'v');
  const std::string name = std::string("ggkey!") + static_cast<char>(disk_table_of(3)) + "el";
  EXPECT_TRUE(filter.has_expired(name, item));
  item[20]++;
  EXPECT_FALSE(filter.has_expired(name, item));
  EXPECT_FALSE(filter.has_expired(std::string("ggkey!") + '\x01', item));
}

TEST(ExpiryFilter, WhatIsNoRecordStays) {
  ExpiryFilter filter = penstock::filter();
  filter.tell_time(TimeDomain::kProcessingTime, {1'000'000});
  const std::string whole = key_record(2, 0, 0);
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    EXPECT_FALSE(filter.has_expired(kKeyName, whole.substr(0, cut))) << cut;
  EXPECT_FALSE(filter.has_expired(kKeyName, whole + "x"));
  EXPECT_FALSE(filter.has_expired("ggkey!", whole));
  EXPECT_FALSE(filter.has_expired("", ""));
}

}  // namespace
}  // namespace penstock
