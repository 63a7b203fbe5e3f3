#include "penstock/tools/penstock/signals.h"

#include <csignal>
#include <ctime>

namespace penstock::tools {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// Whether a stop signal waits; takes it.
bool signal_arrived() {
  const sigset_t set = stop_signals();
  const timespec no_wait{};
  return sigtimedwait(&set, nullptr, &no_wait) > 0;
}

}  // namespace

void block_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Status run_until_end(JobHandle& job, const std::function<void()>& each_second) {
  constexpr int kLooksPerSecond = 20;
  bool draining = false;
  for (int look = 1; !job.wait_for(std::chrono::milliseconds(1000 / kLooksPerSecond)); ++look) {
    if (signal_arrived()) {
      if (draining) job.stop();
      draining = true;
      job.drain();
    }
    if (look % kLooksPerSecond == 0) each_second();
  }
  return job.wait();
}

}  // namespace penstock::tools
