// core/base/protocol_trace.h -- the steps of the snapshot protocol, as they happen, for a simulator that checks them.
//
// Builds without PENSTOCK_CRASH_POINTS (see the CMake option), as what is shipped, have none of it.
// Threads    Only steps of the thread that has called trace_protocol() are told.
#pragma once

#include <cstdint>
#include <vector>

#include "penstock/core/base/ids.h"

namespace penstock {

enum class ProtocolStep : std::uint8_t {
  kStarted,       // A job opened its checkpoints. Epoch: what it goes on from; 0: nothing.
  kTaskAdded,     // From here on with the task that it is about.
  kRequested,     // An epoch is in flight.
  kPassed,        // A task has let the barrier through, or has ended and would.
  kCaptured,      // All of its part is with the coordinator.
  kAcknowledged,  // All of its part is on the disk.
  kComplete,      // The epoch is durable.
  kPublished,     // Output of the epoch goes to its readers.
  kTold,          // Tasks may now see that it is durable.
  kHeard,         // A task has seen it.
  kGivenUp,
  kCrashed,  // Of the whole job.
};

struct ProtocolEvent {
  ProtocolStep step = ProtocolStep::kStarted;
  Epoch epoch{};
  const void* task = nullptr;  // Equal for equal tasks of one run; null: it is about none.
};

// Appends to `events`, which outlives it, up to the next call; null: to nobody.
void trace_protocol(std::vector<ProtocolEvent>* events) noexcept;

namespace internal {
void tell_protocol(const ProtocolEvent& event) noexcept;
}  // namespace internal
}  // namespace penstock

#ifdef PENSTOCK_CRASH_POINTS
#define PENSTOCK_PROTOCOL(step, ...) \
  ::penstock::internal::tell_protocol({::penstock::ProtocolStep::step, __VA_ARGS__})
#else
#define PENSTOCK_PROTOCOL(step, ...) static_cast<void>(0)
#endif
