// core/stream/sink.h -- where bytes leave the job.
//
// A ByteSink is the prototype that a job holds; each task of the stage opens a writer of its own. Writers of one sink
// that share a file or stream write whole records only, so lines of two tasks never mix.
// Threads    A writer is opened, used and closed by the worker that owns its task.
// Snapshots  Without these hooks a sink is at least once: what was written after the last snapshot is written again.
//            capture() is at the cut, behind a flush(), and for each epoch that comes after close(). restore() and
//            restored() come after open(), before the first record.
// Cost       write() copies into a buffer; the system call comes with flush(), once per polled batch.
// Errors     A Status from write() or flush() (disk full, closed pipe) fails the job with the sink's name in it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/message.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock {

class Clock;
class EpochTransactions;
class FileSystem;
class Notices;
class Waker;
struct TaskCounters;

struct SinkContext {
  std::uint32_t task_index = 0;
  std::uint32_t task_count = 1;
  FileSystem* file_system = nullptr;  // Never null, like the rest of these.
  Waker* waker = nullptr;
  Notices* notices = nullptr;
  const Clock* clock = nullptr;
  // Sinks that are told what became of their records keep `delivered` and `undelivered`.
  TaskCounters* counters = nullptr;
  // Of the job: what is written may be held back until it belongs to an epoch that is durable.
  bool takes_snapshots = false;
};

// A record with what a message broker keeps beside it. Of `message`, a sink reads the key, the headers, tombstone, and
// the timestamp where it is not kMinEventTime; topic and partition are its own to choose.
struct RawMessage {
  std::string_view bytes;
  Message message;
};

class ByteWriter {
 public:
  virtual ~ByteWriter() = default;

  // Takes one record without its newline.
  virtual Status write(std::string_view record) = 0;
  // The same for a record that carries more; who cannot keep that drops it.
  virtual Status write_message(const RawMessage& record) { return write(record.bytes); }
  // Whether there is room for a batch. False: it wakes the worker when there is, or is asked again at wake_at().
  virtual bool ready() noexcept { return true; }
  // When flush() must be called again though nothing was written; kNever: it need not.
  virtual Instant wake_at() const noexcept { return kNever; }
  // Hands everything written so far to the outside, without waiting for an answer.
  virtual Status flush() = 0;
  // Flushes and closes; called once, at the end of the task. A second call does nothing.
  virtual Status close() = 0;

  // Everything written so far belongs to `epoch`. What must be on disk before the epoch counts is handed to
  // SnapshotWriter::before_ack(), what is published once it does to after_commit(); neither runs here.
  virtual void capture(Epoch, SnapshotWriter&) {}
  // Whether all that was written before the cut has been confirmed. False: it wakes the worker, or is asked again at
  // wake_at().
  virtual bool captured() const noexcept { return true; }
  // The epoch was given up; what was written is part of the next one.
  virtual void cancel_capture() noexcept {}
  // Every item that writers of this sink captured, in any task.
  virtual Status restore(const SnapshotItem&) { return Status(); }
  virtual Status restored() { return Status(); }
  // The epoch is durable.
  virtual void committed(Epoch) noexcept {}
};

class ByteSink {
 public:
  virtual ~ByteSink() = default;

  virtual std::string name() const = 0;
  // The file that it alone writes, absolute, without links; a folder ends with '/'. Empty: none.
  virtual std::string path() const { return {}; }
  // One that commits its output epoch by epoch elsewhere makes the job's `transactions`, or joins those that a sink
  // before it has made; an error if it cannot. Before open(), at each start of a job that makes snapshots.
  // lint: allow(hot) once per start
  virtual Status join(std::shared_ptr<EpochTransactions>&) const { return Status(); }
  virtual Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const = 0;
};

}  // namespace penstock
