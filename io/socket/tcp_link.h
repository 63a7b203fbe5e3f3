// io/socket/tcp_link.h -- the connection of a sink: one thread keeps it, a worker writes to it without waiting.
//
// The socket goes to and fro. kDown: the helper's, who connects. kUp: the worker writes; the helper watches. kLost: the
// helper has seen the end; the worker takes note with release(). kFailed: it never came about.
// Threads    send, release, wants_room and state belong to one worker. The helper calls Waker::wake at each change.
// Lifetime   The destructor ends the helper within a moment.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/scheduler.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/socket/tcp_connector.h"

namespace penstock {

class TcpLink {
 public:
  enum class State : std::uint8_t { kDown, kUp, kLost, kFailed };

  static Result<std::unique_ptr<TcpLink>> start(TcpPeer peer, TcpTiming timing, Waker& waker,
                                                Notices& notices);
  ~TcpLink();
  TcpLink(const TcpLink&) = delete;
  TcpLink& operator=(const TcpLink&) = delete;

  const std::string& name() const noexcept { return connector_.name(); }
  State state() const noexcept { return state_.load(std::memory_order_acquire); }
  // REQUIRES: kFailed.
  const Status& status() const noexcept { return status_; }

  // REQUIRES: kUp. How many bytes the kernel took; fewer than all: there is no room, and the waker is called when there
  // is; -1: the connection is lost: release() it.
  ssize_t send(std::string_view bytes) noexcept;
  bool wants_room() const noexcept { return wants_room_.load(std::memory_order_relaxed); }
  // REQUIRES: kLost, or send() failed. `waiting_bytes` is for the notice.
  void release(std::size_t waiting_bytes) noexcept;

  // For the end: waits until something changes, or `until`.
  void await_change(Instant until);
  // For the end, with nothing left to send: closes in good order and waits until the peer's machine has taken all, or
  // `until`. How many bytes it has not acknowledged.
  std::uint64_t finish(Instant until);

 private:
  TcpLink(TcpPeer peer, TcpTiming timing, std::unique_ptr<Doorbell> bell, Waker& waker,
          Notices& notices)
      : dead_after_(timing.dead_after),
        full_after_(timing.full_after),
        bell_(std::move(bell)),
        waker_(waker),
        notices_(notices),
        connector_(std::move(peer), timing, *bell_, notices) {}

  void run();
  // Until the connection is lost and taken back, or the link shall end.
  void watch(int fd);
  void look(int fd, short events);
  void look_at_silence(int fd);
  void look_at_room();
  void drain(int fd);
  void lose(std::string cause);
  void tell_loss(int fd);
  void announce();

  const std::chrono::seconds dead_after_;
  const std::chrono::milliseconds full_after_;
  const std::unique_ptr<Doorbell> bell_;
  Waker& waker_;
  Notices& notices_;
  TcpConnector connector_;

  std::atomic<State> state_{State::kDown};
  std::atomic<bool> wants_room_{false};
  std::atomic<bool> finishing_{false};
  int fd_ = -1;         // Written by the helper before kUp.
  Status status_;       // Written by the helper before kFailed.
  int send_error_ = 0;  // The worker's, before kDown.
  std::size_t waiting_bytes_ = 0;
  std::uint64_t unacknowledged_ = 0;  // Of the helper, when it has ended.
  std::atomic<bool> drained_{false};

  std::string cause_;  // The helper's, like the rest of these.
  Instant looked_at_;
  int unanswered_looks_ = 0;
  Instant full_since_ = kNever;  // kNever: it takes something.
  bool told_full_ = false;

  std::mutex mutex_;  // Only for the sleep of a worker that closes.
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  std::uint64_t seen_changes_ = 0;
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock
