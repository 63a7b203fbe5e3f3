// api/row_stream.h -- RowStream: a stream of rows with columns that are known when the job is written; expressions.
//
//   job.rows(line_file_source({.path = "payments.csv"}), CsvRows{{{"header", "true"}}},
//            "card STRING, amount DOUBLE, ts TIMESTAMP")
//       .event_time("ts", {.max_disorder = 5s})
//       .filter(expr("amount > 100 and card is not null"))
//       .select({expr("card"), expr("round(amount * 1.19, 2) AS gross")})
//       .sink(console_sink(), JsonRows{});
//
// Expressions are compiled at once, in the dialect of docs/functions.md. One that cannot be makes the job refuse to
// start, with the place in its text, the cause and the remedy. A record that one fails on while the job runs (ANSI) is
// treated as one that could not be read: by the policy of the source, once, with its bytes as they came.
// Rows are bytes that are lent; repartition() copies them once, to another task. map(function) makes records of them,
// for all else that typed streams do. Behind repartition() a record that an expression fails on is treated by the same
// policy, but all that is left of it is the row: io/row/row_input.h.
// The source decodes the columns that are read up to the first selection; all of them where there is none.
// Threads    As api/stream.h.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/api/row_plan.h"
#include "penstock/api/stream.h"
#include "penstock/core/row/row.h"
#include "penstock/io/row/row_formats.h"
#include "penstock/io/row/row_input.h"
#include "penstock/operators/row/filter_rows.h"
#include "penstock/operators/row/key_rows.h"
#include "penstock/operators/row/row_columns.h"
#include "penstock/operators/row/select_rows.h"

namespace penstock {

struct RowOptions {
  // What becomes of records that cannot be read or that an expression fails on. By default as the format's mode says:
  // DROPMALFORMED skips what cannot be read, otherwise the job ends.
  std::optional<DecodeOptions> bad_records{};
  // ANSI or not, and the zone in which timestamps are written.
  expression::Settings settings{};
};

struct RowTimeOptions {
  std::chrono::microseconds max_disorder{0};
  std::chrono::nanoseconds idle_after = std::chrono::seconds(1);
  std::chrono::microseconds max_ahead = std::chrono::hours(24);
};

namespace internal {

// The input of a stage that rows come to by an exchange.
struct FromRows {
  using Type = RowInput;
  RowsOfSource source;
  JsonRowEncoder as_json;
  RowInput operator()(const StageWiring& wiring) const { return {wiring, source, as_json}; }
};
using ToRowOwners = ToKeyOwners<Row, std::uint64_t Row::*>;

}  // namespace internal

template <class MakeInput, class... Ops>
class [[nodiscard]] RowStream {
 public:
  RowStream(std::shared_ptr<Plan> plan, Stream<Row, MakeInput, Ops...> stream, Schema schema,
            expression::Settings settings, internal::SourceColumns columns, RowsOfSource source)
      : plan_(std::move(plan)),
        stream_(std::move(stream)),
        schema_(std::move(schema)),
        settings_(std::move(settings)),
        columns_(std::move(columns)),
        source_(std::move(source)) {}

  // As of here.
  const Schema& schema() const noexcept { return schema_; }

  // Rows for which the condition is true.
  auto filter(const Expr& condition) && {
    PlannedProgram program = internal::plan_condition(*plan_, condition, schema_, settings_);
    columns_.add(program);
    return std::move(*this).append(FilterRows(std::move(program), schema_.size()), schema_);
  }
  // Rows of the values of all expressions. Names come from AS, from columns, or from the text; "*" is all columns.
  // One of them may be a generator, such as explode(tags), which makes as many rows as it says.
  auto select(const std::vector<Expr>& values) && {
    internal::PlannedSelection selection =
        internal::plan_select(*plan_, values, schema_, settings_);
    columns_.add(selection.program);
    columns_.end();
    SelectRows op(std::move(selection.program), schema_.size(), selection.output,
                  std::move(selection.generator));
    return std::move(*this).append(std::move(op), std::move(selection.output));
  }
  auto map(const Expr& value) && { return std::move(*this).select({value}); }
  // Typed records: `Out function(const RowView&)`. They must not point into the row where they change thread.
  template <class Function>
    requires std::is_invocable_v<Function&, const RowView&>
  auto map(Function function) && {
    return std::move(stream_).map(OfRowView<Function>{std::move(function), schema_.size()});
  }
  // The TIMESTAMP column that has the time of the records.
  auto event_time(const std::string& column, RowTimeOptions options = {}) && {
    const RowTime time{internal::plan_time_column(*plan_, column, schema_), schema_.size()};
    columns_.add(time.column);
    auto timed = std::move(stream_).event_time(
        time, EventTimeOptions<Row>{options.max_disorder, options.idle_after, options.max_ahead});
    return with(std::move(timed), std::move(schema_));
  }

  // Rows for which all expressions have equal values meet in one task. What follows is a stage of its own.
  auto repartition(const std::vector<Expr>& keys) && {
    PlannedProgram hash = internal::plan_key_hash(*plan_, keys, schema_, settings_);
    columns_.add(hash);
    const internal::FromRows next{source_, json_of(schema_)};
    auto keyed = std::move(stream_).apply(KeyRows(std::move(hash), schema_.size()));
    auto spread = std::move(keyed).exchange_to("repartition", ExchangeKind::kHash,
                                               internal::ToRowOwners{&Row::key_hash}, next);
    return with(std::move(spread), std::move(schema_));
  }
  // Rows go to the tasks of the next stage in turn.
  auto repartition() && {
    const internal::FromRows next{source_, json_of(schema_)};
    auto spread = std::move(stream_).exchange_to("repartition", ExchangeKind::kRebalance,
                                                 internal::ToReaders<Row>{}, next);
    return with(std::move(spread), std::move(schema_));
  }

  // Each row as one line or message of `sink`.
  template <class Format>
  void sink(std::shared_ptr<const ByteSink> sink, const Format& format) && {
    auto encoder = format.encoder(schema_, settings_.zone);
    if (encoder.ok()) return std::move(stream_).sink(std::move(sink), std::move(*encoder));
    plan_->refuse(encoder.status().with_place("sink " + sink->name()));
  }
  // `function(const RowView&)`; the row lives until it returns.
  template <class Function>
  void for_each(Function function) && {
    std::move(stream_).for_each(OfRowView<Function>{std::move(function), schema_.size()});
  }

  RowStream&& named(std::string name) && {
    (void)std::move(stream_).named(std::move(name));
    return std::move(*this);
  }
  RowStream&& parallelism(std::uint32_t tasks) && {
    (void)std::move(stream_).parallelism(tasks);
    return std::move(*this);
  }

 private:
  template <class Input, class... NextOps>
  auto with(Stream<Row, Input, NextOps...> stream, Schema schema) {
    return RowStream<Input, NextOps...>(plan_, std::move(stream), std::move(schema), settings_,
                                        std::move(columns_), std::move(source_));
  }
  // As dead letters have rows.
  JsonRowEncoder json_of(const Schema& schema) const {
    JsonTextOptions text;
    text.zone = settings_.zone;
    return JsonRowEncoder(schema.type(), std::move(text));
  }
  template <class Op>
  auto append(Op op, Schema schema) && {
    return with(std::move(stream_).apply(std::move(op)), std::move(schema));
  }

  std::shared_ptr<Plan> plan_;
  Stream<Row, MakeInput, Ops...> stream_;
  Schema schema_;
  expression::Settings settings_;
  internal::SourceColumns columns_;
  RowsOfSource source_;
};

namespace internal {

template <class MakeInput, class... Ops>
auto row_stream(std::shared_ptr<Plan> plan, Stream<Row, MakeInput, Ops...> stream, Schema schema,
                expression::Settings settings, SourceColumns columns, RowsOfSource source) {
  return RowStream<MakeInput, Ops...>(std::move(plan), std::move(stream), std::move(schema),
                                      std::move(settings), std::move(columns), std::move(source));
}

}  // namespace internal

template <class Format>
auto Job::rows(std::shared_ptr<const ByteSource> bytes, const Format& format,
               const std::string& schema, RowOptions options) {
  const TimeZone& zone = options.settings.zone;
  auto decoder = format.decoder(schema, zone);
  using Decoder = std::remove_cvref_t<decltype(*decoder)>;
  if (!decoder.ok()) {
    plan_->refuse(decoder.status().with_place("rows of " + bytes->name()));
    decoder = Decoder();
  }
  const Result<BadRecordMode> mode = format.mode(zone);
  DecodeOptions policy = internal::row_policy(std::move(options.bad_records),
                                              mode.ok() ? *mode : BadRecordMode::kPermissive);
  Schema columns = decoder->schema();
  internal::SourceColumns read;
  if constexpr (requires { decoder->narrow(std::vector<bool>()); }) {
    const auto narrow = [shared = *decoder](const std::vector<bool>& wanted) {
      shared.narrow(wanted);
    };
    read = internal::SourceColumns(columns.size(), narrow);
  }
  RowsOfSource origin{bytes->name(), policy};
  auto stream = source(std::move(bytes), std::move(*decoder), std::move(policy));
  return internal::row_stream(plan_, std::move(stream), std::move(columns),
                              std::move(options.settings), std::move(read), std::move(origin));
}

template <class Format>
auto Job::rows(std::shared_ptr<const ByteSource> bytes, const Format& format,
               const std::string& schema) {
  return rows(std::move(bytes), format, schema, RowOptions{});
}

}  // namespace penstock
