#include "penstock/bench/workloads/kafka_run.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

#include "penstock/bench/harness/open_loop.h"
#include "penstock/bench/workloads/kafka_handle.h"
#include "penstock/bench/workloads/kafka_records.h"
#include "penstock/core/base/clock.h"
#include "penstock/core/base/scheduler.h"

namespace penstock::bench {
namespace {

constexpr std::chrono::seconds kPatience{30};
// Between the last result of an epoch and the first of the next, a second later.
constexpr std::chrono::milliseconds kBetweenEpochs{200};
// A client takes an answer apart before it lends the first of it, and an epoch's results come in one.
const KafkaSettings kSmallAnswers = {{"fetch.message.max.bytes", "65536"}};

Status unavailable(std::string text) { return Status(StatusCode::kUnavailable, std::move(text)); }

void sleep_until(Instant at) noexcept {
  const timespec until{at.nanos / 1'000'000'000, at.nanos % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

class PurchaseSender {
 public:
  Status open(const std::string& brokers, const std::string& topic,
              const KafkaSettings& settings = {}) {
    Result<KafkaHandle> producer = make_bench_producer(brokers, refusals_, settings);
    if (!producer.ok()) return producer.status();
    producer_ = std::move(*producer);
    Result<KafkaOwned<rd_kafka_topic_t>> to = known_topic(producer_.get(), topic);
    if (!to.ok()) return to.status();
    to_ = std::move(*to);
    return Status();
  }

  // Each when it is due. The kernel may round a sleep up by 50 us: not here.
  void send_on_schedule(const TickSchedule& schedule, std::uint64_t events) {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    const RealClock clock;
    for (std::uint64_t next = 0; next < events && !failed();) {
      const std::uint64_t due = std::min(schedule.due_count(clock.now()), events);
      for (; next < due; ++next) send(next, schedule.due(next));
      rd_kafka_poll(producer_.get(), 0);
      if (next < events) sleep_until(schedule.due(next));
    }
  }
  void send_all(std::uint64_t events) {
    for (std::uint64_t i = 0; i < events && !failed(); ++i) send(i, Instant{});
  }
  Status end() {
    rd_kafka_flush(producer_.get(), static_cast<int>(kPatience / std::chrono::milliseconds(1)));
    if (rd_kafka_outq_len(producer_.get()) > 0 && refusals_.count == 0)
      return unavailable("generator: the broker does not take all purchases");
    if (!failed()) return Status();
    return unavailable(std::string("generator: ") + rd_kafka_err2str(refusals_.first));
  }

 private:
  bool failed() const noexcept { return refusals_.count > 0; }
  void send(std::uint64_t seq, Instant due) {
    write_purchase(seq, due, line_);
    while (rd_kafka_produce(to_.get(), 0, RD_KAFKA_MSG_F_COPY, line_.data(), line_.size(), nullptr,
                            0, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        refusals_ = {1, rd_kafka_last_error()};
        return;
      }
      rd_kafka_poll(producer_.get(), 1);
    }
    if (seq % 1024 == 0) rd_kafka_poll(producer_.get(), 0);
  }

  KafkaRefusals refusals_;
  KafkaHandle producer_;
  KafkaOwned<rd_kafka_topic_t> to_;
  std::string line_;
};

class ResultReader {
 public:
  Status open(const std::string& brokers, const std::string& topic,
              const KafkaSettings& settings = {}) {
    Result<KafkaHandle> consumer = make_bench_consumer(brokers, topic, settings);
    if (!consumer.ok()) return consumer.status();
    consumer_ = std::move(*consumer);
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
    return Status();
  }
  ~ResultReader() { queue_.reset(); }

  // Instead of the latencies of results: of epochs, from `durable_at()`.
  void measure_epochs(std::function<Instant()> durable_at) { durable_at_ = std::move(durable_at); }

  // Until `expected` have come, or nothing has for kPatience.
  void read(std::uint64_t expected, Instant measured_from) {
    const RealClock clock;
    Instant heard = clock.now();
    while (check_.count() < expected && status_.ok()) {
      const KafkaOwned<rd_kafka_message_t> message(rd_kafka_consume_queue(queue_.get(), 100));
      const Instant now = clock.now();
      if (message == nullptr) {
        if (now - heard > kPatience) return;
        continue;
      }
      if (durable_at_ && now - heard > kBetweenEpochs) note_epoch(now, measured_from);
      heard = now;
      note(*message, now, measured_from);
    }
  }
  Status end(std::string_view subject, std::uint64_t expected) const {
    if (!status_.ok()) return status_;
    if (check_.count() == expected && check_.out_of_order() == 0) return Status();
    return Status::internal(std::string(subject) + ": " + std::to_string(check_.count()) + " of " +
                            std::to_string(expected) + " results came, " +
                            std::to_string(check_.out_of_order()) + " doubled or out of order");
  }
  const SequenceCheck& check() const noexcept { return check_; }
  const Histogram& latency_ns() const noexcept { return latency_ns_; }

 private:
  void note(const rd_kafka_message_t& message, Instant now, Instant measured_from) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status_ = unavailable(std::string("reader: ") + rd_kafka_err2str(message.err));
      return;
    }
    const auto stamp = read_stamp({static_cast<const char*>(message.payload), message.len});
    if (!stamp) {
      status_ = Status::internal("reader: a result without seq and due");
      return;
    }
    check_.seen(stamp->seq);
    if (!durable_at_ && stamp->due >= measured_from) latency_ns_.record((now - stamp->due).count());
  }
  void note_epoch(Instant now, Instant measured_from) {
    const Instant durable = durable_at_();
    if (durable >= measured_from && durable <= now) latency_ns_.record((now - durable).count());
  }

  KafkaHandle consumer_;
  KafkaOwned<rd_kafka_queue_t> queue_;
  std::function<Instant()> durable_at_;
  SequenceCheck check_;
  Histogram latency_ns_;
  Status status_;
};

Result<std::unique_ptr<ThreadHandle>> spawn(const char* name, std::function<void()> body) {
  return make_thread_scheduler()->spawn({.name = name, .cpu = {}}, std::move(body));
}

std::chrono::nanoseconds nanos_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

// Results a second, until `wanted` are there: between the moments at which a reader could have the first and the last
// before those. Nothing new for kPatience is a failure.
template <class Progress>
Result<double> rate_until(std::int64_t wanted, const std::string& what, Progress progress) {
  struct Seen {
    std::int64_t count = 0;
    Instant at;
  };
  const RealClock clock;
  Seen first;
  Seen before;
  Seen last{.at = clock.now()};
  while (last.count < wanted) {
    const Result<std::int64_t> count = progress();
    if (!count.ok()) return count.status();
    const Instant now = clock.now();
    if (*count != last.count) {
      if (first.count == 0) first = {*count, now};
      before = last;
      last = {*count, now};
    }
    if (now - last.at > kPatience)
      return unavailable(what + ": stands still at " + std::to_string(last.count) + " of " +
                         std::to_string(wanted));
    sleep_until(now + std::chrono::milliseconds(5));
  }
  if (before.count <= first.count) return unavailable(what + ": too few results for a rate");
  return static_cast<double>(before.count - first.count) /
         (static_cast<double>((before.at - first.at).count()) / 1e9);
}

// All results once and in order, as a reader of committed ones sees them.
Status check_results(KafkaSubject subject, const KafkaRoute& route, std::int64_t expected) {
  ResultReader reader;
  PENSTOCK_RETURN_IF_ERROR(reader.open(route.brokers, route.to));
  reader.read(static_cast<std::uint64_t>(expected), Instant{});
  return reader.end(name_of(subject), static_cast<std::uint64_t>(expected));
}

Result<KafkaLatency> run_open_loop(KafkaSubject subject, const KafkaLoad& load, bool of_epochs) {
  const KafkaRoute route{load.brokers, load.topic_prefix + "-in", load.topic_prefix + "-out"};
  const Result<BenchTopics> topics = BenchTopics::create(route.brokers, {route.from, route.to});
  if (!topics.ok()) return topics.status();
  PurchaseSender sender;
  PENSTOCK_RETURN_IF_ERROR(sender.open(route.brokers, route.from));
  ResultReader reader;
  PENSTOCK_RETURN_IF_ERROR(
      reader.open(route.brokers, route.to, of_epochs ? kSmallAnswers : KafkaSettings{}));
  Result<std::unique_ptr<KafkaMiddle>> middle = start_middle(subject, route);
  if (!middle.ok()) return middle.status();
  if (of_epochs) reader.measure_epochs([&] { return (*middle)->durable_at(); });

  const std::uint64_t expected = results_of(subject, load.events());
  const Instant start = RealClock().now() + std::chrono::milliseconds(100);
  const TickSchedule schedule(start, load.rate_per_second, load.ticks_per_second);
  const Instant measured_from = start + nanos_of(load.warm_seconds);
  {
    const auto reading = spawn("bench-reader", [&] { reader.read(expected, measured_from); });
    if (!reading.ok()) return reading.status();
    const auto sending =
        spawn("bench-sender", [&] { sender.send_on_schedule(schedule, load.events()); });
    if (!sending.ok()) return sending.status();
  }  // Both have ended.
  PENSTOCK_RETURN_IF_ERROR(sender.end());
  PENSTOCK_RETURN_IF_ERROR((*middle)->stop());
  PENSTOCK_RETURN_IF_ERROR(reader.end(name_of(subject), expected));
  return KafkaLatency{reader.latency_ns(), reader.check().count()};
}

}  // namespace

std::uint64_t KafkaLoad::events() const noexcept {
  return static_cast<std::uint64_t>((seconds + warm_seconds) *
                                    static_cast<double>(rate_per_second));
}

Result<KafkaLatency> run_kafka_latency(KafkaSubject subject, const KafkaLoad& load) {
  return run_open_loop(subject, load, false);
}

Result<KafkaLatency> run_kafka_visibility(const KafkaLoad& load) {
  return run_open_loop(KafkaSubject::kExactlyOnce, load, true);
}

Result<KafkaRate> run_kafka_rate(KafkaSubject subject, const std::string& brokers,
                                 std::uint64_t events, const std::string& topic_prefix) {
  const KafkaRoute route{brokers, topic_prefix + "-in", topic_prefix + "-out"};
  const Result<BenchTopics> topics = BenchTopics::create(brokers, {route.from, route.to});
  if (!topics.ok()) return topics.status();
  PurchaseSender sender;
  PENSTOCK_RETURN_IF_ERROR(sender.open(brokers, route.from, {{"linger.ms", "5"}}));
  sender.send_all(events);
  PENSTOCK_RETURN_IF_ERROR(sender.end());

  const auto expected = static_cast<std::int64_t>(results_of(subject, events));
  const std::string what(name_of(subject));
  const auto progress = [&] { return topics->end_of(route.to); };
  Result<std::unique_ptr<KafkaMiddle>> middle = start_middle(subject, route);
  if (!middle.ok()) return middle.status();
  const Result<double> results_per_second = rate_until(expected, what, progress);
  if (!results_per_second.ok()) return results_per_second.status();
  PENSTOCK_RETURN_IF_ERROR((*middle)->stop());
  PENSTOCK_RETURN_IF_ERROR(check_results(subject, route, expected));
  return KafkaRate{*results_per_second * static_cast<double>(events) /
                   static_cast<double>(expected)};
}

}  // namespace penstock::bench
