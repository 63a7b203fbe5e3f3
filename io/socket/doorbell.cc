#include "penstock/io/socket/doorbell.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "penstock/core/base/clock.h"

namespace penstock {

Result<std::unique_ptr<Doorbell>> Doorbell::make() {
  Descriptor bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.open()) return Status::from_errno(errno, "cannot make an eventfd");
  return std::unique_ptr<Doorbell>(new Doorbell(std::move(bell)));
}

void Doorbell::ring() noexcept {
  // Full only when it has rung already.
  static_cast<void>(::eventfd_write(bell_.fd(), 1));
}

void Doorbell::stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  ring();
}

short Doorbell::wait(int fd, short events, std::chrono::milliseconds timeout) noexcept {
  if (stopping()) return 0;
  pollfd wait[2] = {{bell_.fd(), POLLIN, 0}, {fd, events, 0}};  // poll() passes over -1.
  if (::poll(wait, 2, static_cast<int>(timeout.count())) <= 0) return 0;
  eventfd_t rung = 0;
  if (wait[0].revents != 0) static_cast<void>(::eventfd_read(bell_.fd(), &rung));
  return wait[1].revents;
}

bool Doorbell::sleep(std::chrono::milliseconds time) noexcept {
  const RealClock clock;
  const Instant until = clock.now() + time;
  while (!stopping()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock.now());
    if (left.count() <= 0) return true;
    wait(-1, 0, left);
  }
  return false;
}

}  // namespace penstock
