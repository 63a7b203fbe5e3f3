#include "penstock/tests/sim/kafka_job.h"

#include <charconv>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/io/encode/message_encoder.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/io/kafka/transactions.h"

namespace penstock::sim {
namespace {

struct KeyCount {
  std::uint32_t key = 0;
  std::uint64_t count = 0;
};

struct CountText {
  void encode(const KeyCount& row, std::string& out) const {
    out += std::to_string(row.key) + " " + std::to_string(row.count);
  }
};

struct CountEvents {
  using Output = KeyCount;
  ValueState<std::uint64_t> count{};

  void open(OperatorContext& context) { count = context.value_state<std::uint64_t>("count"); }
  void on_record(const Record<SimEvent>& event, auto&& out) noexcept {
    out.collect(Record<KeyCount>{{event.value.key, ++count.get_or_create()}, event.time});
  }
};

std::map<std::uint32_t, std::uint64_t> events_by_key(const SourcePart& part) {
  std::map<std::uint32_t, std::uint64_t> count;
  for (const SimEvents& task : part.tasks) {
    for (const SimEvent& event : task) ++count[event.key];
  }
  return count;
}

std::shared_ptr<const ByteSink> topic(const char* name,
                                      const kafka::internal::MakeTransactionClient& make) {
  kafka::SinkOptions options;
  options.topic = name;
  options.delivery = kafka::Delivery::kExactlyOnce;
  options.transaction_timeout = kTransactionTimeout;
  options.buffer_bytes = std::size_t{1} << 20;
  return kafka::internal::make_sink(std::move(options), make);
}

}  // namespace

SourcePart kafka_job_events(std::uint64_t seed) {
  SourcePart all;
  for (const SourcePart& part : deal(make_content(seed), seed + 1, false).sources)
    all.tasks.insert(all.tasks.end(), part.tasks.begin(), part.tasks.end());
  all.pausing = Random(hash_bits(seed + 3)).chance(0.3) ? Pausing::kNowAndThen : Pausing::kNever;
  return all;
}

void create_topics(SimBroker& broker, std::uint64_t seed) {
  Random random(hash_bits(seed + 4));
  broker.create_topic("counts", static_cast<std::uint32_t>(1 + random.below(3)));
  broker.create_topic("evens", static_cast<std::uint32_t>(1 + random.below(2)));
  broker.create_topic("penstock.markers", 1);
}

std::unique_ptr<Job> make_kafka_job(const SourcePart& events, std::uint32_t keyed_tasks,
                                    const kafka::internal::MakeTransactionClient& make) {
  auto job = std::make_unique<Job>("kafka job");
  auto counts = job->source(ListSource(events))
                    .parallelism(static_cast<std::uint32_t>(events.tasks.size()))
                    .key_by(&SimEvent::key)
                    .parallelism(keyed_tasks)
                    .process(CountEvents{})
                    .share();
  const auto encoder = message(CountText{}).key(&KeyCount::key);
  counts.read().sink(topic("counts", make), encoder);
  counts.read()
      .filter([](const KeyCount& row) { return row.count % 2 == 0; })
      .sink(topic("evens", make), encoder);
  counts.read().sink(line_file_sink({.path = kCountsFile}), CountText{});
  return job;
}

std::string CountReader::take(const std::string& row) {
  std::uint32_t key = 0;
  std::uint64_t count = 0;
  const char* end = row.data() + row.size();
  const auto [at, error] = std::from_chars(row.data(), end, key);
  if (error != std::errc() || std::from_chars(at + 1, end, count).ptr != end)
    return "'" + row + "' is no row";
  std::uint64_t& newest = newest_[key];
  if (count != newest + step_) {
    const std::string after = " behind " + std::to_string(newest);
    return (count > newest ? "lost: key and count " : "doubled: key and count ") + row + after;
  }
  newest = count;
  ++rows_;
  return "";
}

std::string CountReader::missing(const SourcePart& events) const {
  for (const auto& [key, count] : events_by_key(events)) {
    const auto found = newest_.find(key);
    const std::uint64_t newest = found == newest_.end() ? 0 : found->second;
    if (newest == count / step_ * step_) continue;
    return "lost: key " + std::to_string(key) + " has " + std::to_string(newest) + " of " +
           std::to_string(count);
  }
  return "";
}

std::string TopicReader::read(const SimBroker& broker) {
  std::string defect = read(broker, "counts", counts_);
  return defect.empty() ? read(broker, "evens", evens_) : defect;
}

std::string TopicReader::read(const SimBroker& broker, const std::string& topic,
                              CountReader& reader) {
  for (std::uint32_t number = 0; number < broker.partitions(topic); ++number) {
    const KafkaPartition partition{topic, number};
    std::size_t& offset = offsets_[partition];
    while (const KafkaRecord* record = broker.next_committed(partition, offset)) {
      const std::string defect = reader.take(record->value);
      if (!defect.empty()) return "topic " + topic + ": " + defect;
    }
  }
  return "";
}

std::string TopicReader::missing(const SourcePart& events) const {
  const std::string of_counts = counts_.missing(events);
  const std::string of_evens = evens_.missing(events);
  if (!of_counts.empty()) return "topic counts: " + of_counts;
  return of_evens.empty() ? "" : "topic evens: " + of_evens;
}

std::string defect_of_file(FileSystem& disk, const SourcePart& events) {
  Result<std::unique_ptr<ReadableFile>> file = disk.open_for_reading(kCountsFile);
  if (!file.ok()) return file.status().to_string();
  std::string text((*file)->size().value(), '\0');
  text.resize((*file)->read_at(0, text).value());
  CountReader reader(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (std::string defect = reader.take(text.substr(at, end - at)); !defect.empty())
      return "file: " + defect;
    at = end + 1;
  }
  const std::string lost = reader.missing(events);
  return lost.empty() ? "" : "file: " + lost;
}

}  // namespace penstock::sim
