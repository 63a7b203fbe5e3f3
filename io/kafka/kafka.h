// io/kafka/kafka.h -- topics of a Kafka cluster as sources and sinks of bytes.
//
//   job.source(kafka::source({.topics = {"payments"}}), json::decoder<Payment>())
//   stream.sink(kafka::sink({.topic = "alerts"}), json::encoder<Alert>())
//
// Origin     A split for each partition; the offset is the broker's. RawRecord::message has key, headers, timestamp and
//            topic; its `bytes` are empty for a tombstone, and Message::tombstone says so.
// Start      Without a checkpoint a job begins where `start` says, as of the moment it starts, and no group commits
//            anything. New partitions of a topic, and new topics of a pattern, are read from their beginning.
// Snapshots  Have the offset of each partition with the last record that was read, which is compared before a restored
//            job takes anything: a topic that was recreated, or has lost what was to be read, is treated as
//            `on_data_loss` says. What is new since is read from its beginning. An epoch waits until the sink has
//            delivered what was written before its cut.
// Silence    Nothing fails in silence: a broker that cannot be reached, refuses us or does not have the topic ends the
//            start with a Status after `start_timeout`, and is a Notice while the job runs; so are a stall (connected,
//            records wait, none comes) and a gap, with its offsets.
// Delivery   The sink is idempotent and waits for all replicas: in order per partition, at least once over a restart of
//            the job. A record that the broker refuses for good, or has not taken after `delivery_timeout`, fails it.
//            With Delivery::kExactlyOnce readers with isolation.level=read_committed see each record once: all that
//            the sinks of a job write to a cluster in an epoch is one transaction, committed when the epoch is durable.
// Bounds     Both hold no more than `buffer_bytes` in their client. A source that is read more slowly than it fills
//            fetches no more and goes on when half of it is free. The partitions of the start share it evenly; one that
//            comes later has as much as each of them, and each may go beyond its share by one answer of a broker.
// End        A source ends within seconds, also while its brokers are away. A sink waits until all is delivered, up to
//            `delivery_timeout`, and says so when that takes long. A client library that does not end is left behind
//            after 5 s, with a notice.
// Secrets    Passwords and keys come from files or from the environment, and stand in no message, plan or metric.
// Threads    As every ByteSource and ByteSink; the client has threads of its own. No callback after close.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "penstock/core/base/time.h"
#include "penstock/core/stream/sink.h"
#include "penstock/core/stream/source.h"

namespace penstock::kafka {

// How to reach a cluster.
struct Connection {
  std::string brokers = "127.0.0.1:9092";
  // The client's own properties, of an allow list (io/kafka/properties.h): security.protocol, sasl.*, ssl.* ... A value
  // "file:PATH" or "env:NAME" is read from there when the job starts.
  std::map<std::string, std::string> properties{};
  std::chrono::milliseconds start_timeout{10'000};
};

struct FromLatest {};    // What comes after the start of the job.
struct FromEarliest {};  // All there is.
struct FromTime {        // The first record of each partition whose timestamp is not before it.
  EventTime time;
};
struct
    FromOffsets {  // The next record of each partition, topic by topic; partitions not named: the beginning.
  std::map<std::string, std::map<std::int32_t, std::int64_t>> offsets;
};
using Start = std::variant<FromLatest, FromEarliest, FromTime, FromOffsets>;

// What to do when records that were to be read are gone: deleted by age, or with their topic.
enum class OnDataLoss : std::uint8_t { kFail, kEarliest, kLatest };

struct SourceOptions {
  Connection connection{};
  std::vector<std::string> topics{};
  // Instead of topics: a POSIX extended regular expression that whole names match.
  std::string pattern{};
  Start start = FromLatest{};
  OnDataLoss on_data_loss = OnDataLoss::kFail;
  std::chrono::milliseconds discovery_interval{
      1000};  // For new topics and partitions, lag and stalls.
  std::chrono::milliseconds stall_after{5000};
  std::size_t buffer_bytes = std::size_t{64} << 20;  // Per task.
  std::size_t record_bytes_max = std::size_t{16} << 20;
};

std::shared_ptr<const ByteSource> source(SourceOptions options);

enum class Compression : std::uint8_t { kNone, kGzip, kSnappy, kLz4, kZstd };
// Where a record with a key goes; those without one go anywhere. kMurmur2 is what Java clients do.
enum class Partitioner : std::uint8_t { kMurmur2, kConsistent };

// What readers see of a record over restarts of the job; exactly once needs a job that makes checkpoints.
enum class Delivery : std::uint8_t { kAtLeastOnce, kExactlyOnce };

struct SinkOptions {
  Connection connection{};
  std::string topic{};
  Compression compression = Compression::kNone;
  Partitioner partitioner = Partitioner::kMurmur2;
  std::chrono::microseconds linger{0};  // How long the client may wait for more records of a batch.
  std::chrono::milliseconds delivery_timeout{120'000};
  std::size_t buffer_bytes = std::size_t{32} << 20;  // Per task.
  Delivery delivery = Delivery::kAtLeastOnce;
  // These two of kExactlyOnce. The brokers end a transaction that is open for longer: more than an epoch may take, and
  // no more than their transaction.max.timeout.ms. Readers wait so long behind a job that died and stays away.
  std::chrono::milliseconds transaction_timeout{120'000};
  // Compacted, made if it is not there: what the last transaction of each job was.
  std::string marker_topic = "penstock.markers";
  // A folder on the disk, of this sink alone, in which output waits until its epoch is durable; then it is sent in a
  // transaction of its own. It costs a write of the output, and any number of clusters may have one. Empty: one
  // transaction for all sinks of the job without an outbox, which are at one cluster.
  std::string outbox{};
};

std::shared_ptr<const ByteSink> sink(SinkOptions options);

}  // namespace penstock::kafka
