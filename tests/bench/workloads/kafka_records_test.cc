#include "penstock/bench/workloads/kafka_records.h"

#include <gtest/gtest.h>

#include <set>

#include "penstock/bench/workloads/kafka_middle.h"

namespace penstock::bench {
namespace {

Purchase decoded(std::string line) {
  const std::size_t size = line.size();
  line.resize(size + kRawPaddingBytes);
  Purchase purchase;
  json::DecodeError error;
  EXPECT_TRUE(
      json::decoder<Purchase>().decode(RawRecord{{line.data(), size}, {}, {}}, purchase, error))
      << error.message();
  return purchase;
}

TEST(KafkaRecordsTest, APurchaseIsReadBackAsItsNumberMakesIt) {
  std::string line;
  std::set<std::string> cards;
  for (std::uint64_t seq = 0; seq < 2000; ++seq) {
    write_purchase(seq, Instant{static_cast<std::int64_t>(seq) * 1000}, line);
    const Purchase purchase = decoded(line);
    EXPECT_EQ(purchase.seq, seq);
    EXPECT_EQ(purchase.due, static_cast<std::int64_t>(seq) * 1000);
    EXPECT_EQ(purchase.amount > kAmountLimit, is_large(seq)) << line;
    EXPECT_EQ(purchase.card.view().size(), 19u);
    EXPECT_EQ(purchase.country.view().size(), 2u);
    cards.insert(std::string(purchase.card.view()));
  }
  EXPECT_GT(cards.size(), 1500u);
}

TEST(KafkaRecordsTest, CountsWhatAQueryLetsThrough) {
  std::uint64_t large = 0;
  for (std::uint64_t count = 0; count < 45; ++count) {
    EXPECT_EQ(large_among(count), large) << count;
    EXPECT_EQ(results_of(KafkaSubject::kQueryA, count), large);
    EXPECT_EQ(results_of(KafkaSubject::kMaximum, count), large);
    EXPECT_EQ(results_of(KafkaSubject::kRelay, count), count);
    EXPECT_EQ(results_of(KafkaSubject::kQueryB, count), count);
    large += is_large(count) ? 1 : 0;
  }
}

TEST(KafkaRecordsTest, AStampIsFoundInEachKindOfResult) {
  std::string line;
  write_purchase(17, Instant{-5}, line);
  EXPECT_EQ(read_stamp(line)->seq, 17u);
  EXPECT_EQ(read_stamp(line)->due, Instant{-5});
  line.clear();
  json::encoder<CardCount>().encode({.seq = 18, .due = 6, .card = {}, .count = 7}, line);
  EXPECT_EQ(read_stamp(line)->seq, 18u);
  line.clear();
  LargePurchase large;
  large.seq = 19;
  large.due = 8;
  json::encoder<LargePurchase>().encode(large, line);
  EXPECT_EQ(read_stamp(line)->seq, 19u);
  EXPECT_EQ(read_stamp(line)->due, Instant{8});
  for (const char* other : {"", "{}", "{\"seq\":1}", "{\"due\":1}", "{\"seq\":x,\"due\":1}"})
    EXPECT_FALSE(read_stamp(other)) << other;
}

TEST(KafkaRecordsTest, TheCheckSeesWhatIsDoubledOrOutOfOrder) {
  SequenceCheck check;
  for (const std::uint64_t seq : {0, 1, 3, 4}) check.seen(seq);  // Query A leaves some out.
  EXPECT_EQ(check.count(), 4u);
  EXPECT_EQ(check.out_of_order(), 0u);
  check.seen(4);
  check.seen(2);
  EXPECT_EQ(check.out_of_order(), 2u);
}

}  // namespace
}  // namespace penstock::bench
