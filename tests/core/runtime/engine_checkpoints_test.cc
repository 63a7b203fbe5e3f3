#include "penstock/core/runtime/engine_checkpoints.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "penstock/core/stream/epoch_transactions.h"
#include "penstock/tests/core/runtime/plan_kit.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace penstock {
namespace {

struct NoTransactions final : EpochTransactions {
  std::string name() const override { return "none"; }
  Result<std::optional<Epoch>> open(const EpochTransactionsJob&) override {
    return std::optional<Epoch>();
  }
  Status set_marker(Epoch) override { return Status(); }
  bool has_output() const noexcept override { return false; }
  Status commit(Epoch) override { return Status(); }
  void settled(Epoch) noexcept override {}
  void cancel() noexcept override {}
  void end() noexcept override {}
};

struct UnusedSink : ByteSink {
  std::string name() const override { return "unused"; }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext&) const override {
    return Status::internal("nobody writes here");
  }
};
struct TransactionalSink final : UnusedSink {
  Status join(std::shared_ptr<EpochTransactions>& transactions) const override {
    transactions = std::make_shared<NoTransactions>();
    return Status();
  }
};

class EngineCheckpointsTest : public testing::Test {
 protected:
  // Of the first task of a job with that sink.
  bool is_awaited(std::shared_ptr<const ByteSink> sink) {
    const test::TemporaryFolder folder;
    const RealClock clock;
    StandardErrorNotices notices;
    const std::unique_ptr<FileSystem> files = make_posix_file_system();
    TaskControl control;
    Plan plan = kit::two_stages({.count = 1}, ExchangeKind::kForward, std::make_shared<kit::Log>());
    plan.writes_to(std::move(sink));
    CheckpointOptions options;
    options.directory = folder.path();
    EngineCheckpoints checkpoints(options, *files, clock, notices,
                                  {.name = "job",
                                   .control = &control,
                                   .wake = [] {},
                                   .fail = [](const Status&) {},
                                   .progress = [] { return 0; }});
    const Status opened = checkpoints.open(plan, {1, 1});
    EXPECT_TRUE(opened.ok()) << opened.to_string();
    return checkpoints.add_task({0}, 0, 1)->is_awaited();
  }
};

TEST_F(EngineCheckpointsTest, EpochsAreAwaitedWhereASinkHasTransactions) {
  EXPECT_TRUE(is_awaited(std::make_shared<TransactionalSink>()));
  EXPECT_FALSE(is_awaited(std::make_shared<UnusedSink>()));
}

}  // namespace
}  // namespace penstock
