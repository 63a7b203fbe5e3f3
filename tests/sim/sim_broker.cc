#include "penstock/tests/sim/sim_broker.h"

#include <algorithm>

namespace penstock::sim {

void SimBroker::create_topic(const std::string& topic, std::uint32_t partitions) {
  topics_[topic] = partitions;
  for (std::uint32_t i = 0; i < partitions; ++i) logs_[{topic, i}];
}

std::uint32_t SimBroker::partitions(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second;
}

bool SimBroker::is_busy(const Producer& producer) const {
  return !producer.is_open && transactions_[producer.transaction].not_told > 0;
}

rd_kafka_resp_err_t SimBroker::init_producer(ProducerName& name,
                                             std::chrono::milliseconds timeout) {
  Producer& producer = producers_[name.id];
  if (is_busy(producer)) return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
  if (producer.is_open) {
    // Fenced at once; who asks again gets an epoch of its own when the partitions know.
    ++producer.epoch;
    decide(producer, Fate::kAborted);
    return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
  }
  name.epoch = ++producer.epoch;
  producer.timeout = timeout;
  producer.next_sequence.clear();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t SimBroker::append(const ProducerName& name, const KafkaPartition& to,
                                      std::uint64_t sequence, KafkaRecord record) {
  Producer& producer = producers_.at(name.id);
  if (fences_ && name.epoch != producer.epoch) return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
  std::uint64_t& next = producer.next_sequence[to];
  if (name.epoch == producer.epoch && sequence < next) return RD_KAFKA_RESP_ERR_NO_ERROR;
  if (name.epoch == producer.epoch && sequence > next)
    return RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
  if (is_busy(producer)) return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
  if (!producer.is_open) {
    producer.is_open = true;
    producer.began = clock_.now();
    producer.transaction = transactions_.size();
    transactions_.emplace_back();
  }
  if (name.epoch == producer.epoch) ++next;
  transactions_[producer.transaction].told.try_emplace(to, false);
  logs_.at(to).push_back({std::move(record), producer.transaction});
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t SimBroker::end_transaction(const ProducerName& name, bool commits) {
  Producer& producer = producers_.at(name.id);
  if (fences_ && name.epoch != producer.epoch) return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
  const Fate wanted = commits ? Fate::kCommitted : Fate::kAborted;
  if (producer.is_open) {
    decide(producer, wanted);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  const bool was_so =
      producer.transaction != 0 && transactions_[producer.transaction].fate == wanted;
  return was_so ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

void SimBroker::decide(Producer& producer, Fate fate) {
  Transaction& transaction = transactions_[producer.transaction];
  transaction.fate = fate;
  transaction.not_told = transaction.told.size();
  producer.is_open = false;
  telling_.push_back(producer.transaction);
}

void SimBroker::tell(Transaction& transaction, bool all) {
  for (auto& [partition, told] : transaction.told) {
    if (told || (!all && random_.chance(0.5))) continue;
    told = true;
    --transaction.not_told;
  }
}

void SimBroker::step() {
  for (auto& [id, producer] : producers_) {
    if (!producer.is_open || clock_.now() - producer.began < producer.timeout) continue;
    ++producer.epoch;
    ++timed_out_;
    decide(producer, Fate::kAborted);
  }
  for (const std::size_t number : telling_) tell(transactions_[number], false);
  std::erase_if(telling_, [this](std::size_t each) { return transactions_[each].not_told == 0; });
}

void SimBroker::settle() {
  for (const std::size_t number : telling_) tell(transactions_[number], true);
  telling_.clear();
}

bool SimBroker::is_settled(const Entry& entry, const KafkaPartition& partition) const {
  const Transaction& transaction = transactions_[entry.transaction];
  return transaction.fate != Fate::kOpen && transaction.told.at(partition);
}

std::size_t SimBroker::last_stable_offset(const KafkaPartition& partition) const {
  const Log& entries = log(partition);
  const auto open = std::find_if(entries.begin(), entries.end(),
                                 [&](const Entry& entry) { return !is_settled(entry, partition); });
  return static_cast<std::size_t>(open - entries.begin());
}

const KafkaRecord* SimBroker::next_committed(const KafkaPartition& partition,
                                             std::size_t& offset) const {
  const Log& entries = log(partition);
  while (offset < entries.size() && is_settled(entries[offset], partition)) {
    const Entry& entry = entries[offset++];
    if (transactions_[entry.transaction].fate == Fate::kCommitted) return &entry.record;
  }
  return nullptr;
}

std::size_t SimBroker::open_transactions() const {
  std::size_t open = telling_.size();
  for (const auto& [id, producer] : producers_) open += producer.is_open ? 1 : 0;
  return open;
}

}  // namespace penstock::sim
