// Counts the payments of each card, from a topic into two topics, all counts and every second one, and into a file: the
// job that is killed again and again by tools/crash and kafka_exactly_once_test.py.
//
//   PENSTOCK__CHECKPOINT=DIR penstock_kafka_count BROKERS FROM COUNTS EVENS FILE [at_least_once]
//
// Drains at SIGTERM. In the environment TRANSACTION_TIMEOUT_MS sets that of its sinks, START_TIMEOUT_MS how long they
// wait for the cluster, EPOCH_TIMEOUT_MS that of its checkpoints; with OUTBOX, a folder, every second count goes that
// way.
#include <penstock/api/stream.h>
#include <penstock/io/encode/message_encoder.h>
#include <penstock/io/file/line_file_sink.h>
#include <penstock/io/kafka/kafka.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "penstock/examples/keyed_count/keyed_count.h"

namespace kafka = penstock::kafka;

struct Arguments {
  std::string brokers;
  std::string from;
  std::string counts;
  std::string evens;
  std::string file;
  bool exactly_once = true;
};

void take_milliseconds(const char* name, std::chrono::milliseconds& out) {
  if (const char* text = std::getenv(name))
    out = std::chrono::milliseconds(std::strtol(text, nullptr, 10));
}

kafka::SinkOptions options_of(const Arguments& arguments, const std::string& topic) {
  kafka::SinkOptions options;
  options.connection.brokers = arguments.brokers;
  options.connection.start_timeout = std::chrono::seconds(30);
  options.topic = topic;
  if (arguments.exactly_once) options.delivery = kafka::Delivery::kExactlyOnce;
  take_milliseconds("TRANSACTION_TIMEOUT_MS", options.transaction_timeout);
  take_milliseconds("START_TIMEOUT_MS", options.connection.start_timeout);
  return options;
}

penstock::Job job_of(const Arguments& arguments) {
  penstock::Job job("kafka count");
  kafka::SourceOptions source;
  source.connection.brokers = arguments.brokers;
  source.connection.start_timeout = std::chrono::seconds(30);
  source.topics = {arguments.from};
  source.start = kafka::FromEarliest{};
  auto counts = job.source(kafka::source(std::move(source)), penstock::json::decoder<Payment>())
                    .key_by(&Payment::card)
                    .process(CountPayments{})
                    .share();
  const auto encoder = penstock::message(penstock::json::encoder<Count>()).key(&Count::card);
  counts.read().sink(kafka::sink(options_of(arguments, arguments.counts)), encoder);
  kafka::SinkOptions evens = options_of(arguments, arguments.evens);
  if (const char* folder = std::getenv("OUTBOX")) evens.outbox = folder;
  counts.read()
      .filter([](const Count& count) { return count.payments % 2 == 0; })
      .sink(kafka::sink(std::move(evens)), encoder);
  if (arguments.file != "-")
    counts.read().sink(penstock::line_file_sink({.path = arguments.file}),
                       penstock::json::encoder<Count>());
  return job;
}

penstock::Status run(const Arguments& arguments) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  penstock::Result<penstock::Options> options = penstock::Options::from_environment();
  if (!options.ok()) return options.status();
  take_milliseconds("EPOCH_TIMEOUT_MS", options->checkpoint.timeout);
  penstock::Result<penstock::JobHandle> handle = job_of(arguments).start(*options);
  if (!handle.ok()) return handle.status();
  const timespec pause{0, 50'000'000};
  while (!handle->wait_for(std::chrono::milliseconds(0))) {
    if (sigtimedwait(&signals, nullptr, &pause) == SIGTERM) handle->drain();
  }
  return handle->wait();
}

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: penstock_kafka_count BROKERS FROM COUNTS EVENS FILE\n");
    return 2;
  }
  const penstock::Status status = run({argv[1], argv[2], argv[3], argv[4], argv[5], argc == 6});
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.exit_code();
}
