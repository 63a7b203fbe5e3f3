// io/file/line_file_sink.h -- lines to a file, or to the files of a folder.
//
// Each task appends whole lines, one system call per flush, to the same file in append mode, so
// lines never mix. The file is emptied, unless `append` is set, when the first writer of this sink
// is opened; a new one gets mode 0600.
// Durability A flush hands the lines to the operating system; they are not synced to the disk.
// Snapshots  In a job that makes them each record is in the output exactly once, and readers see whole epochs: what
//            comes between two snapshots waits in hidden files beside the output, `.NAME.<task>-<n>.pending`, and is
//            published when its epoch is durable. A file then grows by an epoch at a time, in one write unless that
//            is larger than 8 MiB. A path that ends with '/' is a folder, which gets a file
//            `part-<epoch>-<task>.ndjson` per task and epoch in which there was something, each by a rename.
//            A restored job cuts off or removes what is newer than its snapshot, and adds what was not published.
//            Nobody else may write there. A device or pipe is written as without snapshots: at least once.
// Errors     A disk that is full, a path that cannot be opened: a Status that names the path. A
//            full disk may leave the last line torn, but not of a job that makes snapshots.
#pragma once

#include <memory>
#include <string>

#include "penstock/core/stream/sink.h"

namespace penstock {

struct LineFileSinkOptions {
  std::string path;
  bool append = false;
};

std::shared_ptr<const ByteSink> line_file_sink(LineFileSinkOptions options);

}  // namespace penstock
