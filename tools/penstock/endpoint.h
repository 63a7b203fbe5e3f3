// tools/penstock/endpoint.h -- where records come from and go to, as a URL on the command line.
//
//   kafka://HOST:PORT[,HOST:PORT...]/TOPIC[,TOPIC...][?NAME=VALUE&...]
//   tcp://HOST:PORT[?NAME=VALUE&...]
//
// Parameters of a Kafka source: start (latest | earliest | 2024-01-01T00:00:00Z | PARTITION:OFFSET,...), data_loss
// (fail | earliest | latest), start_timeout_ms, stall_after_ms; of a Kafka sink: compression (none | gzip | snappy |
// lz4 | zstd), partitioner (murmur2 | consistent), linger_us, start_timeout_ms, delivery_timeout_ms, delivery
// (at_least_once | exactly_once), transaction_timeout_ms, marker_topic, outbox (a folder). Of a TCP source:
// end_on_close (true | false), quiet_after_ms, start_timeout_ms; of a TCP sink: close_timeout_ms, start_timeout_ms.
// %XX stands for a byte. A TOPIC that begins with ^ is a pattern (RE2) that whole names match.
// Errors     kInvalidArgument that names the option, the part and what it should be. A user or password in a URL is
//            refused without being repeated: command lines are seen by others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/sink.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/kafka/kafka.h"
#include "penstock/io/socket/tcp_connector.h"
#include "penstock/io/socket/tcp_line_sink.h"
#include "penstock/io/socket/tcp_line_source.h"

namespace penstock::tools {

enum class EndpointKind : std::uint8_t { kKafka, kTcp };

struct Endpoint {
  EndpointKind kind = EndpointKind::kKafka;
  std::vector<TcpPeer> peers;       // Of TCP exactly one.
  std::vector<std::string> topics;  // Of Kafka at least one.
  std::map<std::string, std::string> parameters;
};

// Beside the URL, what the command line says about Kafka.
struct KafkaArguments {
  std::string start;                    // As the parameter; empty: not said.
  std::vector<std::string> properties;  // "name=value"
};

// Whether it is meant as a URL: anything with "://" in it.
bool is_endpoint(std::string_view text) noexcept;
// `option` is for messages: "--from".
Result<Endpoint> parse_endpoint(std::string_view text, std::string_view option);

// Parameters that the kind and the direction do not have are errors.
Result<kafka::SourceOptions> kafka_source_of(const Endpoint& endpoint, const KafkaArguments& kafka,
                                             std::string_view option);
Result<kafka::SinkOptions> kafka_sink_of(const Endpoint& endpoint, const KafkaArguments& kafka,
                                         std::string_view option);
Result<TcpLineSourceOptions> tcp_source_of(const Endpoint& endpoint, std::string_view option);
Result<TcpLineSinkOptions> tcp_sink_of(const Endpoint& endpoint, std::string_view option);

Result<std::shared_ptr<const ByteSource>> source_at(std::string_view text,
                                                    const KafkaArguments& kafka,
                                                    std::string_view option);
struct SinkAt {
  EndpointKind kind = EndpointKind::kKafka;
  std::shared_ptr<const ByteSink> sink;
};
Result<SinkAt> sink_at(std::string_view text, const KafkaArguments& kafka, std::string_view option);

}  // namespace penstock::tools
