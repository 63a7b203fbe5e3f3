#include "penstock/io/socket/tcp_link.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "penstock/core/base/helper_thread.h"

namespace penstock {
namespace {

constexpr std::chrono::milliseconds kLookInterval{1'000};

// Bytes that the kernel took and the peer's machine has not acknowledged.
std::uint64_t unacknowledged(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

// Whether something sent has waited for its answer all the time since the last look. A peer that only does not read
// answers that it has no room, and then nothing is on its way.
bool is_unanswered(int fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_unacked > 0 && info.tcpi_last_ack_recv >= kLookInterval.count();
}

// Passes over what the peer says. The words for its end; empty: there is none.
std::string read_away(int fd) {
  std::array<char, 4096> unread;
  for (;;) {
    const ssize_t got = ::recv(fd, unread.data(), unread.size(), 0);
    if (got == 0) return "closed by the peer";
    if (got < 0 && errno != EINTR) return errno == EAGAIN ? "" : std::strerror(errno);
  }
}

}  // namespace

Result<std::unique_ptr<TcpLink>> TcpLink::start(TcpPeer peer, TcpTiming timing, Waker& waker,
                                                Notices& notices) {
  PENSTOCK_RETURN_IF_ERROR(check_tcp(peer, timing));
  const std::string name = peer.name();
  Result<std::unique_ptr<Doorbell>> bell = Doorbell::make();
  if (!bell.ok()) return bell.status().with_place(name);
  std::unique_ptr<TcpLink> link(
      new TcpLink(std::move(peer), timing, std::move(*bell), waker, notices));
  Result<std::unique_ptr<ThreadHandle>> thread =
      spawn_helper("penstock-tcp-out", [raw = link.get()] { raw->run(); });
  if (!thread.ok()) return thread.status().with_place(name);
  link->thread_ = std::move(*thread);
  return link;
}

TcpLink::~TcpLink() {
  bell_->stop();
  thread_.reset();
}

ssize_t TcpLink::send(std::string_view bytes) noexcept {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t sent =
        ::send(fd_, bytes.data() + taken, bytes.size() - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      taken += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      wants_room_.store(true, std::memory_order_release);
      bell_->ring();
      break;
    } else if (errno != EINTR) {
      send_error_ = errno;
      return -1;
    }
  }
  return static_cast<ssize_t>(taken);
}

void TcpLink::release(std::size_t waiting_bytes) noexcept {
  waiting_bytes_ = waiting_bytes;
  wants_room_.store(false, std::memory_order_relaxed);
  state_.store(State::kDown, std::memory_order_release);
  bell_->ring();
}

void TcpLink::run() {
  while (!bell_->stopping()) {
    Result<Descriptor> up = connector_.connect();
    if (!up.ok()) {
      status_ = up.status();
      state_.store(State::kFailed, std::memory_order_release);
      return announce();
    }
    if (!up->open()) return;
    fd_ = up->fd();
    unanswered_looks_ = send_error_ = 0;
    full_since_ = kNever;
    state_.store(State::kUp, std::memory_order_release);
    announce();
    watch(up->fd());
    unacknowledged_ = unacknowledged(up->fd());
  }
}

void TcpLink::watch(int fd) {
  looked_at_ = RealClock().now();
  while (!bell_->stopping()) {
    const State state = state_.load(std::memory_order_acquire);
    if (state == State::kDown) return tell_loss(fd);
    if (state == State::kLost) {
      bell_->wait(-1, 0, Doorbell::kForever);
      continue;
    }
    if (finishing_.load(std::memory_order_acquire)) return drain(fd);
    const bool wants_room = wants_room_.load(std::memory_order_acquire);
    look(fd, bell_->wait(fd, static_cast<short>(POLLIN | (wants_room ? POLLOUT : 0)),
                         std::min(kLookInterval, full_after_)));
  }
}

void TcpLink::look(int fd, short events) {
  if ((events & POLLOUT) != 0) {
    full_since_ = kNever;
    wants_room_.store(false, std::memory_order_release);
    announce();
  }
  if ((events & ~POLLOUT) != 0) {
    if (std::string cause = read_away(fd); !cause.empty()) lose(std::move(cause));
  }
  look_at_room();
  const Instant now = RealClock().now();
  if (now - looked_at_ < kLookInterval) return;
  looked_at_ = now;
  look_at_silence(fd);
}

void TcpLink::look_at_silence(int fd) {
  unanswered_looks_ = is_unanswered(fd) ? unanswered_looks_ + 1 : 0;
  if (unanswered_looks_ >= dead_after_.count())
    return lose("no answer for " + std::to_string(dead_after_.count()) + " s");
}

void TcpLink::look_at_room() {
  const Instant now = RealClock().now();
  if (!wants_room_.load(std::memory_order_relaxed)) full_since_ = kNever;
  if (full_since_ == kNever) {
    full_since_ = wants_room_.load(std::memory_order_relaxed) ? now : kNever;
    told_full_ = false;
    return;
  }
  if (now - full_since_ < full_after_ || std::exchange(told_full_, true)) return;
  notices_.post({Severity::kWarning, name(),
                 "the peer has taken nothing for " + std::to_string(full_after_.count()) +
                     " ms and the job waits for it; look at what reads there"});
}

void TcpLink::lose(std::string cause) {
  cause_ = std::move(cause);
  State expected = State::kUp;  // The worker may have seen it first.
  state_.compare_exchange_strong(expected, State::kLost, std::memory_order_acq_rel);
  announce();
}

void TcpLink::tell_loss(int fd) {
  // Who is told of a reset first takes it from the socket: the other only sees an end.
  if (send_error_ != 0 && (send_error_ != EPIPE || cause_.empty()))
    cause_ = std::strerror(send_error_);
  std::string text = "connection lost: " + std::exchange(cause_, {});
  if (const std::uint64_t bytes = unacknowledged(fd); bytes > 0)
    text += "; " + std::to_string(bytes) +
            " bytes sent before that were not acknowledged and may be missing there";
  text += "; " + std::to_string(waiting_bytes_) + " bytes wait; connecting again";
  notices_.post({Severity::kWarning, name(), text});
}

void TcpLink::drain(int fd) {
  constexpr std::chrono::milliseconds kStep{1};
  ::shutdown(fd, SHUT_WR);
  while (!bell_->stopping() && unacknowledged(fd) > 0) {
    if (bell_->wait(fd, POLLIN, kStep) != 0 && !read_away(fd).empty()) break;
  }
  drained_.store(true, std::memory_order_release);
  announce();
  while (!bell_->stopping()) bell_->wait(-1, 0, Doorbell::kForever);
}

void TcpLink::announce() {
  {
    const std::lock_guard lock(mutex_);
    ++changes_;
  }
  changed_.notify_one();
  waker_.wake();
}

void TcpLink::await_change(Instant until) {
  const auto left = until - RealClock().now();
  if (left.count() <= 0) return;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, left, [this] { return changes_ != seen_changes_; });
  seen_changes_ = changes_;
}

std::uint64_t TcpLink::finish(Instant until) {
  finishing_.store(true, std::memory_order_release);
  bell_->ring();
  const RealClock clock;
  while (!drained_.load(std::memory_order_acquire) && state() == State::kUp && clock.now() < until)
    await_change(until);
  bell_->stop();
  thread_->join();
  return unacknowledged_;
}

}  // namespace penstock
