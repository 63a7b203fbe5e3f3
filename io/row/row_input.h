// io/row/row_input.h -- how a stage reads rows from exchanges, and what becomes of those that it can do nothing with.
//
// Ownership   A row is lent out of its channel until the run that it came in is worked off.
// Errors      The record that a row was made of has stayed behind. A row that an operator refuses is treated by the
//             policy of its source all the same, and counted among the errors of this stage: its dead letter has the
//             source, split and offset of that record, and instead of its bytes the row, as JSON, as it came here.
// Snapshots   As io/decode/decoded_source.h: dead letters are at least once.
// Threads     Owned by one task.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "penstock/core/runtime/exchange_input.h"
#include "penstock/core/stream/row_record.h"
#include "penstock/io/decode/bad_records.h"
#include "penstock/io/row/row_formats.h"

namespace penstock {

// What is the same for all rows of a source, wherever they are.
struct RowsOfSource {
  std::string name;
  DecodeOptions bad_records{};
};

class RowInput : public ExchangeReader<Row> {
 public:
  RowInput(const StageWiring& wiring, RowsOfSource source, JsonRowEncoder as_json)
      : ExchangeReader(wiring), source_(std::move(source)), as_json_(std::move(as_json)) {}

  Status open(const TaskContext& context) {
    // Once per task; its place outlives a move of this input.
    refusals_ = std::make_unique<Refusals>(source_, as_json_);  // lint: allow(hot) once
    origin_ = {&refusals_->raw, refusals_.get()};
    return refusals_->bad.open(context);
  }
  Status close() { return refusals_ == nullptr ? Status() : refusals_->bad.close(); }
  void capture(Epoch epoch, SnapshotWriter& out) noexcept { refusals_->bad.capture(epoch, out); }
  bool captured() const noexcept { return refusals_->bad.captured(); }

  template <class Chain>
  Turn poll(Instant now, std::size_t budget, Chain& chain, const Credit& credit) noexcept {
    Turn turn;
    BadRecords& bad = refusals_->bad;
    if (bad.ready()) {
      turn = next_turn(budget, [&](std::span<const ElementOf<Row>> run, RowBytes& bytes) noexcept {
        return push_run(run, bytes, chain, credit);
      });
    }
    bad.end_batch(now);
    turn.wake_at = bad.wake_at();
    return turn;
  }

 private:
  struct Refusals final : RefusedRecords {
    Refusals(RowsOfSource source, JsonRowEncoder encoder)
        : bad(std::move(source.name), std::move(source.bad_records)), as_json(std::move(encoder)) {}
    void refuse(const RawRecord& row, const std::string& reason) noexcept override {
      json.clear();
      as_json.encode(Row(row.bytes), json);
      bad.note({.bytes = json, .origin = row.origin, .arrival = row.arrival}, reason);
    }

    BadRecords bad;
    JsonRowEncoder as_json;
    RawRecord raw;  // Of the row at hand: its own bytes, and where its record was from.
    std::string json;
  };

  template <class Chain>
  std::size_t push_run(std::span<const ElementOf<Row>> run, RowBytes& bytes, Chain& chain,
                       const Credit& credit) noexcept {
    std::size_t done = 0;
    for (; done < run.size() && credit.left > 0; ++done) {
      const LentRow row = bytes.read(run[done].payload);
      refusals_->raw.bytes = row.bytes;
      refusals_->raw.origin = row.origin;
      chain.collect(Record<Row>{Row(row.bytes, &origin_), run[done].header.time()});
    }
    return done;
  }

  RowsOfSource source_;
  JsonRowEncoder as_json_;
  std::unique_ptr<Refusals> refusals_;
  RowOrigin origin_;
};

}  // namespace penstock
