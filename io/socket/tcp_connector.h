// io/socket/tcp_connector.h -- connects to a host and port, and does so again for as long as it takes.
//
// All addresses of the host are tried in turn, IPv6 and IPv4; then it waits, longer each time (io/socket/backoff.h).
// Notices    When it cannot connect for another reason than before, and when it is connected again after that.
// Threads    connect() blocks; stop the bell to end it early. One thread at a time.
// Errors     Only before the first connection: after `start_timeout` a kUnavailable with host, port, cause and remedy.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/io/socket/backoff.h"
#include "penstock/io/socket/descriptor.h"
#include "penstock/io/socket/doorbell.h"
#include "penstock/io/socket/name_lookup.h"

namespace penstock {

struct TcpTiming {
  std::chrono::milliseconds start_timeout{10'000};  // For the first connection.
  std::chrono::milliseconds retry_first{50};        // Between attempts: at first, and at most.
  std::chrono::milliseconds retry_longest{2'000};
  std::chrono::milliseconds connect_timeout{2'000};  // For one address.
  // A peer whose machine answers nothing for so long is gone, whether anything is sent to it or not. At least 2.
  std::chrono::seconds dead_after{5};
  // A peer that answers, but takes nothing for so long though something is to be sent: a notice.
  std::chrono::milliseconds full_after{4'000};
};

struct TcpPeer {
  std::string host;
  std::uint16_t port = 0;

  std::string name() const;  // "tcp 127.0.0.1:9000", "tcp [::1]:9000"
};

Status check_tcp(const TcpPeer& peer, const TcpTiming& timing);

class TcpConnector {
 public:
  TcpConnector(TcpPeer peer, TcpTiming timing, Doorbell& bell, Notices& notices);

  // A connection: non-blocking, without Nagle's delay, with keep-alive. One that is not open: it was stopped.
  Result<Descriptor> connect();
  const std::string& name() const noexcept { return name_; }

 private:
  Result<Descriptor> connect_once();
  Result<Descriptor> connect_to(const SocketAddress& address);
  Status await_connected(int fd);
  void note_failure(const Status& cause);
  Status gave_up(const Status& cause) const;

  const TcpPeer peer_;
  const TcpTiming timing_;
  const std::string name_;
  Doorbell& bell_;
  Notices& notices_;
  Backoff backoff_;
  Instant began_ = kNever;
  bool was_up_ = false;
  std::string last_cause_;
};

}  // namespace penstock
