// Keyed state whose types have changed since it was captured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/random.h"
#include "penstock/state/keyed_state.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock {
namespace {

using harness::KeptPart;
using harness::visit_items;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t kKeys = 50;
constexpr Ttl kDay{.after = std::chrono::hours(24), .time = TimeDomain::kEventTime};

struct Total {
  std::int32_t count = 0;
  float sum = 0;
  std::int16_t unused = 1;
};
constexpr auto penstock_state_fields(Tag<Total>) {
  return state_fields(state_field("count", &Total::count), state_field("sum", &Total::sum),
                      state_field("unused", &Total::unused));
}

struct WideTotal {
  double limit = 12.5;
  double sum = 0;
  std::int64_t count = 0;
};
constexpr auto penstock_state_fields(Tag<WideTotal>) {
  return state_fields(state_field("count", &WideTotal::count), state_field("sum", &WideTotal::sum),
                      state_field("limit", &WideTotal::limit));
}

struct NarrowTotal {
  std::int16_t count = 0;
};
constexpr auto penstock_state_fields(Tag<NarrowTotal>) {
  return state_fields(state_field("count", &NarrowTotal::count));
}

struct Forgetful {
  std::int64_t named = 0;
  std::int64_t forgotten = 0;
};
constexpr auto penstock_state_fields(Tag<Forgetful>) {
  return state_fields(state_field("named", &Forgetful::named));
}

class HeardNotices final : public Notices {
 public:
  void post(const Notice& notice) noexcept override {
    texts.push_back(notice.place + ": " + notice.text);
  }
  std::vector<std::string> texts;
};

// A store with a state of each kind, each of which keeps T.
template <class T>
struct Kit {
  KeyedStateStore store{"stage \"totals\""};
  ValueState<T> value = store.value_state<T>("value").value();
  ExpiringValue<T> expiring = store.value_state<T>("expiring", kDay).value();
  MapState<std::uint32_t, T> map = store.map_state<std::uint32_t, T>("map").value();
  ExpiringMap<std::uint32_t, T> expiring_map =
      store.map_state<std::uint32_t, T>("expiring map", kDay).value();

  Kit() { EXPECT_TRUE(store.template seal<std::uint32_t>({}).ok()); }
  std::uint32_t current = 0;  // Outlives what is done to it.

  void set_key(std::uint32_t key, std::int64_t used = 0) {
    current = key;
    store.set_event_time({0}, {used});
    store.set_current_key(key_hash(current), current);
  }
};

Status restore(KeyedStateStore& store, const std::vector<const KeptPart*>& parts) {
  PENSTOCK_RETURN_IF_ERROR(
      visit_items(parts, [&](const SnapshotItem& item) { return store.restore(item); }));
  return store.restored();
}
Status restore(KeyedStateStore& store, const KeptPart& part) {
  return restore(store, std::vector{&part});
}

KeptPart capture(KeyedStateStore& store) {
  KeptPart part;
  SnapshotWriter out(part);
  store.capture({1}, out);
  while (store.capture_more(100, out)) {
  }
  out.flush();
  return part;
}

Total total_of(std::uint32_t key, int kind) {
  return {static_cast<std::int32_t>(key) - 20, static_cast<float>(kind) + 0.5F, 1};
}

KeptPart totals() {
  Kit<Total> kit;
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    kit.set_key(key, key);
    kit.value.set(total_of(key, 0));
    kit.expiring.set(total_of(key, 1));
    kit.map.put(key % 3, total_of(key, 2));
    kit.expiring_map.put(key % 5, total_of(key, 3));
  }
  return capture(kit.store);
}

TEST(StateEvolution, ValuesOfEveryKindOfStateComeOver) {
  const KeptPart part = totals();
  Kit<WideTotal> kit;
  const Status status = restore(kit.store, part);
  ASSERT_TRUE(status.ok()) << status.to_string();
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    kit.set_key(key);
    const WideTotal* all[] = {kit.value.get(), kit.expiring.get(), kit.map.get(key % 3),
                              kit.expiring_map.get(key % 5)};
    for (int kind = 0; kind < 4; ++kind) {
      ASSERT_NE(all[kind], nullptr) << key << " " << kind;
      EXPECT_EQ(all[kind]->count, static_cast<std::int64_t>(key) - 20);
      EXPECT_EQ(all[kind]->sum, kind + 0.5);
      EXPECT_EQ(all[kind]->limit, 12.5);
    }
  }
  // A day behind its last use.
  const std::uint32_t first = 0;
  kit.store.set_event_time({86'400'000'010}, {0});
  kit.store.set_current_key(key_hash(first), first);
  EXPECT_EQ(kit.expiring.get(), nullptr);
  const std::uint32_t later = 20;
  kit.store.set_current_key(key_hash(later), later);
  EXPECT_NE(kit.expiring.get(), nullptr);
}

// Whatever is done to its bytes, it is refused or restored, and never more than that.
TEST(StateEvolution, ChangedBytesAreRefusedOrRestored) {
  const KeptPart part = totals();
  Random random(9);
  std::uint64_t refused = 0;
  for (std::uint64_t i = 0; i < rounds(2000); ++i) {
    KeptPart changed;
    changed.chunks = part.chunks;
    std::string& chunk = changed.chunks[0];
    // Mostly in the schema, which comes first.
    const std::uint64_t within = random.below(3) == 0 ? chunk.size() : 700;
    chunk[random.below(within)] = static_cast<char>(random.below(256));
    Kit<WideTotal> kit;
    if (!restore(kit.store, changed).ok()) {
      ++refused;
      continue;
    }
    for (std::uint32_t key = 0; key < kKeys; ++key) {
      kit.set_key(key);
      kit.map.for_each([](std::uint32_t, const WideTotal&) {});
    }
  }
  EXPECT_GT(refused, rounds(400));
}

TEST(StateEvolution, IsToldOnceForEachState) {
  Kit<WideTotal> kit;
  Kit<Total> other_task;
  const KeptPart parts[] = {totals(), capture(other_task.store)};
  ASSERT_TRUE(restore(kit.store, {&parts[0], &parts[1]}).ok());
  HeardNotices notices;
  kit.store.tell_changes(notices);
  ASSERT_EQ(notices.texts.size(), 4u);
  EXPECT_EQ(notices.texts[0],
            "stage \"totals\": state 'value' goes on with another type: new 'limit' (double); gone "
            "'unused' (int16); wider 'count' (int32 to int64), 'sum' (float to double)");
}

TEST(StateEvolution, ANarrowerFieldIsRefusedWithOperatorStateFieldAndBothTypes) {
  KeyedStateStore store("stage \"totals\"");
  ASSERT_TRUE(store.value_state<NarrowTotal>("value").ok());
  ASSERT_TRUE(store.seal<std::uint32_t>({.may_drop = {"*"}}).ok());
  const Status status = restore(store, totals());
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(
      status.message(),
      "stage \"totals\": state 'value' has the field 'count' as int32 in the checkpoint and now "
      "as int16, which does not hold all its values: give the field its old type back, or "
      "another name, which drops its values");
}

TEST(StateEvolution, TheTypeOfAKeyAndOfAMapKeyCannotChange) {
  Kit<Total> before;
  before.set_key(1);
  before.map.put(1, {});
  const KeptPart part = capture(before.store);
  KeyedStateStore other_key("stage \"totals\"");
  ASSERT_TRUE(other_key.seal<std::int32_t>({.may_drop = {"*"}}).ok());
  EXPECT_THAT(std::string(restore(other_key, part).message()),
              AllOf(HasSubstr("keys of type uint32"), HasSubstr("keys of type int32")));
  KeyedStateStore other_map("stage \"totals\"");
  ASSERT_TRUE((other_map.map_state<std::int32_t, Total>("map").ok()));
  ASSERT_TRUE(other_map.seal<std::uint32_t>({.may_drop = {"*"}}).ok());
  EXPECT_THAT(std::string(restore(other_map, part).message()),
              AllOf(HasSubstr("state 'map' has map keys of type uint32"), HasSubstr("int32")));
}

TEST(StateEvolution, ATypeThatLeavesAMemberOutIsRefusedAtOnce) {
  KeyedStateStore store("stage \"totals\"");
  const Status status = store.value_state<Forgetful>("value").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("stage \"totals\""), HasSubstr("state 'value'")));
}

}  // namespace
}  // namespace penstock
