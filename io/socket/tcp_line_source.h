// io/socket/tcp_line_source.h -- lines from a server that it connects to, and connects to again when it is lost.
//
//   job.source(tcp_line_source({.host = "127.0.0.1", .port = 9000}), json::decoder<Payment>())
//
// Origin     Split 0; the offset counts bytes from the first one read, over all connections. Arrival is when the block
//            with the line's newline came.
// Loss       A notice when the connection is lost and one when it is back. A line that had begun then is a record that
//            cannot be read: policy decides. It is never joined with the bytes of the next connection. What the peer
//            sent while nobody was connected is the peer's to keep: TCP cannot ask for it again.
// End        With `end_on_close` the job ends when the peer closes in good order, and a last line without newline is a
//            line; a connection that breaks is a Status then.
// Replay     Of what the write-ahead log holds, if it is on: each line is in it before the job sees it. Without it what
//            was read is gone: offsets of a restored job begin anew at the next multiple of 2^40, so that no two
//            records ever have the same.
// Bounds     At most 1 MiB waits, besides the line being read; then the socket is left unread and the peer waits.
// Threads    One of its own connects (with all addresses of the host, IPv6 and IPv4) and reads; the worker never waits.
// Errors     No connection within `timing.start_timeout`: a Status with host, port, cause and remedy. Later on it tries
//            for ever. A line above `line_bytes_max`: see io/file/line_splitter.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/core/stream/source.h"
#include "penstock/io/socket/tcp_connector.h"

namespace penstock {

struct TcpLineSourceOptions {
  std::string host;
  std::uint16_t port = 0;
  bool end_on_close = false;
  std::chrono::milliseconds quiet_after{0};  // Nothing came for so long: a notice. 0: never.
  std::size_t line_bytes_max = std::size_t{16} << 20;
  TcpTiming timing{};
};

std::shared_ptr<const ByteSource> tcp_line_source(TcpLineSourceOptions options);

}  // namespace penstock
