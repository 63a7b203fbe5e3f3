#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "penstock/io/json/iso8601.h"
#include "penstock/tools/penstock/endpoint.h"
#include "penstock/tools/penstock/url_parameters.h"

namespace penstock::tools {
namespace {

constexpr const char* kStartForms =
    "latest, earliest, a time as 2024-01-01T00:00:00Z, or PARTITION:OFFSET,...";

std::string brokers_of(const std::vector<TcpPeer>& peers) {
  std::string brokers;
  for (const TcpPeer& peer : peers) {
    const bool digits6 = peer.host.find(':') != std::string::npos;
    brokers += (brokers.empty() ? "" : ",") + (digits6 ? "[" + peer.host + "]" : peer.host) + ":" +
               std::to_string(peer.port);
  }
  return brokers;
}

Result<kafka::Connection> connection_of(const Endpoint& endpoint, const KafkaArguments& kafka) {
  kafka::Connection connection;
  connection.brokers = brokers_of(endpoint.peers);
  for (const std::string& property : kafka.properties) {
    const std::size_t equals = property.find('=');
    if (equals == std::string::npos || equals == 0) {
      // Without the text: it may be a password.
      return Status::invalid_argument(
          "--kafka-property: write NAME=VALUE, as security.protocol=ssl");
    }
    connection.properties[property.substr(0, equals)] = property.substr(equals + 1);
  }
  return connection;
}

template <class N>
bool read_number(std::string_view text, N& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

// "0:17,1:40", the same for each topic.
std::optional<kafka::FromOffsets> parse_offsets(std::string_view text,
                                                const std::vector<std::string>& topics) {
  std::map<std::int32_t, std::int64_t> offsets;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t colon = part.find(':');
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    if (colon == std::string_view::npos || !read_number(part.substr(0, colon), partition) ||
        !read_number(part.substr(colon + 1), offset))
      return std::nullopt;
    offsets[partition] = offset;
  }
  kafka::FromOffsets from;
  for (const std::string& topic : topics) from.offsets[topic] = offsets;
  return from;
}

std::optional<kafka::Start> parse_start(const std::string& text,
                                        const std::vector<std::string>& topics) {
  if (text == "latest") return kafka::FromLatest{};
  if (text == "earliest") return kafka::FromEarliest{};
  EventTime time;
  if (json::parse_iso8601(text, time)) return kafka::FromTime{time};
  if (text.empty() || topics.empty()) return std::nullopt;
  std::optional<kafka::FromOffsets> offsets = parse_offsets(text, topics);
  if (!offsets) return std::nullopt;
  return *std::move(offsets);
}

// Of the URL and the command line, which must not contradict each other.
Status choose_start(UrlParameters& parameters, const KafkaArguments& kafka,
                    kafka::SourceOptions& options) {
  const std::optional<std::string> in_url = parameters.text("start");
  if (in_url && !kafka.start.empty() && *in_url != kafka.start) {
    return Status::invalid_argument("--start is \"" + kafka.start +
                                    "\" and the URL says start=" + *in_url + ": give one of them");
  }
  if (!in_url && kafka.start.empty()) return Status();
  const std::string wanted = in_url ? *in_url : kafka.start;
  std::optional<kafka::Start> start = parse_start(wanted, options.topics);
  if (start) {
    options.start = *std::move(start);
  } else if (in_url) {
    parameters.fail("start", wanted, kStartForms);
  } else {
    return Status::invalid_argument("--start is \"" + wanted + "\", not " + kStartForms);
  }
  return Status();
}

Status choose_topics(const Endpoint& endpoint, std::string_view option,
                     kafka::SourceOptions& options) {
  if (endpoint.topics.front().front() != '^') {
    options.topics = endpoint.topics;
    return Status();
  }
  if (endpoint.topics.size() > 1)
    return Status::invalid_argument(std::string(option) +
                                    ": a pattern of topics stands alone; a comma in it is %2C");
  options.pattern = endpoint.topics.front().substr(1);
  return Status();
}

}  // namespace

Result<kafka::SourceOptions> kafka_source_of(const Endpoint& endpoint, const KafkaArguments& kafka,
                                             std::string_view option) {
  kafka::SourceOptions options;
  Result<kafka::Connection> connection = connection_of(endpoint, kafka);
  if (!connection.ok()) return connection.status();
  options.connection = std::move(*connection);
  PENSTOCK_RETURN_IF_ERROR(choose_topics(endpoint, option, options));
  UrlParameters parameters(endpoint.parameters, option, "a Kafka source");
  PENSTOCK_RETURN_IF_ERROR(choose_start(parameters, kafka, options));
  parameters.choice("data_loss",
                    {{"fail", kafka::OnDataLoss::kFail},
                     {"earliest", kafka::OnDataLoss::kEarliest},
                     {"latest", kafka::OnDataLoss::kLatest}},
                    options.on_data_loss);
  parameters.duration("start_timeout_ms", options.connection.start_timeout);
  parameters.duration("stall_after_ms", options.stall_after);
  PENSTOCK_RETURN_IF_ERROR(parameters.end());
  return options;
}

Result<kafka::SinkOptions> kafka_sink_of(const Endpoint& endpoint, const KafkaArguments& kafka,
                                         std::string_view option) {
  using kafka::Compression;
  using kafka::Partitioner;
  kafka::SinkOptions options;
  Result<kafka::Connection> connection = connection_of(endpoint, kafka);
  if (!connection.ok()) return connection.status();
  options.connection = std::move(*connection);
  if (endpoint.topics.size() > 1 || endpoint.topics.front().front() == '^')
    return Status::invalid_argument(std::string(option) + ": a Kafka sink has one topic");
  options.topic = endpoint.topics.front();
  UrlParameters parameters(endpoint.parameters, option, "a Kafka sink");
  parameters.choice("compression",
                    {{"none", Compression::kNone},
                     {"gzip", Compression::kGzip},
                     {"snappy", Compression::kSnappy},
                     {"lz4", Compression::kLz4},
                     {"zstd", Compression::kZstd}},
                    options.compression);
  parameters.choice("partitioner",
                    {{"murmur2", Partitioner::kMurmur2}, {"consistent", Partitioner::kConsistent}},
                    options.partitioner);
  parameters.choice("delivery",
                    {{"at_least_once", kafka::Delivery::kAtLeastOnce},
                     {"exactly_once", kafka::Delivery::kExactlyOnce}},
                    options.delivery);
  parameters.duration("transaction_timeout_ms", options.transaction_timeout);
  if (const std::optional<std::string> topic = parameters.text("marker_topic"))
    options.marker_topic = *topic;
  if (const std::optional<std::string> folder = parameters.text("outbox")) options.outbox = *folder;
  parameters.duration("linger_us", options.linger);
  parameters.duration("start_timeout_ms", options.connection.start_timeout);
  parameters.duration("delivery_timeout_ms", options.delivery_timeout);
  PENSTOCK_RETURN_IF_ERROR(parameters.end());
  return options;
}

Result<std::shared_ptr<const ByteSource>> source_at(std::string_view text,
                                                    const KafkaArguments& kafka,
                                                    std::string_view option) {
  const Result<Endpoint> endpoint = parse_endpoint(text, option);
  if (!endpoint.ok()) return endpoint.status();
  if (endpoint->kind == EndpointKind::kTcp) {
    Result<TcpLineSourceOptions> options = tcp_source_of(*endpoint, option);
    if (!options.ok()) return options.status();
    return tcp_line_source(std::move(*options));
  }
  Result<kafka::SourceOptions> options = kafka_source_of(*endpoint, kafka, option);
  if (!options.ok()) return options.status();
  return kafka::source(std::move(*options));
}

Result<SinkAt> sink_at(std::string_view text, const KafkaArguments& kafka,
                       std::string_view option) {
  const Result<Endpoint> endpoint = parse_endpoint(text, option);
  if (!endpoint.ok()) return endpoint.status();
  if (endpoint->kind == EndpointKind::kTcp) {
    Result<TcpLineSinkOptions> options = tcp_sink_of(*endpoint, option);
    if (!options.ok()) return options.status();
    return SinkAt{EndpointKind::kTcp, tcp_line_sink(std::move(*options))};
  }
  Result<kafka::SinkOptions> options = kafka_sink_of(*endpoint, kafka, option);
  if (!options.ok()) return options.status();
  return SinkAt{EndpointKind::kKafka, kafka::sink(std::move(*options))};
}

}  // namespace penstock::tools
