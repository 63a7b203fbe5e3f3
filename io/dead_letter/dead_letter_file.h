// io/dead_letter/dead_letter_file.h -- records that could not be read, kept whole: one line of JSON each.
//
//   {"source":"payments.ndjson","split":0,"offset":81723,"error":"cannot read field ...","raw_base64":"eyJ0..."}
//
// The raw bytes are exactly those that came, so that they can be mended and played again; but of a record longer than
// its source takes only the beginning is left, and `error` has its length. They may hold personal data: the file has
// mode 0600, and nothing of the payload goes anywhere else.
// Threads    One object per task. Several may append to one path: whole lines, one system call per
//            flush in append mode, so they never mix.
// Bounds     What waits for a flush is kept to about kBufferBytes and one record.
// Errors     A Status that names the path: a dead letter that cannot be kept fails the job, it is
//            not dropped. A full disk or a crash may leave the last line torn; what is added later
//            begins a new line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock {

struct DeadLetter {
  std::string source;
  Origin origin;
  std::string error;
  std::string raw;
};

class DeadLetterFile {
 public:
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

  static Result<std::unique_ptr<DeadLetterFile>> open(FileSystem& file_system,
                                                      const std::string& path);

  // Keeps one record; flushes when much waits.
  Status add(std::string_view source, Origin origin, std::string_view error, std::string_view raw);
  Status flush();
  // Flushes; a second call does nothing.
  Status close();

 private:
  explicit DeadLetterFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

struct DeadLetters {
  std::vector<DeadLetter> letters;         // In the order of the file.
  std::vector<std::size_t> damaged_lines;  // Counted from 1: torn, or not written by us.
};

Result<DeadLetters> read_dead_letters(FileSystem& file_system, const std::string& path);

}  // namespace penstock
