#include "penstock/io/socket/tcp_line_sink.h"

#include <string_view>
#include <utility>

#include "penstock/core/base/clock.h"
#include "penstock/io/socket/tcp_link.h"

namespace penstock {
namespace {

// What waits to be sent. It begins with the beginning of a line, so that a line which a lost connection cut can be sent
// again as a whole.
class Outgoing {
 public:
  void add(std::string_view line) {
    text_ += line;
    text_ += '\n';
  }
  std::string_view unsent() const noexcept { return std::string_view(text_).substr(sent_); }
  std::size_t bytes() const noexcept { return text_.size() - sent_; }

  // Of all that was ever added, how much went out; what was sent in vain not counted.
  std::uint64_t gone() const noexcept { return dropped_ + sent_; }

  void took(std::size_t bytes) noexcept {
    sent_ += bytes;
    if (sent_ == text_.size()) {
      dropped_ += sent_;
      text_.clear();
      sent_ = 0;
    } else if (sent_ > text_.size() / 2) {
      const std::size_t whole = start_of_line();
      text_.erase(0, whole);
      dropped_ += whole;
      sent_ -= whole;
    }
  }
  // The line that was cut is unsent again.
  void rewind() noexcept { sent_ = start_of_line(); }

 private:
  // Of the line in which the first unsent byte is.
  std::size_t start_of_line() const noexcept {
    if (sent_ == 0) return 0;
    const std::size_t newline = text_.rfind('\n', sent_ - 1);
    return newline == std::string::npos ? 0 : newline + 1;
  }

  std::string text_;
  std::size_t sent_ = 0;
  std::uint64_t dropped_ = 0;
};

class TcpLineWriter final : public ByteWriter {
 public:
  TcpLineWriter(const TcpLineSinkOptions& options, std::unique_ptr<TcpLink> link)
      : buffer_bytes_(options.buffer_bytes),
        close_timeout_(options.close_timeout),
        link_(std::move(link)) {}

  Status write(std::string_view record) override {
    outgoing_.add(record);
    return Status();
  }
  bool ready() noexcept override {
    if (outgoing_.bytes() < buffer_bytes_) return true;
    push();
    return outgoing_.bytes() < buffer_bytes_ || failed();
  }
  Instant wake_at() const noexcept override {
    if (link_ == nullptr) return kNever;
    const TcpLink::State state = link_->state();
    const bool can_send =
        state == TcpLink::State::kUp && outgoing_.bytes() > 0 && !link_->wants_room();
    const bool has_news = state == TcpLink::State::kLost || state == TcpLink::State::kFailed;
    return can_send || has_news ? Instant{} : kNever;
  }
  Status flush() override {
    if (link_ == nullptr) return Status();
    push();
    return failed() ? link_->status() : Status();
  }
  void capture(Epoch, SnapshotWriter&) override { cut_ = outgoing_.gone() + outgoing_.bytes(); }
  bool captured() const noexcept override { return outgoing_.gone() >= cut_; }

  Status close() override {
    if (link_ == nullptr) return Status();
    const RealClock clock;
    const Instant until = clock.now() + close_timeout_;
    push();
    while (outgoing_.bytes() > 0 && !failed() && clock.now() < until) {
      link_->await_change(until);
      push();
    }
    Status status = failed() ? link_->status() : end(until);
    link_.reset();
    return status;
  }

 private:
  bool failed() const noexcept { return link_->state() == TcpLink::State::kFailed; }

  void push() noexcept {
    const TcpLink::State state = link_->state();
    if (state == TcpLink::State::kLost) return lose();
    if (state != TcpLink::State::kUp || outgoing_.bytes() == 0) return;
    const ssize_t taken = link_->send(outgoing_.unsent());
    if (taken < 0) return lose();
    outgoing_.took(static_cast<std::size_t>(taken));
  }
  void lose() noexcept {
    outgoing_.rewind();
    link_->release(outgoing_.bytes());
  }

  Status end(Instant until) {
    std::uint64_t missing = outgoing_.bytes();
    const char* what = " bytes could not be sent within ";
    if (missing == 0 && link_->state() == TcpLink::State::kUp) {
      missing = link_->finish(until);
      what = " bytes sent were not acknowledged within ";
    }
    if (missing == 0) return Status();
    return Status(StatusCode::kUnavailable,
                  link_->name() + ": " + std::to_string(missing) + what +
                      std::to_string(close_timeout_.count()) +
                      " ms of the end and may be missing there; look at what reads there, or raise "
                      "close_timeout");
  }

  const std::size_t buffer_bytes_;
  const std::chrono::milliseconds close_timeout_;
  Outgoing outgoing_;
  std::uint64_t cut_ = 0;  // How much must have gone for the epoch to count.
  std::unique_ptr<TcpLink> link_;
};

class TcpLineSink final : public ByteSink {
 public:
  explicit TcpLineSink(TcpLineSinkOptions options) : options_(std::move(options)) {}

  std::string name() const override { return TcpPeer{options_.host, options_.port}.name(); }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override {
    Result<std::unique_ptr<TcpLink>> link = TcpLink::start(
        {options_.host, options_.port}, options_.timing, *context.waker, *context.notices);
    if (!link.ok()) return link.status();
    return std::unique_ptr<ByteWriter>(std::make_unique<TcpLineWriter>(options_, std::move(*link)));
  }

 private:
  TcpLineSinkOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSink> tcp_line_sink(TcpLineSinkOptions options) {
  return std::make_shared<TcpLineSink>(std::move(options));
}

}  // namespace penstock
