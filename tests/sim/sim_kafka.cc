#include "penstock/tests/sim/sim_kafka.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "penstock/core/base/hash.h"

namespace penstock::sim {
namespace {

using kafka::internal::CallResult;
using kafka::internal::DeliveryReports;
using kafka::internal::Marker;
using kafka::internal::TransactionClientOptions;
using std::chrono::milliseconds;

constexpr double kFaultsPerRun = 0.4;
constexpr milliseconds kTurn{10};

constexpr std::string_view kNames[] = {
    "init answer lost",     "marker unread",        "foreign transaction",
    "record answer lost",   "record refused",       "queue full",
    "commit lost",          "commit answer lost",   "commit late",
    "commit sent twice",    "commit refused",       "dies before commit",
    "dies awaiting commit", "dies after commit",    "fatal",
    "abort lost",           "records behind death", "brokers away"};
static_assert(std::size(kNames) == kKafkaFaults);

// How often it can be met at most: once in so many records, or calls.
double rarity_of(KafkaFault fault) noexcept {
  switch (fault) {
    case KafkaFault::kRecordRefused:
    case KafkaFault::kFatal:
      return 0.01;
    case KafkaFault::kRecordAnswerLost:
    case KafkaFault::kQueueFull:
      return 0.02;
    case KafkaFault::kRecordsBehindDeath:
      return 1;
    case KafkaFault::kBrokersAway:
      return 0.002;
    default:
      return 0.4;
  }
}

const CallResult kTimedOut{RD_KAFKA_RESP_ERR__TIMED_OUT, true, "no answer in time"};
const CallResult kDead{RD_KAFKA_RESP_ERR__DESTROY, false, "the process is dead"};

}  // namespace

std::string_view name_of(KafkaFault fault) noexcept {
  return kNames[static_cast<std::size_t>(fault)];
}

// --- the client library ---

class SimKafka::Client final : public kafka::internal::RetryingClient {
 public:
  Client(SimKafka& kafka, std::shared_ptr<Process> process, const TransactionClientOptions& options)
      : RetryingClient(options, kafka.clock_),
        kafka_(kafka),
        process_(std::move(process)),
        name_{options.id},
        marker_topic_{options.marker_topic, 0} {
    kafka_.clients_.push_back(this);
  }
  ~Client() override { std::erase(kafka_.clients_, this); }

  Result<Topic> open_topic(const kafka::SinkOptions& options, const std::string&) override {
    topics_.push_back(options.topic);
    return topics_.size() - 1;
  }
  rd_kafka_resp_err_t produce(Topic topic, kafka::internal::OutgoingBatch& batch,
                              DeliveryReports& reports) noexcept override {
    note_record();
    const auto& entry = batch.front();
    KafkaRecord record{{static_cast<const char*>(batch.key_of(entry)), entry.key_bytes},
                       {static_cast<const char*>(batch.value_of(entry)), entry.value_bytes}};
    const std::uint32_t partitions = kafka_.broker_.partitions(topics_[topic]);
    std::uint64_t hash = 0;
    for (const char letter : record.key)
      hash = hash_bits(hash + static_cast<unsigned char>(letter));
    return enqueue({{topics_[topic], hash % partitions}, std::move(record), &reports});
  }
  void poll(milliseconds) noexcept override {}
  bool reports_by_itself() const noexcept override { return true; }
  std::string trouble() const override { return {}; }

  Process& process() const noexcept { return *process_; }
  // Some of what waits goes to the brokers, and some reports come.
  void step() {
    if (process_->is_dead()) return;
    send(kafka_.random_.below(8));
    report(kafka_.random_.below(8));
  }
  // The process dies: some of what it had sent is on its way.
  void leave_some_behind() {
    while (!waiting_.empty() && kafka_.hit(KafkaFault::kRecordsBehindDeath)) {
      kafka_.send([&kafka = kafka_, name = name_, sent = waiting_.front()] {
        kafka.broker_.append(name, sent.to, sent.sequence, sent.record);
      });
      waiting_.pop_front();
    }
  }

 private:
  struct Waiting {
    KafkaPartition to;
    KafkaRecord record;
    DeliveryReports* reports = nullptr;  // Null: a marker.
    std::uint64_t sequence = 0;
  };

  Result<std::optional<Marker>> find_marker(const std::optional<Marker>& known) override {
    const Status unread(StatusCode::kUnavailable, "the topic of markers cannot be read");
    if (kafka_.hit(KafkaFault::kForeignTransaction)) kafka_.begin_foreign_transaction();
    if (process_->is_dead() || kafka_.hit(KafkaFault::kMarkerUnread)) return unread;
    const std::size_t end = kafka_.broker_.log_end(marker_topic_);
    if (known && reach(options().connection.start_timeout) && is_last(*known)) return known;
    const Instant until = kafka_.clock_.now() + options().connection.start_timeout;
    while (kafka_.broker_.last_stable_offset(marker_topic_) < end || kafka_.away()) {
      if (kafka_.clock_.now() >= until) return unread;
      kafka_.pass(kTurn);
    }
    std::optional<Marker> marker;
    std::size_t offset = 0;
    while (const KafkaRecord* record = kafka_.broker_.next_committed(marker_topic_, offset)) {
      if (record->key == options().id) marker = kafka::internal::parse_marker(record->value);
    }
    return marker;
  }
  bool is_last(const Marker& known) const {
    std::optional<Marker> last;
    for (std::size_t i = 0; i < kafka_.broker_.log_end(marker_topic_); ++i) {
      const KafkaRecord& record = kafka_.broker_.at(marker_topic_, i);
      if (record.key == options().id) last = kafka::internal::parse_marker(record.value);
    }
    return last == known;
  }
  Status prepare() override {
    if (reach(options().connection.start_timeout)) return Status();
    return {StatusCode::kUnavailable, "no broker can be reached"};
  }
  CallResult init_transactions(milliseconds at_most) override {
    if (process_->is_dead()) return kDead;
    const Instant until = kafka_.clock_.now() + at_most;
    if (!reach(at_most)) return kTimedOut;
    const bool answer_lost = kafka_.hit(KafkaFault::kInitAnswerLost);
    for (;;) {
      const auto error = kafka_.broker_.init_producer(name_, options().transaction_timeout);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (kafka_.clock_.now() >= until) return kTimedOut;
      kafka_.pass(kTurn);
    }
    if (!answer_lost) return {};
    kafka_.pass(at_most);
    return kTimedOut;
  }
  Status make_anew() override {
    ++kafka_.made_anew_;
    process_->on_doubt();
    name_.epoch = -1;
    sequences_.clear();
    late_.reset();
    return prepare();
  }
  bool was_disturbed() noexcept override { return std::exchange(disturbed_, false); }
  CallResult begin_transaction() override {
    if (process_->is_dead()) return kDead;
    if (fatal_ != RD_KAFKA_RESP_ERR_NO_ERROR) return fatal_error();
    in_transaction_ = true;
    has_records_ = false;
    commit_ = Commit::kNotSent;
    return {};
  }
  rd_kafka_resp_err_t produce_marker(const std::string& text) override {
    if (kafka_.marker_outside_ && !process_->is_dead()) {
      kafka_.write_outside({options().id, text});
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return enqueue({marker_topic_, {options().id, text}});
  }
  CallResult commit_transaction(milliseconds at_most) override {
    const Instant until = kafka_.clock_.now() + at_most;
    if (kafka_.hit(KafkaFault::kDiesBeforeCommit)) die();
    if (process_->is_dead()) return kDead;
    while (!waiting_.empty()) {
      send(waiting_.size());
      if (kafka_.clock_.now() >= until) return kTimedOut;
      if (!waiting_.empty()) kafka_.pass(kTurn);
    }
    report(reports_.size());
    if (fatal_ != RD_KAFKA_RESP_ERR_NO_ERROR) return fatal_error();
    if (must_abort_) return must_be_aborted();
    CallResult result = has_records_ ? end_with_faults(until) : CallResult{};
    if (result.ok()) in_transaction_ = false;
    return result;
  }
  CallResult abort_transaction(milliseconds at_most) override {
    in_transaction_ = false;
    for (const Waiting& each : waiting_) answer(each, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
    waiting_.clear();
    report(reports_.size());
    if (process_->is_dead()) return kDead;
    if (!has_records_) return {};
    if (!reach(at_most) || kafka_.hit(KafkaFault::kAbortLost)) return kTimedOut;
    kafka_.broker_.end_transaction(name_, false);
    return {};
  }
  bool is_fatal() const noexcept override { return fatal_ != RD_KAFKA_RESP_ERR_NO_ERROR; }
  CallResult fatal_error() const override { return {fatal_, false, "fatal"}; }
  bool is_refused() const override { return false; }

  rd_kafka_resp_err_t enqueue(Waiting waiting) {
    if (process_->is_dead()) return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_fatal()) return RD_KAFKA_RESP_ERR__FATAL;
    if (must_abort_ || !in_transaction_) return RD_KAFKA_RESP_ERR__STATE;
    const bool others = waiting.reports != nullptr && !waiting_.empty() &&
                        waiting_.back().reports == waiting.reports;
    if (others && kafka_.hit(KafkaFault::kQueueFull)) return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    waiting.sequence = sequences_[waiting.to]++;
    waiting_.push_back(std::move(waiting));
    has_records_ = true;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  // Up to so many, as far as brokers take them.
  void send(std::uint64_t count) {
    for (; count > 0 && !waiting_.empty() && !kafka_.away(); --count) {
      if (kafka_.hit(KafkaFault::kBrokersAway)) return kafka_.go_away(kafka_.some_time());
      if (kafka_.hit(KafkaFault::kFatal))
        return fail(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
      const Waiting& first = waiting_.front();
      if (kafka_.hit(KafkaFault::kRecordRefused)) {
        must_abort_ = true;
        return give_up(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
      }
      const auto error = kafka_.broker_.append(name_, first.to, first.sequence, first.record);
      if (error == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS) return;
      if (error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) ++kafka_.fenced_;
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(error);
      // Sent again, it has to be found to be there.
      if (kafka_.hit(KafkaFault::kRecordAnswerLost)) continue;
      answer(first, error);
      waiting_.pop_front();
    }
  }
  void answer(const Waiting& waiting, rd_kafka_resp_err_t error) {
    if (waiting.reports == nullptr) return;
    const std::size_t bytes = waiting.record.key.size() + waiting.record.value.size();
    reports_.push_back(
        {waiting.reports, {error, static_cast<std::int32_t>(waiting.to.second), bytes}});
  }
  void report(std::uint64_t count) {
    for (; count > 0 && !reports_.empty(); --count) {
      const auto [to, what] = reports_.front();
      reports_.pop_front();
      to->reported(what);
    }
  }
  void give_up(rd_kafka_resp_err_t error) {
    for (const Waiting& each : waiting_) answer(each, error);
    waiting_.clear();
  }
  void fail(rd_kafka_resp_err_t error) {
    fatal_ = error;
    give_up(error);
  }
  static CallResult must_be_aborted() {
    return {RD_KAFKA_RESP_ERR__STATE, false, "the transaction has to be aborted"};
  }

  CallResult end_with_faults(Instant until) {
    if (!reach(until - kafka_.clock_.now())) return kTimedOut;
    if (commit_ == Commit::kNotSent) {
      if (kafka_.hit(KafkaFault::kCommitRefused)) {
        must_abort_ = true;
        return must_be_aborted();
      }
      if (kafka_.hit(KafkaFault::kCommitLost)) return nothing_until(until);
      if (kafka_.hit(KafkaFault::kCommitLate)) {
        send_late_commit();
      } else if (kafka_.hit(KafkaFault::kDiesAwaitingCommit)) {
        send_late_commit();
        die();
        return kDead;
      } else {
        disturbed_ = kafka_.hit(KafkaFault::kCommitSentTwice);
        if (disturbed_) send_late_commit();
        late_.reset();
        end_ = kafka_.broker_.end_transaction(name_, true);
        commit_ = Commit::kAnswered;
        if (kafka_.hit(KafkaFault::kDiesAfterCommit)) die();
        if (process_->is_dead()) return kDead;
        if (kafka_.hit(KafkaFault::kCommitAnswerLost)) {
          commit_ = Commit::kNotSent;  // It is sent again.
          return nothing_until(until);
        }
      }
    }
    return answer_of_commit(until);
  }
  void send_late_commit() {
    commit_ = Commit::kOnItsWay;
    late_ = std::make_shared<std::optional<rd_kafka_resp_err_t>>();
    kafka_.send([answer = late_, &kafka = kafka_, name = name_] {
      *answer = kafka.broker_.end_transaction(name, true);
      ++(*answer == RD_KAFKA_RESP_ERR_NO_ERROR ? kafka.late_done_ : kafka.late_refused_);
    });
  }
  CallResult answer_of_commit(Instant until) {
    while (late_ && !late_->has_value()) {
      if (kafka_.clock_.now() >= until) return kTimedOut;
      kafka_.pass(kTurn);
    }
    const rd_kafka_resp_err_t error = late_ ? **late_ : end_;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    if (error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) ++kafka_.fenced_;
    fail(error);
    return fatal_error();
  }
  CallResult nothing_until(Instant until) {
    while (kafka_.clock_.now() < until) kafka_.pass(kTurn);
    return kTimedOut;
  }
  // Whether brokers answer within that time.
  bool reach(std::chrono::nanoseconds at_most) {
    const Instant until = kafka_.clock_.now() + at_most;
    while (kafka_.away() && kafka_.clock_.now() < until) kafka_.pass(kTurn);
    return !kafka_.away();
  }
  void die() {
    process_->on_death();
    process_->dead = true;
  }

  enum class Commit : std::uint8_t { kNotSent, kOnItsWay, kAnswered };

  SimKafka& kafka_;
  const std::shared_ptr<Process> process_;
  ProducerName name_;
  const KafkaPartition marker_topic_;
  std::vector<std::string> topics_;
  std::deque<Waiting> waiting_;  // Not written yet, or not known to be.
  std::deque<std::pair<DeliveryReports*, DeliveryReports::Report>> reports_;
  std::map<KafkaPartition, std::uint64_t> sequences_;
  bool in_transaction_ = false;
  bool has_records_ = false;
  bool must_abort_ = false;
  bool disturbed_ = false;
  Commit commit_ = Commit::kNotSent;
  rd_kafka_resp_err_t end_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::shared_ptr<std::optional<rd_kafka_resp_err_t>> late_;
  rd_kafka_resp_err_t fatal_ = RD_KAFKA_RESP_ERR_NO_ERROR;
};

// --- the network ---

SimKafka::SimKafka(std::uint64_t seed, VirtualClock& clock)
    : random_(hash_bits(seed + 57)), clock_(clock), broker_(hash_bits(seed + 58), clock) {
  for (std::size_t i = 0; i < kKafkaFaults; ++i) {
    const double most = rarity_of(static_cast<KafkaFault>(i));
    chances_[i] = random_.chance(kFaultsPerRun) ? most * random_.uniform() : 0;
  }
}

SimKafka::~SimKafka() = default;

kafka::internal::MakeTransactionClient SimKafka::maker(const std::shared_ptr<Process>& process) {
  return [this, process](const TransactionClientOptions& options)
             -> Result<std::unique_ptr<kafka::internal::TransactionClient>> {
    return std::unique_ptr<kafka::internal::TransactionClient>(
        std::make_unique<Client>(*this, process, options));
  };
}

bool SimKafka::hit(KafkaFault fault) {
  const auto index = static_cast<std::size_t>(fault);
  if (rests_ || chances_[index] == 0 || !random_.chance(chances_[index])) return false;
  ++hits_[index];
  return true;
}

std::chrono::nanoseconds SimKafka::some_time() {
  return std::chrono::microseconds(random_.below(random_.chance(0.5) ? 5'000 : 2'000'000));
}

void SimKafka::go_away(std::chrono::nanoseconds time) { back_at_ = clock_.now() + time; }

void SimKafka::send(std::function<void()> effect) {
  network_.push_back({clock_.now() + some_time(), std::move(effect)});
}

void SimKafka::pass(std::chrono::nanoseconds time) {
  clock_.advance(time);
  step();
}

void SimKafka::step() {
  for (std::size_t i = 0; i < network_.size();) {
    if (away() || (!rests_ && clock_.now() < network_[i].arrives)) {
      ++i;
      continue;
    }
    const std::function<void()> effect = std::move(network_[i].effect);
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(i));
    effect();
  }
  if (!away()) broker_.step();
  for (Client* client : clients_) client->step();
}

void SimKafka::rest() {
  rests_ = true;
  back_at_ = {};
}

void SimKafka::kill(Process& process) {
  for (Client* client : clients_) {
    if (&client->process() == &process && !process.is_dead()) client->leave_some_behind();
  }
  process.dead = true;
}

void SimKafka::have(KafkaDefect defect) {
  if (defect == KafkaDefect::kNoFencing) broker_.stop_fencing();
  marker_outside_ = defect == KafkaDefect::kMarkerOutside;
}

// In a transaction of its own.
void SimKafka::write_outside(const KafkaRecord& marker) {
  ProducerName writer{"a writer of markers " + std::to_string(foreigners_++)};
  broker_.init_producer(writer, std::chrono::seconds(60));
  broker_.append(writer, {"penstock.markers", 0}, 0, marker);
  broker_.end_transaction(writer, true);
}

// Of another job, which commits it after a while.
void SimKafka::begin_foreign_transaction() {
  ProducerName foreign{"another job " + std::to_string(foreigners_++)};
  broker_.init_producer(foreign, std::chrono::seconds(60));
  const KafkaRecord record{foreign.id, "epoch=7 incarnation=1"};
  broker_.append(foreign, {"penstock.markers", 0}, 0, record);
  send([this, foreign] { broker_.end_transaction(foreign, true); });
}

}  // namespace penstock::sim
