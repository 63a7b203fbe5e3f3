#include "penstock/io/file/standard_input_source.h"

#include <cstring>
#include <string>

#include "penstock/io/file/block_pump.h"
#include "penstock/io/file/line_splitter.h"

namespace penstock {
namespace {

class StandardInputReader final : public ByteReader {
 public:
  StandardInputReader(const StandardInputOptions& options, const SourceContext& context)
      : options_(options), splitter_(options.line_bytes_max), pump_(options.fd, *context.clock, *context.waker) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant) override {
    PollResult result;
    take_lines(batch, result);
    if (result.records > 0) return result;
    // Asked before the queue is: what came before the end is then found by take().
    const bool ended = pump_.ended();
    if (std::optional<Block> block = pump_.take()) {
      PENSTOCK_RETURN_IF_ERROR(append(*block));
      take_lines(batch, result);
      return result;
    }
    result.state = SourceState::kWaiting;
    if (!ended) return result;
    PENSTOCK_RETURN_IF_ERROR(pump_.status());
    if (const std::optional<Line> rest = splitter_.take_rest()) batch[result.records++] = raw(*rest);
    result.state = SourceState::kEnded;
    return result;
  }

 private:
  void take_lines(std::span<RawRecord> batch, PollResult& result) {
    while (result.records < batch.size()) {
      const std::optional<Line> line = splitter_.next();
      if (!line) return;
      batch[result.records++] = raw(*line);
    }
  }

  RawRecord raw(const Line& line) const { return {line.text, {SplitId{0}, line.offset}, arrival_}; }

  Status append(const Block& block) {
    if (splitter_.too_long()) {
      return Status::data_error("standard input at byte " + std::to_string(splitter_.offset()) +
                                ": the line is longer than " + std::to_string(options_.line_bytes_max) +
                                " bytes; raise line_bytes_max or mend the input");
    }
    std::memcpy(splitter_.writable(block.bytes.size()).data(), block.bytes.data(), block.bytes.size());
    splitter_.written(block.bytes.size());
    arrival_ = block.arrival;
    return Status();
  }

  StandardInputOptions options_;
  LineSplitter splitter_;
  Instant arrival_;
  BlockPump pump_;
};

class StandardInputSource final : public ByteSource {
 public:
  explicit StandardInputSource(StandardInputOptions options) : options_(options) {}

  std::string name() const override { return "standard input"; }
  std::uint32_t parallelism_max() const override { return 1; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    return std::unique_ptr<ByteReader>(std::make_unique<StandardInputReader>(options_, context));
  }

 private:
  StandardInputOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> standard_input_source(StandardInputOptions options) {
  return std::make_shared<StandardInputSource>(options);
}

}  // namespace penstock
