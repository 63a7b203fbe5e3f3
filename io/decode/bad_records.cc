#include "penstock/io/decode/bad_records.h"

#include <utility>

#include "penstock/io/dead_letter/dead_letter_file.h"

namespace penstock {

BadRecords::BadRecords(std::string source_name, DecodeOptions options)
    : source_name_(std::move(source_name)), options_(std::move(options)) {}

BadRecords::~BadRecords() = default;

Status BadRecords::open(const TaskContext& context) {
  failure_ = context.failure;
  counters_ = context.counters;
  file_system_ = context.file_system;
  if (options_.on_error == ErrorPolicy::kDeadLetter && options_.dead_letter_path.empty()) {
    return Status::invalid_argument("source " + source_name_ +
                                    ": policy dead_letter wants DecodeOptions::dead_letter_path");
  }
  return Status();
}

void BadRecords::note(const RawRecord& raw, const std::string& reason,
                      std::string_view source) noexcept {
  if (source.empty()) source = source_name_;
  counters_->errors.add(1);
  switch (options_.on_error) {
    case ErrorPolicy::kFail:
      return failure_->set(Status::data_error(std::string(source) + "/" +
                                              std::to_string(raw.origin.split.value) + " @ " +
                                              std::to_string(raw.origin.offset) + ": " + reason));
    case ErrorPolicy::kSkip:
      return counters_->skipped.add(1);
    case ErrorPolicy::kDeadLetter:
      return keep(raw, reason, source);
  }
}

// The file is made with the first bad record: most jobs never see one.
void BadRecords::keep(const RawRecord& raw, const std::string& reason,
                      std::string_view source) noexcept {
  if (dead_letters_ == nullptr) {
    Result<std::unique_ptr<DeadLetterFile>> file =
        DeadLetterFile::open(*file_system_, options_.dead_letter_path);
    if (!file.ok()) return failure_->set(file.status());
    dead_letters_ = std::move(*file);
  }
  if (Status status = dead_letters_->add(source, raw.origin, reason, raw.bytes); !status.ok()) {
    return failure_->set(std::move(status));
  }
  counters_->dead_letters.add(1);
}

void BadRecords::end_batch() noexcept {
  if (dead_letters_ == nullptr) return;
  if (Status status = dead_letters_->flush(); !status.ok()) failure_->set(std::move(status));
}

Status BadRecords::close() { return dead_letters_ == nullptr ? Status() : dead_letters_->close(); }

}  // namespace penstock
