// io/file/line_file_source.h -- the lines of a file, once or for as long as it grows.
//
// Origin     Split 0; the offset is that of the line's first byte. Arrival is when its block was
//            read.
// End        A last line without a newline is a line. With `follow` it waits for its newline, and
//            the reader for more, forever.
// Rotation   A followed file that became shorter, or whose name now leads to another file or to
//            none, fails the job with a message that says so: what was lost is unknown.
// Quotes     With SourceContext::quoted_lines a record may go over several lines; see line_splitter.h. Where it breaks
//            off in quotes at the end of the file it is a record all the same.
// Snapshots  Have the offset of the next line. A file that is shorter now, or has other bytes before it,
//            is refused.
// Errors     Unreadable path, directory: a Status with the path. A line above `line_bytes_max` is a
//            record that cannot be read: policy decides; see line_splitter.h for what is kept.
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
