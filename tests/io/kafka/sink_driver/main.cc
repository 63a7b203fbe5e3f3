// Writes records to a Kafka sink, as a task of a job would, for tests that need a real broker.
//
//   penstock_kafka_sink_driver BROKERS TOPIC [NAME=VALUE ...] < RECORDS
//
// A line of RECORDS is KEY, TIMESTAMP in ms, HEADERS and VALUE, with tabs between: "-" is none, headers are NAME=VALUE,
// or NAME where it is null, with commas between. Instead of that, generate=N makes N records "0", "1", ..., with keys
// k0, k1, ... in turn (keys=K), rate=R a second. Other names: compression, delivery_timeout_ms, start_timeout_ms,
// buffer_bytes, linger_us, partitioner; all others are the client's properties. "at N" is printed after each 1000
// records; at the end "delivered", or on standard error a Status.
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/file_system.h"
#include "penstock/core/base/notice.h"
#include "penstock/io/kafka/kafka.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using Settings = std::map<std::string, std::string>;

std::string taken(Settings& settings, const std::string& name, const std::string& otherwise) {
  const auto found = settings.find(name);
  if (found == settings.end()) return otherwise;
  std::string value = found->second;
  settings.erase(found);
  return value;
}

kafka::SinkOptions options_of(const char* const* arguments, Settings& settings) {
  static const std::map<std::string, kafka::Compression> kCompressions = {
      {"none", kafka::Compression::kNone},
      {"gzip", kafka::Compression::kGzip},
      {"snappy", kafka::Compression::kSnappy},
      {"lz4", kafka::Compression::kLz4},
      {"zstd", kafka::Compression::kZstd}};
  kafka::SinkOptions options;
  options.connection.brokers = arguments[1];
  options.topic = arguments[2];
  options.compression = kCompressions.at(taken(settings, "compression", "none"));
  options.delivery_timeout =
      std::chrono::milliseconds(std::stol(taken(settings, "delivery_timeout_ms", "120000")));
  options.connection.start_timeout =
      std::chrono::milliseconds(std::stol(taken(settings, "start_timeout_ms", "10000")));
  options.buffer_bytes = std::stoul(taken(settings, "buffer_bytes", "33554432"));
  options.linger = std::chrono::microseconds(std::stol(taken(settings, "linger_us", "0")));
  if (taken(settings, "partitioner", "murmur2") != "murmur2") {
    options.partitioner = kafka::Partitioner::kConsistent;
  }
  return options;
}

std::string next_field(std::string& line, char separator) {
  const std::size_t end = std::min(line.find(separator), line.size());
  std::string field = line.substr(0, end);
  line.erase(0, end + 1);
  return field;
}

// A task's loop, in small: batches only when there is room, a flush after each, and when the writer asks for it.
class Driver {
 public:
  explicit Driver(std::unique_ptr<ByteWriter> writer) : writer_(std::move(writer)) {}

  Status write(const RawMessage& record) {
    while (!writer_->ready()) {
      PENSTOCK_RETURN_IF_ERROR(writer_->flush());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    PENSTOCK_RETURN_IF_ERROR(writer_->write_message(record));
    if (++written_ % 1000 == 0) {
      std::printf("at %zu\n", written_);
      std::fflush(stdout);
    }
    return written_ % 16 == 0 || clock_.now() >= writer_->wake_at() ? writer_->flush() : Status();
  }
  Status pause_until(Instant time) {
    while (clock_.now() < time) {
      if (clock_.now() >= writer_->wake_at()) PENSTOCK_RETURN_IF_ERROR(writer_->flush());
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return Status();
  }
  Status close() { return writer_->close(); }
  Instant now() const { return clock_.now(); }

 private:
  RealClock clock_;
  std::unique_ptr<ByteWriter> writer_;
  std::size_t written_ = 0;
};

Status write_line(Driver& driver, std::string line) {
  const std::string key = next_field(line, '\t');
  const std::string timestamp = next_field(line, '\t');
  std::string headers = next_field(line, '\t');
  RawMessage record{line, {}};
  record.message.tombstone = line == "-";
  if (key != "-") record.message.key = key;
  if (timestamp != "-") record.message.timestamp = {std::stoll(timestamp) * 1000};
  std::vector<std::string> texts;
  while (headers != "-" && !headers.empty()) texts.push_back(next_field(headers, ','));
  std::vector<MessageHeader> made;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    made.push_back({std::string_view(text).substr(0, equals), std::nullopt});
    if (equals != std::string::npos) made.back().value = std::string_view(text).substr(equals + 1);
  }
  record.message.headers = made;
  return driver.write(record);
}

Status generate(Driver& driver, std::size_t count, std::size_t keys, double rate) {
  const Instant start = driver.now();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string value = std::to_string(i);
    const std::string key = "k" + std::to_string(i % keys);
    RawMessage record{value, {}};
    record.message.key = key;
    PENSTOCK_RETURN_IF_ERROR(driver.write(record));
    const auto due = std::chrono::nanoseconds(
        static_cast<std::int64_t>(1e9 * static_cast<double>(i + 1) / rate));
    PENSTOCK_RETURN_IF_ERROR(driver.pause_until(start + due));
  }
  return Status();
}

Status run(int count, char** arguments) {
  Settings settings;
  for (int i = 3; i < count; ++i) {
    std::string name = arguments[i];
    std::string key = next_field(name, '=');
    settings[key] = name;
  }
  const std::size_t generated = std::stoul(taken(settings, "generate", "0"));
  const std::size_t keys = std::stoul(taken(settings, "keys", "10"));
  const double rate = std::stod(taken(settings, "rate", "1e9"));
  kafka::SinkOptions options = options_of(arguments, settings);
  options.connection.properties = settings;
  const std::unique_ptr<FileSystem> files = make_posix_file_system();
  test::WaitableWaker waker;
  StandardErrorNotices notices;
  TaskCounters counters;
  const RealClock clock;
  Result<std::unique_ptr<ByteWriter>> writer =
      kafka::sink(options)->open({0, 1, files.get(), &waker, &notices, &clock, &counters});
  if (!writer.ok()) return writer.status();
  std::printf("open\n");
  std::fflush(stdout);
  Driver driver(std::move(*writer));
  Status status = generated > 0 ? generate(driver, generated, keys, rate) : Status();
  for (std::string line; generated == 0 && status.ok() && std::getline(std::cin, line);) {
    status = write_line(driver, line);
  }
  Status closed = driver.close();
  return status.ok() ? closed : status;
}

}  // namespace
}  // namespace penstock

int main(int count, char** arguments) {
  const penstock::Status status = penstock::run(count, arguments);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.to_string().c_str());
    return 1;
  }
  std::printf("delivered\n");
  return 0;
}
