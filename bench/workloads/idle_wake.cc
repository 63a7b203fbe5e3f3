#include "penstock/bench/workloads/idle_wake.h"

#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "penstock/api/job.h"

namespace penstock::bench {
namespace {

struct Ping {
  std::int64_t pushed_ns;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Result<IdleFigures> measure_idle(std::chrono::milliseconds idle, int records) {
  Job job("idle");
  auto [pings, input] = job.input<Ping>();
  const RealClock clock;
  std::atomic<std::int64_t> took_ns{-1};
  std::move(pings).for_each(
      [&](const Ping& ping) noexcept { took_ns = clock.now().nanos - ping.pushed_ns; });
  Result<JobHandle> running = job.start();
  if (!running.ok()) return running.status();

  IdleFigures figures;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // Past its start.
  const double before = cpu_seconds();
  std::this_thread::sleep_for(idle);
  figures.cpu_percent =
      100 * (cpu_seconds() - before) / std::chrono::duration<double>(idle).count();

  for (int i = 0; i < records; ++i) {
    took_ns = -1;
    PENSTOCK_RETURN_IF_ERROR(input.push({clock.now().nanos}));
    while (took_ns < 0) std::this_thread::yield();
    figures.wake_ns.record(took_ns);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  input.close();
  PENSTOCK_RETURN_IF_ERROR(running->wait());
  return figures;
}

}  // namespace penstock::bench
