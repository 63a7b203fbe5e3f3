// io/file/line_file_sink.h -- lines to a file.
//
// Each task appends whole lines, one system call per flush, to the same file in append mode, so lines never mix. The
// file is emptied, unless `append` is set, when the job opens its first writer.
// Errors     A disk that is full, a path that cannot be opened: a Status that names the path.
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
