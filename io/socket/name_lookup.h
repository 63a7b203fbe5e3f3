// io/socket/name_lookup.h -- the addresses of a host, from the system's resolver, without being at its mercy.
//
// The resolver cannot be told to stop and may take half a minute, so it runs on a thread of its own: who is stopped
// meanwhile leaves it behind, and it ends by itself. Addresses in digits need no thread.
// Threads    look_up() blocks; stop `bell` to end it early.
// Errors     kNotFound with the resolver's words; kCancelled when stopped.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/io/socket/doorbell.h"

namespace penstock {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           Doorbell& bell);

}  // namespace penstock
