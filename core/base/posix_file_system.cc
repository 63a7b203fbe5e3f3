#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "penstock/core/base/file_system.h"

namespace penstock {
namespace {

Status error_of(int error_number, std::string_view action, const std::string& path) {
  std::string place(action);
  place += " '";
  place += path;
  place += "'";
  return Status::from_errno(error_number, place);
}

template <class Call>
auto retry_interrupted(Call call) noexcept {
  auto outcome = call();
  while (outcome < 0 && errno == EINTR) outcome = call();
  return outcome;
}

// A file descriptor, or -1 with errno set.
class Descriptor {
 public:
  static Descriptor open(const std::string& path, int flags, mode_t mode = 0) noexcept {
    return Descriptor(
        retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { close(); }

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }
  // Returns 0 or an errno. Linux frees the number also when close() is interrupted or fails.
  int close() noexcept {
    if (!valid()) return 0;
    const int outcome = ::close(std::exchange(fd_, -1));
    return outcome == 0 || errno == EINTR ? 0 : errno;
  }

 private:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  int fd_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    const ssize_t count = retry_interrupted([&] {
      return ::pread(descriptor_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    });
    if (count < 0) return error_of(errno, "cannot read", path_);
    return static_cast<std::size_t>(count);
  }

  Result<std::uint64_t> size() override {
    struct stat info {};
    if (::fstat(descriptor_.get(), &info) != 0)
      return error_of(errno, "cannot get the size of", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  // One write() unless the kernel takes less, so that whole records of several writers stay whole
  // in append mode.
  Status append(std::string_view bytes) override {
    PENSTOCK_RETURN_IF_ERROR(check_usable("append to"));
    while (!bytes.empty()) {
      const ssize_t count =
          retry_interrupted([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (count < 0) return error_of(errno, "cannot write to", path_);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return Status();
  }

  Status sync() override {
    PENSTOCK_RETURN_IF_ERROR(check_usable("sync"));
    if (retry_interrupted([&] { return ::fsync(descriptor_.get()); }) == 0) return Status();
    sync_failed_ = true;
    return error_of(errno, "cannot sync", path_);
  }

  Status close() override {
    const int error_number = descriptor_.close();
    return error_number == 0 ? Status() : error_of(error_number, "cannot close", path_);
  }

 private:
  Status check_usable(std::string_view action) const {
    if (descriptor_.valid() && !sync_failed_) return Status();
    return Status::failed_precondition("cannot " + std::string(action) + " '" + path_ + "': " +
                                       (sync_failed_
                                            ? "an earlier sync failed, so its content is unknown; "
                                              "write a new file"
                                            : "it is closed"));
  }

  Descriptor descriptor_;
  std::string path_;
  bool sync_failed_ = false;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;  // Closing it gives the lock back.
};

// " (process 123)", or nothing when the one who has the lock has not written it yet.
std::string holder_of(const Descriptor& descriptor) {
  char text[24];
  const ssize_t count =
      retry_interrupted([&] { return ::pread(descriptor.get(), text, sizeof text, 0); });
  std::string digits;
  for (ssize_t i = 0; i < count && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "" : " (process " + digits + ")";
}

int open_flags(WriteMode mode) noexcept {
  switch (mode) {
    case WriteMode::kTruncate:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case WriteMode::kAppend:
      return O_WRONLY | O_CREAT | O_APPEND;
    case WriteMode::kCreateNew:
      return O_WRONLY | O_CREAT | O_EXCL;
  }
  return O_WRONLY;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> open_for_reading(const std::string& path) override {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    Descriptor descriptor = Descriptor::open(path, O_RDONLY | O_NONBLOCK);
    if (!descriptor.valid()) return error_of(errno, "cannot open", path);
    struct stat info {};
    if (::fstat(descriptor.get(), &info) != 0) return error_of(errno, "cannot open", path);
    if (S_ISDIR(info.st_mode)) return error_of(EISDIR, "cannot read", path);
    if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)) {
      return Status::invalid_argument(
          "cannot read '" + path + "': it is a pipe, not a file; feed it through standard input");
    }
    return std::unique_ptr<ReadableFile>(new PosixReadableFile(std::move(descriptor), path));
  }

  Result<std::unique_ptr<WritableFile>> open_for_writing(const std::string& path,
                                                         WriteMode mode) override {
    Descriptor descriptor = Descriptor::open(path, open_flags(mode), 0600);
    if (!descriptor.valid()) return error_of(errno, "cannot open for writing", path);
    return std::unique_ptr<WritableFile>(new PosixWritableFile(std::move(descriptor), path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return Status();
    return error_of(errno, "cannot rename '" + from + "' to", to);
  }

  Status remove(const std::string& path) override {
    return std::remove(path.c_str()) == 0 ? Status() : error_of(errno, "cannot remove", path);
  }

  Status truncate(const std::string& path, std::uint64_t bytes) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return error_of(errno, "cannot cut off", path);
    if (static_cast<std::uint64_t>(info.st_size) <= bytes) return Status();
    const int outcome =
        retry_interrupted([&] { return ::truncate(path.c_str(), static_cast<off_t>(bytes)); });
    return outcome == 0 ? Status() : error_of(errno, "cannot cut off", path);
  }

  Status create_directories(const std::string& path) override {
    for (std::size_t end = 0; end < path.size();) {
      end = std::min(path.find('/', end + 1), path.size());
      const std::string prefix = path.substr(0, end);
      if (::mkdir(prefix.c_str(), 0700) == 0 || is_directory(prefix)) continue;
      return error_of(errno == EEXIST ? ENOTDIR : errno, "cannot create directory", prefix);
    }
    return Status();
  }

  Status sync_directory(const std::string& path) override {
    const Descriptor descriptor = Descriptor::open(path, O_RDONLY | O_DIRECTORY);
    if (!descriptor.valid() || retry_interrupted([&] { return ::fsync(descriptor.get()); }) != 0) {
      return error_of(errno, "cannot sync directory", path);
    }
    return Status();
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) return error_of(errno, "cannot list directory", path);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;  // readdir() returns null at the end as well as on failure.
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return error_of(errno, "cannot list directory", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    Descriptor descriptor = Descriptor::open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!descriptor.valid()) return error_of(errno, "cannot open the lock", path);
    if (retry_interrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return error_of(errno, "cannot lock", path);
      return Status::failed_precondition("cannot lock '" + path + "': it is held already" +
                                         holder_of(descriptor));
    }
    // For people, and for the message above: an error here does not make the lock any weaker.
    const std::string number = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor.get(), 0) == 0) {
      static_cast<void>(::pwrite(descriptor.get(), number.data(), number.size(), 0) == 0);
    }
    return std::unique_ptr<FileLock>(new PosixFileLock(std::move(descriptor)));
  }

 private:
  // Keeps errno: the caller reports what mkdir() said.
  static bool is_directory(const std::string& path) noexcept {
    const int mkdir_error = errno;
    struct stat info {};
    const bool found = ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    errno = mkdir_error;
    return found;
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace penstock
