#include "penstock/core/time/watermark_coalescer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace penstock {
namespace {

TEST(WatermarkCoalescer, IsTheLeastOfItsChannels) {
  WatermarkCoalescer coalescer(2);
  EXPECT_EQ(coalescer.on_watermark(0, {100}).watermark, std::nullopt)
      << "nothing known of channel 1";
  EXPECT_EQ(coalescer.held_by(), 1u);
  EXPECT_EQ(coalescer.on_watermark(1, {50}).watermark, EventTime{50});
  EXPECT_EQ(coalescer.on_watermark(1, {70}).watermark, EventTime{70});
  EXPECT_EQ(coalescer.on_watermark(1, {200}).watermark, EventTime{100});
  EXPECT_EQ(coalescer.held_by(), 0u);
}

TEST(WatermarkCoalescer, IgnoresAChannelThatFallsBack) {
  WatermarkCoalescer coalescer(1);
  EXPECT_EQ(coalescer.on_watermark(0, {100}).watermark, EventTime{100});
  EXPECT_EQ(coalescer.on_watermark(0, {40}).watermark, std::nullopt);
  EXPECT_EQ(coalescer.channel_watermark(0), EventTime{100});
}

TEST(WatermarkCoalescer, AnIdleChannelDoesNotHoldTheOthers) {
  WatermarkCoalescer coalescer(2);
  coalescer.on_watermark(0, {100});
  const auto update = coalescer.on_idle(1);
  EXPECT_EQ(update.watermark, EventTime{100});
  EXPECT_FALSE(update.became_idle);
  EXPECT_EQ(coalescer.held_by(), 0u);
}

// The all-idle rule: the result does not depend on which channel fell idle last.
TEST(WatermarkCoalescer, WhenAllFallIdleTheHighestGoesOutFirstWhoeverIsLast) {
  for (const std::size_t last : {0u, 1u}) {
    WatermarkCoalescer coalescer(2);
    coalescer.on_watermark(0, {100});
    coalescer.on_watermark(1, {50});
    std::vector<EventTime> seen;
    for (const std::size_t channel : {1 - last, last}) {
      const auto update = coalescer.on_idle(channel);
      if (update.watermark) seen.push_back(*update.watermark);
      EXPECT_EQ(update.became_idle, channel == last);
    }
    EXPECT_EQ(seen, std::vector<EventTime>{{100}});
    EXPECT_TRUE(coalescer.is_idle());
    EXPECT_EQ(coalescer.held_by(), std::nullopt);
  }
}

TEST(WatermarkCoalescer, AChannelThatWakesBehindDoesNotPullTimeBackButHoldsIt) {
  WatermarkCoalescer coalescer(2);
  coalescer.on_watermark(0, {100});
  coalescer.on_watermark(1, {50});
  coalescer.on_idle(0);
  coalescer.on_idle(1);
  coalescer.on_records(1);
  EXPECT_FALSE(coalescer.is_idle());
  EXPECT_EQ(coalescer.current(), EventTime{100});
  EXPECT_EQ(coalescer.held_by(), 1u);
  EXPECT_EQ(coalescer.on_watermark(0, {300}).watermark, std::nullopt) << "channel 1 stands at 50";
  EXPECT_EQ(coalescer.on_watermark(1, {150}).watermark, EventTime{150});
}

TEST(WatermarkCoalescer, SaysIdleAgainAfterEachTimeItWoke) {
  WatermarkCoalescer coalescer(1);
  EXPECT_TRUE(coalescer.on_idle(0).became_idle);
  EXPECT_FALSE(coalescer.on_idle(0).became_idle);
  coalescer.on_records(0);
  EXPECT_TRUE(coalescer.on_idle(0).became_idle);
}

TEST(WatermarkCoalescer, AChannelAtTheEndOfTimeHoldsNobody) {
  WatermarkCoalescer coalescer(2);
  coalescer.on_watermark(0, {10});
  EXPECT_EQ(coalescer.on_watermark(1, kMaxEventTime).watermark, EventTime{10});
  EXPECT_EQ(coalescer.on_watermark(0, {20}).watermark, EventTime{20});
  EXPECT_EQ(coalescer.held_by(), 0u);
  EXPECT_EQ(coalescer.on_watermark(0, kMaxEventTime).watermark, kMaxEventTime);
  EXPECT_FALSE(coalescer.is_idle()) << "ended is not idle";
}

TEST(WatermarkCoalescer, TheEndOfOneInputIsNotTheEndOfTimeForOneThatIsOnlyIdle) {
  for (const bool idle_first : {false, true}) {
    WatermarkCoalescer coalescer(2);
    coalescer.on_watermark(0, {10});
    if (idle_first) coalescer.on_idle(0);
    coalescer.on_watermark(1, kMaxEventTime);
    if (!idle_first) coalescer.on_idle(0);
    EXPECT_TRUE(coalescer.is_idle());
    EXPECT_EQ(coalescer.current(), EventTime{10});
    EXPECT_EQ(coalescer.on_watermark(0, {20}).watermark, EventTime{20}) << "it is not late";
  }
}

// The rules once more, as directly as they can be written, against random histories.
struct Model {
  enum class State { kActive, kIdle, kEnded };
  std::vector<State> states;
  std::vector<std::int64_t> times;
  std::int64_t current = kMinEventTime.micros;

  bool any(State state) const { return std::count(states.begin(), states.end(), state) > 0; }
  void settle() {
    std::int64_t least = kMaxEventTime.micros;
    std::int64_t highest_idle = kMinEventTime.micros;
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i] == State::kActive) least = std::min(least, times[i]);
      if (states[i] == State::kIdle) highest_idle = std::max(highest_idle, times[i]);
    }
    if (!any(State::kActive) && any(State::kIdle)) least = highest_idle;
    current = std::max(current, least);
  }
};

struct RandomHistory {
  std::mt19937_64 random;
  std::size_t channels = 1 + random() % 4;
  WatermarkCoalescer coalescer{channels};
  Model model{std::vector<Model::State>(channels, Model::State::kActive),
              std::vector<std::int64_t>(channels, kMinEventTime.micros)};
  EventTime emitted = kMinEventTime;

  // Watermarks of one channel rise, as they do on a ring.
  WatermarkCoalescer::Update rise(std::size_t channel) {
    std::int64_t& time = model.times[channel];
    time = std::max<std::int64_t>(time, 0) + static_cast<std::int64_t>(random() % 20);
    model.states[channel] = Model::State::kActive;
    return coalescer.on_watermark(channel, {time});
  }
  WatermarkCoalescer::Update end(std::size_t channel) {
    model.states[channel] = Model::State::kEnded;
    return coalescer.on_watermark(channel, kMaxEventTime);
  }
  WatermarkCoalescer::Update step(std::size_t channel) {
    const std::uint64_t dice = random() % 20;
    if (dice == 0) return end(channel);
    if (dice < 6) {
      model.states[channel] = Model::State::kIdle;
      return coalescer.on_idle(channel);
    }
    return rise(channel);
  }
};

TEST(WatermarkCoalescer, AgreesWithTheRulesOverRandomHistories) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    RandomHistory history{std::mt19937_64(seed)};
    for (int i = 0; i < 60; ++i) {
      const std::size_t channel = history.random() % history.channels;
      if (history.model.states[channel] == Model::State::kEnded) continue;
      const bool was_idle = history.coalescer.is_idle();
      const auto update = history.step(channel);
      history.model.settle();
      if (update.watermark) {
        ASSERT_GT(*update.watermark, history.emitted) << "seed " << seed;
        history.emitted = *update.watermark;
      }
      ASSERT_EQ(history.coalescer.current().micros, history.model.current) << "seed " << seed;
      ASSERT_EQ(history.emitted, history.coalescer.current()) << "seed " << seed;
      const bool idle =
          !history.model.any(Model::State::kActive) && history.model.any(Model::State::kIdle);
      ASSERT_EQ(history.coalescer.is_idle(), idle) << "seed " << seed;
      ASSERT_EQ(update.became_idle, idle && !was_idle) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace penstock
