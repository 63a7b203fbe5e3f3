#include "penstock/io/file/pending_output.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "penstock/core/base/bytes.h"

namespace penstock {
namespace {

constexpr std::string_view kPendingSuffix = ".pending";
constexpr std::string_view kPublishedPrefix = "part-";
constexpr std::string_view kPublishedSuffix = ".ndjson";

bool read(ByteCursor& in, OutputPart& part) noexcept {
  return in.number(part.epoch) && in.number(part.task) && in.number(part.sequence) &&
         in.number(part.bytes) && in.number(part.crc);
}

bool read(ByteCursor& in, OutputPosition& position) noexcept {
  return in.number(position.epoch) && in.number(position.bytes) && in.number(position.tail.bytes) &&
         in.number(position.tail.crc) && in.number(position.shift);
}

// Takes a decimal number off the front, as we write them: without signs and leading zeros.
template <class Number>
bool take_number(std::string_view& text, Number& number) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return false;
  if (text.front() == '0' && end != text.data() + 1) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view expected) noexcept {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

}  // namespace

std::uint64_t last_epoch_of(const OutputState& state) noexcept {
  std::uint64_t last = std::max(state.cut, state.published.epoch);
  for (const OutputPart& part : state.parts) last = std::max(last, part.epoch);
  return last;
}

std::string to_bytes(const OutputState& state) {
  std::string bytes;
  ByteAppender out(bytes);
  out.number(static_cast<std::uint8_t>(state.kind));
  out.number(state.cut);
  out.number(state.next_sequence);
  out.number(state.published.epoch);
  out.number(state.published.bytes);
  out.number(state.published.tail.bytes);
  out.number(state.published.tail.crc);
  out.number(state.published.shift);
  for (const OutputPart& part : state.parts) {
    out.number(part.epoch);
    out.number(part.task);
    out.number(part.sequence);
    out.number(part.bytes);
    out.number(part.crc);
  }
  return bytes;
}

Result<OutputState> output_state_of(const SnapshotItem& item) {
  const auto refuse = [](const std::string& what) {
    return Status(StatusCode::kDataError, "the snapshot of a file sink " + what);
  };
  if (item.section != kOutputSection || item.version != kOutputVersion) {
    return refuse("has section '" + std::string(item.section) + "' of version " +
                  std::to_string(item.version) + ", which this version does not know");
  }
  OutputState state;
  ByteCursor in(item.bytes);
  std::uint8_t kind = 0;
  if (!in.number(kind) || !in.number(state.cut) || !in.number(state.next_sequence) ||
      !read(in, state.published))
    return refuse("is cut off");
  if (kind != static_cast<std::uint8_t>(OutputKind::kFile) &&
      kind != static_cast<std::uint8_t>(OutputKind::kFolder)) {
    return refuse("is of an unknown kind " + std::to_string(kind));
  }
  state.kind = static_cast<OutputKind>(kind);
  while (!in.at_end()) {
    OutputPart part;
    if (!read(in, part)) return refuse("is cut off");
    state.parts.push_back(part);
  }
  return state;
}

OutputState merge(const std::vector<OutputState>& states) {
  OutputState merged;
  for (const OutputState& each : states) {
    merged.kind = each.kind;
    merged.cut = std::max(merged.cut, each.cut);
    merged.next_sequence = std::max(merged.next_sequence, each.next_sequence);
    merged.parts.insert(merged.parts.end(), each.parts.begin(), each.parts.end());
    const auto newness = [](const OutputPosition& position) {
      return std::pair(position.epoch, position.bytes);
    };
    if (newness(each.published) >= newness(merged.published)) merged.published = each.published;
  }
  std::erase_if(merged.parts,
                [&](const OutputPart& part) { return part.epoch <= merged.published.epoch; });
  std::sort(merged.parts.begin(), merged.parts.end());
  merged.parts.erase(std::unique(merged.parts.begin(), merged.parts.end()), merged.parts.end());
  return merged;
}

OutputPlace::OutputPlace(std::string path)
    : path_(std::move(path)),
      kind_(path_.ends_with('/') ? OutputKind::kFolder : OutputKind::kFile) {
  const std::size_t slash = path_.rfind('/');
  folder_ = slash == std::string::npos ? "./" : path_.substr(0, slash + 1);
  prefix_ = "." + (slash == std::string::npos ? path_ : path_.substr(slash + 1));
  if (kind_ == OutputKind::kFile) prefix_ += ".";
}

std::string OutputPlace::pending(std::uint32_t task, std::uint64_t sequence) const {
  return folder_ + prefix_ + std::to_string(task) + "-" + std::to_string(sequence) +
         std::string(kPendingSuffix);
}

bool OutputPlace::is_pending(std::string_view name) const noexcept {
  std::uint32_t task = 0;
  std::uint64_t sequence = 0;
  return take(name, prefix_) && take_number(name, task) && take(name, "-") &&
         take_number(name, sequence) && name == kPendingSuffix;
}

std::string OutputPlace::published_name(std::uint64_t number, std::uint32_t task) {
  return std::string(kPublishedPrefix) + std::to_string(number) + "-" + std::to_string(task) +
         std::string(kPublishedSuffix);
}

std::optional<std::uint64_t> OutputPlace::published_number(std::string_view name) noexcept {
  std::uint64_t number = 0;
  std::uint32_t task = 0;
  if (!take(name, kPublishedPrefix) || !take_number(name, number) || !take(name, "-") ||
      !take_number(name, task) || name != kPublishedSuffix) {
    return std::nullopt;
  }
  return number;
}

}  // namespace penstock
