// io/file/line_file_sink.h -- lines to a file.
//
// Each task appends whole lines, one system call per flush, to the same file in append mode, so
// lines never mix. The file is emptied, unless `append` is set, when the first writer of this sink
// is opened; a new one gets mode 0600.
// Durability A flush hands the lines to the operating system; they are not synced to the disk.
// Errors     A disk that is full, a path that cannot be opened: a Status that names the path. A
//            full disk may leave the last line torn.
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
