#include "penstock/core/checkpoint/barrier_aligner.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace penstock {
namespace {

TEST(BarrierAligner, OneChannelIsCompleteAtOnce) {
  BarrierAligner aligner(1);
  EXPECT_EQ(aligner.on_barrier(0, {1}), Epoch{1});
  aligner.release();
  EXPECT_FALSE(aligner.aligning());
  EXPECT_EQ(aligner.on_barrier(0, {5}), Epoch{5}) << "epochs may be skipped";
}

TEST(BarrierAligner, BlocksWhoDeliveredUntilAllHave) {
  BarrierAligner aligner(3);
  EXPECT_EQ(aligner.on_barrier(1, {1}), std::nullopt);
  EXPECT_TRUE(aligner.is_blocked(1));
  EXPECT_FALSE(aligner.is_blocked(0));
  EXPECT_TRUE(aligner.aligning());
  EXPECT_EQ(aligner.on_barrier(0, {1}), std::nullopt);
  EXPECT_EQ(aligner.on_barrier(2, {1}), Epoch{1});
  aligner.release();
  for (std::size_t channel = 0; channel < 3; ++channel) EXPECT_FALSE(aligner.is_blocked(channel));
}

TEST(BarrierAligner, AnEndedChannelCountsAsAligned) {
  BarrierAligner aligner(2);
  EXPECT_EQ(aligner.on_end(0), std::nullopt) << "nothing is being aligned";
  EXPECT_EQ(aligner.on_barrier(1, {1}), Epoch{1});
}

TEST(BarrierAligner, AnEndCompletesTheAlignmentThatWaitedForIt) {
  BarrierAligner aligner(2);
  EXPECT_EQ(aligner.on_barrier(1, {1}), std::nullopt);
  EXPECT_EQ(aligner.on_end(0), Epoch{1});
}

TEST(BarrierAligner, ALaterEpochCancelsTheOneBeingAligned) {
  BarrierAligner aligner(2);
  EXPECT_EQ(aligner.on_barrier(0, {1}), std::nullopt);
  EXPECT_EQ(aligner.on_barrier(1, {2}), std::nullopt);
  EXPECT_FALSE(aligner.is_blocked(0)) << "its barrier of epoch 2 is still to come";
  EXPECT_TRUE(aligner.is_blocked(1));
  EXPECT_EQ(aligner.on_barrier(0, {2}), Epoch{2});
}

TEST(BarrierAligner, DropsTheBarrierOfAnEarlierEpochAndOneThatIsComplete) {
  BarrierAligner aligner(2);
  EXPECT_EQ(aligner.on_barrier(0, {2}), std::nullopt);
  EXPECT_EQ(aligner.on_barrier(1, {1}), std::nullopt);
  EXPECT_FALSE(aligner.is_blocked(1));
  EXPECT_EQ(aligner.on_barrier(1, {2}), Epoch{2});
  aligner.release();
  EXPECT_EQ(aligner.on_barrier(0, {2}), std::nullopt);
  EXPECT_FALSE(aligner.is_blocked(0));
}

// Channels deliver rising epochs, each perhaps skipping some, and end. The aligner must complete exactly the epochs
// that every channel delivered or had ended before, each when the last of them comes, in order.
class RandomChannels {
 public:
  explicit RandomChannels(std::uint64_t seed)
      : random_(seed),
        newest_(1 + random_() % 4),
        ended_(newest_.size()),
        aligner_(newest_.size()) {}

  void step() {
    const std::size_t channel = random_() % newest_.size();
    if (ended_[channel] || aligner_.is_blocked(channel)) return;
    std::optional<Epoch> complete;
    if (random_() % 30 == 0) {
      ended_[channel] = true;
      complete = aligner_.on_end(channel);
    } else {
      newest_[channel] += 1 + (random_() % 4 == 0 ? 1 : 0);
      complete = aligner_.on_barrier(channel, {newest_[channel]});
    }
    check(complete);
  }

 private:
  void check(std::optional<Epoch> complete) {
    std::uint64_t highest = 0;
    for (const std::uint64_t epoch : newest_) highest = std::max(highest, epoch);
    bool all = highest > completed_;
    for (std::size_t i = 0; i < newest_.size(); ++i)
      all = all && (ended_[i] || newest_[i] == highest);
    ASSERT_EQ(complete.has_value(), all);
    if (!complete) return;
    ASSERT_EQ(complete->value, highest);
    completed_ = highest;
    aligner_.release();
  }

  std::mt19937_64 random_;
  std::vector<std::uint64_t> newest_;
  std::vector<bool> ended_;
  BarrierAligner aligner_;
  std::uint64_t completed_ = 0;
};

TEST(BarrierAligner, CompletesExactlyWhatEveryChannelDelivered) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    RandomChannels channels(seed);
    for (int i = 0; i < 200; ++i) channels.step();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace penstock
