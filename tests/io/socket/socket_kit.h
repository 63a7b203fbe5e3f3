// tests/io/socket/socket_kit.h -- servers on loopback for the tests of TCP: real sockets, no waiting by the clock.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/io/socket/descriptor.h"
#include "penstock/io/socket/tcp_connector.h"

namespace penstock::test {

inline constexpr int kPatienceMs = 60'000;

// One accepted connection, seen from the server.
class Peer {
 public:
  explicit Peer(Descriptor socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.fd(); }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Reads on until `enough` bytes are there, or the end; what it read.
  std::string read(std::size_t enough = std::string::npos) const {
    std::string text;
    std::array<char, 65536> part;
    while (text.size() < enough) {
      pollfd wait{fd(), POLLIN, 0};
      if (::poll(&wait, 1, kPatienceMs) <= 0) return text + "<nothing came>";
      const ssize_t got = ::recv(fd(), part.data(), std::min(part.size(), enough - text.size()), 0);
      if (got <= 0) break;
      text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  void close() { socket_ = Descriptor(); }
  // From now on nothing that comes is taken or answered, as if its machine were gone.
  void fall_silent() const {
    sock_filter drop_all{BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog program{1, &drop_all};
    ASSERT_EQ(::setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  }
  // Ends it with a reset instead of in good order.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  Descriptor socket_;
};

class Server {
 public:
  explicit Server(int family = AF_INET, std::uint16_t port = 0)
      : family_(family), port_(port), socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bound_ = family == AF_INET ? bind4() : bind6();
  }

  bool bound() const { return bound_; }
  std::uint16_t port() const { return port_; }
  void listen() { ASSERT_EQ(::listen(socket_.fd(), 16), 0); }
  Peer accept() const {
    pollfd wait{socket_.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, kPatienceMs), 1) << "nobody connects";
    return Peer(Descriptor(::accept(socket_.fd(), nullptr, nullptr)));
  }
  // Nobody listens at the port any more.
  void close() { socket_ = Descriptor(); }

 private:
  bool bind4() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), size) == 0;
    ::getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    return bound;
  }
  bool bind6() {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    const bool bound = ::bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), size) == 0;
    ::getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin6_port);
    return bound;
  }

  int family_;
  std::uint16_t port_;
  Descriptor socket_;
  bool bound_ = false;
};

// A port at which nobody listens, as far as anybody can tell.
inline std::uint16_t closed_port() { return Server().port(); }

// Quick attempts, so that a test of many is short.
inline TcpTiming quick_timing() {
  TcpTiming timing;
  timing.retry_first = std::chrono::milliseconds(1);
  timing.retry_longest = std::chrono::milliseconds(4);
  return timing;
}

}  // namespace penstock::test
