// io/file/line_file_source.h -- the lines of a file, once or for as long as it grows.
//
// Origin     Split 0; the offset is that of the line's first byte. Arrival is when its block was read.
// Follow     The reader waits for more at the end; an unfinished last line waits for its newline. A file that became
//            shorter was replaced or emptied: an error that says so, since what was lost is unknown.
// Errors     Unreadable path, directory, a line above `line_bytes_max`: a Status with path and offset.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "penstock/core/stream/source.h"

namespace penstock {

struct LineFileSourceOptions {
  std::string path;
  bool follow = false;
  std::chrono::milliseconds poll_interval{10};  // With follow: how often to look for more.
  std::size_t line_bytes_max = std::size_t{16} << 20;
};

std::shared_ptr<const ByteSource> line_file_source(LineFileSourceOptions options);

}  // namespace penstock
