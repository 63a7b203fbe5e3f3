#include "penstock/io/console/console_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

namespace penstock {
namespace {

// One descriptor with its lock: all writers of a sink share it.
class Descriptor {
 public:
  Descriptor(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  Status write_all(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {
        pollfd wait{fd_, POLLOUT, 0};
        ::poll(&wait, 1, -1);
      } else if (errno != EINTR) {
        return Status::from_errno(errno, "sink " + name_);
      }
    }
    return Status();
  }

 private:
  int fd_;
  std::string name_;
  std::mutex mutex_;
};

class ConsoleWriter final : public ByteWriter {
 public:
  explicit ConsoleWriter(std::shared_ptr<Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}

  Status write(std::string_view record) override {
    buffer_ += record;
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? Status() : flush();
  }
  Status flush() override {
    Status status = buffer_.empty() ? Status() : descriptor_->write_all(buffer_);
    buffer_.clear();
    return status;
  }
  Status close() override { return flush(); }

 private:
  static constexpr std::size_t kBufferBytes = 1 << 16;
  std::shared_ptr<Descriptor> descriptor_;
  std::string buffer_;
};

class ConsoleSink final : public ByteSink {
 public:
  explicit ConsoleSink(int fd) : name_(fd == 1 ? "console" : "fd " + std::to_string(fd)),
                                 descriptor_(std::make_shared<Descriptor>(fd, name_)) {}

  std::string name() const override { return name_; }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext&) const override {
    return std::unique_ptr<ByteWriter>(std::make_unique<ConsoleWriter>(descriptor_));
  }

 private:
  std::string name_;
  std::shared_ptr<Descriptor> descriptor_;
};

}  // namespace

std::shared_ptr<const ByteSink> console_sink(int fd) { return std::make_shared<ConsoleSink>(fd); }

}  // namespace penstock
