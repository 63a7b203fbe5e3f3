// io/decode/decode_options.h -- what becomes of a record that cannot be read.
#pragma once

#include <cstdint>
#include <string>

namespace penstock {

enum class ErrorPolicy : std::uint8_t {
  kFail,        // The job stops with the record's place and the reason.
  kSkip,        // The record is dropped and counted.
  kDeadLetter,  // The record goes to a file with its raw bytes, place and reason, and is counted; of a record longer
                // than its source takes, its first 64 KiB.
};

struct DecodeOptions {
  ErrorPolicy on_error = ErrorPolicy::kFail;
  std::string dead_letter_path{};  // Wanted with kDeadLetter.
};

}  // namespace penstock
