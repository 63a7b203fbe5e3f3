#include "penstock/io/dead_letter/dead_letter_file.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "penstock/io/dead_letter/base64.h"
#include "penstock/io/json/text.h"

namespace penstock {
namespace {

Result<std::string> read_whole(FileSystem& file_system, const std::string& path) {
  Result<std::unique_ptr<ReadableFile>> file = file_system.open_for_reading(path);
  if (!file.ok()) return file.status();
  std::string text;
  for (;;) {
    char block[1 << 16];
    const Result<std::size_t> got = (*file)->read_at(text.size(), block);
    if (!got.ok()) return got.status();
    if (*got == 0) return text;
    text.append(block, *got);
  }
}

bool parse(simdjson::dom::parser& parser, std::string_view line, DeadLetter& letter) {
  simdjson::dom::element document;
  std::string_view source;
  std::string_view error;
  std::string_view raw;
  std::uint64_t split = 0;
  if (parser.parse(line.data(), line.size()).get(document) != simdjson::SUCCESS ||
      document["source"].get(source) != simdjson::SUCCESS ||
      document["split"].get(split) != simdjson::SUCCESS ||
      document["offset"].get(letter.origin.offset) != simdjson::SUCCESS ||
      document["error"].get(error) != simdjson::SUCCESS ||
      document["raw_base64"].get(raw) != simdjson::SUCCESS) {
    return false;
  }
  std::optional<std::string> bytes = base64_decode(raw);
  if (!bytes) return false;
  letter.source = source;
  letter.origin.split = {static_cast<std::uint32_t>(split)};
  letter.error = error;
  letter.raw = *std::move(bytes);
  return true;
}

// Whether the file ends within a line. One that cannot be read, or is not there, does not. While another task appends,
// half of its flush may be seen: then an empty line comes of it, which readers pass over.
bool ends_torn(FileSystem& file_system, const std::string& path) {
  if (!file_system.exists(path)) return false;
  const Result<std::unique_ptr<ReadableFile>> file = file_system.open_for_reading(path);
  if (!file.ok()) return false;
  const Result<std::uint64_t> size = file.value()->size();
  if (!size.ok() || *size == 0) return false;
  char last = '\n';
  const Result<std::size_t> got = file.value()->read_at(*size - 1, {&last, 1});
  return got.ok() && *got == 1 && last != '\n';
}

}  // namespace

Result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::open(FileSystem& file_system,
                                                             const std::string& path) {
  const bool torn = ends_torn(file_system, path);
  Result<std::unique_ptr<WritableFile>> file =
      file_system.open_for_writing(path, WriteMode::kAppend);
  if (!file.ok()) return file.status().with_place("dead letters");
  std::unique_ptr<DeadLetterFile> letters(new DeadLetterFile(std::move(*file)));
  if (torn) letters->buffer_ = "\n";
  return letters;
}

Status DeadLetterFile::add(std::string_view source, Origin origin, std::string_view error,
                           std::string_view raw) {
  buffer_ += "{\"source\":\"";
  json::append_escaped(source, buffer_);
  buffer_ += "\",\"split\":" + std::to_string(origin.split.value);
  buffer_ += ",\"offset\":" + std::to_string(origin.offset);
  buffer_ += ",\"error\":\"";
  json::append_escaped(error, buffer_);
  buffer_ += "\",\"raw_base64\":\"";
  base64_encode(raw, buffer_);
  buffer_ += "\"}\n";
  return buffer_.size() < kBufferBytes ? Status() : flush();
}

Status DeadLetterFile::flush() {
  if (buffer_.empty() || file_ == nullptr) return Status();
  Status status = file_->append(buffer_);
  buffer_.clear();
  return status.with_place("dead letters");
}

Status DeadLetterFile::close() {
  if (file_ == nullptr) return Status();
  Status flushed = flush();
  Status closed = std::exchange(file_, nullptr)->close();
  return flushed.ok() ? closed.with_place("dead letters") : flushed;
}

Result<DeadLetters> read_dead_letters(FileSystem& file_system, const std::string& path) {
  const Result<std::string> text = read_whole(file_system, path);
  if (!text.ok()) return text.status();
  DeadLetters result;
  simdjson::dom::parser parser;
  std::string_view rest = *text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    DeadLetter letter;
    if (parse(parser, rest.substr(0, end), letter)) {
      result.letters.push_back(std::move(letter));
    } else if (end > 0) {
      result.damaged_lines.push_back(line);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return result;
}

}  // namespace penstock
