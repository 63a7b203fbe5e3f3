// io/file/standard_input_source.h -- the lines of standard input, or of another open descriptor.
//
// A read of a pipe may wait for ever, so a thread of the reader's own does it and hands blocks
// over; a worker never waits. See block_pump.h for its bounds.
// Origin     Split 0; the offset counts bytes from the first one read. Arrival is when the block
//            with the line's newline came.
// End        A last line without a newline is a line.
// Replay     Of what the write-ahead log holds, if it is on: each line is in it before the job sees it. Without it what
//            was read is gone: offsets of a restored job begin anew at the next multiple of 2^40, so that no two
//            records ever have the same.
// Errors     A failed read is a Status. A line above `line_bytes_max` is a record that cannot be
//            read: policy decides; see line_splitter.h for what is kept.
#pragma once

#include <cstddef>
#include <memory>

#include "penstock/core/stream/source.h"

namespace penstock {

struct StandardInputOptions {
  int fd = 0;  // Stays open and belongs to the caller.
  std::size_t line_bytes_max = std::size_t{16} << 20;
};

std::shared_ptr<const ByteSource> standard_input_source(StandardInputOptions options = {});

}  // namespace penstock
