// io/decode/decode_options.h -- what becomes of a record that cannot be read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace penstock {

class ByteSink;

enum class ErrorPolicy : std::uint8_t {
  kFail,        // The job stops with the record's place and the reason.
  kSkip,        // The record is dropped and counted.
  kDeadLetter,  // The record goes to a file or sink with its raw bytes, place and reason, and is counted; of a record
                // longer than its source takes, its first 64 KiB.
};

struct DecodeOptions {
  ErrorPolicy on_error = ErrorPolicy::kFail;
  // With kDeadLetter, one of these. A file gets a line of JSON for each; see io/dead_letter/dead_letter_file.h. A sink
  // gets messages; see io/dead_letter/dead_letter_sink.h: of a topic, say.
  std::string dead_letter_path{};
  std::shared_ptr<const ByteSink> dead_letter_sink{};
};

}  // namespace penstock
