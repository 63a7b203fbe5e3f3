// What the simulated cluster does, as a real one was seen to do.
#include "penstock/tests/sim/sim_broker.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::sim {
namespace {

using std::chrono::seconds;

const KafkaPartition kPlace{"topic", 0};

class SimBrokerTest : public testing::Test {
 protected:
  void SetUp() override { broker_.create_topic("topic", 1); }
  // Asks until it is there.
  ProducerName producer(const std::string& id) {
    ProducerName name{id};
    while (broker_.init_producer(name, seconds(10)) != RD_KAFKA_RESP_ERR_NO_ERROR) broker_.settle();
    return name;
  }
  rd_kafka_resp_err_t write(const ProducerName& name, std::uint64_t sequence,
                            const std::string& value) {
    return broker_.append(name, kPlace, sequence, {"key", value});
  }
  std::string committed() {
    std::string all;
    std::size_t offset = 0;
    while (const KafkaRecord* record = broker_.next_committed(kPlace, offset)) all += record->value;
    return all;
  }

  VirtualClock clock_;
  SimBroker broker_{1, clock_};
};

TEST_F(SimBrokerTest, ReadersSeeATransactionWhenItIsCommittedAndSettled) {
  const ProducerName job = producer("job");
  write(job, 0, "a");
  EXPECT_EQ(committed(), "");
  EXPECT_EQ(broker_.end_transaction(job, true), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(committed(), "") << "the partition does not know yet";
  EXPECT_EQ(broker_.open_transactions(), 1u);
  broker_.settle();
  EXPECT_EQ(committed(), "a");
  EXPECT_EQ(broker_.open_transactions(), 0u);
}

TEST_F(SimBrokerTest, ReadersWaitBehindATransactionThatIsOpen) {
  const ProducerName first = producer("first");
  const ProducerName second = producer("second");
  write(first, 0, "a");
  write(second, 0, "b");
  broker_.end_transaction(second, true);
  broker_.settle();
  EXPECT_EQ(broker_.last_stable_offset(kPlace), 0u);
  EXPECT_EQ(broker_.log_end(kPlace), 2u);
  broker_.end_transaction(first, false);
  broker_.settle();
  EXPECT_EQ(committed(), "b");
}

TEST_F(SimBrokerTest, AnotherStartEndsWhatIsOpenAndFencesTheFirst) {
  const ProducerName zombie = producer("job");
  write(zombie, 0, "a");
  const ProducerName job = producer("job");
  EXPECT_EQ(write(zombie, 1, "b"), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  EXPECT_EQ(broker_.end_transaction(zombie, true), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  write(job, 0, "c");
  broker_.end_transaction(job, true);
  broker_.settle();
  EXPECT_EQ(committed(), "c");
}

TEST_F(SimBrokerTest, ARecordThatIsSentAgainIsThereOnce) {
  const ProducerName job = producer("job");
  write(job, 0, "a");
  EXPECT_EQ(write(job, 0, "a"), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(write(job, 2, "c"), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  broker_.end_transaction(job, true);
  broker_.settle();
  EXPECT_EQ(committed(), "a");
}

TEST_F(SimBrokerTest, ACommitThatIsRepeatedIsDoneAndCommitsTheNextTransactionIfThatHasBegun) {
  const ProducerName job = producer("job");
  write(job, 0, "a");
  broker_.end_transaction(job, true);
  EXPECT_EQ(broker_.end_transaction(job, true), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(broker_.end_transaction(job, false), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
  EXPECT_EQ(write(job, 1, "b"), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
  broker_.settle();
  write(job, 1, "b");
  EXPECT_EQ(broker_.end_transaction(job, true), RD_KAFKA_RESP_ERR_NO_ERROR);
  broker_.settle();
  EXPECT_EQ(committed(), "ab");
}

TEST_F(SimBrokerTest, ATransactionThatIsOpenForTooLongIsTakenBackAndItsProducerFenced) {
  const ProducerName job = producer("job");
  write(job, 0, "a");
  clock_.advance(seconds(10));
  broker_.step();
  EXPECT_EQ(broker_.timed_out(), 1u);
  EXPECT_EQ(broker_.end_transaction(job, true), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  broker_.settle();
  EXPECT_EQ(committed(), "");
}

}  // namespace
}  // namespace penstock::sim
