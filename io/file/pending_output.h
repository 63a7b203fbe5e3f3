// io/file/pending_output.h -- the parts of an output that wait for their epoch, and what a snapshot says of them.
//
// A part is what one task wrote between two cuts. It stands in a hidden file beside the output,
// `.out.ndjson.<task>-<sequence>.pending`, until its epoch is durable. The snapshot of an epoch lists every part that
// was not published at its cut, and how much was: a restore knows from the snapshots of all tasks what the output must
// be.
// Trust      What is read may be anybody's: it is checked, and has no names of files in it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/io/file/file_tail.h"

namespace penstock {

struct OutputPart {
  std::uint64_t epoch = 0;  // From which on it is published. Grows from part to part of a task.
  std::uint32_t task = 0;
  std::uint64_t sequence = 0;  // Of its file.
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;
  friend auto operator<=>(const OutputPart&, const OutputPart&) = default;
};

// What is published: all parts up to `epoch`.
struct OutputPosition {
  std::uint64_t epoch = 0;
  // Of a file: its length, and how it ends.
  std::uint64_t bytes = 0;
  FileTail tail;
  // Of a folder: what is added to epochs in the names of its files.
  std::uint64_t shift = 0;
};

enum class OutputKind : std::uint8_t { kFile = 1, kFolder = 2 };

struct OutputState {
  OutputKind kind = OutputKind::kFile;
  std::uint64_t cut = 0;  // The epoch of the capture.
  // Above those of all parts so far: what a snapshot lists is never the name of something else, in no later life.
  std::uint64_t next_sequence = 0;
  OutputPosition published;
  std::vector<OutputPart> parts;  // Not published at the cut.
};

inline constexpr std::string_view kOutputSection = "output";
inline constexpr std::uint32_t kOutputVersion = 1;

// The newest that anything in it belongs to.
std::uint64_t last_epoch_of(const OutputState& state) noexcept;
std::string to_bytes(const OutputState& state);
Result<OutputState> output_state_of(const SnapshotItem& item);

// Puts together what the tasks captured, each at a time of its own: the newest position, and the parts behind it in the
// order of their publication.
OutputState merge(const std::vector<OutputState>& states);

// Where an output is, and what its files are called.
class OutputPlace {
 public:
  // A path that ends with '/' is a folder.
  explicit OutputPlace(std::string path);

  const std::string& path() const noexcept { return path_; }
  OutputKind kind() const noexcept { return kind_; }
  const std::string& folder() const noexcept { return folder_; }  // Ends with '/', or is "./".
  std::string pending(std::uint32_t task, std::uint64_t sequence) const;
  // Whether a name in the folder is that of a pending part of this output.
  bool is_pending(std::string_view name) const noexcept;
  // Of a folder: `part-<number>-<task>.ndjson`.
  static std::string published_name(std::uint64_t number, std::uint32_t task);
  static std::optional<std::uint64_t> published_number(std::string_view name) noexcept;

 private:
  std::string path_;
  OutputKind kind_;
  std::string folder_;
  std::string prefix_;  // Of pending names.
};

}  // namespace penstock
