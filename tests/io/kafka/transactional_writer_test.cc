#include "penstock/io/kafka/transactional_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "penstock/io/kafka/transactions.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/kafka/memory_cluster.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using test::MemoryCluster;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TransactionalWriterTest : public testing::Test {
 protected:
  TransactionalWriterTest() {
    options_.topic = "counts";
    options_.delivery = Delivery::kExactlyOnce;
    options_.buffer_bytes = std::size_t{1} << 20;
  }

  std::optional<Epoch> start() {
    writer_.reset();
    transactions_ = std::make_unique<Transactions>(kafka_.maker());
    EXPECT_TRUE(transactions_->join(options_).ok());
    const auto marker = transactions_->open(job_);
    EXPECT_TRUE(marker.ok()) << marker.status().to_string();
    SinkContext context{0, 1, files_.get(), &waker_, &notices_, &clock_, &counters_, true};
    auto writer = TransactionalWriter::open(transactions_->session(), options_, "kafka", context);
    EXPECT_TRUE(writer.ok());
    writer_ = std::move(*writer);
    return *marker;
  }
  void write(const std::string& record) {
    ASSERT_TRUE(writer_->write(record).ok());
    ASSERT_TRUE(writer_->flush().ok());
  }
  void cut(Epoch epoch) {
    harness::KeptPart part;
    SnapshotWriter out(part);
    writer_->capture(epoch, out);
  }
  template <class Condition>
  bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  void commit(Epoch epoch) {
    ASSERT_TRUE(eventually([this] { return writer_->captured(); }));
    ASSERT_TRUE(transactions_->commit(epoch).ok());
    transactions_->settled(epoch);
  }

  MemoryCluster kafka_;
  SinkOptions options_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::WaitableWaker waker_;
  test::NoticeLog notices_;
  RealClock clock_;
  TaskCounters counters_;
  EpochTransactionsJob job_{"penstock-job-1", 1, milliseconds(61'000), &notices_};
  std::unique_ptr<Transactions> transactions_;
  std::unique_ptr<ByteWriter> writer_;
};

TEST_F(TransactionalWriterTest, WhatWasWrittenBeforeTheCutIsSeenWithItsEpochAndTheRestIsHeldBack) {
  EXPECT_EQ(start(), std::nullopt);
  write("a");
  cut({1});
  write("b");
  EXPECT_TRUE(transactions_->has_output());
  commit({1});
  EXPECT_THAT(kafka_.committed("counts"), ElementsAre("a"));
  EXPECT_FALSE(transactions_->has_output()) << "what is held back belongs to no transaction yet";
  EXPECT_EQ(kafka_.open_records(), 0u);
  EXPECT_EQ(writer_->wake_at(), Instant{}) << "it goes on at once";
  ASSERT_TRUE(writer_->flush().ok());
  EXPECT_EQ(kafka_.open_records(), 1u);
  cut({2});
  commit({2});
  EXPECT_THAT(kafka_.committed("counts"), ElementsAre("a", "b"));
  EXPECT_EQ(counters_.delivered.get(), 2u);
}

TEST_F(TransactionalWriterTest, AnEpochThatWasGivenUpIsPartOfTheNext) {
  start();
  write("a");
  cut({1});
  write("b");
  transactions_->settled({1});
  write("c");
  cut({2});
  commit({2});
  EXPECT_THAT(kafka_.committed("counts"), ElementsAre("a", "b", "c"));
}

TEST_F(TransactionalWriterTest, AMarkerThatWasSentAheadOfAnEpochThatIsGivenUpDoesNotCount) {
  start();
  write("a");
  cut({1});
  ASSERT_TRUE(eventually([this] { return writer_->captured(); }));
  transactions_->prepare({1});
  transactions_->settled({1});
  cut({2});
  transactions_->prepare({2});
  commit({2});
  EXPECT_EQ(start(), Epoch{2});
}

TEST_F(TransactionalWriterTest, AnEpochIsNotCapturedWhileRecordsBeforeItsCutAreOnTheirWay) {
  start();
  kafka_.set_answers(false);
  write("a");
  cut({1});
  EXPECT_FALSE(writer_->captured());
  kafka_.set_answers(true);
  EXPECT_TRUE(eventually([this] { return writer_->captured(); }));
}

TEST_F(TransactionalWriterTest, HoldsNoMoreThanItsBufferAndTakesMoreWhenTheEpochIsSettled) {
  start();
  cut({1});
  const std::string large(100'000, 'x');
  int held = 0;
  while (writer_->ready() && held < 100) {
    write(large);
    ++held;
  }
  EXPECT_EQ(held, 6) << "half a MiB";
  EXPECT_EQ(kafka_.open_records(), 0u);
  commit({1});
  EXPECT_TRUE(eventually([this] { return writer_->ready(); }));
  EXPECT_EQ(kafka_.open_records(), 6u);
}

// The client has room for less than a batch, and a batch is less than what is kept for the next to join it.
TEST_F(TransactionalWriterTest, GivesTheClientWholeBatchesAndWhatFindsItFullAgainInOrder) {
  start();
  kafka_.limit_room(100);
  std::vector<std::string> wanted;
  for (int batch = 0; batch < 20; ++batch) {
    ASSERT_TRUE(eventually([this] { return writer_->ready(); }));
    for (int i = 0; i < 70; ++i) {
      wanted.push_back(std::to_string(wanted.size()));
      ASSERT_TRUE(writer_->write(wanted.back()).ok());
    }
    ASSERT_TRUE(writer_->flush().ok());
  }
  cut({1});
  commit({1});
  EXPECT_EQ(kafka_.committed("counts"), wanted);
  EXPECT_GT(kafka_.times_together(), 0u);
  EXPECT_EQ(counters_.delivered.get(), wanted.size());
  EXPECT_EQ(counters_.undelivered.get(), 0u);
}

TEST_F(TransactionalWriterTest, WaitsForAClientThatIsFullOfOthersRecords) {
  start();
  kafka_.limit_room(0);
  write("a");
  write("b");
  EXPECT_FALSE(writer_->ready());
  kafka_.limit_room(100);
  EXPECT_TRUE(writer_->ready());
  cut({1});
  commit({1});
  EXPECT_THAT(kafka_.committed("counts"), ElementsAre("a", "b"));
  EXPECT_EQ(counters_.undelivered.get(), 0u);
}

TEST_F(TransactionalWriterTest, ARecordThatTheBrokerRefusesFailsTheEpochAndTheJob) {
  start();
  kafka_.refuse_records(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  ASSERT_TRUE(writer_->write("a").ok());
  EXPECT_TRUE(eventually([this] { return !writer_->flush().ok(); }));
  EXPECT_THAT(writer_->flush().to_string(), HasSubstr("max.message.bytes of the topic"));
  cut({1});
  EXPECT_FALSE(writer_->captured());
  EXPECT_EQ(counters_.undelivered.get(), 1u);
}

TEST_F(TransactionalWriterTest, ARecordIsNotWaitedForLongerThanItsTransactionMayBeOpen) {
  options_.transaction_timeout = milliseconds(100'000);
  start();
  kafka_.refuse_records(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  ASSERT_TRUE(writer_->write("a").ok());
  EXPECT_TRUE(eventually([this] { return !writer_->flush().ok(); }));
  EXPECT_THAT(writer_->flush().to_string(), HasSubstr("within 100000 ms"));
}

TEST_F(TransactionalWriterTest, WhatIsHeldBackAtTheEndComesWithTheLastEpoch) {
  start();
  write("a");
  cut({1});
  write("b");
  EXPECT_TRUE(writer_->close().ok());
  commit({1});
  cut({2});
  commit({2});
  EXPECT_THAT(kafka_.committed("counts"), ElementsAre("a", "b"));
}

TEST_F(TransactionalWriterTest, AnotherStartTakesOverAndTheFirstWritesNothingAnyMore) {
  start();
  write("a");
  cut({1});
  commit({1});
  write("lost");
  Transactions other(kafka_.maker());
  ASSERT_TRUE(other.join(options_).ok());
  const auto marker = other.open({job_.id, 2, job_.epoch_at_most, &notices_});
  ASSERT_TRUE(marker.ok());
  EXPECT_EQ(*marker, Epoch{1});
  EXPECT_EQ(kafka_.open_records(), 0u);
  EXPECT_FALSE(writer_->flush().ok());
  EXPECT_FALSE(transactions_->commit({2}).ok());
  EXPECT_THAT(kafka_.committed("counts"), ElementsAre("a"));
}

TEST_F(TransactionalWriterTest, AStartAfterALostAnswerReadsFromTheMarkerWhetherItWasCommitted) {
  for (const auto fate : {MemoryCluster::Fate::kRefused, MemoryCluster::Fate::kAnswerLost}) {
    start();
    write("x");
    cut({5});
    ASSERT_TRUE(eventually([this] { return writer_->captured(); }));
    kafka_.set_fate(fate);
    EXPECT_FALSE(transactions_->commit({5}).ok());
    const std::optional<Epoch> marker = start();
    const bool was_committed = fate == MemoryCluster::Fate::kAnswerLost;
    EXPECT_EQ(marker, was_committed ? std::optional(Epoch{5}) : std::nullopt);
    EXPECT_EQ(kafka_.committed("counts").size(), was_committed ? 1u : 0u);
  }
}

TEST_F(TransactionalWriterTest, SinksOfAnotherClusterOrWithOtherTimeoutsDoNotJoin) {
  start();
  SinkOptions other = options_;
  other.connection.brokers = "elsewhere:9092";
  EXPECT_THAT(transactions_->join(other).to_string(), HasSubstr("one cluster only"));
  other = options_;
  other.transaction_timeout = milliseconds(90'000);
  EXPECT_THAT(transactions_->join(other).to_string(), HasSubstr("must be the same"));
}

TEST_F(TransactionalWriterTest, ATransactionShorterThanAnEpochMayTakeIsRefused) {
  options_.transaction_timeout = milliseconds(61'000);
  Transactions transactions(kafka_.maker());
  ASSERT_TRUE(transactions.join(options_).ok());
  EXPECT_THAT(transactions.open(job_).status().to_string(),
              HasSubstr("transaction_timeout is 61000 ms, and an epoch may take 61000 ms"));
}

TEST_F(TransactionalWriterTest, AJobWithoutSnapshotsIsRefused) {
  const SinkContext context{0, 1, files_.get(), &waker_, &notices_, &clock_, &counters_, false};
  EXPECT_THAT(sink(options_)->open(context).status().to_string(),
              HasSubstr("give the job a folder for them (--checkpoint DIR"));
}

TEST(Marker, IsReadAsItWasWrittenAndNothingElseIs) {
  const Marker marker{{17}, 3};
  EXPECT_EQ(to_text(marker), "epoch=17 incarnation=3");
  EXPECT_EQ(parse_marker(to_text(marker)), marker);
  for (const char* bad : {"", "epoch=", "epoch=1", "epoch=1 incarnation=", "epoch=1 incarnation=2 ",
                          "epoch=-1 incarnation=2", "epoch=1  incarnation=2"})
    EXPECT_EQ(parse_marker(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace penstock::kafka::internal
