// io/decode/decoded_source.h -- the head of a stage that reads bytes: decodes each record and pushes it into the chain.
//
// A Decoder is copyable and has `using Value`, `using Error`, `bool decode(const RawRecord&, Value&, Error&) noexcept`
// and Error has `std::string message() const`. No batch of values is made: a value goes from the decoder straight into
// the chain. A decoder of rows (core/stream/row_record.h) gets the origin of each row filled in, so that operators can
// refuse it as if it had never been read. One that has `bool passes_over(const RawRecord&)` names what is no record:
// blank lines, headers. One that has `std::optional<QuotedLines> quoted_lines()` says where records of lines end.
// Errors     A record that cannot be decoded, or that its reader cut, is counted and treated by policy; see
//            decode_options.h. Messages name the source, the split, the offset, the field and the value.
// End        When the job drains it reads no more, hands out what it has read, and then ends.
// Snapshots  The position is that of the first record that has not gone through the chain. Dead letters are at least
//            once: those of after the cut are written again, with the same source, split and offset.
// Threads    Owned by one task.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "penstock/core/runtime/source_input.h"
#include "penstock/core/stream/row_record.h"
#include "penstock/io/decode/bad_records.h"

namespace penstock {

template <class Decoder>
class DecodedSource {
 public:
  using Value = typename Decoder::Value;

  DecodedSource(std::shared_ptr<const ByteSource> source, Decoder decoder, DecodeOptions options)
      : source_(std::move(source)), decoder_(std::move(decoder)), options_(std::move(options)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    bad_ = std::make_shared<BadRecords>(source_->name(), options_);
    PENSTOCK_RETURN_IF_ERROR(bad_->open(context));
    SourceContext opening = source_context_of(context);
    if constexpr (requires { decoder_.quoted_lines(); })
      opening.quoted_lines = decoder_.quoted_lines();
    Result<std::unique_ptr<ByteReader>> reader = source_->open(opening);
    if (!reader.ok()) return reader.status();
    reader_ = std::move(*reader);
    // At the operators' disposal; its place outlives a move of this source.
    refusals_ = std::make_shared<Refusals>(*bad_, *reader_);
    return Status();
  }

  Status close() {
    refusals_.reset();
    reader_.reset();
    return bad_ == nullptr ? Status() : bad_->close();
  }
  void capture(Epoch epoch, SnapshotWriter& out) noexcept {
    bad_->capture(epoch, out);
    reader_->capture(std::span(batch_).subspan(next_, filled_ - next_), out);
  }
  // Whether the dead letters of before the cut have been confirmed.
  bool captured() const noexcept { return bad_->captured(); }
  Status restore(const SnapshotItem& item) {
    return reader_->restore(item).with_place(source_->name());
  }
  Status restored() { return reader_->restored().with_place(source_->name()); }
  std::string what_may_be_lost() const { return source_->what_may_be_lost(); }
  bool keeps_log() const { return source_->keeps_log(); }

  void stop() noexcept { stopping_ = true; }
  std::size_t channels() const noexcept { return 0; }
  void block(std::size_t, bool) noexcept {}
  std::size_t queued() const noexcept { return 0; }
  std::size_t capacity() const noexcept { return 0; }

  template <class Chain>
  Turn poll(Instant now, std::size_t budget, Chain& chain, const Credit& credit) {
    // What an earlier poll read and back-pressure held up comes first; its bytes stay lent until the next poll.
    if (next_ == filled_) {
      const bool has_more = bad_->ready() ? refill(now, budget) : wait();
      if (std::exchange(splits_changed_, false)) chain.set_splits(reader_->splits());
      if (!has_more) {
        bad_->end_batch(now);
        waiting_.wake_at = std::min(waiting_.wake_at, bad_->wake_at());
        return waiting_;
      }
    }
    Turn turn;
    Value value;
    typename Decoder::Error error;
    while (next_ < filled_ && credit.left > 0) {
      const RawRecord& raw = batch_[next_++];
      ++turn.records;
      if (raw.origin.split != split_) [[unlikely]]
        chain.select_split(split_ = raw.origin.split);
      if (is_no_record(raw)) continue;
      if (raw.cut_from_bytes == 0 && decoder_.decode(raw, value, error)) [[likely]] {
        if constexpr (kIsRow) value.origin = refusals_->origin_of(raw);
        chain.collect(Record<Value>{value, EventTime{}});
      } else {
        bad_->note(raw, raw.cut_from_bytes == 0 ? error.message() : reader_->why_cut(raw),
                   reader_->source_of(raw));
      }
    }
    bad_->end_batch(now);
    if (turn.records > 0) turn.kind = TurnKind::kData;
    return turn;
  }

 private:
  static constexpr std::size_t kBatch = 256;
  static constexpr bool kIsRow = std::is_same_v<Value, Row>;

  class Refusals final : public RefusedRecords {
   public:
    Refusals(BadRecords& bad, const ByteReader& reader) : bad_(bad), reader_(reader) {}
    const RowOrigin* origin_of(const RawRecord& raw) noexcept {
      origin_ = {&raw, this};
      return &origin_;
    }
    void refuse(const RawRecord& raw, const std::string& reason) noexcept override {
      bad_.note(raw, reason, reader_.source_of(raw));
    }

   private:
    BadRecords& bad_;
    const ByteReader& reader_;
    RowOrigin origin_;
  };

  bool is_no_record([[maybe_unused]] const RawRecord& raw) const noexcept {
    if constexpr (requires { decoder_.passes_over(raw); }) return decoder_.passes_over(raw);
    return false;
  }

  // While there is no room for what may be bad.
  bool wait() noexcept {
    waiting_ = Turn{};
    return false;
  }

  // False when the reader has nothing now; `waiting_` then says what to tell the task.
  bool refill(Instant now, std::size_t budget) {
    next_ = filled_ = 0;
    if (stopping_) {
      waiting_ = Turn{};
      waiting_.kind = TurnKind::kEnded;
      return false;
    }
    Result<PollResult> polled =
        reader_->poll(std::span(batch_).first(std::min(budget, kBatch)), now);
    if (!polled.ok()) {
      failure_->set(polled.status());
      waiting_ = Turn{};
      return false;
    }
    filled_ = polled->records;
    splits_changed_ = polled->splits_changed;
    waiting_ = turn_of(*polled);
    return filled_ > 0;
  }

  std::shared_ptr<const ByteSource> source_;
  Decoder decoder_;
  DecodeOptions options_;
  std::shared_ptr<ByteReader>
      reader_;  // Shared, like bad_, only so that the prototype can be copied; it has none.
  std::shared_ptr<BadRecords> bad_;
  std::shared_ptr<Refusals> refusals_;
  std::array<RawRecord, kBatch> batch_;
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  bool stopping_ = false;
  bool splits_changed_ = false;
  SplitId split_;  // Of the last record; 0 is what operators begin with.
  Turn waiting_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
