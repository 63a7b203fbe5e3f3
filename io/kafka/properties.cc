#include "penstock/io/kafka/properties.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

namespace penstock::kafka::internal {
namespace {

enum class Kind { kPlain, kPath, kText, kSecret };  // kText: may be many lines.
enum class Side { kBoth, kSource, kSink };

struct Allowed {
  std::string_view name;
  Kind kind = Kind::kPlain;
  Side side = Side::kBoth;
};

constexpr auto kAllowed = std::to_array<Allowed>({
    {"batch.num.messages", Kind::kPlain, Side::kSink},
    {"batch.size", Kind::kPlain, Side::kSink},
    {"broker.address.family"},
    {"broker.address.ttl"},
    {"check.crcs", Kind::kPlain, Side::kSource},
    {"client.id"},
    {"client.rack"},
    {"compression.level", Kind::kPlain, Side::kSink},
    {"connections.max.idle.ms"},
    {"enable.ssl.certificate.verification"},
    {"fetch.error.backoff.ms", Kind::kPlain, Side::kSource},
    {"fetch.max.bytes", Kind::kPlain, Side::kSource},
    {"fetch.message.max.bytes", Kind::kPlain, Side::kSource},
    {"fetch.min.bytes", Kind::kPlain, Side::kSource},
    {"fetch.wait.max.ms", Kind::kPlain, Side::kSource},
    {"max.in.flight.requests.per.connection", Kind::kPlain, Side::kSink},
    {"max.partition.fetch.bytes", Kind::kPlain, Side::kSource},
    {"message.max.bytes", Kind::kPlain, Side::kSink},
    {"metadata.max.age.ms"},
    {"receive.message.max.bytes"},
    {"reconnect.backoff.max.ms"},
    {"reconnect.backoff.ms"},
    {"request.timeout.ms", Kind::kPlain, Side::kSink},
    {"retry.backoff.ms", Kind::kPlain, Side::kSink},
    {"sasl.mechanism"},
    {"sasl.mechanisms"},
    {"sasl.password", Kind::kSecret},
    {"sasl.username"},
    {"security.protocol"},
    {"socket.connection.setup.timeout.ms"},
    {"socket.keepalive.enable"},
    {"socket.max.fails"},
    {"socket.nagle.disable"},
    {"socket.receive.buffer.bytes"},
    {"socket.send.buffer.bytes"},
    {"socket.timeout.ms"},
    {"ssl.ca.location", Kind::kPath},
    {"ssl.ca.pem", Kind::kText},
    {"ssl.certificate.location", Kind::kPath},
    {"ssl.certificate.pem", Kind::kText},
    {"ssl.cipher.suites"},
    {"ssl.crl.location", Kind::kPath},
    {"ssl.curves.list"},
    {"ssl.endpoint.identification.algorithm"},
    {"ssl.key.location", Kind::kPath},
    {"ssl.key.password", Kind::kSecret},
    {"ssl.key.pem", Kind::kSecret},
    {"ssl.sigalgs.list"},
});

struct Refused {
  std::string_view name;  // Or its beginning, with '*' at the end.
  std::string_view reason;
};

// The first that fits gives the reason.
constexpr auto kRefused = std::to_array<Refused>({
    {"sasl.kerberos.kinit.cmd", "it runs a command"},
    {"sasl.kerberos.*", "Kerberos runs a command to log in"},
    {"sasl.oauthbearer.*", "OAuth is not supported"},
    {"enable.sasl.oauthbearer.unsecure.jwt", "it accepts tokens that nobody signed"},
    {"plugin.library.paths", "it loads a library"},
    {"ssl.engine.*", "it loads a library"},
    {"ssl.providers", "it loads a library"},
    {"ssl.keystore.*", "key stores are not supported: give the certificate and key as PEM files"},
    {"interceptors", "it runs code of a library"},
    {"debug", "it prints what may be secret"},
    {"log.*", "the engine says what goes wrong itself"},
    {"log_level", "the engine says what goes wrong itself"},
    {"statistics.interval.ms", "the engine has metrics of its own"},
    {"bootstrap.servers", "it is Connection::brokers"},
    {"metadata.broker.list", "it is Connection::brokers"},
    {"group.*", "the engine assigns partitions itself, without a group"},
    {"session.timeout.ms", "the engine assigns partitions itself, without a group"},
    {"heartbeat.interval.ms", "the engine assigns partitions itself, without a group"},
    {"max.poll.interval.ms", "the engine assigns partitions itself, without a group"},
    {"enable.auto.*", "the engine keeps offsets in its checkpoints"},
    {"auto.commit.*", "the engine keeps offsets in its checkpoints"},
    {"auto.offset.reset", "it is SourceOptions::start and on_data_loss"},
    {"offset.store.*", "the engine keeps offsets in its checkpoints"},
    {"queued.*", "it is SourceOptions::buffer_bytes"},
    {"queue.buffering.max.ms", "it is SinkOptions::linger"},
    {"linger.ms", "it is SinkOptions::linger"},
    {"queue.buffering.*", "it is SinkOptions::buffer_bytes"},
    {"compression.codec", "it is SinkOptions::compression"},
    {"compression.type", "it is SinkOptions::compression"},
    {"partitioner*", "it is SinkOptions::partitioner"},
    {"message.timeout.ms", "it is SinkOptions::delivery_timeout"},
    {"delivery.timeout.ms", "it is SinkOptions::delivery_timeout"},
    {"acks", "the sink waits for all replicas"},
    {"request.required.acks", "the sink waits for all replicas"},
    {"enable.idempotence", "the sink is idempotent"},
    {"enable.gapless.guarantee", "the sink is idempotent"},
    {"transactional.id", "the engine names its transactions itself"},
    {"transaction.timeout.ms", "the engine names its transactions itself"},
    {"test.*", "it is for tests of the client"},
});

const Allowed* find_allowed(std::string_view name) noexcept {
  const auto* found = std::find_if(kAllowed.begin(), kAllowed.end(),
                                   [&](const Allowed& each) { return each.name == name; });
  return found == kAllowed.end() ? nullptr : found;
}

bool fits(std::string_view pattern, std::string_view name) noexcept {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::string_view reason_against(std::string_view name) noexcept {
  for (const Refused& each : kRefused) {
    if (fits(each.name, name)) return each.reason;
  }
  return "it is the engine's own, or unknown";
}

// Insertions, deletions and replacements from one to the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t i = 0; i <= to.size(); ++i) row[i] = i;
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, replaced}));
    }
  }
  return row.back();
}

std::string_view nearest_allowed(std::string_view name) {
  return std::min_element(kAllowed.begin(), kAllowed.end(),
                          [&](const Allowed& a, const Allowed& b) {
                            return distance(name, a.name) < distance(name, b.name);
                          })
      ->name;
}

std::string property(std::string_view name) { return "kafka property '" + std::string(name) + "'"; }

Status refusal(std::string_view name, std::string_view why) {
  return Status::invalid_argument(property(name) + ": " + std::string(why));
}

constexpr std::size_t kValueBytesMax = std::size_t{1} << 20;

struct Descriptor {
  ~Descriptor() { ::close(fd); }
  int fd;
};

Result<std::string> read_value_file(const std::string& name, const std::string& path, Kind kind) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return Status::from_errno(errno, property(name) + ": cannot read file '" + path + "'");
  const Descriptor closing{fd};
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Status::from_errno(errno, property(name) + ": " + path);
  if (!S_ISREG(info.st_mode)) return refusal(name, "'" + path + "' is not a file");
  if (kind == Kind::kSecret && (info.st_mode & S_IRWXO) != 0) {
    return refusal(name, "file '" + path +
                             "' is open to every user of this machine, and holds a secret; "
                             "close it: chmod o-rwx '" +
                             path + "'");
  }
  std::string text(kValueBytesMax + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<std::size_t>(got)) {
    got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0) return Status::from_errno(errno, property(name) + ": cannot read '" + path + "'");
  }
  if (size > kValueBytesMax) return refusal(name, "file '" + path + "' is longer than 1 MiB");
  text.resize(size);
  return text;
}

Result<std::string> read_environment(const std::string& name, const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value != nullptr) return std::string(value);
  return refusal(name, "environment variable '" + variable + "' is not set");
}

bool may_be_many_lines(std::string_view name) noexcept { return name.ends_with(".pem"); }

// Editors and echo end a file with a line break, which is no part of a password.
Status strip_line_break(const std::string& name, std::string& value) {
  if (!may_be_many_lines(name)) {
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    if (value.find('\n') != std::string::npos) return refusal(name, "its file has several lines");
  }
  if (value.find('\0') != std::string::npos) return refusal(name, "its value has a zero byte");
  return value.empty() ? refusal(name, "its value is empty") : Status();
}

Status check_readable(const std::string& name, const std::string& path) {
  if (path == "probe") return Status();  // The client looks where systems keep their authorities.
  if (::access(path.c_str(), R_OK) == 0) return Status();
  return Status::from_errno(errno, property(name) + ": cannot read '" + path + "'");
}

Result<std::string> value_of(const Allowed& known, const std::string& name,
                             const std::string& given) {
  const bool in_file = given.starts_with("file:");
  const bool in_environment = given.starts_with("env:");
  if (known.kind == Kind::kPath && in_file) {
    return refusal(name, "it names a file itself: write its path without 'file:'");
  }
  if (known.kind == Kind::kSecret && !in_file && !in_environment) {
    return refusal(name, "a secret is not written here: give it as file:PATH or env:NAME");
  }
  Result<std::string> value = in_file          ? read_value_file(name, given.substr(5), known.kind)
                              : in_environment ? read_environment(name, given.substr(4))
                                               : Result<std::string>(given);
  if (!value.ok()) return value;
  if (in_file || in_environment) PENSTOCK_RETURN_IF_ERROR(strip_line_break(name, *value));
  if (known.kind == Kind::kPath) PENSTOCK_RETURN_IF_ERROR(check_readable(name, *value));
  return value;
}

bool concerns(Side side, Direction direction) noexcept {
  if (side == Side::kBoth) return true;
  return (side == Side::kSource) == (direction == Direction::kSource);
}

}  // namespace

bool is_secret(std::string_view name) noexcept {
  const Allowed* known = find_allowed(name);
  return known != nullptr && known->kind == Kind::kSecret;
}

Status check_properties(const std::map<std::string, std::string>& given) {
  for (const auto& [name, value] : given) {
    if (find_allowed(name) != nullptr) continue;
    return refusal(name, "not allowed: " + std::string(reason_against(name)) +
                             "; the nearest that is allowed is '" +
                             std::string(nearest_allowed(name)) + "'");
  }
  return Status();
}

Result<Properties> resolve_properties(const std::map<std::string, std::string>& given,
                                      Direction direction) {
  PENSTOCK_RETURN_IF_ERROR(check_properties(given));
  Properties resolved;
  for (const auto& [name, text] : given) {
    const Allowed& known = *find_allowed(name);
    if (!concerns(known.side, direction)) continue;
    Result<std::string> value = value_of(known, name, text);
    if (!value.ok()) return value.status();
    resolved.emplace_back(name, *std::move(value));
  }
  return resolved;
}

}  // namespace penstock::kafka::internal
