// examples/keyed_count/keyed_count.h -- payments in, for each how many its card has had so far out.
#pragma once

#include <penstock/api/stream.h>
#include <penstock/io/json/json.h>

#include <cstdint>

using Card = penstock::InlineString<19>;

struct Payment {
  Card card;
};

struct Count {
  Card card;
  std::uint64_t payments = 0;
};

constexpr auto penstock_json_fields(penstock::Tag<Payment>) {
  return penstock::json::fields(penstock::json::field("card", &Payment::card));
}
constexpr auto penstock_json_fields(penstock::Tag<Count>) {
  return penstock::json::fields(penstock::json::field("card", &Count::card),
                                penstock::json::field("payments", &Count::payments));
}

struct CountPayments {
  using Output = Count;

  void open(penstock::OperatorContext& context) {
    count_ = context.value_state<std::uint64_t>("count");
  }
  void on_record(const penstock::Record<Payment>& payment,
                 penstock::CollectorOf<Count> auto&& out) noexcept {
    out.collect(
        penstock::Record<Count>{{payment.value.card, ++count_.get_or_create()}, payment.time});
  }

 private:
  penstock::ValueState<std::uint64_t> count_;
};
