// tests/io/io_kit.h -- what the tests of sources and sinks share: a folder that vanishes, a waker
// to wait for, and readers run to their end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/file_system.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/stream/source.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace penstock::test {

inline void write_file(const std::string& path, std::string_view bytes,
                       std::ios::openmode mode = std::ios::trunc) {
  std::ofstream(path, std::ios::binary | mode) << bytes;
}

inline std::string read_whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Two descriptors; whichever is still open is closed at the end.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(fds.data()), 0); }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_fd() const { return fds[0]; }
  int write_fd() const { return fds[1]; }
  void close_read() { close_one(fds[0]); }
  void close_write() { close_one(fds[1]); }
  void write(std::string_view bytes) const {
    EXPECT_EQ(::write(fds[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  std::array<int, 2> fds{};

 private:
  static void close_one(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
};

class WaitableWaker final : public Waker {
 public:
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    wake_up_.notify_all();
  }
  void wake_if_parked() noexcept override { wake(); }

  // False when nobody woke us in a time that is generous for any machine.
  bool wait() {
    std::unique_lock lock(mutex_);
    const bool woken = wake_up_.wait_for(lock, std::chrono::seconds(60), [this] { return woken_; });
    woken_ = false;
    return woken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_up_;
  bool woken_ = false;
};

// Keeps what a source or sink says beside its records.
class NoticeLog final : public Notices {
 public:
  void post(const Notice& notice) noexcept override {
    const std::lock_guard lock(mutex_);
    notices_.push_back(notice);
    posted_.notify_all();
  }
  std::vector<Notice> all() const {
    const std::lock_guard lock(mutex_);
    return notices_;
  }
  // Until a notice has `words` in its text, `count` times in all. False when that does not come to pass.
  bool wait_for(const std::string& words, std::size_t count = 1) {
    std::unique_lock lock(mutex_);
    return posted_.wait_for(lock, std::chrono::seconds(60), [&] {
      std::size_t found = 0;
      for (const Notice& each : notices_) found += each.text.find(words) != std::string::npos;
      return found >= count;
    });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<Notice> notices_;
};

struct ReadLine {
  std::string text;
  Origin origin;
  Instant arrival;
  std::uint64_t cut_from_bytes = 0;
  std::string why_cut;
};

// A reader with all that it needs.
class ReaderRun {
 public:
  explicit ReaderRun(const ByteSource& source, std::uint32_t task_index = 0,
                     std::uint32_t task_count = 1, bool restores = false, SourceLog log = {},
                     std::optional<QuotedLines> quoted = {})
      : opened_(source.open({task_index, task_count, &clock, files_.get(), &waker, &notices,
                             &counters, restores, std::move(log), std::move(quoted)})) {
    if (opened_.ok()) reader_ = std::move(*opened_);
  }

  Status open_status() const { return opened_.status(); }

  // One poll; its lines are copied, the padding behind each is read.
  Result<PollResult> poll(std::size_t batch_max = 256) {
    batch_.resize(batch_max);
    Result<PollResult> result = reader_->poll(batch_, clock.now());
    last_records_ = result.ok() ? result->records : 0;
    if (!result.ok()) return result;
    for (std::size_t i = 0; i < result->records; ++i) keep(batch_[i]);
    return result;
  }

  // Polls to the end or to an error, sleeping when there is nothing to do.
  Status run(std::size_t batch_max = 256) {
    for (;;) {
      const Result<PollResult> result = poll(batch_max);
      if (!result.ok()) return result.status();
      if (result.value().records > 0) continue;
      if (result.value().state == SourceState::kEnded) return Status();
      if (result.value().state == SourceState::kWaiting && !waker.wait()) {
        return Status::internal("never woken");
      }
    }
  }

  std::size_t last_records() const { return last_records_; }  // Of the last poll.
  // What it captures when `unread` of the records of the last poll have not been taken.
  std::string capture(std::size_t unread = 0) {
    harness::KeptPart part;
    SnapshotWriter out(part);
    out.select_operator("input");
    reader_->capture(std::span(batch_).subspan(last_records_ - unread, unread), out);
    out.flush();
    return part.chunks.empty() ? "" : part.chunks.front();
  }
  // From what the tasks of a stage captured.
  Status restore(const std::vector<std::string>& parts) {
    for (std::uint32_t task = 0; task < parts.size(); ++task) {
      SnapshotParser parser(task, static_cast<std::uint32_t>(parts.size()));
      PENSTOCK_RETURN_IF_ERROR(parser.parse(
          parts[task], [this](const SnapshotItem& item) { return reader_->restore(item); }));
    }
    return reader_->restored();
  }

  // Ends the reader before its time.
  void close() { reader_.reset(); }

  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    texts.reserve(lines.size());
    for (const ReadLine& line : lines) texts.push_back(line.text);
    return texts;
  }

  VirtualClock clock;
  WaitableWaker waker;
  NoticeLog notices;
  TaskCounters counters;
  std::vector<ReadLine> lines;

 private:
  void keep(const RawRecord& raw) {
    lines.push_back({std::string(raw.bytes), raw.origin, raw.arrival, raw.cut_from_bytes,
                     raw.cut_from_bytes > 0 ? reader_->why_cut(raw) : ""});
    const char* end = raw.bytes.data() + raw.bytes.size();
    for (std::size_t i = 0; i < kRawPaddingBytes; ++i)
      padding_sum_ = padding_sum_ + static_cast<unsigned char>(end[i]);
  }

  std::size_t last_records_ = 0;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  Result<std::unique_ptr<ByteReader>> opened_;
  std::unique_ptr<ByteReader> reader_;
  std::vector<RawRecord> batch_;
  volatile unsigned padding_sum_ = 0;
};

}  // namespace penstock::test
