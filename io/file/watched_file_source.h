// io/file/watched_file_source.h -- a small file, whole, each time its content changes: rules, lists, rates.
//
// Each content is one record: the file's bytes, for a decoder that makes one value of them. The first is that of the
// start; after it the file is read again every `poll_interval` and handed out when its bytes differ.
// Replacing  Write the new content beside the file and rename() it over: readers then see the old or the new content,
//            never half of it. A file that is written in place may be read half written: such content usually cannot be
//            decoded, goes the way of the error policy, and the next look finds all of it.
// Missing    A file that is missing or cannot be read when the job starts refuses the start. Later, what was read stays
//            in force until it can be read again.
// Origin     Split 0; the offset counts the contents, from 0. Arrival is when it was read.
// Snapshots  Have its content: a restored job goes on with what was in force at the cut, and takes over what the file
//            says then, if that differs, one `poll_interval` later.
// End        None: it ends when the job is drained or finished, or when nobody reads it any more.
// Cost       One read of the file per interval, on the worker: keep it small. No allocation but to grow.
// Errors     Content above `bytes_max` is a record that cannot be read: policy decides.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "penstock/core/stream/source.h"

namespace penstock {

struct WatchedFileSourceOptions {
  std::string path;
  std::chrono::milliseconds poll_interval{250};
  std::size_t bytes_max = std::size_t{1} << 20;
};

std::shared_ptr<const ByteSource> watched_file_source(WatchedFileSourceOptions options);

}  // namespace penstock
