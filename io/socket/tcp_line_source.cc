#include "penstock/io/socket/tcp_line_source.h"

#include <algorithm>
#include <utility>

#include "penstock/io/file/stream_line_reader.h"
#include "penstock/io/socket/tcp_pump.h"

namespace penstock {
namespace {

class TcpLineReader final : public StreamLineReader {
 public:
  TcpLineReader(TcpPumpOptions options, std::size_t line_bytes_max)
      : StreamLineReader(line_bytes_max), options_(std::move(options)) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant) override {
    begun_ = false;
    PollResult result;
    result.records = splitter_.take(batch, arrival_);
    if (result.records > 0) return result;
    BlockQueue& blocks = pump_->blocks();
    if (const Block* block = blocks.front()) {
      result.records = block->broken_off.empty() ? take(*block, batch) : take_begun(*block, batch);
      blocks.release();
      return result;
    }
    // A block that came since then keeps the queue from having ended, and its wake-up is on its way.
    result.state = SourceState::kWaiting;
    if (!blocks.ended()) return result;
    PENSTOCK_RETURN_IF_ERROR(blocks.status());
    result.records = splitter_.take_rest(batch.front(), arrival_) ? 1 : 0;
    result.state = SourceState::kEnded;
    return result;
  }

  std::string why_cut(const RawRecord& raw) const override {
    if (!begun_) return splitter_.why_cut(raw);
    return "line without an end: the connection was lost (" + lost_because_ + ") behind " +
           std::to_string(raw.bytes.size()) + " bytes of it";
  }

 protected:
  Status start(const SourceContext& context, std::unique_ptr<StreamLog> log) override {
    Result<std::unique_ptr<TcpPump>> pump =
        TcpPump::start(options_, *context.clock, *context.waker, *context.notices, std::move(log));
    if (pump.ok()) pump_ = std::move(*pump);
    return pump.status();
  }

 private:
  // What came of a line before the connection was lost, as a record that cannot be read.
  std::size_t take_begun(const Block& block, std::span<RawRecord> batch) {
    RawRecord& record = batch.front();
    if (!splitter_.take_rest(record, block.arrival)) return 0;
    if (record.cut_from_bytes > 0) return 1;
    begun_ = true;
    lost_because_ = block.broken_off;
    record.cut_from_bytes = std::max<std::uint64_t>(record.bytes.size(), 1);
    return 1;
  }

  bool begun_ = false;  // The record of the last poll is the beginning of a line.
  std::string lost_because_;
  const TcpPumpOptions options_;
  std::unique_ptr<TcpPump> pump_;
};

class TcpLineSource final : public ByteSource {
 public:
  explicit TcpLineSource(TcpLineSourceOptions options) : options_(std::move(options)) {}

  std::string name() const override { return TcpPeer{options_.host, options_.port}.name(); }
  std::uint32_t parallelism_max() const override { return 1; }
  std::string what_may_be_lost() const override {
    return name() +
           ": a connection cannot be read again: what came after the last snapshot is lost in a "
           "crash; let the peer send to a Kafka topic or append to a file, and read that, or turn "
           "the write-ahead log on";
  }
  bool keeps_log() const override { return true; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    auto reader =
        std::make_unique<TcpLineReader>(TcpPumpOptions{.peer = {options_.host, options_.port},
                                                       .timing = options_.timing,
                                                       .end_on_close = options_.end_on_close,
                                                       .quiet_after = options_.quiet_after},
                                        options_.line_bytes_max);
    PENSTOCK_RETURN_IF_ERROR(reader->open(context));
    return std::unique_ptr<ByteReader>(std::move(reader));
  }

 private:
  TcpLineSourceOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> tcp_line_source(TcpLineSourceOptions options) {
  return std::make_shared<TcpLineSource>(std::move(options));
}

}  // namespace penstock
