#include "penstock/core/stream/snapshot.h"

#include <cstring>
#include <limits>

#include "penstock/core/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t kFrameHeader = 8;
constexpr std::size_t kDefinitionHeader = 12;

void put(char* to, std::uint32_t value) noexcept { std::memcpy(to, &value, sizeof(value)); }
std::uint32_t get(const char* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

Status malformed(const std::string& what) {
  return Status(StatusCode::kDataError, "snapshot: " + what);
}

}  // namespace

void SnapshotWriter::section(std::string_view name, std::uint32_t version) {
  const auto next = static_cast<std::uint32_t>(sections_.size() + 1);
  const auto [at, added] = sections_.try_emplace({operator_, std::string(name)}, next);
  section_ = at->second;
  if (!added) return;
  char* to = frame(0, kDefinitionHeader + operator_.size() + name.size());
  put(to, section_);
  put(to + 4, version);
  put(to + 8, static_cast<std::uint32_t>(operator_.size()));
  std::memcpy(to + kDefinitionHeader, operator_.data(), operator_.size());
  std::memcpy(to + kDefinitionHeader + operator_.size(), name.data(), name.size());
}

void SnapshotWriter::add(std::string_view item) {
  std::memcpy(add_room(item.size()), item.data(), item.size());
}

char* SnapshotWriter::add_room(std::size_t bytes) {
  PENSTOCK_CHECK(section_ != 0);
  return frame(section_, bytes);
}

char* SnapshotWriter::frame(std::uint32_t section, std::size_t bytes) {
  PENSTOCK_CHECK(bytes <= std::numeric_limits<std::uint32_t>::max());
  if (!chunk_.empty() && chunk_.size() + kFrameHeader + bytes > kChunkBytes) flush();
  if (chunk_.capacity() < kChunkBytes) {
    chunk_ = target_->spare();
    chunk_.reserve(kChunkBytes);
  }
  const std::size_t at = chunk_.size();
  chunk_.resize(at + kFrameHeader + bytes);
  put(chunk_.data() + at, static_cast<std::uint32_t>(bytes));
  put(chunk_.data() + at + 4, section);
  return chunk_.data() + at + kFrameHeader;
}

void SnapshotWriter::flush() {
  if (chunk_.empty()) return;
  bytes_ += chunk_.size();
  target_->take(std::exchange(chunk_, {}));
}

Status SnapshotParser::parse(std::string_view chunk, const Visit& visit) {
  while (!chunk.empty()) {
    if (chunk.size() < kFrameHeader) return malformed("a frame is cut off");
    const std::uint32_t bytes = get(chunk.data());
    const std::uint32_t section = get(chunk.data() + 4);
    chunk.remove_prefix(kFrameHeader);
    if (bytes > chunk.size()) {
      return malformed("a frame of " + std::to_string(bytes) + " bytes has only " +
                       std::to_string(chunk.size()));
    }
    const std::string_view item = chunk.substr(0, bytes);
    chunk.remove_prefix(bytes);
    if (section == 0) {
      PENSTOCK_RETURN_IF_ERROR(define(item));
      continue;
    }
    if (section > sections_.size())
      return malformed("an item is of section " + std::to_string(section) + ", which has no name");
    const Section& of = sections_[section - 1];
    PENSTOCK_RETURN_IF_ERROR(
        visit({of.operator_id, of.name, of.version, item, task_index_, task_count_}));
  }
  return Status();
}

Status SnapshotParser::define(std::string_view item) {
  if (item.size() < kDefinitionHeader) return malformed("the name of a section is cut off");
  const std::uint32_t section = get(item.data());
  const std::uint32_t version = get(item.data() + 4);
  const std::uint32_t operator_bytes = get(item.data() + 8);
  item.remove_prefix(kDefinitionHeader);
  if (section != sections_.size() + 1)
    return malformed("section " + std::to_string(section) + " comes out of order");
  if (operator_bytes > item.size()) return malformed("the name of an operator is cut off");
  sections_.push_back({std::string(item.substr(0, operator_bytes)),
                       std::string(item.substr(operator_bytes)), version});
  return Status();
}

}  // namespace penstock
