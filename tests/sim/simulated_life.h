// tests/sim/simulated_life.h -- a life of something on a simulated disk that may be cut short between two calls.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

#include "penstock/core/base/status.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock::sim {

inline constexpr std::uint64_t kForever = ~std::uint64_t{0};

// What a life throws: the machine stopped, or something failed that a job would begin again for.
struct Died {};
struct Failed {
  Status status;
};

// The call of `disk` that is so many away.
inline std::uint64_t call_in(const SimFileSystem& disk, std::uint64_t calls) {
  return calls == kForever ? kForever : disk.calls() + calls;
}

// Runs `life`, a thing with run(); from call `dies_at` of the disk on, if it comes to that, every call fails. False
// when it was cut short.
template <class Life>
bool live_until(SimFileSystem& disk, Life&& life, std::uint64_t dies_at) {
  if (dies_at != kForever) disk.fail_call(dies_at, EIO, SimFileSystem::Repeat::kForever);
  bool whole = true;
  try {
    life.run();
  } catch (const Died&) {
    whole = false;
  } catch (const Failed& failed) {
    ADD_FAILURE() << failed.status.to_string();
    whole = false;
  }
  disk.clear_faults();
  return whole;
}

}  // namespace penstock::sim
