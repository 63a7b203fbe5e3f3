// tests/sim/sim_broker.h -- what a Kafka cluster keeps: topics, transactions, and who may write in whose name.
//
// Fencing      A transactional id has an epoch. init_producer() raises it and ends what is open; requests with an older
//              one are refused.
// Commits      Are decided by end_transaction() and answered then; readers see them partition by partition, as step()
//              goes on to tell the partitions. Until all know, the id begins nothing new.
// Readers      Of committed records see a partition up to its first record whose transaction is not settled there (the
//              last stable offset), without those of transactions that were taken back.
// Repeats      A batch that was written already is not written again. A commit that was done already is done; but one
//              that comes when the id has begun another transaction ends that one, as with brokers and clients before
//              KIP-890.
// Threads      One.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/random.h"

namespace penstock::sim {

struct KafkaRecord {
  std::string key;
  std::string value;
};
using KafkaPartition = std::pair<std::string, std::uint32_t>;  // Topic and number.
// In whose name a request comes.
struct ProducerName {
  std::string id;
  std::int64_t epoch = -1;
};

class SimBroker {
 public:
  SimBroker(std::uint64_t seed, const Clock& clock) : random_(seed), clock_(clock) {}

  void create_topic(const std::string& topic, std::uint32_t partitions);
  std::uint32_t partitions(const std::string& topic) const;
  // Lets those who were overtaken write all the same: a defect that tests have to find.
  void stop_fencing() { fences_ = false; }

  // CONCURRENT_TRANSACTIONS: to be tried again.
  rd_kafka_resp_err_t init_producer(ProducerName& producer, std::chrono::milliseconds timeout);
  // `sequence`: of this epoch in this partition, from 0. CONCURRENT_TRANSACTIONS: to be tried again.
  rd_kafka_resp_err_t append(const ProducerName& producer, const KafkaPartition& to,
                             std::uint64_t sequence, KafkaRecord record);
  rd_kafka_resp_err_t end_transaction(const ProducerName& producer, bool commits);

  // Takes back what has been open for too long, and tells some partitions of what was decided.
  void step();
  void settle();  // Tells all.

  std::size_t log_end(const KafkaPartition& partition) const { return log(partition).size(); }
  std::size_t last_stable_offset(const KafkaPartition& partition) const;
  // The first at or behind `offset` that readers of committed records see, and moves `offset` behind it. Null: no more.
  const KafkaRecord* next_committed(const KafkaPartition& partition, std::size_t& offset) const;
  // Whatever became of its transaction.
  const KafkaRecord& at(const KafkaPartition& partition, std::size_t offset) const {
    return log(partition)[offset].record;
  }
  std::size_t open_transactions() const;
  std::uint64_t timed_out() const { return timed_out_; }

 private:
  enum class Fate : std::uint8_t { kOpen, kCommitted, kAborted };
  struct Transaction {
    Fate fate = Fate::kOpen;
    std::map<KafkaPartition, bool> told;
    std::size_t not_told = 0;
  };
  struct Producer {
    std::int64_t epoch = -1;
    std::chrono::milliseconds timeout{0};
    std::size_t transaction = 0;  // The newest.
    bool is_open = false;
    Instant began{};
    std::map<KafkaPartition, std::uint64_t> next_sequence{};  // Of this epoch.
  };
  struct Entry {
    KafkaRecord record;
    std::size_t transaction = 0;
  };
  using Log = std::vector<Entry>;

  const Log& log(const KafkaPartition& partition) const { return logs_.at(partition); }
  bool is_settled(const Entry& entry, const KafkaPartition& partition) const;
  bool is_busy(const Producer& producer) const;
  void decide(Producer& producer, Fate fate);
  void tell(Transaction& transaction, bool all);

  Random random_;
  const Clock& clock_;
  bool fences_ = true;
  std::map<std::string, std::uint32_t> topics_;
  std::map<KafkaPartition, Log> logs_;
  std::map<std::string, Producer> producers_;
  std::vector<Transaction> transactions_{1};  // Number 0 is nobody's.
  std::vector<std::size_t> telling_;          // Decided, and not known to all partitions.
  std::uint64_t timed_out_ = 0;
};

}  // namespace penstock::sim
