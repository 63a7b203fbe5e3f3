// bench/harness/machine.h -- where a figure was measured, and what disturbed it: printed with every result.
//
// Errors     What cannot be read is empty, 0 or "unknown"; a benchmark runs all the same.
#pragma once

#include <cstdint>
#include <string>

namespace penstock {
class FileSystem;
}

namespace penstock::bench {

struct Machine {
  std::string cpu_model;
  unsigned cpus = 0;     // That this process may use.
  unsigned cores = 0;    // The physical ones among them.
  std::string governor;  // Of the frequency of the first CPU.
  std::string kernel;
  double load_average = 0;  // Of the last minute.
  std::string compiler;
  std::string flags;  // That this binary was built with.
  std::string commit;
};

Machine read_machine();
// "machine cpu=\"AMD EPYC\" cpus=2 cores=2 governor=unknown load=0.10 kernel=6.1.0 compiler=... flags=... commit=..."
std::string format_machine(const Machine& machine);

// Counters that only grow: take one before and one after a run.
struct Noise {
  std::uint64_t steal_ticks = 0;  // Of all CPUs: another guest of the host ran instead of us.
  std::uint64_t all_ticks = 0;
  std::uint64_t switches_voluntary = 0;  // Of the calling thread.
  std::uint64_t switches_forced = 0;

  friend Noise operator-(const Noise& after, const Noise& before) noexcept {
    return {after.steal_ticks - before.steal_ticks, after.all_ticks - before.all_ticks,
            after.switches_voluntary - before.switches_voluntary,
            after.switches_forced - before.switches_forced};
  }
  double steal_percent() const noexcept {
    return all_ticks == 0
               ? 0
               : 100.0 * static_cast<double>(steal_ticks) / static_cast<double>(all_ticks);
  }
};

// Of the machine, and of the thread that calls.
Noise read_noise();
// The same with /proc/stat read from `stat_path`.
Noise read_noise(FileSystem& files, const std::string& stat_path);
// "noise steal_percent=0.12 switches_voluntary=3 switches_forced=17"
std::string format_noise(const Noise& during);

}  // namespace penstock::bench
