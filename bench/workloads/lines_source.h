// bench/workloads/lines_source.h -- lines that lie in memory as a byte source of the engine.
//
// Task s of W reads the lines s, s + W, s + 2 W, ...
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/json_lines.h"

namespace penstock::bench {

class LinesReader final : public ByteReader {
 public:
  LinesReader(std::shared_ptr<const JsonLines> lines, std::shared_ptr<RunMeter> meter,
              const SourceContext& context)
      : lines_(std::move(lines)),
        meter_(std::move(meter)),
        next_(context.task_index),
        step_(context.task_count) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    if (meter_ != nullptr) std::exchange(meter_, nullptr)->started();
    PollResult result;
    for (; result.records < batch.size() && next_ < lines_->size(); next_ += step_) {
      batch[result.records++] = {lines_->line(next_), {SplitId{0}, next_}, now};
    }
    if (next_ >= lines_->size()) result.state = SourceState::kEnded;
    return result;
  }

 private:
  std::shared_ptr<const JsonLines> lines_;
  std::shared_ptr<RunMeter> meter_;
  std::size_t next_;
  std::size_t step_;
};

class LinesSource final : public ByteSource {
 public:
  LinesSource(std::shared_ptr<const JsonLines> lines, std::shared_ptr<RunMeter> meter)
      : lines_(std::move(lines)), meter_(std::move(meter)) {}

  std::string name() const override { return "lines in memory"; }
  std::uint32_t parallelism_max() const override { return ~0u; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    return std::unique_ptr<ByteReader>(std::make_unique<LinesReader>(lines_, meter_, context));
  }

 private:
  std::shared_ptr<const JsonLines> lines_;
  std::shared_ptr<RunMeter> meter_;
};

}  // namespace penstock::bench
