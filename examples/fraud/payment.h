// examples/fraud/payment.h -- a card payment, and how it is read from JSON.
//
//   {"tx":17,"card":"4000-0000-0001-2345","amount":12.34,"country":"DE","merchant":"m123",
//    "ts":"2024-01-01T00:00:00.123Z"}
#pragma once

#include <cstdint>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/tag.h"
#include "penstock/core/base/time.h"
#include "penstock/io/json/json.h"

namespace fraud {

using Card = penstock::InlineString<19>;

struct Payment {
  std::uint64_t tx = 0;
  Card card;
  penstock::InlineString<2> country;
  penstock::InlineString<15> merchant;
  double amount = 0;  // In the card's currency.
  penstock::EventTime at;
  penstock::Origin origin;    // Where it was read: alert ids follow from it.
  penstock::Instant arrival;  // When it was due or read: latencies are taken from here.
};

constexpr auto penstock_json_fields(penstock::Tag<Payment>) {
  using penstock::json::field;
  return penstock::json::fields(
      field("tx", &Payment::tx), field("card", &Payment::card), field("amount", &Payment::amount),
      field("country", &Payment::country), field("merchant", &Payment::merchant),
      field("ts", &Payment::at, penstock::json::iso8601), penstock::json::origin(&Payment::origin),
      penstock::json::arrival(&Payment::arrival));
}

}  // namespace fraud
