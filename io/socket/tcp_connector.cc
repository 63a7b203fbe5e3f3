#include "penstock/io/socket/tcp_connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"

namespace penstock {
namespace {

void set_option(int fd, int level, int option, int value) noexcept {
  // A kernel without one of these still carries bytes.
  static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value));
}

// Half of the time passes before the first question, the rest is for up to three of them, all together no more than
// dead_after. No TCP_USER_TIMEOUT: it would also end a connection whose peer is there but does not read for a while.
void set_options(int fd, std::chrono::seconds dead_after) noexcept {
  const int seconds = static_cast<int>(dead_after.count());
  const int idle = seconds / 2;
  const int interval = std::max(1, seconds / 6);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, std::min(3, (seconds - idle) / interval));
}

Status unavailable(std::string text) { return Status(StatusCode::kUnavailable, std::move(text)); }

std::string seconds_of(std::chrono::milliseconds time) {
  const std::string text =
      std::to_string(time.count() / 1000) + "." + std::to_string(time.count() % 1000 / 100);
  return (time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) : text) + " s";
}

}  // namespace

std::string TcpPeer::name() const {
  const bool digits6 = host.find(':') != std::string::npos;
  return "tcp " + (digits6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Status check_tcp(const TcpPeer& peer, const TcpTiming& timing) {
  if (peer.host.empty()) return Status::invalid_argument("tcp: host is empty; name the peer");
  if (peer.port == 0) return Status::invalid_argument(peer.name() + ": port 0; name the peer's");
  if (timing.retry_first.count() <= 0 || timing.retry_longest < timing.retry_first) {
    return Status::invalid_argument(peer.name() +
                                    ": retry_first must be above 0 and at most retry_longest");
  }
  if (timing.connect_timeout.count() <= 0 || timing.full_after.count() <= 0) {
    return Status::invalid_argument(peer.name() +
                                    ": connect_timeout and full_after must be above 0");
  }
  if (timing.dead_after.count() < 2) {
    return Status::invalid_argument(peer.name() + ": dead_after must be at least 2 s");
  }
  return Status();
}

TcpConnector::TcpConnector(TcpPeer peer, TcpTiming timing, Doorbell& bell, Notices& notices)
    : peer_(std::move(peer)),
      timing_(timing),
      name_(peer_.name()),
      bell_(bell),
      notices_(notices),
      backoff_(timing.retry_first, timing.retry_longest,
               static_cast<std::uint64_t>(RealClock().now().nanos)) {}

Result<Descriptor> TcpConnector::connect() {
  const RealClock clock;
  if (began_ == kNever) began_ = clock.now();
  for (;;) {
    Result<Descriptor> up = connect_once();
    if (bell_.stopping()) return Descriptor();
    if (up.ok()) {
      if (was_up_ || !last_cause_.empty())
        notices_.post({Severity::kInfo, name_, was_up_ ? "connected again" : "connected"});
      was_up_ = true;
      last_cause_.clear();
      backoff_.reset();
      return up;
    }
    if (!was_up_ && clock.now() - began_ >= timing_.start_timeout) return gave_up(up.status());
    note_failure(up.status());
    if (!bell_.sleep(backoff_.next())) return Descriptor();
  }
}

Status TcpConnector::gave_up(const Status& cause) const {
  return unavailable(name_ + ": cannot connect: " + std::string(cause.message()) + "; tried for " +
                     seconds_of(timing_.start_timeout) +
                     ". Start what listens there, or correct host and port");
}

void TcpConnector::note_failure(const Status& cause) {
  if (cause.message() == last_cause_) return;
  last_cause_ = cause.message();
  const std::string until =
      was_up_ ? " until it is there" : " for " + seconds_of(timing_.start_timeout);
  notices_.post({Severity::kWarning, name_,
                 "cannot connect: " + last_cause_ + "; trying again" + until +
                     ". Start what listens there, or correct host and port"});
}

Result<Descriptor> TcpConnector::connect_once() {
  Result<std::vector<SocketAddress>> addresses = look_up(peer_.host, peer_.port, bell_);
  if (!addresses.ok()) return addresses.status();
  Status last = unavailable("the host has no address");
  for (const SocketAddress& address : *addresses) {
    Result<Descriptor> up = connect_to(address);
    if (up.ok()) return up;
    last = up.status();
    if (bell_.stopping()) break;
  }
  return last;
}

Result<Descriptor> TcpConnector::connect_to(const SocketAddress& address) {
  Descriptor made(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.open()) return unavailable(std::strerror(errno));
  set_options(made.fd(), timing_.dead_after);
  const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(made.fd(), to, address.size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) return unavailable(std::strerror(errno));
    PENSTOCK_RETURN_IF_ERROR(await_connected(made.fd()));
  }
  return made;
}

Status TcpConnector::await_connected(int fd) {
  const RealClock clock;
  const Instant until = clock.now() + timing_.connect_timeout;
  while (!bell_.stopping()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock.now());
    if (left.count() <= 0)
      return unavailable("no answer within " + seconds_of(timing_.connect_timeout));
    if (bell_.wait(fd, POLLOUT, left) == 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    return error == 0 ? Status() : unavailable(std::strerror(error));
  }
  return Status(StatusCode::kCancelled, "stopped");
}

}  // namespace penstock
