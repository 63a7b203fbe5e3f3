// io/socket/tcp_line_sink.h -- lines to a server that it connects to, and connects to again when it is lost.
//
//   stream.sink(tcp_line_sink({.host = "127.0.0.1", .port = 9001}), json::encoder<Alert>())
//
// Each task has a connection of its own and writes whole lines, in its order.
// Delivery   At most once for what the kernel took: lines that were sent but not taken in by the peer before the
//            connection was lost are gone and are not sent again; a notice says how many bytes of them the peer's
//            machine had not acknowledged. Lines that wait here are sent over the next connection, whole, the one that
//            was cut as well. Who needs more than that needs a broker.
// Loss       A notice when the connection is lost and one when it is back. A peer that closes, or that only ends its
//            own sending, is lost. What the peer sends is not read. One that takes nothing for seconds is a notice.
// Bounds     `buffer_bytes` and one batch may wait; then the job waits, also while nobody is connected.
// End        close() waits up to `close_timeout` until the peer's machine has all; what it then has not is a Status.
// Threads    One of its own per task connects and watches; the worker writes to the socket without waiting.
// Errors     No connection within `timing.start_timeout`: a Status with host, port, cause and remedy. Later on it tries
//            for ever.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/core/stream/sink.h"
#include "penstock/io/socket/tcp_connector.h"

namespace penstock {

struct TcpLineSinkOptions {
  std::string host;
  std::uint16_t port = 0;
  std::size_t buffer_bytes = std::size_t{4} << 20;  // Per task.
  std::chrono::milliseconds close_timeout{5'000};
  TcpTiming timing{};
};

std::shared_ptr<const ByteSink> tcp_line_sink(TcpLineSinkOptions options);

}  // namespace penstock
