#include "penstock/core/checkpoint/output_epochs.h"

#include <algorithm>
#include <charconv>

#include "penstock/core/base/crash_point.h"

namespace penstock {
namespace {

std::string name_of(Epoch epoch) { return "epoch " + std::to_string(epoch.value); }

}  // namespace

Epoch last_output_of(const Manifest& manifest) noexcept {
  Epoch epoch;
  if (const std::string* text = manifest.property(kLastOutputProperty))
    std::from_chars(text->data(), text->data() + text->size(), epoch.value);
  return epoch;
}

std::string OutputEpochs::readers() const { return "the readers of " + transactions_->name(); }

Status OutputEpochs::open(const EpochTransactionsJob& job) {
  if (!enabled()) return Status();
  id_ = job.id;
  Result<std::optional<Epoch>> marker = transactions_->open(job);
  if (!marker.ok()) return marker.status();
  marker_ = *marker;
  return Status();
}

bool OutputEpochs::fits(const Manifest& manifest) {
  if (!enabled() || PENSTOCK_MUTANT("trust_newest_checkpoint")) return true;
  const Epoch output = last_output_of(manifest);
  newest_output_ = std::max(newest_output_, output);
  const bool fits = output == marker_.value_or(Epoch{});
  if (!fits && marker_ && output > *marker_) passed_over_ = std::max(passed_over_, manifest.epoch);
  return fits;
}

Status OutputEpochs::check(const Manifest* manifest, bool chosen) const {
  const Epoch marker = marker_.value_or(Epoch{});
  if (chosen) {
    if (manifest == nullptr || !marker_ || last_output_of(*manifest) <= marker) return Status();
    return Status::failed_precondition(
        name_of(manifest->epoch) + " has output up to " + name_of(last_output_of(*manifest)) +
        " which " + readers() + " have not seen, or no more (their marker says " + name_of(marker) +
        "): going on from it would lose that; choose an older one");
  }
  if (!marker_ && newest_output_ != Epoch{}) {
    return Status::failed_precondition(
        transactions_->name() + " has no marker of '" + id_ +
        "', but checkpoints have output up to " + name_of(newest_output_) +
        " there: the topic with the markers is another one, or was deleted. Without it nobody "
        "knows what readers have seen: put it back, or choose what to go on from (--restore e-N, "
        "or none), and what was written since then comes again");
  }
  if (manifest != nullptr || marker == Epoch{}) return Status();
  return Status::failed_precondition(
      readers() + " have seen output up to " + name_of(marker) +
      ", and there is no good checkpoint that belongs to it: put the folder back from a copy, or "
      "choose what to go on from (--restore e-N, or none), and what was written since then comes "
      "again");
}

Status OutputEpochs::go_on_from(const Manifest* manifest, bool chosen) {
  if (!enabled()) {
    if (manifest == nullptr || chosen || last_output_of(*manifest) == Epoch{}) return Status();
    return Status::failed_precondition(
        name_of(manifest->epoch) +
        " is of a job with delivery = exactly_once, and its last output may not be committed: "
        "start the job with that again, or choose what to go on from (--restore " +
        "e-" + std::to_string(manifest->epoch.value) + ")");
  }
  if (!PENSTOCK_MUTANT("trust_newest_checkpoint"))
    PENSTOCK_RETURN_IF_ERROR(check(manifest, chosen));
  last_output_ = manifest != nullptr ? last_output_of(*manifest) : Epoch{};
  if (passed_over_ != Epoch{} && !chosen) {
    notices_.post({Severity::kInfo, transactions_->name(),
                   "the output of " + name_of(passed_over_) +
                       " was never committed, so its checkpoint does not count; nobody has seen "
                       "that output, and it comes again"});
  }
  if (marker_ == last_output_) return Status();
  if (chosen && marker_) {
    notices_.post({Severity::kWarning, transactions_->name(),
                   "what was committed from " + name_of(last_output_) + " up to " +
                       name_of(*marker_) + " stays there and comes again"});
  }
  return transactions_->set_marker(last_output_);
}

void OutputEpochs::begin(Epoch epoch) noexcept {
  if (enabled() && transactions_->has_output()) transactions_->prepare(epoch);
}

void OutputEpochs::describe(Manifest& manifest) {
  if (!enabled()) return;
  has_output_ = transactions_->has_output();
  if (has_output_) transactions_->prepare(manifest.epoch);
  const Epoch last = has_output_ ? manifest.epoch : last_output_;
  manifest.properties.push_back({std::string(kLastOutputProperty), std::to_string(last.value)});
  manifest.properties.push_back({std::string(kTransactionIdProperty), id_});
}

Status OutputEpochs::commit(Epoch epoch) {
  if (!enabled() || !std::exchange(has_output_, false)) return Status();
  PENSTOCK_CRASH_POINT("transaction.due");
  PENSTOCK_RETURN_IF_ERROR(transactions_->commit(epoch));
  last_output_ = epoch;
  return Status();
}

void OutputEpochs::settled(Epoch epoch) noexcept {
  if (enabled()) transactions_->settled(epoch);
}

void OutputEpochs::cancel() noexcept {
  if (enabled()) transactions_->cancel();
}

void OutputEpochs::end() noexcept {
  if (enabled()) transactions_->end();
}

}  // namespace penstock
