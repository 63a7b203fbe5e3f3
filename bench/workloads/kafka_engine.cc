#include <utility>

#include "penstock/api/job.h"
#include "penstock/bench/harness/temporary_folder.h"
#include "penstock/bench/workloads/kafka_middle.h"
#include "penstock/bench/workloads/kafka_records.h"
#include "penstock/core/base/check.h"
#include "penstock/io/kafka/kafka.h"

namespace penstock::bench {
namespace {

struct CountPerCard {
  using Output = CardCount;

  void open(OperatorContext& context) { count_ = context.value_state<std::uint64_t>("count"); }
  void on_record(const Record<Purchase>& in, CollectorOf<CardCount> auto&& out) noexcept {
    const Purchase& bought = in.value;
    out.collect(Record<CardCount>{{bought.seq, bought.due, bought.card, ++count_.get_or_create()},
                                  in.time});
  }

 private:
  ValueState<std::uint64_t> count_;
};

LargePurchase with_fee(const Purchase& bought) noexcept {
  return {bought.seq,      bought.due,     bought.card,         bought.amount,
          bought.merchant, bought.country, bought.amount * 1.02};
}
bool above_limit(const Purchase& bought) noexcept { return bought.amount > kAmountLimit; }

void build(Job& job, KafkaSubject subject, const KafkaRoute& route) {
  auto purchases = job.source(kafka::source({.connection = {.brokers = route.brokers},
                                             .topics = {route.from},
                                             .start = kafka::FromEarliest{}}),
                              json::decoder<Purchase>());
  kafka::SinkOptions to{.connection = {.brokers = route.brokers}, .topic = route.to};
  if (subject == KafkaSubject::kExactlyOnce) to.delivery = kafka::Delivery::kExactlyOnce;
  auto sink = kafka::sink(std::move(to));
  if (subject == KafkaSubject::kQueryA) {
    std::move(purchases)
        .filter(above_limit)
        .map(with_fee)
        .sink(std::move(sink), json::encoder<LargePurchase>());
  } else if (subject == KafkaSubject::kQueryB) {
    std::move(purchases)
        .key_by(&Purchase::card)
        .process(CountPerCard{})
        .sink(std::move(sink), json::encoder<CardCount>());
  } else {
    std::move(purchases)
        .filter(above_limit)
        .key_by(&Purchase::card)
        .process(CountPerCard{})
        .sink(std::move(sink), json::encoder<CardCount>());
  }
}

class EngineMiddle final : public KafkaMiddle {
 public:
  EngineMiddle(std::unique_ptr<Job> job, std::unique_ptr<TemporaryFolder> checkpoints,
               JobHandle handle)
      : checkpoints_(std::move(checkpoints)), job_(std::move(job)), handle_(std::move(handle)) {}

  Instant durable_at() const override { return handle_.metrics().checkpoints.newest_at; }
  Status stop() override {
    handle_.drain();
    return handle_.wait();
  }

 private:
  std::unique_ptr<TemporaryFolder> checkpoints_;
  std::unique_ptr<Job> job_;
  JobHandle handle_;
};

}  // namespace

std::string_view name_of(KafkaSubject subject) noexcept {
  switch (subject) {
    case KafkaSubject::kRelay:
      return "relay";
    case KafkaSubject::kQueryA:
      return "A";
    case KafkaSubject::kQueryB:
      return "B";
    case KafkaSubject::kMaximum:
      return "filter_count";
    case KafkaSubject::kEpochs:
      return "at_least_once";
    case KafkaSubject::kExactlyOnce:
      return "exactly_once";
  }
  return "?";
}

std::uint64_t results_of(KafkaSubject subject, std::uint64_t count) noexcept {
  const bool all = subject == KafkaSubject::kRelay || subject == KafkaSubject::kQueryB;
  return all ? count : large_among(count);
}

Result<std::unique_ptr<KafkaMiddle>> start_middle(KafkaSubject subject, const KafkaRoute& route) {
  if (subject == KafkaSubject::kRelay) return start_relay(route);
  auto job = std::make_unique<Job>("bench");
  build(*job, subject, route);
  Options options;
  options.workers = 1;
  std::unique_ptr<TemporaryFolder> checkpoints;
  if (subject == KafkaSubject::kEpochs || subject == KafkaSubject::kExactlyOnce) {
    checkpoints = std::make_unique<TemporaryFolder>();
    options.checkpoint.directory = checkpoints->path();
  }
  Result<JobHandle> handle = job->start(options);
  if (!handle.ok()) return handle.status();
  return std::unique_ptr<KafkaMiddle>(
      std::make_unique<EngineMiddle>(std::move(job), std::move(checkpoints), std::move(*handle)));
}

}  // namespace penstock::bench
