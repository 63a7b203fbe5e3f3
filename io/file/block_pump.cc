#include "penstock/io/file/block_pump.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace penstock {
namespace {

// A thread inherits the mask of its creator, which may be a worker pinned to one CPU; the main
// thread's mask is what the process as a whole may use.
void use_cpus_of_process() noexcept {
  cpu_set_t cpus;
  if (::sched_getaffinity(::getpid(), sizeof cpus, &cpus) != 0) return;
  static_cast<void>(::sched_setaffinity(0, sizeof cpus, &cpus));  // At worst it stays where it is.
}

// Signals belong to the program: a thread that it does not know of must not take them.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Result<std::unique_ptr<BlockPump>> BlockPump::start(int fd, std::string_view name,
                                                    const Clock& clock, Waker& waker) {
  if (fd < 0) {
    return Status::invalid_argument(std::string(name) + ": " + std::to_string(fd) +
                                    " is not an open file descriptor");
  }
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC);
  if (stop_fd < 0) return Status::from_errno(errno, name);
  std::unique_ptr<BlockPump> pump(new BlockPump(fd, stop_fd, name, clock, waker));
  const SignalsBlocked blocked;
  Result<std::unique_ptr<ThreadHandle>> thread = make_thread_scheduler()->spawn(
      {.name = "penstock-input", .cpu = {}}, [raw = pump.get()] { raw->run(); });
  if (!thread.ok()) return thread.status().with_place(name);
  pump->thread_ = std::move(*thread);
  return pump;
}

BlockPump::~BlockPump() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  // Cannot fail: the counter of a fresh eventfd has room for one.
  static_cast<void>(::eventfd_write(stop_fd_, 1));
  thread_.reset();
  ::close(stop_fd_);
}

const Block* BlockPump::front() const noexcept {
  const std::uint64_t released = released_.load(std::memory_order_relaxed);
  if (filled_.load(std::memory_order_acquire) == released) return nullptr;
  return &blocks_[released % kBlocksMax];
}

void BlockPump::release() noexcept {
  // Sequentially consistent with wants_room_: either the pump sees the room or we see its wish.
  released_.fetch_add(1);
  if (!wants_room_.load()) return;
  const std::lock_guard lock(mutex_);
  room_.notify_one();
}

bool BlockPump::ended() const noexcept {
  return at_end_.load(std::memory_order_acquire) && front() == nullptr;
}

void BlockPump::run() {
  use_cpus_of_process();
  while (wait_for_room() && wait_for_input() && read_block()) {
  }
  at_end_.store(true, std::memory_order_release);
  waker_.wake();
}

bool BlockPump::wait_for_room() {
  const std::uint64_t filled = filled_.load(std::memory_order_relaxed);
  if (filled - released_.load(std::memory_order_acquire) < kBlocksMax) return true;
  std::unique_lock lock(mutex_);
  wants_room_.store(true);
  room_.wait(lock, [&] { return stopping_ || filled - released_.load() < kBlocksMax; });
  wants_room_.store(false);
  return !stopping_;
}

bool BlockPump::wait_for_input() {
  pollfd wait[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (::poll(wait, 2, -1) < 0 && errno == EINTR) {
  }
  return wait[1].revents == 0;
}

bool BlockPump::read_block() {
  const std::uint64_t filled = filled_.load(std::memory_order_relaxed);
  Block& block = blocks_[filled % kBlocksMax];
  block.memory.resize(kBlockBytes);
  const ssize_t got = ::read(fd_, block.memory.data(), kBlockBytes);
  // Another reader of the same description may have been faster: nothing to read after all.
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got < 0) status_ = Status::from_errno(errno, "cannot read " + name_);
  if (got <= 0) return false;
  block.size = static_cast<std::size_t>(got);
  block.arrival = clock_.now();
  filled_.store(filled + 1, std::memory_order_release);
  waker_.wake();
  return true;
}

}  // namespace penstock
