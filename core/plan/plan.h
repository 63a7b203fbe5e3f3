// core/plan/plan.h -- the job as data: stages, and the exchanges between them.
//
// Whoever wrote the job (typed streams, data frames, SQL) ends here; the engine sees nothing else. A stage is named
// and connected while the job is being written, and gets its body when it is sealed.
// Threads    Built by one thread, then read only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/plan/exchange.h"
#include "penstock/core/stream/sink.h"
#include "penstock/core/stream/stage_body.h"

namespace penstock {

// The rings that one task of a stage reads and writes, in the order in which the plan connected them.
struct StageWiring {
  struct Input {
    ChannelSet* channels;
    std::uint32_t producers;
  };
  struct Output {
    std::uint32_t output;
    ChannelSet* channels;
    std::uint32_t consumers;
    ExchangeKind kind;
  };
  std::uint32_t task_index = 0;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
};

using StageBodyFactory = std::function<Result<std::unique_ptr<StageBody>>(const StageWiring&)>;

struct StageSpec {
  std::string name;
  // 0: as the stages before it where all lead here by Forward; else one task per worker.
  std::uint32_t parallelism = 0;
  std::uint32_t parallelism_max = ~0u;    // What the source allows.
  std::uint64_t state_keys_max = ~0ULL;   // Of all its tasks together.
  std::uint64_t state_keys_expected = 0;  // The same.
  StageBodyFactory make_body;             // Empty until the stage is sealed.
};

class Plan {
 public:
  StageId add_stage(std::string name);
  void seal(StageId stage, StageBodyFactory make_body);
  void connect(ExchangeSpec exchange);
  // What the job reads and writes; see ByteSource::path(). A file has one writer, and no reader beside it; but several
  // sources may put their bad records into one file.
  void reads_path(const std::string& path) { use_path({path, PathUse::kReads}); }
  void writes_path(const std::string& path) { use_path({path, PathUse::kWrites}); }
  void puts_bad_records_into(const std::string& path) { use_path({path, PathUse::kBadRecords}); }
  void writes_to(std::shared_ptr<const ByteSink> sink) {
    writes_path(sink->path());
    sinks_.push_back(std::move(sink));
  }
  // Notes that what was written can never run; validate() reports the first of these.
  void refuse(Status why);
  StageSpec& stage(StageId id) { return stages_[id.value]; }

  const std::vector<StageSpec>& stages() const noexcept { return stages_; }
  const std::vector<ExchangeSpec>& exchanges() const noexcept { return exchanges_; }
  const std::vector<std::shared_ptr<const ByteSink>>& sinks() const noexcept { return sinks_; }

  // Whether it can run: nothing refused, at least one stage, every stage sealed, no cycle, every number in its bounds.
  Status validate() const;
  // One line per stage and exchange, for people.
  std::string to_string() const;

 private:
  struct PathUse {
    enum Kind : std::uint8_t { kReads, kWrites, kBadRecords };
    std::string path;  // Empty: none.
    Kind kind = kReads;
  };
  void use_path(PathUse use);

  std::vector<StageSpec> stages_;
  std::vector<ExchangeSpec> exchanges_;
  std::vector<PathUse> paths_;
  std::vector<std::shared_ptr<const ByteSink>> sinks_;
  Status refused_;
};

// How many tasks each stage gets on `workers` workers. Streams that are split, shared or joined keep the parallelism,
// and so the order, of where they come from.
std::vector<std::uint32_t> resolve_parallelism(const Plan& plan, std::uint32_t workers);

// The worker of task `index` of any stage: every worker runs a share of every stage, so that keys meet their owner
// through the exchange alone.
constexpr WorkerId place_task(std::uint32_t index, std::uint32_t workers) noexcept {
  return {index % workers};
}

}  // namespace penstock
