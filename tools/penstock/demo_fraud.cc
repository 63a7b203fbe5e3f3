#include "penstock/tools/penstock/demo_fraud.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "penstock/examples/fraud/fraud_job.h"
#include "penstock/io/console/console_sink.h"
#include "penstock/io/encode/message_encoder.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/io/file/line_file_source.h"
#include "penstock/io/file/standard_input_source.h"
#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/json/iso8601.h"
#include "penstock/state/rocksdb/rocks_backend.h"
#include "penstock/tools/penstock/alert_line.h"
#include "penstock/tools/penstock/endpoint.h"
#include "penstock/tools/penstock/measured_rules.h"
#include "penstock/tools/penstock/signals.h"

namespace penstock::tools {
namespace {

Result<ErrorPolicy> policy_of(const std::string& name) {
  if (name == "fail") return ErrorPolicy::kFail;
  if (name == "skip") return ErrorPolicy::kSkip;
  if (name == "dead_letter") return ErrorPolicy::kDeadLetter;
  return Status::invalid_argument("--on-error is \"" + name +
                                  "\": choose fail, skip or dead_letter");
}

Result<std::shared_ptr<const ByteSource>> source_of(const DemoFraudOptions& options) {
  if (is_endpoint(options.from))
    return source_at(options.from, {options.start, options.kafka_properties}, "--from");
  if (options.from == "-") return standard_input_source();
  if (options.from != "generator")
    return line_file_source({.path = options.from, .follow = options.follow});
  PaymentGeneratorOptions payments;
  payments.seed = options.seed;
  payments.rate = options.rate;
  payments.seconds = options.seconds;
  return payment_generator(payments);
}

// Where alerts go, if not into a file or to the console.
Result<SinkAt> sink_of(const DemoFraudOptions& options) {
  if (!is_endpoint(options.to)) return SinkAt{};
  return sink_at(options.to, {options.start, options.kafka_properties}, "--to");
}

// A line of TCP has no room for where a record is from, nor for raw bytes.
Result<DecodeOptions> decode_options_of(const DemoFraudOptions& options, ErrorPolicy policy) {
  DecodeOptions decode{.on_error = policy};
  if (!is_endpoint(options.dead_letters)) {
    decode.dead_letter_path = options.dead_letters;
    return decode;
  }
  Result<SinkAt> letters =
      sink_at(options.dead_letters, {{}, options.kafka_properties}, "--dead-letters");
  if (!letters.ok()) return letters.status();
  if (letters->kind != EndpointKind::kKafka) {
    return Status::invalid_argument(
        "--dead-letters: give a file or kafka://HOST:PORT/TOPIC; lines over TCP cannot hold what "
        "could not be read");
  }
  decode.dead_letter_sink = std::move(letters->sink);
  return decode;
}

// What a subscriber needs without reading the alert: whose it is, whether it was seen before, how old it is.
auto alert_message() {
  const auto time = [](const fraud::Alert& alert) noexcept {
    char text[json::kIso8601BytesMax];
    return InlineString<json::kIso8601BytesMax>::of({text, json::format_iso8601(alert.at, text)});
  };
  return message(json::encoder<fraud::Alert>())
      .key(&fraud::Alert::card)
      .header("alert_id", &fraud::Alert::id)
      .header("event_time", time)
      .header("rules_version", &fraud::Alert::version);
}

template <class Alerts>
void end_in_sink(Alerts alerts, const std::string& to, SinkAt endpoint) {
  if (endpoint.sink != nullptr && endpoint.kind == EndpointKind::kKafka) {
    std::move(alerts).sink(std::move(endpoint.sink), alert_message());
  } else if (endpoint.sink != nullptr) {
    std::move(alerts).sink(std::move(endpoint.sink), json::encoder<fraud::Alert>());
  } else if (to == "console") {
    std::move(alerts).sink(console_sink(), AlertLine(::isatty(STDOUT_FILENO) == 1));
  } else if (to == "-") {
    std::move(alerts).sink(console_sink(), json::encoder<fraud::Alert>());
  } else {
    std::move(alerts).sink(line_file_sink({.path = to}), json::encoder<fraud::Alert>());
  }
}

// Tells at once of content that changes no rules; what becomes of it besides is for the error policy.
class ToldRuleSetDecoder : public fraud::RuleSetDecoder {
 public:
  explicit ToldRuleSetDecoder(std::string path) : path_(std::move(path)) {}

  bool decode(const RawRecord& raw, fraud::RuleSet& out, Error& error) noexcept {
    if (fraud::RuleSetDecoder::decode(raw, out, error)) return true;
    std::fprintf(stderr, "%s: %s; the rules in force stay\n", path_.c_str(),
                 error.message().c_str());
    return false;
  }

 private:
  std::string path_;
};

void print_latency(const bench::Histogram& latency) {
  const auto us = [&latency](double percentile) {
    return static_cast<double>(latency.percentile(percentile)) / 1000.0;
  };
  std::fprintf(
      stderr,
      "latency   from the due time, us: p50=%.1f p99=%.1f p99.9=%.1f p99.99=%.1f max=%.1f (%" PRIu64
      " payments)\n",
      us(50), us(99), us(99.9), us(99.99), static_cast<double>(latency.max()) / 1000.0,
      latency.count());
}

// Without the contents of the file of rules.
std::uint64_t payments_read(const JobMetrics& metrics, const DemoFraudOptions& options) {
  std::uint64_t count = metrics.records_read();
  for (const TaskMetrics& task : metrics.tasks) {
    if (!options.rules.empty() && task.stage == options.rules) count -= task.records_in;
  }
  return count;
}

// The last lines: what came in, what came out, how long it took.
// The key group that would fill a task first.
void print_skew(const std::vector<KeyGroupShare>& groups) {
  const auto hottest = std::max_element(
      groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.share < b.share; });
  if (hottest == groups.end()) return;
  std::fprintf(stderr, "skew      %.1f %% of the records of stage \"%s\" are of one key group\n",
               100 * hottest->share, hottest->stage.c_str());
}

void print_figures(const Figures& figures, const JobMetrics& metrics,
                   const DemoFraudOptions& options, double seconds) {
  const std::uint64_t read = payments_read(metrics, options);
  const double rate =
      seconds > 0
          ? static_cast<double>(metrics.records_read() - metrics.records_read_before()) / seconds
          : 0;
  std::fprintf(stderr, "\n");
  if (options.from == "generator" && options.rate > 0) {
    std::fprintf(stderr, "rate      offered %.0f/s, processed %.0f/s\n", options.rate, rate);
  } else {
    std::fprintf(stderr, "rate      processed %.0f/s\n", rate);
  }
  std::fprintf(stderr,
               "payments  %" PRIu64 " read, %" PRIu64 " judged, %" PRIu64 " unreadable (%" PRIu64
               " to dead letters)\n",
               read, figures.totals().payments, metrics.errors(), metrics.dead_letters());
  if (metrics.misdated() > 0) {
    std::fprintf(stderr,
                 "misdated  %" PRIu64
                 " not judged: dated more than a day ahead of this machine's clock\n",
                 metrics.misdated());
  }
  std::fprintf(stderr, "alerts    %" PRIu64 "\n", figures.totals().alerts);
  if (metrics.restarts > 0) std::fprintf(stderr, "restarts  %" PRIu32 "\n", metrics.restarts);
  if (metrics.delivered() + metrics.undelivered() > 0) {
    std::fprintf(stderr, "brokers   %" PRIu64 " records taken, %" PRIu64 " not delivered\n",
                 metrics.delivered(), metrics.undelivered());
  }
  std::fprintf(stderr, "state     %" PRIu64 " cards, %.1f MiB\n", metrics.state_keys(),
               static_cast<double>(metrics.state_bytes()) / (1024.0 * 1024.0));
  print_skew(metrics.hottest_groups());
  if (figures.latency_ns.count() > 0) print_latency(figures.latency_ns);
}

constexpr std::uint32_t kRestarts = 3;

// What the command line says, over what the environment does.
Status apply(const DemoFraudOptions& options, Options& run) {
  if (options.workers != 0) run.workers = options.workers;
  if (!options.checkpoint.empty()) {
    run.checkpoint.directory = options.checkpoint;
    run.checkpoint.interval =
        std::chrono::microseconds(static_cast<std::int64_t>(options.checkpoint_seconds * 1e6));
  }
  if (!options.restore.empty())
    PENSTOCK_RETURN_IF_ERROR(
        read_restore_choice(options.restore, run.checkpoint).with_place("--restore"));
  if (options.write_ahead_log) run.checkpoint.write_ahead_log = true;
  auto backend = options.state.empty()
                     ? state_backend_from_environment()
                     : state_backend(options.state, {.memory_bytes = options.state_memory_mib << 20,
                                                     .directory = options.state_directory});
  if (!backend.ok()) return backend.status();
  run.state_backend = std::move(*backend);
  if (options.allow_dropped_state) run.checkpoint.allow_dropped_state = true;
  if (options.restarts >= 0) {
    run.restarts.max = static_cast<std::uint32_t>(options.restarts);
  } else if (std::getenv("PENSTOCK__RESTARTS") == nullptr && !run.checkpoint.directory.empty()) {
    run.restarts.max = kRestarts;
  }
  return Status();
}

void print_progress(const JobMetrics& metrics) {
  if (::isatty(STDERR_FILENO) != 1) return;
  std::fprintf(stderr, "\033[2m%" PRIu64 " payments, %" PRIu64 " cards\033[0m\n",
               metrics.records_read(), metrics.state_keys());
}

void add_kafka_options(CLI::App& fraud, DemoFraudOptions& options) {
  fraud.add_option("--start", options.start,
                   "where to begin in Kafka: latest, earliest, a time as 2024-01-01T00:00:00Z, or "
                   "PARTITION:OFFSET,...");
  fraud
      .add_option("--kafka-property", options.kafka_properties,
                  "NAME=VALUE of the Kafka client, as security.protocol=ssl; may be repeated, "
                  "and holds for --from, --to and --dead-letters. A value file:PATH or env:NAME is "
                  "read there")
      ->allow_extra_args(false);
}

void add_state_options(CLI::App& fraud, DemoFraudOptions& options) {
  fraud
      .add_option("--state", options.state,
                  "where the cards' state is: memory, or rocksdb for more than fits into it")
      ->check(CLI::IsMember({"memory", "rocksdb"}));
  fraud.add_option("--state-memory-mib", options.state_memory_mib, "that --state rocksdb may use")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  fraud.add_option("--state-directory", options.state_directory,
                   "for --state rocksdb without --checkpoint: a folder");
}

void add_checkpoint_options(CLI::App& fraud, DemoFraudOptions& options) {
  fraud.add_option("--checkpoint", options.checkpoint,
                   "a folder: after a crash, or when it was stopped, the job goes on from there");
  fraud.add_option("--checkpoint-seconds", options.checkpoint_seconds, "between two checkpoints")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 86'400.0));
  fraud.add_flag(
      "--write-ahead-log", options.write_ahead_log,
      "with --checkpoint: lines of standard input or TCP are on the disk before they are "
      "read, so that a crash loses none of them");
  fraud.add_option(
      "--restore", options.restore,
      "which checkpoint to go on from: newest, none (begin anew; they stay), or one as "
      "e-17");
  fraud.add_flag("--allow-dropped-state", options.allow_dropped_state,
                 "start though the job has no place any more for some of the checkpoint's state");
  fraud
      .add_option("--restarts", options.restarts,
                  "how often in a row to go on from the newest checkpoint after a failure that may "
                  "pass; by default 3 with --checkpoint")
      ->check(CLI::Range(0, 1'000'000));
}

}  // namespace

Status run_demo_fraud(const DemoFraudOptions& options) {
  Result<Options> run = Options::from_environment();
  if (!run.ok()) return run.status();
  PENSTOCK_RETURN_IF_ERROR(apply(options, *run));
  const Result<ErrorPolicy> policy = policy_of(options.on_error);
  if (!policy.ok()) return policy.status();

  const Result<fraud::RuleSet> first =
      options.rules.empty() ? fraud::RuleSet{} : fraud::read_rule_set(options.rules);
  if (!first.ok()) return first.status();
  Result<std::shared_ptr<const ByteSource>> payments = source_of(options);
  if (!payments.ok()) return payments.status();
  Result<SinkAt> endpoint = sink_of(options);
  if (!endpoint.ok()) return endpoint.status();
  Result<DecodeOptions> decode = decode_options_of(options, *policy);
  if (!decode.ok()) return decode.status();

  Job job("fraud");
  auto figures = std::make_shared<Figures>();
  const auto warm_up = std::chrono::seconds(options.seconds > 4 || options.seconds == 0 ? 1 : 0);
  fraud::JobOptions job_options;
  job_options.decode = std::move(*decode);
  const auto rules =
      fraud::rules_of(job, options.rules, job_options.decode, ToldRuleSetDecoder(options.rules));
  auto [alerts, changes] =
      fraud::alerts_of(job, std::move(*payments), rules, job_options,
                       MeasuredRules(fraud::FraudRules(*first), figures, warm_up));
  end_in_sink(std::move(alerts), options.to, std::move(*endpoint));
  std::move(changes).for_each([](const fraud::RuleSet& in_force) {
    std::fprintf(stderr, "%s\n", fraud::describe(in_force).c_str());
  });

  block_signals();
  const RealClock clock;
  const Instant started = clock.now();
  Result<JobHandle> handle = job.start(*run);
  if (!handle.ok()) return handle.status();
  const Status status = run_until_end(*handle, [&handle] { print_progress(handle->metrics()); });
  const double seconds = static_cast<double>((clock.now() - started).count()) / 1e9;
  // A job that failed before its first record has no figures, only its reason.
  if (status.ok() || handle->metrics().records_read() > 0)
    print_figures(*figures, handle->metrics(), options, seconds);
  return status;
}

void add_demo_fraud(CLI::App& demo, int& exit_code) {
  auto options = std::make_shared<DemoFraudOptions>();
  CLI::App* fraud = demo.add_subcommand("fraud",
                                        "Card payments in, alerts out: velocity, unusual amounts, "
                                        "impossible travel, blocked merchants");
  fraud
      ->add_option(
          "--from", options->from,
          "generator, a file of JSON lines, - for standard input, kafka://HOST:PORT/TOPIC or "
          "tcp://HOST:PORT")
      ->capture_default_str();
  fraud
      ->add_option("--to", options->to,
                   "console, a file for JSON lines, - for JSON lines on standard output, "
                   "kafka://HOST:PORT/TOPIC or tcp://HOST:PORT")
      ->capture_default_str();
  add_kafka_options(*fraud, *options);
  fraud
      ->add_option("--rate", options->rate,
                   "generated payments per second; 0: as fast as they are taken")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  fraud->add_option("--seconds", options->seconds, "how long to generate; 0: until stopped")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  fraud->add_option("--seed", options->seed, "of the generator")->capture_default_str();
  fraud
      ->add_option("--workers", options->workers,
                   "threads that run operators; 0: as PENSTOCK__WORKERS says")
      ->capture_default_str()
      ->check(CLI::Range(0, 256));
  fraud->add_option(
      "--rules", options->rules,
      "a file with the rules' thresholds as JSON; each change of it comes into force");
  fraud->add_flag("--follow", options->follow, "keep reading a file that grows");
  add_checkpoint_options(*fraud, *options);
  add_state_options(*fraud, *options);
  fraud
      ->add_option("--on-error", options->on_error,
                   "what becomes of unreadable records: fail, skip, dead_letter")
      ->capture_default_str();
  fraud
      ->add_option("--dead-letters", options->dead_letters,
                   "where dead letters go: a file, or kafka://HOST:PORT/TOPIC")
      ->capture_default_str();
  fraud->callback([options, &exit_code] {
    const Status status = run_demo_fraud(*options);
    if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
    exit_code = status.exit_code();
  });
}

}  // namespace penstock::tools
