#include "penstock/io/console/console_sink.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>

namespace penstock {
namespace {

// While it lives, a SIGPIPE of the calling thread's own writes stays pending, and is taken away at
// the end. One that was pending before is not ours and stays.
class PipeSignalHeld {
 public:
  PipeSignalHeld() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalHeld() {
    const timespec at_once{};
    while (!was_pending_ && ::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalHeld(const PipeSignalHeld&) = delete;
  PipeSignalHeld& operator=(const PipeSignalHeld&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_;
};

bool raises_pipe_signal(int fd) noexcept {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

// Returns 0 or an errno.
int write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // Somebody made the descriptor non-blocking: wait here instead.
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// One descriptor with its lock: all writers of a sink share it.
class SharedDescriptor {
 public:
  SharedDescriptor(int fd, std::string name)
      : fd_(fd), name_(std::move(name)), raises_signal_(raises_pipe_signal(fd)) {}

  Status write(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    const int error_number = raises_signal_ ? write_held(bytes) : write_all(fd_, bytes);
    if (error_number == 0) return Status();
    return Status::from_errno(error_number, "cannot write to " + name_);
  }

 private:
  int write_held(std::string_view bytes) noexcept {
    const PipeSignalHeld held;
    return write_all(fd_, bytes);
  }

  int fd_;
  std::string name_;
  bool raises_signal_;
  std::mutex mutex_;
};

class ConsoleWriter final : public ByteWriter {
 public:
  explicit ConsoleWriter(std::shared_ptr<SharedDescriptor> descriptor)
      : descriptor_(std::move(descriptor)) {}

  Status write(std::string_view record) override {
    buffer_ += record;
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? Status() : flush();
  }
  Status flush() override {
    Status status = buffer_.empty() ? Status() : descriptor_->write(buffer_);
    buffer_.clear();
    return status;
  }
  Status close() override { return flush(); }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
  std::shared_ptr<SharedDescriptor> descriptor_;
  std::string buffer_;
};

class ConsoleSink final : public ByteSink {
 public:
  explicit ConsoleSink(int fd)
      : name_(fd == 1 ? "console" : "descriptor " + std::to_string(fd)),
        descriptor_(std::make_shared<SharedDescriptor>(fd, name_)) {}

  std::string name() const override { return name_; }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext&) const override {
    return std::unique_ptr<ByteWriter>(std::make_unique<ConsoleWriter>(descriptor_));
  }

 private:
  std::string name_;
  std::shared_ptr<SharedDescriptor> descriptor_;
};

}  // namespace

std::shared_ptr<const ByteSink> console_sink(int fd) { return std::make_shared<ConsoleSink>(fd); }

}  // namespace penstock
