#include "penstock/io/socket/name_lookup.h"

#include <netdb.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "penstock/core/base/helper_thread.h"

namespace penstock {
namespace {

// An error of getaddrinfo(), or 0.
int resolve(const std::string& host, std::uint16_t port, int flags,
            std::vector<SocketAddress>& out) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list);
  if (error != 0) return error;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    out.push_back(address);
  }
  ::freeaddrinfo(list);
  return 0;
}

// Shared by who asks and the thread that finds out; the last of them destroys it.
struct Lookup {
  std::string host;
  std::uint16_t port = 0;

  std::mutex mutex;  // Of all below.
  bool done = false;
  bool left_behind = false;
  int error = 0;
  std::vector<SocketAddress> addresses;
  std::unique_ptr<ThreadHandle> thread;
};

void find_out(const std::shared_ptr<Lookup>& lookup, Doorbell& asker) {
  std::vector<SocketAddress> addresses;
  const int error = resolve(lookup->host, lookup->port, AI_ADDRCONFIG, addresses);
  const std::lock_guard lock(lookup->mutex);
  if (lookup->left_behind) {
    lookup->thread->detach();  // Nobody joins us: the handle goes with the last reference, ours.
    return;
  }
  lookup->error = error;
  lookup->addresses = std::move(addresses);
  lookup->done = true;
  asker.ring();
}

bool is_done(Lookup& lookup) {
  const std::lock_guard lock(lookup.mutex);
  return lookup.done;
}

// False: it was stopped and has left the thread behind.
bool wait_for(Lookup& lookup, Doorbell& bell) {
  while (!is_done(lookup) && !bell.stopping()) bell.wait(-1, 0, Doorbell::kForever);
  const std::lock_guard lock(lookup.mutex);
  lookup.left_behind = !lookup.done;
  return lookup.done;
}

}  // namespace

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           Doorbell& bell) {
  std::vector<SocketAddress> addresses;
  if (resolve(host, port, AI_NUMERICHOST, addresses) == 0) return addresses;
  auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->port = port;
  {
    const std::lock_guard lock(lookup->mutex);
    auto thread = spawn_helper("penstock-lookup", [lookup, &bell] { find_out(lookup, bell); });
    if (!thread.ok()) return thread.status();
    lookup->thread = std::move(*thread);
  }
  if (!wait_for(*lookup, bell)) return Status(StatusCode::kCancelled, "stopped");
  lookup->thread->join();
  if (lookup->error == 0) return std::move(lookup->addresses);
  return Status(StatusCode::kNotFound, ::gai_strerror(lookup->error));
}

}  // namespace penstock
