#include "penstock/tools/penstock/bench_kafka.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include "penstock/bench/harness/latency_line.h"
#include "penstock/bench/harness/machine.h"
#include "penstock/core/base/clock.h"

namespace penstock::tools {
namespace {

using bench::Histogram;
using bench::KafkaLatency;
using bench::KafkaRate;
using bench::KafkaSubject;

constexpr std::array kTurn = {KafkaSubject::kRelay, KafkaSubject::kQueryA, KafkaSubject::kQueryB};
constexpr double kGoalP50Us = 50;
constexpr double kGoalP99Us = 500;
constexpr double kGoalRate = 0.7;
constexpr double kGoalExactlyOnceRate = 0.9;
constexpr double kGoalVisibleUs = 10'000;

// Names that no run before this one has used.
class TopicNames {
 public:
  std::string next() { return stem_ + "-" + std::to_string(count_++); }

 private:
  std::string stem_ = "penstock-bench-" + std::to_string(::getpid()) + "-" +
                      std::to_string(RealClock().wall_now().micros);
  int count_ = 0;
};

// What the runs of one subject, and their differences to the relay of the same turn, have in common.
struct Compared {
  std::string name;
  KafkaDifferences p50{.percent = 50};
  KafkaDifferences p99{.percent = 99};
};

Result<Histogram> run_one(KafkaSubject subject, const BenchKafkaOptions& options, TopicNames& names,
                          int turn) {
  bench::KafkaLoad load = options.load;
  load.topic_prefix = names.next();
  Result<KafkaLatency> seen = bench::run_kafka_latency(subject, load);
  if (!seen.ok()) return seen.status();
  const std::string name = std::string(name_of(subject)) + "_" + std::to_string(turn);
  std::printf("%s\n", bench::format_latency(name, seen->latency_ns).c_str());
  std::fflush(stdout);
  return std::move(seen->latency_ns);
}

// Each turn begins with another one.
Result<std::array<Histogram, kTurn.size()>> run_turn(const BenchKafkaOptions& options,
                                                     TopicNames& names, int turn) {
  std::array<Histogram, kTurn.size()> seen;
  for (std::size_t i = 0; i < kTurn.size(); ++i) {
    const std::size_t place = (i + static_cast<std::size_t>(turn)) % kTurn.size();
    Result<Histogram> one = run_one(kTurn[place], options, names, turn);
    if (!one.ok()) return one.status();
    seen[place] = std::move(*one);
  }
  return seen;
}

Status print_latencies(const BenchKafkaOptions& options) {
  TopicNames names;
  std::array<Histogram, kTurn.size()> all;
  std::vector<Compared> compared = {{.name = "A-relay"}, {.name = "B-relay"}};
  for (int turn = 0; turn < options.alternations; ++turn) {
    const Result<std::array<Histogram, kTurn.size()>> seen = run_turn(options, names, turn);
    if (!seen.ok()) return seen.status();
    for (std::size_t i = 0; i < kTurn.size(); ++i) all[i].merge((*seen)[i]);
    for (std::size_t i = 0; i < compared.size(); ++i) {
      compared[i].p50.add((*seen)[i + 1], (*seen)[0]);
      compared[i].p99.add((*seen)[i + 1], (*seen)[0]);
    }
  }
  for (std::size_t i = 0; i < kTurn.size(); ++i) {
    const std::string name = std::string(name_of(kTurn[i])) + "_all";
    std::printf("%s\n", bench::format_latency(name, all[i]).c_str());
  }
  for (const Compared& each : compared) {
    std::printf("%s\n%s\n", each.p50.format(each.name, kGoalP50Us).c_str(),
                each.p99.format(each.name, kGoalP99Us).c_str());
  }
  return Status();
}

struct RateGoal {
  const char* name;
  KafkaSubject subject;
  KafkaSubject against;
  double goal;
};

Status print_rates(const BenchKafkaOptions& options, TopicNames& names, const RateGoal& goal) {
  Status failure;
  const auto rate_of = [&](KafkaSubject subject) {
    if (!failure.ok()) return 1.0;
    const Result<KafkaRate> rate =
        bench::run_kafka_rate(subject, options.load.brokers, options.events, names.next());
    if (!rate.ok()) failure = rate.status();
    if (!rate.ok()) return 1.0;
    std::printf("rate name=%s purchases_per_second=%.0f\n", std::string(name_of(subject)).c_str(),
                rate->purchases_per_second);
    std::fflush(stdout);
    return rate->purchases_per_second;
  };
  const bench::PairedResult result = bench::run_paired(
      goal.name, {bench::GoalKind::kAtLeast, goal.goal}, options.alternations,
      [&] { return rate_of(goal.subject); }, [&] { return rate_of(goal.against); });
  PENSTOCK_RETURN_IF_ERROR(failure);
  std::printf("%s\n", bench::format_paired(result).c_str());
  return Status();
}

Status print_max_rates(const BenchKafkaOptions& options) {
  TopicNames names;
  return print_rates(
      options, names,
      {"kafka_filter_count", KafkaSubject::kMaximum, KafkaSubject::kRelay, kGoalRate});
}

Status print_exactly_once(const BenchKafkaOptions& options) {
  TopicNames names;
  bench::KafkaLoad load = options.load;
  load.topic_prefix = names.next();
  const Result<KafkaLatency> visible = bench::run_kafka_visibility(load);
  if (!visible.ok()) return visible.status();
  std::printf(
      "%s goal=p50<=%.0f %s\n",
      bench::format_latency("durable_to_visible", visible->latency_ns).c_str(), kGoalVisibleUs,
      static_cast<double>(visible->latency_ns.percentile(50)) / 1000 <= kGoalVisibleUs ? "ok"
                                                                                       : "SHORT");
  std::fflush(stdout);
  return print_rates(options, names,
                     {"kafka_exactly_once", KafkaSubject::kExactlyOnce, KafkaSubject::kEpochs,
                      kGoalExactlyOnceRate});
}

int report(const Status& status) {
  if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
  return status.exit_code();
}

}  // namespace

void KafkaDifferences::add(const Histogram& engine, const Histogram& relay) {
  more_us.push_back(static_cast<double>(engine.percentile(percent) - relay.percentile(percent)) /
                    1000);
}

std::string KafkaDifferences::format(const std::string& name, double goal_us) const {
  const bench::Spread spread = bench::spread_of(more_us);
  std::array<char, 200> text{};
  std::snprintf(text.data(), text.size(),
                "difference name=%s unit=us p%g median=%+.1f min=%+.1f max=%+.1f goal=<=%.0f %s",
                name.c_str(), percent, spread.median, spread.min, spread.max, goal_us,
                spread.median <= goal_us ? "ok" : "SHORT");
  return text.data();
}

Status print_kafka(const BenchKafkaOptions& options) {
  if (options.load.events() == 0)
    return Status::invalid_argument("--rate and --seconds make no purchase at all");
  std::printf("%s\n", bench::format_machine(bench::read_machine()).c_str());
  const bench::Noise before = bench::read_noise();
  PENSTOCK_RETURN_IF_ERROR(options.exactly_once ? print_exactly_once(options)
                           : options.max_rate   ? print_max_rates(options)
                                                : print_latencies(options));
  std::printf("%s\n", bench::format_noise(bench::read_noise() - before).c_str());
  return Status();
}

void add_bench_kafka(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<BenchKafkaOptions>();
  CLI::App* kafka = bench.add_subcommand(
      "kafka", "Latencies and rates from topic to topic, engine beside a bare relay, in turns");
  kafka->add_option("--brokers", options->load.brokers, "HOST:PORT; `tools/kafka start` prints it")
      ->capture_default_str();
  kafka->add_option("--rate", options->load.rate_per_second, "purchases due per second")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  kafka
      ->add_option("--ticks", options->load.ticks_per_second,
                   "moments a second at which they are due, those of one moment together")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  kafka->add_option("--seconds", options->load.seconds, "how long each run is measured")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  kafka->add_option("--warm", options->load.warm_seconds, "seconds before that")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  kafka->add_option("--alternations", options->alternations, "turns; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  kafka->add_flag("--max-rate", options->max_rate,
                  "instead: how fast a full topic is worked off, JSON, filter and keyed count");
  kafka->add_flag("--exactly-once", options->exactly_once,
                  "instead: how soon a durable epoch is seen, and rates against at least once");
  kafka->add_option("--events", options->events, "purchases in the topic that is worked off")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1000}, std::uint64_t{1'000'000'000}));
  kafka->callback([options, &exit_code] { exit_code = report(print_kafka(*options)); });
}

}  // namespace penstock::tools
