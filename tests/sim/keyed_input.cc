#include "penstock/tests/sim/keyed_input.h"

#include <algorithm>
#include <cstring>

#include "penstock/core/base/hash.h"

namespace penstock::sim {
namespace {

constexpr std::chrono::milliseconds kPause{3};
constexpr std::size_t kPauseEvery = 37;

// Any order in which no event comes behind one that is later by more than the bound.
void permute(SimEvents& events, std::int64_t disorder, Random& random) {
  std::vector<std::pair<std::int64_t, SimEvent>> order;
  for (const SimEvent& event : events)
    order.emplace_back(event.time + random.between(0, disorder), event);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < events.size(); ++i) events[i] = order[i].second;
}

// Which of `tasks` gets event `index` of `count`.
enum class DealtBy : std::uint8_t { kChance, kKey, kTime };
std::size_t task_of(DealtBy by, const SimEvent& event, std::size_t index, std::size_t count,
                    std::size_t tasks, Random& random) {
  switch (by) {
    case DealtBy::kKey:
      return event.key % tasks;
    case DealtBy::kTime:
      return index * tasks / count;
    case DealtBy::kChance:
      break;
  }
  return random.below(tasks);
}

}  // namespace

Content make_content(std::uint64_t seed) {
  Random random(hash_bits(seed + 17));
  Content content;
  content.disorder = random.chance(0.3) ? 0 : kTick * random.between(1, 30);
  const std::uint64_t keys = 1 + random.below(random.chance(0.3) ? 60 : 9);
  const std::int64_t rise = random.between(1, 4);
  const std::uint64_t count = random.below(450);
  std::int64_t now = random.between(-40, 40);
  for (std::uint64_t id = 0; id < count; ++id) {
    now += random.between(0, rise) * (random.chance(0.02) ? 80 : 1);
    content.events.push_back({0, static_cast<std::uint32_t>(random.below(keys)), id,
                              random.between(1, 1000), now * kTick});
  }
  return content;
}

Dealing deal(const Content& content, std::uint64_t seed, bool may_be_late) {
  Random random(hash_bits(seed + 99));
  Dealing dealing;
  dealing.may_be_late = may_be_late;
  dealing.sources.resize(1 + random.below(3));
  for (SourcePart& part : dealing.sources) {
    part.tasks.resize(1 + random.below(3));
    if (random.chance(0.3)) part.pausing = Pausing::kNowAndThen;
  }
  auto by = static_cast<DealtBy>(random.below(3));
  if (may_be_late) {
    dealing.sources[0].pausing = Pausing::kIdle;
  } else if (random.chance(0.4)) {
    by = DealtBy::kTime;
    dealing.sources.back() = {{1, SimEvents()}, Pausing::kIdleUntilLast};
  }
  std::vector<SimEvents*> tasks;
  for (SourcePart& part : dealing.sources) {
    for (SimEvents& task : part.tasks) tasks.push_back(&task);
  }
  for (std::size_t i = 0; i < content.events.size(); ++i) {
    const SimEvent& event = content.events[i];
    const std::size_t task = task_of(by, event, i, content.events.size(), tasks.size(), random);
    tasks[task]->push_back(event);
    tasks[task]->back().source = static_cast<std::uint32_t>(task);
  }
  for (SimEvents* task : tasks) permute(*task, content.disorder, random);
  return dealing;
}

Status ListSource::open(const SourceContext& context) {
  task_ = context.task_index;
  events_ = &part_->tasks[task_];
  return Status();
}

void ListSource::capture(Epoch, SnapshotWriter& out) noexcept {
  out.section("position", 1);
  std::memcpy(out.add_room(sizeof(next_)), &next_, sizeof(next_));
}

Status ListSource::restore(const SnapshotItem& item) {
  if (item.task_index == task_) std::memcpy(&next_, item.bytes.data(), sizeof(next_));
  return Status();
}

void ListSource::begin(Instant now) {
  resumes_at_ = now;
  if (part_->pausing == Pausing::kIdleUntilLast) resumes_at_ = now + kPause * 2;
}

bool ListSource::pauses_here(Instant now) {
  const bool pauses = part_->pausing == Pausing::kNowAndThen || part_->pausing == Pausing::kIdle;
  if (!pauses || next_ % kPauseEvery != 0) return false;
  resumes_at_ = now + kPause;
  return true;
}

}  // namespace penstock::sim
