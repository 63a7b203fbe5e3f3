#include "penstock/core/runtime/exchange_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace penstock {
namespace {

// A keyed chain as the input sees it: takes whole runs, as far as there is credit.
struct KeyedFront {
  std::vector<std::size_t> runs;
  std::vector<std::uint64_t> hashes;

  std::size_t on_run(std::span<const Element<int>> run, const Credit& credit, int) noexcept {
    const std::size_t taken = std::min(run.size(), static_cast<std::size_t>(credit.left));
    runs.push_back(taken);
    for (const Element<int>& element : run.first(taken))
      hashes.push_back(element.header.key_hash());
    return taken;
  }
};
struct KeyedChain {
  KeyedFront keyed;
  KeyedFront& front() noexcept { return keyed; }
  int after_front() noexcept { return 0; }
  void collect(const Record<int>&) noexcept { FAIL() << "keyed records go through the front"; }
};

// A plain chain, which can use credit up and fail.
struct PlainChain {
  struct Stateless {};
  std::vector<int> seen;
  Credit* credit = nullptr;
  TaskFailure* failure = nullptr;
  int fails_at = -1;

  Stateless& front() noexcept { return stateless; }
  void collect(const Record<int>& record) noexcept {
    seen.push_back(record.value);
    --credit->left;
    if (record.value == fails_at) failure->set(Status::data_error("broken"));
  }
  Stateless stateless;
};

struct InputKit {
  InputKit() : channels({1, 1, ExchangeKind::kForward, 64}), input(wiring()) {
    failure.takes(credit);
  }
  StageWiring wiring() {
    StageWiring result;
    result.inputs.push_back({&channels, 1});
    return result;
  }
  void send(int count) {
    for (int value = 0; value < count; ++value) {
      const auto hash = static_cast<std::uint64_t>(value) << 8;
      ASSERT_TRUE(channels.channel(0, 0)->ring.stage({ElementHeader::data({value}, hash), value}));
    }
    channels.channel(0, 0)->ring.publish();
  }

  TypedChannelSet<int> channels;
  ExchangeInput<int> input;
  Credit credit{1000};
  TaskFailure failure;
};

TEST(ExchangeInput, GivesAKeyedChainWholeRunsAndKeepsWhatItDidNotTake) {
  InputKit kit;
  kit.send(20);
  kit.credit.left = 17;
  KeyedChain chain;
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit).records, 17u);
  EXPECT_EQ(kit.input.queued(), 3u);
  kit.credit.left = 100;
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit).records, 3u);
  EXPECT_EQ(chain.keyed.runs, (std::vector<std::size_t>{17, 3}));
  EXPECT_EQ(chain.keyed.hashes[19], 19u << 8);
}

TEST(ExchangeInput, StopsBetweenRecordsWhenTheCreditIsUsedUpAndGoesOnThere) {
  InputKit kit;
  kit.send(10);
  kit.credit.left = 3;
  PlainChain chain{.seen = {}, .credit = &kit.credit, .failure = &kit.failure, .stateless = {}};
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit).records, 3u);
  EXPECT_EQ(kit.input.queued(), 7u);
  kit.credit.left = 100;
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit).records, 7u);
  EXPECT_EQ(chain.seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(ExchangeInput, StopsBehindTheRecordThatFailedTheTask) {
  InputKit kit;
  kit.send(10);
  PlainChain chain{
      .seen = {}, .credit = &kit.credit, .failure = &kit.failure, .fails_at = 4, .stateless = {}};
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit).records, 5u);
}

TEST(ExchangeInput, ReadsOnlyTheRingsThatLeadToItsTask) {
  TypedChannelSet<int> forward({2, 2, ExchangeKind::kForward, 8});
  TypedChannelSet<int> spread({3, 2, ExchangeKind::kRebalance, 8});
  StageWiring wiring;
  wiring.task_index = 1;
  wiring.inputs = {{&forward, 2}, {&spread, 3}};
  const ExchangeInput<int> input(wiring);
  EXPECT_EQ(input.channels(), 1u + 3u);
  EXPECT_EQ(input.capacity(), 32u);
}

}  // namespace
}  // namespace penstock
