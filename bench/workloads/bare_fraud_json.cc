// Apart from bare_fraud.cc because of the parser's header.
#include <simdjson.h>

#include "penstock/bench/workloads/bare_fraud.h"
#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/core/base/check.h"
#include "penstock/core/stream/source.h"

namespace penstock::bench {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(kRawPaddingBytes >= simdjson::SIMDJSON_PADDING);

template <class Number>
bool read_number(ondemand::value value, Number& number) {
  std::int64_t wide = 0;
  if (value.get_int64().get(wide)) return false;
  number = static_cast<Number>(wide);
  return true;
}

bool read_country(ondemand::value value, std::uint8_t& country) {
  std::string_view text;
  if (value.get_string().get(text)) return false;
  const std::optional<std::uint8_t> number = country_number(text);
  country = number.value_or(0);
  return number.has_value();
}

// The first letter tells most fields apart; whoever passes is compared as a whole.
bool read_field(ondemand::field& field, Transaction& made) {
  const ondemand::raw_json_string key = field.key();
  switch (*key.raw()) {
    case 'c':
      if (key.unsafe_is_equal("card")) return read_number(field.value(), made.card);
      return !key.unsafe_is_equal("country") || read_country(field.value(), made.country);
    case 'a':
      return !key.unsafe_is_equal("amount") || read_number(field.value(), made.amount);
    case 'd':
      return !key.unsafe_is_equal("dateTime") || read_number(field.value(), made.time_ms);
    default:
      return true;
  }
}

bool read_line(ondemand::parser& parser, std::string_view line, Transaction& made) {
  ondemand::document document;
  ondemand::object object;
  const simdjson::padded_string_view padded(line, line.size() + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) return false;
  for (auto field : object) {
    if (field.error() || !read_field(field.value_unsafe(), made)) return false;
  }
  return true;
}

}  // namespace

// Parsing one line takes longer than memory does: looking ahead gains nothing here.
RowSum run_bare_fraud_json(const TransactionsJson& lines) {
  ondemand::parser parser;
  FraudRules rules;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Transaction made;
    PENSTOCK_CHECK(read_line(parser, lines.line(i), made));
    if (made.amount <= 0) continue;
    rules.add(rules.find(made.card, made.country), made.amount, made.country, made.time_ms);
  }
  return rules.finish().sum;
}

}  // namespace penstock::bench
