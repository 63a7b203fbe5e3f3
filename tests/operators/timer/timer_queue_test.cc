#include "penstock/operators/timer/timer_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

namespace penstock {
namespace {

using Queue = TimerQueue<std::uint32_t>;
using Order = std::tuple<std::int64_t, std::uint64_t, std::uint32_t>;

// The first live timer, popped.
Order pop_live(Queue& queue) {
  for (;;) {
    const std::int64_t time = queue.front_time();
    Queue::Item item{};
    const bool live = queue.pop(item);
    EXPECT_EQ(item.time, time);
    if (live) return {item.time, item.hash, item.key};
  }
}

TEST(TimerQueue, GivesOutWhatIsLeftInOrderAgreeingWithAMap) {
  std::mt19937 random(7);
  Queue queue;
  ASSERT_TRUE(queue.open());
  std::map<Order, std::uint32_t> model;  // With their tickets.
  for (int i = 0; i < 60'000; ++i) {
    // Waves: it fills up and empties again.
    const unsigned long pushes = (i / 10'000) % 2 == 0 ? 60 : 30;
    const auto dice = random() % 100;
    if (dice < pushes) {
      const std::int64_t time = static_cast<std::int64_t>(random() % 1000) - 500;
      const std::uint64_t hash = random() % 50 << 40;
      const auto key = static_cast<std::uint32_t>(i);
      const std::uint32_t ticket = queue.push(time, hash, key);
      ASSERT_NE(ticket, 0u);
      model.emplace(Order{time, hash, key}, ticket);
    } else if (dice < 80 && !model.empty()) {
      auto at = model.lower_bound(Order{static_cast<std::int64_t>(random() % 1000) - 500, 0, 0});
      if (at == model.end()) at = model.begin();
      queue.cancel(at->second);
      model.erase(at);
    } else if (dice < 90 && !model.empty()) {
      const Order seen = pop_live(queue);
      ASSERT_EQ(std::get<0>(seen), std::get<0>(model.begin()->first));
      ASSERT_EQ(std::get<1>(seen), std::get<1>(model.begin()->first));
      ASSERT_EQ(model.erase(seen), 1u);
    } else if (dice < 95) {
      queue.look_ahead(static_cast<std::int64_t>(random() % 1000) - 500);
    } else {
      queue.maintain(random() % 60);
    }
    ASSERT_EQ(queue.size() - queue.dead(), model.size());
  }
  while (!model.empty()) {
    const Order seen = pop_live(queue);
    ASSERT_EQ(std::get<0>(seen), std::get<0>(model.begin()->first));
    ASSERT_EQ(model.erase(seen), 1u);
  }
}

TEST(TimerQueue, StaysSmallWhenTimersAreErasedAndSetAnew) {
  Queue queue;
  ASSERT_TRUE(queue.open());
  std::uint32_t ticket = queue.push(0, 0, 0);
  for (std::int64_t time = 1; time < 200'000; ++time) {
    queue.cancel(ticket);
    ticket = queue.push(time, 0, 0);
    queue.maintain(4);
  }
  EXPECT_LT(queue.size(), 5000u);
  EXPECT_EQ(std::get<0>(pop_live(queue)), 199'999);
}

TEST(TimerQueue, SweepsInStepsOfItsBudget) {
  Queue queue;
  ASSERT_TRUE(queue.open());
  for (std::int64_t time = 0; time < 10'000; ++time) {
    const std::uint32_t ticket = queue.push(time, 0, 0);
    if (time != 5'000) queue.cancel(ticket);
  }
  queue.maintain(100);
  EXPECT_GE(queue.size(), 9'900u);
  for (int i = 0; i < 300; ++i) queue.maintain(100);
  EXPECT_LT(queue.size(), 2'100u);
  EXPECT_EQ(std::get<0>(pop_live(queue)), 5'000);
}

}  // namespace
}  // namespace penstock
