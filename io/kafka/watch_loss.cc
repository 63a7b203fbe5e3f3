// Whether the log that a reader goes on with is the one that it read before, and what to do when records are gone.
#include <utility>

#include "penstock/io/kafka/watch.h"

namespace penstock::kafka::internal {
namespace {

// "records from offset 5 up to 9 (5 of them)": what was to be read and is not there.
std::string gap(std::int64_t wanted, std::int64_t first) {
  return "offsets " + std::to_string(wanted) + " to " + std::to_string(first - 1) + " (" +
         std::to_string(first - wanted) + " records at most)";
}

std::string what_happened(std::int64_t wanted, std::int64_t first, std::int64_t end,
                          const std::string& cause) {
  const std::string log =
      "its log has offsets " + std::to_string(first) + " to " + std::to_string(end);
  if (!cause.empty()) {
    return cause + ": offset " + std::to_string(wanted) +
           " was to be read next, and what came before it is not what was read; " + log;
  }
  if (wanted < first) {
    return gap(wanted, first) + " were to be read and have been deleted, by age or size; " + log;
  }
  return "offset " + std::to_string(wanted) +
         " was to be read next and lies beyond the end: the topic was recreated or cut; " + log;
}

}  // namespace

// What was read up to now is of the log that we know.
void Watch::doubt(Watched& watched) {
  if (std::exchange(watched.doubtful, true)) return;
  const Fingerprint last = watched.partition->last();
  if (last.offset >= 0) watched.trusted = last;
}

void Watch::doubt_all() {
  for (const auto& each : watched_) doubt(*each);
}

void Watch::settle_doubts() {
  bool awake = false;
  for (const auto& each : watched_) {
    if (stopping()) return;
    Partition& partition = *each->partition;
    // What was not read by us is compared as well: the record before the first.
    const bool blank =
        !each->trusted && partition.position() > 0 && each->end >= partition.position();
    if (blank && !each->doubtful && !each->resting) {
      const Found found = cluster_->first_at(partition.topic(), partition.number(),
                                             partition.position() - 1, kAnswer);
      if (found.kind == Found::Kind::kRecord) each->trusted = found.record;
      if (found.kind == Found::Kind::kNoAnswer) return;
    }
    if (!each->doubtful || topics_[partition.topic()].missing) continue;
    if (!settle_doubt(*each)) continue;  // No answer: the next look.
    each->doubtful = false;
    awake |= std::exchange(each->resting, false);
  }
  if (awake) publish();
}

// False when it cannot be told now.
bool Watch::settle_doubt(Watched& watched) {
  Partition& partition = *watched.partition;
  const std::int64_t position = partition.position();
  std::vector<OffsetQuestion> ask = {
      {.topic = partition.topic(), .partition = partition.number(), .at = kAtEnd}};
  (void)cluster_->offsets(ask, kAnswer);
  if (ask[0].error != RD_KAFKA_RESP_ERR_NO_ERROR || ask[0].offset < 0) return false;
  // Between our two looks at it more may have been read than there was.
  if (ask[0].offset < position && position == partition.position()) return lose(watched, "");
  if (watched.trusted) {
    const Found found =
        cluster_->first_at(partition.topic(), partition.number(), watched.trusted->offset, kAnswer);
    if (found.kind == Found::Kind::kNoAnswer || found.kind == Found::Kind::kRefused) return false;
    const bool other = found.kind == Found::Kind::kRecord &&
                       found.record.offset == watched.trusted->offset &&
                       found.record != *watched.trusted;
    if (other || found.kind == Found::Kind::kEnd) {
      return lose(watched, "the topic was recreated");
    }
  }
  return true;
}

// False when the brokers do not answer.
bool Watch::lose(Watched& watched, const std::string& cause) {
  Partition& partition = *watched.partition;
  std::vector<OffsetQuestion> first = {
      {.topic = partition.topic(), .partition = partition.number(), .at = kAtBeginning}};
  std::vector<OffsetQuestion> end = first;
  end[0].at = kAtEnd;
  if (cluster_->offsets(first, kAnswer) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      cluster_->offsets(end, kAnswer) != RD_KAFKA_RESP_ERR_NO_ERROR || first[0].offset < 0 ||
      end[0].offset < 0) {
    return false;
  }
  const std::int64_t wanted = partition.position();
  // An old report, or one that has come true since: it is there.
  if (cause.empty() && first[0].offset <= wanted && wanted <= end[0].offset) {
    // It was shorter a moment ago, and has been filled: the next look compares what it holds.
    if (watched.doubtful) return false;
    if (!partition.is_known(kAnswer)) return false;
    if (Status status = start_at(watched, wanted); !status.ok()) fail(std::move(status));
    return true;
  }
  const std::string text = what_happened(wanted, first[0].offset, end[0].offset, cause);
  if (options_.on_data_loss == OnDataLoss::kFail) {
    fail(Status::data_error(partition.place() + ": " + text +
                            "; to go on without what is missing set SourceOptions::on_data_loss to "
                            "kEarliest or kLatest, "
                            "or start elsewhere"));
    return true;
  }
  if (!partition.is_known(kAnswer)) return false;
  const bool earliest = options_.on_data_loss == OnDataLoss::kEarliest;
  const std::int64_t next = earliest ? first[0].offset : end[0].offset;
  Status status = start_at(watched, next);
  if (!status.ok()) fail(std::move(status));
  say(Severity::kError, partition.place(),
      text + "; reading goes on at offset " + std::to_string(next) +
          (earliest ? ", the first there is" : ", the end: what is there before it is left out"));
  return true;
}

Status Watch::start_at(Watched& watched, std::int64_t offset) {
  const bool goes_on = watched.partition->position() == offset;
  if (!goes_on) watched.trusted.reset();
  watched.doubtful = false;
  watched.nothing_before = -1;
  watched.seen_position = -1;
  return watched.partition->start(offset);
}

}  // namespace penstock::kafka::internal
