#include "penstock/tools/penstock/endpoint.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "penstock/tools/penstock/url_parameters.h"

namespace penstock::tools {
namespace {

constexpr std::string_view kForms =
    "write kafka://HOST:PORT/TOPIC or tcp://HOST:PORT, options behind a ?";

// What every message begins with.
Status bad(std::string_view option, const std::string& text) {
  return Status::invalid_argument(std::string(option) + ": " + text);
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Replaces %XX by the byte; nothing when what follows a % is not that.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16);
    if (error != std::errc() || end != &text[i + 1] + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<TcpPeer> parse_peer(std::string_view text, std::string_view option) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (colon == std::string_view::npos || text.back() == ']')
    return bad(option, in_quotes(text) + " has no port: write HOST:PORT");
  if (!bracketed && host.find(':') != std::string_view::npos)
    return bad(option, in_quotes(text) + ": write an IPv6 address in brackets, [::1]:9092");
  if (host.empty()) return bad(option, in_quotes(text) + " has no host: write HOST:PORT");
  const std::string_view digits = text.substr(colon + 1);
  TcpPeer peer{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), peer.port);
  if (error != std::errc() || end != digits.data() + digits.size() || peer.port == 0)
    return bad(option, "port " + in_quotes(digits) + " is not a number from 1 to 65535");
  return peer;
}

Status parse_parameters(std::string_view text, std::string_view option, Endpoint& out) {
  for (const std::string_view part : split(text, '&')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return bad(option, "parameter " + in_quotes(part) + " is not NAME=VALUE");
    const std::string name(part.substr(0, equals));
    std::optional<std::string> value = decoded(part.substr(equals + 1));
    if (!value) return bad(option, "parameter " + name + ": a % is not followed by two hex digits");
    if (!out.parameters.emplace(name, std::move(*value)).second)
      return bad(option, "parameter " + name + " is given twice");
  }
  return Status();
}

Status parse_topics(std::string_view path, std::string_view option, Endpoint& out) {
  for (const std::string_view part : split(path, ',')) {
    std::optional<std::string> topic = decoded(part);
    if (!topic) return bad(option, "topic: a % is not followed by two hex digits");
    if (topic->empty())
      return bad(option, "no topic: write kafka://HOST:PORT/TOPIC, several with a comma between");
    if (topic->find('/') != std::string::npos)
      return bad(option, "topic " + in_quotes(*topic) + ": names of topics have no /");
    out.topics.push_back(std::move(*topic));
  }
  return Status();
}

Status parse_hosts(std::string_view hosts, std::string_view option, Endpoint& out) {
  for (const std::string_view each : split(hosts, ',')) {
    Result<TcpPeer> peer = parse_peer(each, option);
    if (!peer.ok()) return peer.status();
    out.peers.push_back(std::move(*peer));
  }
  if (out.kind == EndpointKind::kTcp && out.peers.size() > 1)
    return bad(option, "tcp:// has one host: write tcp://HOST:PORT");
  return Status();
}

}  // namespace

bool is_endpoint(std::string_view text) noexcept {
  return text.find("://") != std::string_view::npos;
}

Result<Endpoint> parse_endpoint(std::string_view text, std::string_view option) {
  const std::size_t colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon);
  Endpoint endpoint;
  if (colon == std::string_view::npos || (scheme != "kafka" && scheme != "tcp"))
    return bad(option, in_quotes(scheme) + " is no kind of endpoint: " + std::string(kForms));
  endpoint.kind = scheme == "kafka" ? EndpointKind::kKafka : EndpointKind::kTcp;
  text.remove_prefix(colon + 3);
  const std::size_t query = std::min(text.find('?'), text.size());
  const std::string_view place = text.substr(0, query);
  const std::size_t slash = std::min(place.find('/'), place.size());
  const std::string_view hosts = place.substr(0, slash);
  if (place.find('@') != std::string_view::npos) {
    return bad(option,
               "a URL is no place for a user or password, as others see command lines: use "
               "--kafka-property sasl.password=file:PATH");
  }
  PENSTOCK_RETURN_IF_ERROR(parse_hosts(hosts, option, endpoint));
  const std::string_view path = place.substr(std::min(slash + 1, place.size()));
  if (endpoint.kind == EndpointKind::kKafka) {
    PENSTOCK_RETURN_IF_ERROR(parse_topics(path, option, endpoint));
  } else if (!path.empty()) {
    return bad(option, "tcp:// has no path " + in_quotes(path) + ": write tcp://HOST:PORT");
  }
  if (query < text.size())
    PENSTOCK_RETURN_IF_ERROR(parse_parameters(text.substr(query + 1), option, endpoint));
  return endpoint;
}

Result<TcpLineSourceOptions> tcp_source_of(const Endpoint& endpoint, std::string_view option) {
  TcpLineSourceOptions options;
  options.host = endpoint.peers.front().host;
  options.port = endpoint.peers.front().port;
  UrlParameters parameters(endpoint.parameters, option, "a tcp source");
  parameters.choice("end_on_close", {{"true", true}, {"false", false}}, options.end_on_close);
  parameters.duration("quiet_after_ms", options.quiet_after);
  parameters.duration("start_timeout_ms", options.timing.start_timeout);
  PENSTOCK_RETURN_IF_ERROR(parameters.end());
  return options;
}

Result<TcpLineSinkOptions> tcp_sink_of(const Endpoint& endpoint, std::string_view option) {
  TcpLineSinkOptions options;
  options.host = endpoint.peers.front().host;
  options.port = endpoint.peers.front().port;
  UrlParameters parameters(endpoint.parameters, option, "a tcp sink");
  parameters.duration("close_timeout_ms", options.close_timeout);
  parameters.duration("start_timeout_ms", options.timing.start_timeout);
  PENSTOCK_RETURN_IF_ERROR(parameters.end());
  return options;
}

}  // namespace penstock::tools
