#include "penstock/bench/harness/machine.h"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "penstock/core/base/cpu.h"
#include "penstock/core/base/file_system.h"

#ifndef PENSTOCK_BUILD_FLAGS
#define PENSTOCK_BUILD_FLAGS "unknown"
#endif
#ifndef PENSTOCK_BUILD_COMMIT
#define PENSTOCK_BUILD_COMMIT "unknown"
#endif

namespace penstock::bench {
namespace {

// The beginning of a file of /proc or /sys; empty when it cannot be read.
std::string read_text(FileSystem& files, const std::string& path) {
  auto file = files.open_for_reading(path);
  if (!file.ok()) return {};
  std::string text(16384, '\0');
  const auto bytes = (*file)->read_at(0, text);
  text.resize(bytes.ok() ? *bytes : 0);
  return text;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

// What follows the first "model name : ".
std::string cpu_model(const std::string& cpuinfo) {
  const std::size_t name = cpuinfo.find("model name");
  const std::size_t colon = cpuinfo.find(": ", std::min(name, cpuinfo.size()));
  return colon == std::string::npos ? std::string() : first_line(cpuinfo.substr(colon + 2));
}

std::string kernel_release() {
  utsname names{};
  return uname(&names) == 0 ? names.release : "";
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

Machine read_machine() {
  const auto files = make_posix_file_system();
  const CpuLayout layout = read_cpu_layout();
  Machine machine;
  machine.cpu_model = or_unknown(cpu_model(read_text(*files, "/proc/cpuinfo")));
  machine.cpus = static_cast<unsigned>(layout.allowed_cpus().size());
  machine.cores = static_cast<unsigned>(layout.cores.size());
  machine.governor = or_unknown(
      first_line(read_text(*files, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")));
  machine.kernel = or_unknown(kernel_release());
  machine.load_average = std::strtod(read_text(*files, "/proc/loadavg").c_str(), nullptr);
  machine.compiler = __VERSION__;
  machine.flags = PENSTOCK_BUILD_FLAGS;
  machine.commit = PENSTOCK_BUILD_COMMIT;
  return machine;
}

std::string format_machine(const Machine& machine) {
  std::array<char, 32> load{};
  std::snprintf(load.data(), load.size(), "%.2f", machine.load_average);
  return "machine cpu=" + quoted(machine.cpu_model) + " cpus=" + std::to_string(machine.cpus) +
         " cores=" + std::to_string(machine.cores) + " governor=" + machine.governor +
         " load=" + load.data() + " kernel=" + machine.kernel +
         " compiler=" + quoted(machine.compiler) + " flags=" + quoted(machine.flags) +
         " commit=" + machine.commit;
}

Noise read_noise(FileSystem& files, const std::string& stat_path) {
  Noise noise;
  const std::string cpu_line = first_line(read_text(files, stat_path));
  if (cpu_line.starts_with("cpu ")) {
    // user nice system idle iowait irq softirq steal; guest times behind them are part of user.
    constexpr int kStealColumn = 7;
    const char* at = cpu_line.c_str() + 4;
    for (int column = 0; column <= kStealColumn; ++column) {
      char* end = nullptr;
      const std::uint64_t ticks = std::strtoull(at, &end, 10);
      at = end;
      noise.all_ticks += ticks;
      if (column == kStealColumn) noise.steal_ticks = ticks;
    }
  }
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) == 0) {
    noise.switches_voluntary = static_cast<std::uint64_t>(usage.ru_nvcsw);
    noise.switches_forced = static_cast<std::uint64_t>(usage.ru_nivcsw);
  }
  return noise;
}

Noise read_noise() { return read_noise(*make_posix_file_system(), "/proc/stat"); }

std::string format_noise(const Noise& during) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(),
                "noise steal_percent=%.2f switches_voluntary=%" PRIu64 " switches_forced=%" PRIu64,
                during.steal_percent(), during.switches_voluntary, during.switches_forced);
  return text.data();
}

}  // namespace penstock::bench
