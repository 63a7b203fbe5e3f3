#include "penstock/io/kafka/retrying_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "penstock/tests/io/io_kit.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kTimeout{10'000};

TransactionClientOptions job_options(Notices& notices) {
  TransactionClientOptions options;
  options.id = "penstock-job-1";
  options.notices = &notices;
  options.place = "kafka broker:9092";
  options.transaction_timeout = kTimeout;
  options.connection.start_timeout = kTimeout;
  return options;
}

const CallResult kNoAnswer{RD_KAFKA_RESP_ERR__TIMED_OUT, true, "no answer"};

// Does what it is told, and counts.
class ScriptedClient final : public RetryingClient {
 public:
  explicit ScriptedClient(Notices& notices) : RetryingClient(job_options(notices), clock_) {
    clock_.advance(std::chrono::seconds(1));
  }

  VirtualClock& clock() { return clock_; }
  std::deque<CallResult> commits;  // What is said to calls; then they are done.
  std::deque<CallResult> inits;
  CallResult fatality;
  bool disturbed = false;
  int inits_made = 0;
  int commits_made = 0;
  int aborts_made = 0;
  int times_made_anew = 0;
  std::optional<Marker> committed;        // As the brokers have it.
  std::optional<Marker> another_on_init;  // Committed by another start before it is fenced off.

  Result<Topic> open_topic(const SinkOptions&, const std::string&) override { return Topic{0}; }
  rd_kafka_resp_err_t produce(Topic, OutgoingBatch&, DeliveryReports&) noexcept override {
    note_record();
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  void poll(milliseconds) noexcept override {}
  std::string trouble() const override { return {}; }

 private:
  CallResult next(std::deque<CallResult>& script, milliseconds at_most) {
    if (script.empty()) return {};
    CallResult result = script.front();
    script.pop_front();
    if (result.retriable) clock_.advance(at_most);
    return result;
  }
  Status prepare() override { return Status(); }
  Result<std::optional<Marker>> find_marker(const std::optional<Marker>&) override {
    return committed;
  }
  CallResult init_transactions(milliseconds at_most) override {
    ++inits_made;
    if (another_on_init) committed = another_on_init;
    return next(inits, at_most);
  }
  Status make_anew() override {
    ++times_made_anew;
    return Status();
  }
  bool was_disturbed() noexcept override { return std::exchange(disturbed, false); }
  CallResult begin_transaction() override { return {}; }
  rd_kafka_resp_err_t produce_marker(const std::string& text) override {
    sent_ = parse_marker(text);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  CallResult commit_transaction(milliseconds at_most) override {
    ++commits_made;
    CallResult result = next(commits, at_most);
    if (result.ok()) committed = sent_;
    return result;
  }
  CallResult abort_transaction(milliseconds) override {
    ++aborts_made;
    return {};
  }
  bool is_fatal() const noexcept override { return !fatality.ok(); }
  CallResult fatal_error() const override { return fatality; }
  bool is_refused() const override { return false; }

  VirtualClock clock_;
  std::optional<Marker> sent_;
};

class RetryingClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(client_.start().ok());
    ASSERT_TRUE(client_.begin().ok());
  }
  void produce() {
    struct : DeliveryReports {
      void reported(const Report&) noexcept override {}
    } reports;
    OutgoingBatch batch;
    client_.produce(0, batch, reports);
  }

  test::NoticeLog notices_;
  ScriptedClient client_{notices_};
};

TEST_F(RetryingClientTest, ACommitThatIsAnsweredAtOnceLeavesTheClientAsItIs) {
  EXPECT_TRUE(client_.commit().ok());
  EXPECT_TRUE(client_.begin().ok());
  EXPECT_EQ(client_.times_made_anew, 0);
  EXPECT_EQ(client_.inits_made, 1);
}

TEST_F(RetryingClientTest, ACommitThatHadToBeRepeatedIsFollowedByAnotherProducerEpoch) {
  client_.commits = {kNoAnswer, kNoAnswer};
  EXPECT_TRUE(client_.commit().ok());
  EXPECT_EQ(client_.commits_made, 3);
  EXPECT_TRUE(client_.begin().ok());
  EXPECT_EQ(client_.times_made_anew, 1);
  EXPECT_EQ(client_.inits_made, 2);
  EXPECT_TRUE(notices_.wait_for("goes on under another producer epoch"));
  EXPECT_TRUE(client_.commit().ok());
  EXPECT_TRUE(client_.begin().ok());
  EXPECT_EQ(client_.times_made_anew, 1) << "once is enough";
}

TEST_F(RetryingClientTest, AConnectionThatBrokeIsFollowedByAnotherProducerEpoch) {
  client_.disturbed = true;
  EXPECT_TRUE(client_.commit().ok());
  EXPECT_TRUE(client_.begin().ok());
  EXPECT_EQ(client_.times_made_anew, 1);
}

constexpr Marker kOwn{Epoch{7}, 1};
constexpr Marker kOfAnother{Epoch{7}, 2};

TEST_F(RetryingClientTest, AClientInDoubtGoesOnWhereItsOwnMarkerIsTheNewest) {
  client_.disturbed = true;
  EXPECT_TRUE(client_.mark(kOwn).ok());
  EXPECT_TRUE(client_.commit().ok());
  EXPECT_TRUE(client_.begin().ok());
}

TEST_F(RetryingClientTest, AClientInDoubtThatAnotherHasOvertakenEndsAndLeavesThatOneAlone) {
  client_.disturbed = true;
  EXPECT_TRUE(client_.mark(kOwn).ok());
  EXPECT_TRUE(client_.commit().ok());
  client_.committed = kOfAnother;
  const Status begun = client_.begin();
  EXPECT_EQ(begun.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(begun.to_string(), HasSubstr("another start of this job has taken over"));
  EXPECT_EQ(client_.inits_made, 1) << "the other is not fenced off";
}

TEST_F(RetryingClientTest, AClientInDoubtLooksAgainWhenNobodyElseCanCommitAnyMore) {
  client_.disturbed = true;
  EXPECT_TRUE(client_.mark(kOwn).ok());
  EXPECT_TRUE(client_.commit().ok());
  client_.another_on_init = kOfAnother;
  EXPECT_EQ(client_.begin().code(), StatusCode::kFailedPrecondition);
}

TEST_F(RetryingClientTest, AnEpochThatCannotBeTakenOverFailsTheJobForAReasonThatMayPass) {
  client_.commits = {kNoAnswer};
  client_.inits.assign(100, kNoAnswer);
  EXPECT_TRUE(client_.commit().ok());
  const Status begun = client_.begin();
  EXPECT_EQ(begun.code(), StatusCode::kUnavailable);
  EXPECT_THAT(begun.to_string(), HasSubstr("cannot be taken over within 10000 ms"));
}

TEST_F(RetryingClientTest, ACommitIsRepeatedAsLongAsItsTransactionMayLive) {
  client_.commits.assign(100, kNoAnswer);
  const Instant begin = client_.clock().now();
  EXPECT_EQ(client_.commit().code(), StatusCode::kUnavailable);
  EXPECT_EQ(client_.clock().now() - begin, kTimeout);
}

TEST_F(RetryingClientTest, ARightThatIsMissingDoesNotPassByItself) {
  client_.commits = {{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, false, "denied"}};
  EXPECT_EQ(client_.commit().code(), StatusCode::kPermissionDenied);
}

TEST_F(RetryingClientTest, ACancelledCommitIsNotRepeated) {
  client_.commits.assign(100, kNoAnswer);
  client_.cancel();
  EXPECT_EQ(client_.commit().code(), StatusCode::kUnavailable);
  EXPECT_EQ(client_.commits_made, 1);
}

TEST_F(RetryingClientTest, OnlyAClientThatAnotherHasOvertakenSaysSo) {
  client_.fatality = {RD_KAFKA_RESP_ERR__FENCED, false, "fenced"};
  EXPECT_EQ(client_.fatal().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(client_.fatal().to_string(), HasSubstr("another start of this job has taken over"));

  client_.fatality = {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, false, "a gap"};
  EXPECT_EQ(client_.fatal().code(), StatusCode::kUnavailable) << "a new start may mend it";
  EXPECT_THAT(client_.fatal().to_string(), HasSubstr("ended for good: a gap"));

  client_.fatality = {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, false, "no"};
  EXPECT_EQ(client_.fatal().code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(client_.fatal().to_string(), HasSubstr("grant Write and Describe on it"));
}

TEST_F(RetryingClientTest, ATransactionThatWasOpenForTooLongIsNoOtherStart) {
  produce();
  client_.clock().advance(kTimeout);
  client_.fatality = {RD_KAFKA_RESP_ERR__FENCED, false, "fenced"};
  EXPECT_EQ(client_.fatal().code(), StatusCode::kUnavailable);
  EXPECT_THAT(client_.fatal().to_string(), HasSubstr("the brokers have taken it back"));
}

TEST_F(RetryingClientTest, AClientThatIsOfNoUseAbortsNothing) {
  client_.abort();
  client_.fatality = {RD_KAFKA_RESP_ERR__FENCED, false, "fenced"};
  client_.abort();
  EXPECT_EQ(client_.aborts_made, 1);
}

}  // namespace
}  // namespace penstock::kafka::internal
