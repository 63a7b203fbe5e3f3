// The bare loops that parse; apart from bare.cc because of the parser's header.
#include <simdjson.h>

#include <array>
#include <chrono>

#include "penstock/bench/workloads/bare.h"
#include "penstock/bench/workloads/bid_rows.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/clock.h"
#include "penstock/core/stream/source.h"

namespace penstock::bench {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(kRawPaddingBytes >= simdjson::SIMDJSON_PADDING);

bool read_kind(ondemand::value value, NexmarkKind& kind) {
  ondemand::raw_json_string text;
  if (value.get_raw_json_string().get(text)) return false;
  if (text.unsafe_is_equal("bid")) {
    kind = NexmarkKind::kBid;
  } else if (text.unsafe_is_equal("auction")) {
    kind = NexmarkKind::kAuction;
  } else {
    kind = NexmarkKind::kPerson;
  }
  return true;
}

bool read_channel(ondemand::value value, std::uint8_t& channel) {
  ondemand::raw_json_string text;
  if (value.get_raw_json_string().get(text)) return false;
  for (std::size_t i = 0; i < std::size(kNexmarkChannels); ++i) {
    if (text.unsafe_is_equal(kNexmarkChannels[i])) {
      channel = static_cast<std::uint8_t>(i);
      return true;
    }
  }
  return false;
}

template <class Number>
bool read_number(ondemand::value value, Number& number) {
  std::uint64_t wide = 0;
  if (value.get_uint64().get(wide)) return false;
  number = static_cast<Number>(wide);
  return true;
}

// The first letter tells most fields apart; whoever passes is compared as a whole.
bool read_field(ondemand::field& field, NexmarkEvent& event) {
  const ondemand::raw_json_string key = field.key();
  switch (*key.raw()) {
    case 't':
      return !key.unsafe_is_equal("type") || read_kind(field.value(), event.kind);
    case 'a':
      return !key.unsafe_is_equal("auction") || read_number(field.value(), event.auction);
    case 'b':
      return !key.unsafe_is_equal("bidder") || read_number(field.value(), event.person);
    case 'p':
      return !key.unsafe_is_equal("price") || read_number(field.value(), event.price);
    case 'c':
      return !key.unsafe_is_equal("channel") || read_channel(field.value(), event.channel);
    case 'd':
      return !key.unsafe_is_equal("dateTime") || read_number(field.value(), event.time_ms);
    default:
      return true;
  }
}

bool read_line(ondemand::parser& parser, std::string_view line, NexmarkEvent& event) {
  ondemand::document document;
  ondemand::object object;
  const simdjson::padded_string_view padded(line, line.size() + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) return false;
  for (auto field : object) {
    if (field.error() || !read_field(field.value_unsafe(), event)) return false;
  }
  return true;
}

template <Query kQuery>
RowSum run_loop(ondemand::parser& parser, const NexmarkJson& lines) {
  RowSum out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    NexmarkEvent event;
    PENSTOCK_CHECK(read_line(parser, lines.line(i), event));
    add_row<kQuery>(event, out);
  }
  return out;
}

RowSum run_query(Query query, ondemand::parser& parser, const NexmarkJson& lines) {
  switch (query) {
    case Query::kQ0:
      return run_loop<Query::kQ0>(parser, lines);
    case Query::kQ1:
      return run_loop<Query::kQ1>(parser, lines);
    case Query::kQ2:
      return run_loop<Query::kQ2>(parser, lines);
    default:
      break;  // Reads other lines, or none.
  }
  PENSTOCK_CHECK(false);
  return {};
}

}  // namespace

RunResult run_bare_json(Query query, const NexmarkJson& lines) {
  ondemand::parser parser;
  const RealClock clock;
  const Instant start = clock.now();
  const RowSum output = run_query(query, parser, lines);
  const std::chrono::duration<double> seconds = clock.now() - start;
  return {.events = lines.size(), .output = output, .seconds = seconds.count()};
}

}  // namespace penstock::bench
