#include "penstock/core/runtime/exchange_input.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace penstock {
namespace {

// A keyed chain as the input sees it: is shown blocks before it gets their records.
struct KeyedFront {
  std::vector<std::size_t> blocks;
  std::vector<std::size_t> positions;
  std::vector<std::uint64_t> hashes;

  void look_ahead(std::span<const Element<int>> block) noexcept { blocks.push_back(block.size()); }
  void on_element(std::uint64_t hash, std::size_t position, const Record<int>&, int) noexcept {
    hashes.push_back(hash);
    positions.push_back(position);
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
  InputKit() : channels({1, 1, ExchangeKind::kForward, 64}), input(wiring()) {}
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

TEST(ExchangeInput, ShowsAKeyedChainBlocksAndThenTheirRecordsByPosition) {
  InputKit kit;
  kit.send(20);
  KeyedChain chain;
  const Turn turn = kit.input.poll({}, 64, chain, kit.credit, kit.failure);
  EXPECT_EQ(turn.records, 20u);
  EXPECT_EQ(chain.keyed.blocks, (std::vector<std::size_t>{16, 4}));
  EXPECT_EQ(chain.keyed.positions[15], 15u);
  EXPECT_EQ(chain.keyed.positions[16], 0u) << "positions count within the block";
  EXPECT_EQ(chain.keyed.hashes[19], 19u << 8);
}

TEST(ExchangeInput, StopsBetweenRecordsWhenTheCreditIsUsedUpAndGoesOnThere) {
  InputKit kit;
  kit.send(10);
  kit.credit.left = 3;
  PlainChain chain{.seen = {}, .credit = &kit.credit, .failure = &kit.failure, .stateless = {}};
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit, kit.failure).records, 3u);
  EXPECT_EQ(kit.input.queued(), 7u);
  kit.credit.left = 100;
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit, kit.failure).records, 7u);
  EXPECT_EQ(chain.seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(ExchangeInput, StopsBehindTheRecordThatFailedTheTask) {
  InputKit kit;
  kit.send(10);
  PlainChain chain{
      .seen = {}, .credit = &kit.credit, .failure = &kit.failure, .fails_at = 4, .stateless = {}};
  EXPECT_EQ(kit.input.poll({}, 64, chain, kit.credit, kit.failure).records, 5u);
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
