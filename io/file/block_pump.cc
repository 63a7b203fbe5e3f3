#include "penstock/io/file/block_pump.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "penstock/core/base/helper_thread.h"

namespace penstock {

Result<std::unique_ptr<BlockPump>> BlockPump::start(int fd, std::string_view name,
                                                    const Clock& clock, Waker& waker,
                                                    std::unique_ptr<StreamLog> log) {
  if (fd < 0) {
    return Status::invalid_argument(std::string(name) + ": " + std::to_string(fd) +
                                    " is not an open file descriptor");
  }
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC);
  if (stop_fd < 0) return Status::from_errno(errno, name);
  std::unique_ptr<BlockPump> pump(new BlockPump(fd, stop_fd, name, clock, waker, std::move(log)));
  Result<std::unique_ptr<ThreadHandle>> thread =
      spawn_helper("penstock-input", [raw = pump.get()] { raw->run(); });
  if (!thread.ok()) return thread.status().with_place(name);
  pump->thread_ = std::move(*thread);
  return pump;
}

BlockPump::~BlockPump() {
  blocks_.stop();
  // Cannot fail: the counter of a fresh eventfd has room for one.
  static_cast<void>(::eventfd_write(stop_fd_, 1));
  thread_.reset();
  ::close(stop_fd_);
}

void BlockPump::run() {
  while (blocks_.wait_for_room() && replay_block()) {
  }
  while (status_.ok() && blocks_.wait_for_room() && wait_for_input() && read_block()) {
  }
  blocks_.end(std::move(status_));
}

bool BlockPump::replay_block() {
  const Result<bool> more = blocks_.publish_from_log();
  if (!more.ok()) status_ = more.status();
  return more.ok() && *more;
}

bool BlockPump::wait_for_input() {
  pollfd wait[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (::poll(wait, 2, -1) < 0 && errno == EINTR) {
  }
  return wait[1].revents == 0;
}

bool BlockPump::read_block() {
  Block& block = blocks_.back();
  const ssize_t got = ::read(fd_, block.memory.data(), BlockQueue::kBlockBytes);
  // Another reader of the same description may have been faster: nothing to read after all.
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got < 0) status_ = Status::from_errno(errno, "cannot read " + name_);
  if (got == 0) publish_end();
  if (got <= 0) return false;
  block.size = static_cast<std::size_t>(got);
  block.arrival = clock_.now();
  status_ = blocks_.publish();
  return status_.ok();
}

// So that a line without an end stays one when the log is read again, whatever comes in then.
void BlockPump::publish_end() {
  if (!blocks_.logs()) return;
  Block& block = blocks_.back();
  block.arrival = clock_.now();
  block.broken_off = "end of the input";
  status_ = blocks_.publish();
}

}  // namespace penstock
