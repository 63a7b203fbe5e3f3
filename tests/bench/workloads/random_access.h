// tests/bench/workloads/random_access.h -- a generator that goes on by a step, held against random access.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

namespace penstock::bench {

// `event_at(n)`: the event of number n.
template <class Generator, class EventAt, class Equal>
void expect_random_access_agrees(std::uint64_t step, EventAt event_at, Equal equal) {
  Generator generator(step - 1, step);
  for (std::uint64_t n = step - 1; n < 20'000; n += step) {
    ASSERT_EQ(generator.next_number(), n);
    ASSERT_TRUE(equal(generator.next(), event_at(n))) << n << " by " << step;
  }
}

}  // namespace penstock::bench
