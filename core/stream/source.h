// core/stream/source.h -- where records come from: byte sources, and what every source tells its task.
//
// A ByteSource is the prototype that a job holds: it knows its options and opens one reader per task. A ByteReader
// lends raw records (bytes, origin, arrival) to the task, which decodes them and pushes them through its chain.
// Threads    A reader is opened, polled and closed by the worker that owns its task. A reader that must wait for the
//            outside (a pipe, a client library) does so on a thread of its own and calls SourceContext::wake.
// Ownership  The bytes of a RawRecord belong to the reader and stay valid until the next poll(). At least
//            kRawPaddingBytes behind each record's end are readable (content undefined), so decoders may read past it.
// Snapshots  capture() is at the cut, restore() and restored() come after open(), before the first poll.
// Errors     poll() returns a Status for what ends the job (unreadable file). Content is not judged here, but for a
//            record that is too long to be held: its beginning is lent, marked, and the reader goes on behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/row/quoted_lines.h"
#include "penstock/core/stream/message.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock {

class Clock;
class FileSystem;
class Notices;
struct TaskCounters;

inline constexpr std::size_t kRawPaddingBytes = 64;

struct RawRecord {
  std::string_view bytes;
  Origin origin;
  Instant arrival;  // When it was due (generators) or read: latencies are taken from here.
  // 0: `bytes` is all of it. Else it was longer than its reader takes: this is its length, `bytes` is how it begins.
  std::uint64_t cut_from_bytes = 0;
  const Message* message = nullptr;  // Of sources that read messages; lent as the bytes are.
};

// Why a poll returned: there may be more at once, nothing before `wake_at`, or nothing ever again.
enum class SourceState : std::uint8_t { kMore, kWaiting, kEnded };

struct PollResult {
  std::size_t records = 0;
  SourceState state = SourceState::kMore;
  Instant wake_at =
      kNever;  // With kWaiting: when to poll again at the latest; kNever: only after wake().
  bool splits_changed =
      false;  // ByteReader::splits() gives others than before; before the records of this poll.
};

// Wakes the worker that owns a task. May be called from any thread, also when the worker is awake.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() noexcept = 0;
  // The same for callers that have just published what is to be seen with a seq_cst store or read-modify-write:
  // costs one load while the worker is awake.
  virtual void wake_if_parked() noexcept = 0;
};

// Where a source that cannot be read again keeps what it has read.
struct SourceLog {
  std::string folder;           // Its own; empty: it keeps nothing.
  std::size_t checkpoints = 0;  // How many of the newest ones must be able to go on from it.
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;  // About; what is removed together.
};

// What a task hands its reader at open.
struct SourceContext {
  std::uint32_t task_index = 0;  // This task among the stage's `task_count`.
  std::uint32_t task_count = 1;
  Clock* clock = nullptr;             // Never null.
  FileSystem* file_system = nullptr;  // Never null.
  Waker* waker = nullptr;             // Never null; outlives the reader.
  Notices* notices = nullptr;         // Never null.
  TaskCounters* counters = nullptr;   // Never null. Sources that know it keep `lag`.
  bool restores = false;              // restore() and restored() follow open().
  SourceLog log{};
  // How values with line ends are quoted, for sources that cut bytes into lines. Without it a line is a record.
  std::optional<QuotedLines> quoted_lines{};
};

class ByteReader {
 public:
  virtual ~ByteReader() = default;

  // Fills `batch` from its start; `now` is the worker's reading of the clock for this step. Never blocks.
  virtual Result<PollResult> poll(std::span<RawRecord> batch, Instant now) = 0;
  // Of a record with `cut_from_bytes`, before the next poll: the reason, for messages.
  virtual std::string why_cut(const RawRecord& raw) const {
    // lint: allow(hot) only for a record that cannot be read
    return "record of " + std::to_string(raw.cut_from_bytes) +
           " bytes is longer than its source takes";
  }
  // The parts that it reads, where it has any: each then has a watermark of its own. Valid until the next poll().
  virtual std::span<const SplitId> splits() const { return {}; }
  // What stands as source in the dead letter and the message of a record that cannot be read, where that differs from
  // record to record: the topic. Empty: ByteSource::name().
  virtual std::string_view source_of(const RawRecord&) const { return {}; }

  // Where to go on: at the first of `unread`, which are lent and will be lent again, or behind all that was lent.
  virtual void capture(std::span<const RawRecord>, SnapshotWriter&) const {}
  // Every item that readers of this source captured, in any task. Who has none here is another source.
  virtual Status restore(const SnapshotItem& item) {
    return Status(StatusCode::kFailedPrecondition,
                  "the snapshot has a position of another kind of source, '" +
                      std::string(item.section) + "'; this one cannot go on there");
  }
  virtual Status restored() { return Status(); }
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // For messages: "payments.ndjson", "standard input", "generator".
  virtual std::string name() const = 0;
  // The file that it reads, absolute, without links; a folder ends with '/'. Empty: none.
  virtual std::string path() const { return {}; }
  // How many tasks can read at the same time; further ones would find nothing to do.
  virtual std::uint32_t parallelism_max() const = 0;
  virtual Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const = 0;
  // What a crash may lose although the job makes snapshots, and what to do about it, for a notice; empty: nothing.
  virtual std::string what_may_be_lost() const {
    return name() + ": cannot be read again: what came after the last snapshot is lost in a crash";
  }
  // Its readers use SourceContext::log, and where there is one nothing is lost.
  virtual bool keeps_log() const { return false; }
  bool replayable() const { return what_may_be_lost().empty(); }
};

}  // namespace penstock
