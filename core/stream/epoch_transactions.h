// core/stream/epoch_transactions.h -- output that its readers see epoch by epoch, where another system decides which
// epochs they have seen: one transaction per epoch, and in it a marker with the epoch's number.
//
//   marker = open(job); for each epoch: has_output(), prepare(epoch), commit(epoch), settled(epoch); at the end: end()
//
// Recovery   open() ends what an earlier start has left open and keeps that start from writing ever again; then the
//            marker says what readers have seen. A job goes on from a checkpoint whose last epoch with output is the
//            marker's: all that came before it was seen, nothing behind it was.
// Writers    What they write behind the cut of an epoch waits with them until that epoch is settled(): committed, or
//            given up, and then part of the next.
// Threads    One at a time; but cancel() and has_output(), which come from any.
// Errors     Of open(): the job does not start. Of commit(): nobody knows whether it was, so the job has to go back to
//            open(). Both say with whom, why and what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock {

class Notices;

struct EpochTransactionsJob {
  std::string
      id;  // Of the job with its folder of checkpoints; nobody else's, and never another one.
  std::uint64_t incarnation = 0;
  std::chrono::milliseconds epoch_at_most{
      0};  // Between two commits, as long as no epoch is given up.
  Notices* notices = nullptr;
};

class EpochTransactions {
 public:
  virtual ~EpochTransactions() = default;

  virtual std::string name() const = 0;
  // What the marker says; nothing: this job has never had one.
  virtual Result<std::optional<Epoch>> open(const EpochTransactionsJob& job) = 0;
  // Says so without output: of a job that is new, or that goes back.
  virtual Status set_marker(Epoch epoch) = 0;

  // Final once all tasks have captured the epoch under way; true before that is true then too.
  virtual bool has_output() const noexcept = 0;
  // Its epoch is under way: what commit() needs may go ahead. Perhaps more than once; if the epoch is given up, another
  // one follows.
  virtual void prepare(Epoch) noexcept {}
  virtual Status commit(Epoch epoch) = 0;
  virtual void settled(Epoch epoch) noexcept = 0;

  // commit() and open() give up soon.
  virtual void cancel() noexcept = 0;
  // Takes back what was not committed. Nothing follows but another open().
  virtual void end() noexcept = 0;
};

}  // namespace penstock
