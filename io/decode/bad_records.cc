#include "penstock/io/decode/bad_records.h"

#include <utility>

#include "penstock/io/dead_letter/dead_letter_file.h"
#include "penstock/io/dead_letter/dead_letter_sink.h"

namespace penstock {

BadRecords::BadRecords(std::string source_name, DecodeOptions options)
    : source_name_(std::move(source_name)), options_(std::move(options)) {}

BadRecords::~BadRecords() = default;

Status BadRecords::open(const TaskContext& context) {
  failure_ = context.failure;
  counters_ = context.counters;
  file_system_ = context.file_system;
  if (options_.on_error != ErrorPolicy::kDeadLetter) return Status();
  if (options_.dead_letter_path.empty() == (options_.dead_letter_sink == nullptr)) {
    return Status::invalid_argument("source " + source_name_ +
                                    ": policy dead_letter wants DecodeOptions::dead_letter_path "
                                    "or dead_letter_sink, and not both");
  }
  if (options_.dead_letter_sink == nullptr) return Status();
  // Before the first bad record, unlike a file: it may wait for an answer, and is likelier to be refused.
  Result<std::unique_ptr<DeadLetterSink>> sink =
      DeadLetterSink::open(*options_.dead_letter_sink, context);
  if (!sink.ok()) return sink.status().with_place("source " + source_name_);
  dead_letter_sink_ = std::move(*sink);
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

void BadRecords::keep(const RawRecord& raw, const std::string& reason,
                      std::string_view source) noexcept {
  Status status = dead_letter_sink_ == nullptr ? add_to_file(raw, reason, source)
                                               : dead_letter_sink_->add(source, reason, raw);
  if (!status.ok()) return failure_->set(std::move(status));
  counters_->dead_letters.add(1);
}

// The file is made with the first bad record: most jobs never see one.
Status BadRecords::add_to_file(const RawRecord& raw, const std::string& reason,
                               std::string_view source) {
  if (dead_letters_ == nullptr) {
    Result<std::unique_ptr<DeadLetterFile>> file =
        DeadLetterFile::open(*file_system_, options_.dead_letter_path);
    if (!file.ok()) return file.status();
    dead_letters_ = std::move(*file);
  }
  unsynced_ = true;
  return dead_letters_->add(source, raw.origin, reason, raw.bytes);
}

void BadRecords::flush(Instant now) noexcept {
  Status status =
      dead_letter_sink_ == nullptr ? dead_letters_->flush() : dead_letter_sink_->end_batch(now);
  if (!status.ok()) failure_->set(std::move(status));
}

bool BadRecords::sink_is_ready() noexcept { return dead_letter_sink_->ready(); }
Instant BadRecords::sink_wakes_at() const noexcept { return dead_letter_sink_->wake_at(); }

void BadRecords::capture(Epoch epoch, SnapshotWriter& out) noexcept {
  if (dead_letter_sink_ != nullptr) return dead_letter_sink_->capture(epoch, out);
  if (dead_letters_ == nullptr) return;
  if (Status status = dead_letters_->flush(); !status.ok()) failure_->set(std::move(status));
  if (!std::exchange(unsynced_, false)) return;
  // Through another handle: this one belongs to the worker.
  out.before_ack([file_system = file_system_, path = options_.dead_letter_path] {
    Result<std::unique_ptr<WritableFile>> file =
        file_system->open_for_writing(path, WriteMode::kAppend);
    if (!file.ok()) return file.status();
    PENSTOCK_RETURN_IF_ERROR((*file)->sync());
    const std::size_t slash = path.rfind('/');
    return file_system->sync_directory(slash == std::string::npos ? "."
                                                                  : path.substr(0, slash + 1));
  });
}

bool BadRecords::captured() const noexcept {
  return dead_letter_sink_ == nullptr || dead_letter_sink_->captured();
}

Status BadRecords::close() {
  if (dead_letter_sink_ != nullptr) return dead_letter_sink_->close();
  return dead_letters_ == nullptr ? Status() : dead_letters_->close();
}

}  // namespace penstock
