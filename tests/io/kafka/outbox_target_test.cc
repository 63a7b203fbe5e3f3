#include "penstock/io/kafka/outbox_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/io/kafka/transactions.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/harness/temporary_folder.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/kafka/memory_cluster.h"

namespace penstock::kafka::internal {
namespace {

using test::MemoryCluster;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class OutboxTargetTest : public testing::Test {
 protected:
  OutboxTargetTest() {
    options_.topic = "counts";
    options_.delivery = Delivery::kExactlyOnce;
    options_.outbox = folder_ / "outbox";
  }

  Result<std::unique_ptr<ByteWriter>> open(const ByteSink& sink, bool takes_snapshots = true) {
    return sink.open(
        {0, 1, files_.get(), &waker_, &notices_, &clock_, &counters_, takes_snapshots});
  }
  // As a process of its own: nothing is shared with those before.
  void start() {
    writer_.reset();
    sink_ = make_sink(options_, kafka_.maker());
    writer_ = std::move(*open(*sink_));
  }
  Status start_from(const std::string& snapshot) {
    start();
    SnapshotParser parser(0, 1);
    PENSTOCK_RETURN_IF_ERROR(parser.parse(
        snapshot, [this](const SnapshotItem& item) { return writer_->restore(item); }));
    return writer_->restored();
  }
  void write(const std::string& record) {
    ASSERT_TRUE(writer_->write(record).ok());
    ASSERT_TRUE(writer_->flush().ok());
  }
  harness::PendingPart durable(std::uint64_t epoch) {
    harness::PendingPart part;
    SnapshotWriter out(part);
    out.select_operator("0");
    writer_->capture(Epoch{epoch}, out);
    out.flush();
    EXPECT_TRUE(part.ack().ok());
    return part;
  }
  std::vector<std::string> seen() const { return kafka_.committed("counts"); }
  std::vector<std::string> waiting() const {
    std::vector<std::string> names = *files_->list(folder_ / "outbox");
    std::erase(names, "TRANSACTIONS");
    return names;
  }

  MemoryCluster kafka_;
  test::TemporaryFolder folder_;
  SinkOptions options_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::WaitableWaker waker_;
  test::NoticeLog notices_;
  RealClock clock_;
  TaskCounters counters_;
  std::shared_ptr<const ByteSink> sink_;
  std::unique_ptr<ByteWriter> writer_;
};

TEST_F(OutboxTargetTest, ReadersSeeAnEpochWhenItIsDurableAndNotBefore) {
  start();
  write("a");
  const harness::PendingPart first = durable(1);
  write("b");
  EXPECT_THAT(seen(), IsEmpty());
  ASSERT_TRUE(first.commit().ok());
  EXPECT_THAT(seen(), ElementsAre("a"));
  ASSERT_TRUE(durable(2).commit().ok());
  ASSERT_TRUE(durable(3).commit().ok()) << "nothing new";
  EXPECT_THAT(seen(), ElementsAre("a", "b"));
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(OutboxTargetTest, WhetherACommitWithoutAnAnswerCameThroughIsReadFromTheMarker) {
  for (const auto fate : {MemoryCluster::Fate::kRefused, MemoryCluster::Fate::kAnswerLost}) {
    start();
    const std::size_t before = seen().size();
    write("a");
    const harness::PendingPart first = durable(1);
    kafka_.set_fate(fate);
    EXPECT_FALSE(first.commit().ok());
    write("b");
    ASSERT_TRUE(durable(2).commit().ok());
    EXPECT_EQ(seen().size(), before + 2);
    EXPECT_EQ(seen()[before], "a");
  }
}

TEST_F(OutboxTargetTest, AStartSendsWhatItsSnapshotHasAndReadersHaveNotSeen) {
  start();
  write("a");
  ASSERT_TRUE(durable(1).commit().ok());
  write("b");
  const std::string snapshot = durable(2).bytes;
  write("of no snapshot");
  ASSERT_TRUE(start_from(snapshot).ok());
  EXPECT_THAT(seen(), ElementsAre("a", "b"));
  EXPECT_THAT(waiting(), IsEmpty());
  ASSERT_TRUE(start_from(snapshot).ok());
  EXPECT_THAT(seen(), ElementsAre("a", "b")) << "the second start has nothing to do";
  write("c");
  ASSERT_TRUE(durable(3).commit().ok());
  EXPECT_THAT(seen(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(notices_.all(), IsEmpty());
}

TEST_F(OutboxTargetTest, NoTwoStartsLeaveTheSameMarker) {
  start();
  write("a");
  const harness::PendingPart first = durable(1);
  ASSERT_TRUE(first.commit().ok());
  const std::uint64_t of_first = kafka_.marker()->incarnation;
  write("b");
  ASSERT_TRUE(durable(2).commit().ok());
  EXPECT_EQ(kafka_.marker()->incarnation, of_first) << "of the same start";
  ASSERT_TRUE(start_from(first.bytes).ok());
  write("c");
  ASSERT_TRUE(durable(2).commit().ok());
  EXPECT_NE(kafka_.marker()->incarnation, of_first);
}

TEST_F(OutboxTargetTest, AStartFromBeforeWhatReadersHaveSeenSaysThatItComesAgain) {
  start();
  write("a");
  const std::string snapshot = durable(1).bytes;
  ASSERT_TRUE(start_from(snapshot).ok());
  write("b");
  ASSERT_TRUE(durable(2).commit().ok());
  ASSERT_TRUE(start_from(snapshot).ok());
  EXPECT_THAT(notices_.all().back().text, HasSubstr("those between come again"));
  write("b");
  ASSERT_TRUE(durable(2).commit().ok());
  EXPECT_THAT(seen(), ElementsAre("a", "b", "b"));
}

TEST_F(OutboxTargetTest, AnotherStartTakesOverAndTheFirstSendsNothingAnyMore) {
  start();
  write("a");
  const std::string snapshot = durable(1).bytes;
  const std::unique_ptr<ByteWriter> first = std::move(writer_);
  const std::shared_ptr<const ByteSink> first_sink = sink_;
  ASSERT_TRUE(start_from(snapshot).ok());
  ASSERT_TRUE(first->write("of a zombie").ok());
  harness::PendingPart late;
  SnapshotWriter out(late);
  first->capture(Epoch{2}, out);
  ASSERT_TRUE(late.ack().ok());
  EXPECT_FALSE(late.commit().ok());
  EXPECT_THAT(seen(), ElementsAre("a"));
}

TEST_F(OutboxTargetTest, ARecordThatIsRefusedStaysAndTheErrorSaysWhatToDo) {
  start();
  write("large");
  const harness::PendingPart first = durable(1);
  kafka_.refuse_records(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_THAT(first.commit().to_string(), HasSubstr("max.message.bytes of the topic"));
  kafka_.refuse_records(RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(durable(2).commit().ok());
  EXPECT_THAT(seen(), ElementsAre("large"));
}

TEST_F(OutboxTargetTest, OutputThatASnapshotCountsOnAndIsGoneIsNotPassedOver) {
  start();
  write("a");
  const std::string snapshot = durable(1).bytes;
  for (const std::string& name : waiting())
    ASSERT_TRUE(files_->remove(folder_ / "outbox/" + name).ok());
  EXPECT_EQ(start_from(snapshot).code(), StatusCode::kDataError);
  EXPECT_THAT(seen(), IsEmpty());
}

TEST_F(OutboxTargetTest, SinksOfSeveralClustersMayHaveOneEachWithoutSharingTransactions) {
  std::shared_ptr<EpochTransactions> transactions;
  start();
  EXPECT_TRUE(sink_->join(transactions).ok());
  EXPECT_EQ(transactions, nullptr);
  EXPECT_THAT(sink_->path(), EndsWith("/outbox/"));
}

TEST_F(OutboxTargetTest, WhatItNeedsIsSaid) {
  EXPECT_THAT(open(*make_sink(options_, kafka_.maker()), false).status().to_string(),
              HasSubstr("--checkpoint"));
  options_.delivery = Delivery::kAtLeastOnce;
  EXPECT_THAT(open(*make_sink(options_, kafka_.maker())).status().to_string(),
              HasSubstr("outbox is of delivery = exactly_once"));
}

}  // namespace
}  // namespace penstock::kafka::internal
