#include "penstock/io/encode/encoded_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/core/base/clock.h"
#include "penstock/io/encode/message_encoder.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/io/keeping_sink.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;

struct Digits {
  void encode(const int& value, std::string& out) const { out += std::to_string(value); }
};

class EncodedSinkTest : public ::testing::Test {
 protected:
  EncodedSinkTest() {
    context_.clock = &clock_;
    context_.failure = &failure_;
    context_.counters = &counters_;
  }

  test::Kept kept_;
  VirtualClock clock_;
  TaskFailure failure_;
  TaskCounters counters_;
  TaskContext context_;
  int end_ = 0;
};

TEST_F(EncodedSinkTest, AnEncoderOfBytesWritesBytes) {
  EncodedSink<int, Digits> sink(std::make_shared<test::KeepingSink>(kept_), Digits());
  ASSERT_TRUE(sink.open(context_).ok());
  EXPECT_EQ(kept_.clock, &clock_);
  EXPECT_EQ(kept_.counters, &counters_);
  sink.on_record(Record<int>{12, {}}, end_);
  sink.on_record(Record<int>{3, {}}, end_);
  EXPECT_THAT(kept_.plain, ElementsAre("12", "3"));
  EXPECT_TRUE(kept_.messages.empty());
}

TEST_F(EncodedSinkTest, AnEncoderOfMessagesWritesMessages) {
  auto encoder = message(Digits()).key([](int value) { return value * 2; });
  EncodedSink<int, decltype(encoder)> sink(std::make_shared<test::KeepingSink>(kept_), encoder);
  ASSERT_TRUE(sink.open(context_).ok());
  sink.on_record(Record<int>{12, {}}, end_);
  sink.on_record(Record<int>{3, {}}, end_);
  ASSERT_EQ(kept_.messages.size(), 2u);
  EXPECT_EQ(kept_.messages[0].key, "24");
  EXPECT_EQ(kept_.messages[0].bytes, "12");
  EXPECT_EQ(kept_.messages[1].key, "6");
  EXPECT_EQ(kept_.messages[1].bytes, "3");
  EXPECT_TRUE(kept_.plain.empty());
}

TEST_F(EncodedSinkTest, FlushesAfterRecordsAndWhenTheWriterAsks) {
  EncodedSink<int, Digits> sink(std::make_shared<test::KeepingSink>(kept_), Digits());
  ASSERT_TRUE(sink.open(context_).ok());
  sink.end_batch(Instant{1}, end_);
  EXPECT_EQ(kept_.flushes, 0);
  sink.on_record(Record<int>{1, {}}, end_);
  sink.end_batch(Instant{2}, end_);
  EXPECT_EQ(kept_.flushes, 1);
  kept_.wake_at = Instant{10};
  sink.end_batch(Instant{9}, end_);
  EXPECT_EQ(kept_.flushes, 1);
  sink.end_batch(Instant{10}, end_);
  EXPECT_EQ(kept_.flushes, 2);
  kept_.ready = false;
  EXPECT_FALSE(sink.ready());
  EXPECT_EQ(sink.wake_at(), Instant{10});
}

TEST_F(EncodedSinkTest, PassesOnTheHooksOfSnapshotsBehindAFlush) {
  EncodedSink<int, Digits> sink(std::make_shared<test::KeepingSink>(kept_), Digits());
  context_.takes_snapshots = true;
  ASSERT_TRUE(sink.open(context_).ok());
  EXPECT_TRUE(kept_.takes_snapshots);
  ASSERT_TRUE(sink.restore({"0", "kept", 1, "5", 0, 1}).ok());
  ASSERT_TRUE(sink.restored().ok());
  EXPECT_EQ(sink.restore({"0", "kept", 1, "bad", 0, 1}).message(), "kept: it is bad");
  sink.on_record(Record<int>{1, {}}, end_);
  harness::KeptPart part;
  SnapshotWriter out(part);
  sink.capture(Epoch{3}, out);
  EXPECT_EQ(kept_.flushes, 1);
  kept_.captured = false;
  EXPECT_FALSE(sink.captured());
  sink.cancel_capture();
  sink.committed(Epoch{4});
  EXPECT_THAT(kept_.hooks, ElementsAre("restore 5", "restored", "restore bad", "capture 3",
                                       "cancel", "committed 4"));
}

}  // namespace
}  // namespace penstock
