#include "penstock/io/socket/tcp_pump.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "penstock/core/base/helper_thread.h"

namespace penstock {

Result<std::unique_ptr<TcpPump>> TcpPump::start(TcpPumpOptions options, const Clock& clock,
                                                Waker& waker, Notices& notices,
                                                std::unique_ptr<StreamLog> log) {
  PENSTOCK_RETURN_IF_ERROR(check_tcp(options.peer, options.timing));
  const std::string name = options.peer.name();
  Result<std::unique_ptr<Doorbell>> bell = Doorbell::make();
  if (!bell.ok()) return bell.status().with_place(name);
  std::unique_ptr<TcpPump> pump(
      new TcpPump(std::move(options), std::move(*bell), clock, waker, notices, std::move(log)));
  Result<std::unique_ptr<ThreadHandle>> thread =
      spawn_helper("penstock-tcp-in", [raw = pump.get()] { raw->run(); });
  if (!thread.ok()) return thread.status().with_place(name);
  pump->thread_ = std::move(*thread);
  return pump;
}

TcpPump::TcpPump(TcpPumpOptions options, std::unique_ptr<Doorbell> bell, const Clock& clock,
                 Waker& waker, Notices& notices, std::unique_ptr<StreamLog> log)
    : options_(std::move(options)),
      bell_(std::move(bell)),
      clock_(clock),
      notices_(notices),
      blocks_(waker, std::move(log)),
      connector_(options_.peer, options_.timing, *bell_, notices) {}

TcpPump::~TcpPump() {
  bell_->stop();
  blocks_.stop();
  thread_.reset();
}

void TcpPump::run() { blocks_.end(keep_reading()); }

// What was logged of an earlier connection; a line that it ends with has no end in the next one either.
Status TcpPump::replay() {
  Result<bool> more = true;
  while (*more) {
    if (!blocks_.wait_for_room()) return Status();
    more = blocks_.publish_from_log();
    if (!more.ok()) return more.status();
  }
  return publish_break("the job was started again").status();
}

Status TcpPump::keep_reading() {
  if (blocks_.logs()) PENSTOCK_RETURN_IF_ERROR(replay());
  for (;;) {
    const Result<Descriptor> up = connector_.connect();
    if (!up.ok()) return up.status();
    if (!up->open()) return Status();
    const Result<std::string> cause = read_to_end(up->fd());
    if (!cause.ok()) return cause.status();
    if (bell_->stopping()) return Status();
    if (options_.end_on_close && cause->empty()) return Status();
    const Result<bool> goes_on = break_off(cause->empty() ? "closed by the peer" : *cause);
    if (!goes_on.ok() || !*goes_on) return goes_on.status();
    if (options_.end_on_close) return end_of(*cause);
  }
}

Result<std::string> TcpPump::read_to_end(int fd) {
  while (blocks_.wait_for_room() && wait_for_input(fd)) {
    Block& block = blocks_.back();
    const ssize_t got = ::recv(fd, block.memory.data(), BlockQueue::kBlockBytes, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return std::string(std::strerror(errno));
    if (got == 0) return std::string();
    block.size = static_cast<std::size_t>(got);
    block.arrival = clock_.now();
    in_line_ = block.memory[block.size - 1] != '\n';
    PENSTOCK_RETURN_IF_ERROR(blocks_.publish());
  }
  return std::string();
}

bool TcpPump::wait_for_input(int fd) {
  const auto patience =
      options_.quiet_after.count() > 0 ? options_.quiet_after : Doorbell::kForever;
  while (!bell_->stopping()) {
    if (bell_->wait(fd, POLLIN, quiet_ ? Doorbell::kForever : patience) != 0) {
      if (std::exchange(quiet_, false))
        notices_.post({Severity::kInfo, connector_.name(), "bytes come again"});
      return true;
    }
    if (!bell_->stopping() && patience != Doorbell::kForever) note_quiet();
  }
  return false;
}

void TcpPump::note_quiet() {
  if (std::exchange(quiet_, true)) return;
  notices_.post({Severity::kWarning, connector_.name(),
                 "connected, but nothing has come for " +
                     std::to_string(options_.quiet_after.count()) +
                     " ms; look at what should send"});
}

// Tells of the loss and marks it in the queue, behind the last bytes.
Result<bool> TcpPump::break_off(const std::string& cause) {
  std::string text = "connection lost: " + cause;
  if (in_line_) text += "; its last line has no end and counts as unreadable";
  if (!options_.end_on_close) text += "; connecting again";
  notices_.post({Severity::kWarning, connector_.name(), text});
  in_line_ = quiet_ = false;
  return publish_break(cause);
}

Result<bool> TcpPump::publish_break(const std::string& cause) {
  if (!blocks_.wait_for_room()) return false;
  Block& block = blocks_.back();
  block.arrival = clock_.now();
  block.broken_off = cause;
  PENSTOCK_RETURN_IF_ERROR(blocks_.publish());
  return true;
}

Status TcpPump::end_of(const std::string& cause) const {
  return Status(StatusCode::kUnavailable,
                connector_.name() + ": connection lost: " + cause +
                    "; the peer has not closed it, so more was to come. Start the job again, or "
                    "without end_on_close so that it connects again");
}

}  // namespace penstock
