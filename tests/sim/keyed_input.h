// tests/sim/keyed_input.h -- the events of a simulated keyed job, and how they are dealt out to its sources.
//
// Content    Which events there are, by one seed: what the job has to answer for.
// Dealing    Which task of which source sends each of them, in which order inside the bound of disorder, and when it
//            pauses, by another seed: the answer must not depend on it.
// Times      Multiples of kTick. A session gap that is none can be met exactly by no two of them, which would make
//            the answer depend on whether a watermark comes before a record of equal time.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/core/stream/record.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/source.h"

namespace penstock::sim {

struct SimEvent {
  std::uint32_t source = 0;  // The task that sends it, counted over all sources.
  std::uint32_t key = 0;
  std::uint64_t id = 0;
  std::int64_t value = 0;
  std::int64_t time = 0;
  friend auto operator<=>(const SimEvent&, const SimEvent&) = default;
};
using SimEvents = std::vector<SimEvent>;

inline constexpr std::int64_t kTick = 64;
inline constexpr std::uint32_t kSourceTasksMax = 9;

struct Content {
  SimEvents events;  // In order of time; `source` is not known yet.
  std::int64_t disorder = 0;
};
Content make_content(std::uint64_t seed);

// How a source behaves besides sending what it has.
enum class Pausing : std::uint8_t {
  kNever,
  kNowAndThen,     // Waits where it stands; never idle, so that all others wait for it.
  kIdle,           // The same, and falls idle: what it sends then may be late.
  kIdleUntilLast,  // Idle from the start; what it sends then lies behind what all others send.
};

struct SourcePart {
  std::vector<SimEvents> tasks;  // In the order in which each task sends.
  Pausing pausing = Pausing::kNever;
};
struct Dealing {
  std::vector<SourcePart> sources;
  bool may_be_late = false;
};
Dealing deal(const Content& content, std::uint64_t seed, bool may_be_late);

// Sends the events of its task.
class ListSource {
 public:
  using Value = SimEvent;
  explicit ListSource(SourcePart part)
      : part_(std::make_shared<const SourcePart>(std::move(part))) {}

  Status open(const SourceContext& context);
  PollResult poll(std::size_t max, Instant now, auto& emit) {
    PollResult result;
    if (resumes_at_ == Instant{}) begin(now);
    if (now < resumes_at_) return {0, SourceState::kWaiting, resumes_at_};
    while (result.records < max && next_ < events_->size() && !emit.full()) {
      emit(Record<SimEvent>{(*events_)[next_++], EventTime{}});
      ++result.records;
      if (!pauses_here(now)) continue;
      break;
    }
    if (next_ == events_->size()) result.state = SourceState::kEnded;
    return result;
  }
  void capture(Epoch, SnapshotWriter& out) noexcept;
  Status restore(const SnapshotItem& item);

 private:
  void begin(Instant now);
  bool pauses_here(Instant now);

  std::shared_ptr<const SourcePart> part_;
  const SimEvents* events_ = nullptr;
  std::uint32_t task_ = 0;
  std::uint64_t next_ = 0;
  Instant resumes_at_{};
};

inline constexpr std::chrono::milliseconds kIdleAfter{1};

}  // namespace penstock::sim
