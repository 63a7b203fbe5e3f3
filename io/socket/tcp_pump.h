// io/socket/tcp_pump.h -- a thread that keeps a connection and reads it, and the queue of what it read.
//
// Threads    The queue's consumer is the owner; the pump's thread connects, reads and posts the notices.
// Progress   A full queue leaves the socket unread: its window closes, and the peer waits.
// Lifetime   The destructor ends the thread within a moment, whatever it waits for.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/scheduler.h"
#include "penstock/io/file/block_queue.h"
#include "penstock/io/file/stream_log.h"
#include "penstock/io/socket/tcp_connector.h"

namespace penstock {

struct TcpPumpOptions {
  TcpPeer peer;
  TcpTiming timing;
  bool end_on_close = false;
  std::chrono::milliseconds quiet_after{0};
};

class TcpPump {
 public:
  // What `log` holds comes first; it may be null.
  static Result<std::unique_ptr<TcpPump>> start(TcpPumpOptions options, const Clock& clock,
                                                Waker& waker, Notices& notices,
                                                std::unique_ptr<StreamLog> log);
  ~TcpPump();
  TcpPump(const TcpPump&) = delete;
  TcpPump& operator=(const TcpPump&) = delete;

  BlockQueue& blocks() noexcept { return blocks_; }

 private:
  TcpPump(TcpPumpOptions options, std::unique_ptr<Doorbell> bell, const Clock& clock, Waker& waker,
          Notices& notices, std::unique_ptr<StreamLog> log);

  void run();
  Status replay();
  Status keep_reading();
  // Until the connection ends or the pump shall: why, in words; empty for an orderly end by the peer.
  Result<std::string> read_to_end(int fd);
  bool wait_for_input(int fd);
  void note_quiet();
  // False when the pump shall end.
  Result<bool> break_off(const std::string& cause);
  Result<bool> publish_break(const std::string& cause);
  Status end_of(const std::string& cause) const;

  const TcpPumpOptions options_;
  const std::unique_ptr<Doorbell> bell_;
  const Clock& clock_;
  Notices& notices_;
  BlockQueue blocks_;
  TcpConnector connector_;
  bool in_line_ = false;  // The last byte that came was no newline.
  bool quiet_ = false;
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock
