#include "penstock/io/file/standard_input_source.h"

#include <string>
#include <utility>

#include "penstock/io/file/block_pump.h"
#include "penstock/io/file/stream_line_reader.h"

namespace penstock {
namespace {

class StandardInputReader final : public StreamLineReader {
 public:
  StandardInputReader(int fd, std::string name, std::size_t line_bytes_max)
      : StreamLineReader(line_bytes_max), fd_(fd), name_(std::move(name)) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant) override {
    PollResult result;
    result.records = splitter_.take(batch, arrival_);
    if (result.records > 0) return result;
    if (const Block* block = pump_->blocks().front()) {
      result.records = block->broken_off.empty()                            ? take(*block, batch)
                       : splitter_.take_rest(batch.front(), block->arrival) ? 1
                                                                            : 0;
      pump_->blocks().release();
      return result;
    }
    // A block that came since then keeps the pump from having ended, and its wake-up is on its way.
    result.state = SourceState::kWaiting;
    if (!pump_->blocks().ended()) return result;
    PENSTOCK_RETURN_IF_ERROR(pump_->blocks().status());
    result.records = splitter_.take_rest(batch.front(), arrival_) ? 1 : 0;
    result.state = SourceState::kEnded;
    return result;
  }
  std::string why_cut(const RawRecord& raw) const override { return splitter_.why_cut(raw); }

 protected:
  Status start(const SourceContext& context, std::unique_ptr<StreamLog> log) override {
    Result<std::unique_ptr<BlockPump>> pump =
        BlockPump::start(fd_, name_, *context.clock, *context.waker, std::move(log));
    if (pump.ok()) pump_ = std::move(*pump);
    return pump.status();
  }

 private:
  const int fd_;
  const std::string name_;
  std::unique_ptr<BlockPump> pump_;
};

class StandardInputSource final : public ByteSource {
 public:
  explicit StandardInputSource(StandardInputOptions options) : options_(options) {}

  std::string name() const override {
    return options_.fd == 0 ? "standard input" : "descriptor " + std::to_string(options_.fd);
  }
  std::uint32_t parallelism_max() const override { return 1; }
  std::string what_may_be_lost() const override {
    return name() +
           ": a pipe cannot be read again: what came after the last snapshot is lost in a crash; "
           "write it to a file and follow that, or turn the write-ahead log on";
  }
  bool keeps_log() const override { return true; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    auto reader =
        std::make_unique<StandardInputReader>(options_.fd, name(), options_.line_bytes_max);
    PENSTOCK_RETURN_IF_ERROR(reader->open(context));
    return std::unique_ptr<ByteReader>(std::move(reader));
  }

 private:
  StandardInputOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> standard_input_source(StandardInputOptions options) {
  return std::make_shared<StandardInputSource>(options);
}

}  // namespace penstock
