#include "penstock/core/checkpoint/output_epochs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "penstock/core/base/random.h"
#include "penstock/core/checkpoint/coordinator.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

// The other side: what its readers see, and what a commit can come to.
struct FarSide {
  enum class Fate { kDone, kRefused, kAnswerLost };
  std::optional<Epoch> marker;
  std::vector<int> seen;
  Fate next = Fate::kDone;
};

class FakeTransactions final : public EpochTransactions {
 public:
  explicit FakeTransactions(FarSide& far) : far_(far) {}

  std::string name() const override { return "far"; }
  Result<std::optional<Epoch>> open(const EpochTransactionsJob& job) override {
    ids.push_back(job.id);
    return far_.marker;
  }
  Status set_marker(Epoch epoch) override {
    far_.marker = epoch;
    return Status();
  }
  bool has_output() const noexcept override { return !written_.empty(); }
  Status commit(Epoch epoch) override {
    const FarSide::Fate fate = std::exchange(far_.next, FarSide::Fate::kDone);
    if (fate != FarSide::Fate::kRefused) {
      far_.marker = epoch;
      far_.seen.insert(far_.seen.end(), written_.begin(), written_.end());
    }
    if (fate != FarSide::Fate::kDone) return Status(StatusCode::kUnavailable, "no answer");
    written_.clear();
    return Status();
  }
  void settled(Epoch epoch) noexcept override { newest_settled = epoch; }
  void cancel() noexcept override {}
  void end() noexcept override { written_.clear(); }

  void write(int row) { written_.push_back(row); }
  std::vector<std::string> ids;
  Epoch newest_settled;

 private:
  FarSide& far_;
  std::vector<int> written_;
};

struct Commands final : EpochCommands {
  void request(Epoch epoch) noexcept override { requested = epoch; }
  void give_up(Epoch) noexcept override {}
  void committed(Epoch epoch, bool) noexcept override { told = epoch; }
  void fail(const Status& status) noexcept override { failure = status; }
  std::uint64_t progress() const noexcept override { return ++done; }

  Epoch requested, told;
  Status failure;
  mutable std::uint64_t done = 1;
};

// A job that writes the numbers from one on, and another sink that publishes them when their epoch is durable.
class OutputEpochsTest : public testing::Test {
 protected:
  OutputEpochsTest() { start(); }

  void start(CheckpointOptions options = {}, bool with_transactions = true) {
    coordinator_.reset();
    commands_ = {};
    options.directory = "/cp";
    options.interval = milliseconds(100);
    coordinator_ =
        std::make_unique<CheckpointCoordinator>(options, files_, clock_, notices_, commands_);
    transactions_ = std::make_shared<FakeTransactions>(far_);
    if (with_transactions) coordinator_->use(transactions_);
    port_ = std::make_unique<SnapshotPort>();
    opened_ = coordinator_->open("a job", {{.stage = {0}, .name = "s", .operators = {}}});
    coordinator_->add_task({{0}, 0, 1, port_.get()});
    number_ = 0;
    static_cast<void>(coordinator_->restore({0}, [this](const SnapshotItem& item) {
      number_ = std::stoi(std::string(item.bytes));
      return Status();
    }));
  }
  CheckpointOptions from(Epoch epoch) {
    CheckpointOptions options;
    options.restore_from = epoch;
    options.begin_anew = epoch == Epoch{};
    return options;
  }
  Epoch epoch(int rows, FarSide::Fate fate = FarSide::Fate::kDone) {
    for (int i = 0; i < rows; ++i) transactions_->write(++number_);
    far_.next = fate;
    clock_.advance(milliseconds(100));
    coordinator_->step(clock_.now());
    port_->begin(commands_.requested);
    SnapshotWriter writer(*port_);
    writer.select_operator("0");
    writer.section("s", 1);
    writer.add(std::to_string(number_));
    writer.after_commit([this, up_to = number_] {
      published_ = up_to;
      return Status();
    });
    writer.flush();
    port_->finish(false);
    coordinator_->step(clock_.now());
    return commands_.requested;
  }

  SimFileSystem files_{1};
  VirtualClock clock_;
  checkpoint_kit::HeardNotices notices_;
  FarSide far_;
  Commands commands_;
  std::shared_ptr<FakeTransactions> transactions_;
  std::unique_ptr<SnapshotPort> port_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
  Status opened_;
  int number_ = 0;
  int published_ = 0;
};

TEST_F(OutputEpochsTest, CommitsAnEpochWithOutputBeforeOthersPublish) {
  ASSERT_TRUE(opened_.ok()) << opened_.to_string();
  EXPECT_EQ(far_.marker, Epoch{}) << "a new job says so before it writes";
  const Epoch first = epoch(2);
  EXPECT_THAT(far_.seen, ElementsAre(1, 2));
  EXPECT_EQ(far_.marker, first);
  EXPECT_EQ(transactions_->newest_settled, first);
  EXPECT_EQ(commands_.told, first);
  EXPECT_EQ(published_, 2);
}

TEST_F(OutputEpochsTest, AnEpochWithoutOutputNeedsNoTransactionAndIsGoneOnFrom) {
  const Epoch first = epoch(1);
  const Epoch second = epoch(0, FarSide::Fate::kRefused);
  EXPECT_TRUE(commands_.failure.ok());
  EXPECT_EQ(far_.marker, first);
  EXPECT_EQ(transactions_->newest_settled, second);
  start();
  EXPECT_EQ(coordinator_->restored(), second);
}

TEST_F(OutputEpochsTest, OneThatWasNeverCommittedFailsTheJobAndIsPassedOver) {
  const Epoch first = epoch(1);
  epoch(1, FarSide::Fate::kRefused);
  EXPECT_EQ(commands_.failure.code(), StatusCode::kUnavailable);
  EXPECT_EQ(commands_.told, first);
  EXPECT_EQ(published_, 1) << "nothing of it is published elsewhere";
  start();
  EXPECT_EQ(coordinator_->restored(), first);
  epoch(2);
  EXPECT_THAT(far_.seen, ElementsAre(1, 2, 3));
}

TEST_F(OutputEpochsTest, OneOfWhichOnlyTheAnswerWasLostIsGoneOnFrom) {
  epoch(1);
  const Epoch second = epoch(1, FarSide::Fate::kAnswerLost);
  EXPECT_FALSE(commands_.failure.ok());
  start();
  EXPECT_EQ(coordinator_->restored(), second);
  epoch(1);
  EXPECT_THAT(far_.seen, ElementsAre(1, 2, 3));
}

TEST_F(OutputEpochsTest, AJobHasTheSameNameInEachOfItsStartsAndAnotherFolderAnother) {
  const std::string id = transactions_->ids.at(0);
  EXPECT_THAT(id, testing::MatchesRegex("penstock-a_job-[0-9a-f]{16}"));
  start();
  EXPECT_THAT(transactions_->ids, ElementsAre(id));
}

TEST_F(OutputEpochsTest, WithoutTheMarkerNobodyGuesses) {
  epoch(1);
  far_.marker.reset();
  start();
  EXPECT_EQ(opened_.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened_.to_string(), HasSubstr("far has no marker of 'penstock-a_job-"));
}

TEST_F(OutputEpochsTest, AMarkerThatNoCheckpointBelongsToIsRefused) {
  epoch(1);
  far_.marker = Epoch{77};
  start();
  EXPECT_THAT(opened_.to_string(), HasSubstr("seen output up to epoch 77, and there is no good"));
}

TEST_F(OutputEpochsTest, AChosenCheckpointTakesTheMarkerBackSoThatTheNextStartGoesOnFromThere) {
  const Epoch first = epoch(1);
  epoch(1);
  start(from(first));
  ASSERT_TRUE(opened_.ok()) << opened_.to_string();
  EXPECT_EQ(far_.marker, first);
  start();
  EXPECT_EQ(coordinator_->restored(), first);
  epoch(1);
  EXPECT_THAT(far_.seen, ElementsAre(1, 2, 2)) << "what was committed since stays and comes again";
  start(from({}));
  EXPECT_EQ(far_.marker, Epoch{});
  start();
  EXPECT_EQ(coordinator_->restored(), Epoch{});
}

TEST_F(OutputEpochsTest, AChosenCheckpointOfWhichTheOutputIsNotThereIsRefused) {
  epoch(1);
  const Epoch second = epoch(1, FarSide::Fate::kRefused);
  start(from(second));
  EXPECT_THAT(opened_.to_string(), HasSubstr("going on from it would lose that"));
}

TEST_F(OutputEpochsTest, AJobWithoutTransactionsDoesNotGoOnFromOneThatHadThem) {
  const Epoch first = epoch(1);
  start({}, false);
  EXPECT_THAT(opened_.to_string(), HasSubstr("its last output may not be committed"));
  start(from(first), false);
  EXPECT_TRUE(opened_.ok()) << opened_.to_string();
}

// Each seed is a job that is started until it has written all its numbers.
TEST_F(OutputEpochsTest, FaultsAtRandomNeitherLoseNorDouble) {
  constexpr int kRows = 40;
  for (std::uint64_t seed = 1; seed <= rounds(200); ++seed) {
    Random random(seed);
    start(from({}));
    far_.seen.clear();
    while (far_.seen.size() < kRows) {
      ASSERT_TRUE(opened_.ok()) << opened_.to_string() << ", seed " << seed;
      ASSERT_EQ(static_cast<std::size_t>(number_), far_.seen.size()) << "seed " << seed;
      while (commands_.failure.ok() && random.uniform() < 0.8) {
        const double chance = random.uniform();
        epoch(chance < 0.3 ? 0 : 1, chance < 0.8   ? FarSide::Fate::kDone
                                    : chance < 0.9 ? FarSide::Fate::kRefused
                                                   : FarSide::Fate::kAnswerLost);
      }
      if (random.uniform() < 0.5) files_.crash();
      start();
    }
    for (int i = 0; i < kRows; ++i) ASSERT_EQ(far_.seen[static_cast<std::size_t>(i)], i + 1);
  }
}

}  // namespace
}  // namespace penstock
