// io/kafka/properties.h -- which of the Kafka client's own properties a job may set, and their values.
//
// Allowed is what reaches, guards and tunes a connection. The rest is refused: it would run a command, load a library,
// read or write what is not the job's, print secrets, or change what the engine promises.
//   security.protocol, enable.ssl.certificate.verification, ssl.*, sasl.*  with the names that kAllowed has
//   client.id, client.rack, socket.*, broker.address.*, connections.*, reconnect.*, retry.backoff.ms
//   fetch.*, max.partition.fetch.bytes, check.crcs           of sources; a sink does not hand them on
//   message.max.bytes, batch.*, request.timeout.ms, ...      of sinks; a source does not hand them on
// Values     "file:PATH" is the first line's text of that file, "env:NAME" that of the environment; both are read when
//            the job starts. Passwords and keys must be one of the two, and their file closed to other users.
// Errors     kInvalidArgument that names the property, the reason and the nearest allowed name. No value of a secret
//            stands in any message.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"

namespace penstock::kafka::internal {

enum class Direction { kSource, kSink };

using Properties = std::vector<std::pair<std::string, std::string>>;

// Names only: reads nothing, so that a plan can be checked where its secrets are not.
Status check_properties(const std::map<std::string, std::string>& given);
// With values; those that only concern the other direction are left out.
Result<Properties> resolve_properties(const std::map<std::string, std::string>& given,
                                      Direction direction);
bool is_secret(std::string_view name) noexcept;

}  // namespace penstock::kafka::internal
