#include "penstock/io/file/block_pump.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace penstock {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;

}  // namespace

BlockPump::BlockPump(int fd, const Clock& clock, Waker& waker)
    : fd_(fd), stop_fd_(::eventfd(0, EFD_CLOEXEC)), clock_(clock), waker_(waker), thread_([this] { run(); }) {}

BlockPump::~BlockPump() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  const std::uint64_t one = 1;
  // Cannot fail: the counter of a fresh eventfd has room for one.
  static_cast<void>(::write(stop_fd_, &one, sizeof one) == sizeof one);
  thread_.join();
  ::close(stop_fd_);
}

std::optional<Block> BlockPump::take() {
  const std::lock_guard lock(mutex_);
  if (blocks_.empty()) return std::nullopt;
  Block block = std::move(blocks_.front());
  blocks_.pop_front();
  room_.notify_one();
  return block;
}

bool BlockPump::ended() {
  const std::lock_guard lock(mutex_);
  return at_end_ && blocks_.empty();
}

Status BlockPump::status() {
  const std::lock_guard lock(mutex_);
  return status_;
}

void BlockPump::run() {
  while (wait_readable() && read_block()) waker_.wake();
  {
    const std::lock_guard lock(mutex_);
    at_end_ = true;
  }
  waker_.wake();
}

bool BlockPump::wait_readable() {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return stopping_ || blocks_.size() < kBlocksMax; });
    if (stopping_) return false;
  }
  pollfd wait[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (::poll(wait, 2, -1) < 0 && errno == EINTR) {
  }
  return wait[1].revents == 0;
}

bool BlockPump::read_block() {
  Block block;
  block.bytes.resize(kBlockBytes);
  const ssize_t got = ::read(fd_, block.bytes.data(), kBlockBytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  const std::lock_guard lock(mutex_);
  if (got < 0) status_ = Status::from_errno(errno, "standard input");
  if (got <= 0) return false;
  block.bytes.resize(static_cast<std::size_t>(got));
  block.arrival = clock_.now();
  blocks_.push_back(std::move(block));
  return true;
}

}  // namespace penstock
