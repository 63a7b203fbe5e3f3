#include "penstock/bench/workloads/nexmark_json.h"

#include <array>

namespace penstock::bench {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"AZ", "CA", "ID", "OR", "WA", "WY"};

void append_person(std::string& to, const NexmarkEvent& e) {
  append_json_parts(to, R"({"type":"person","id":)", e.person, R"(,"name":"person )", e.person,
                    R"(","city":"city )", e.city, R"(","state":")", kStates[e.state]);
  append_json_parts(to, R"(","dateTime":)", e.time_ms);
}

void append_auction(std::string& to, const NexmarkEvent& e) {
  append_json_parts(to, R"({"type":"auction","id":)", e.auction, R"(,"seller":)", e.person,
                    R"(,"category":)", e.category, R"(,"initialBid":)", e.price, R"(,"reserve":)",
                    e.reserve);
  append_json_parts(to, R"(,"expires":)", e.expires_ms, R"(,"dateTime":)", e.time_ms);
}

void append_bid(std::string& to, const NexmarkEvent& e) {
  append_json_parts(to, R"({"type":"bid","auction":)", e.auction, R"(,"bidder":)", e.person,
                    R"(,"price":)", e.price, R"(,"channel":")", kNexmarkChannels[e.channel]);
  append_json_parts(to, R"(","url":"https://www.nexmark.com/item.htm?query=1","dateTime":)",
                    e.time_ms);
}

void append_line(std::string& to, const NexmarkEvent& event) {
  const std::size_t start = to.size();
  switch (event.kind) {
    case NexmarkKind::kPerson:
      append_person(to, event);
      break;
    case NexmarkKind::kAuction:
      append_auction(to, event);
      break;
    case NexmarkKind::kBid:
      append_bid(to, event);
      break;
  }
  fill_json_line(to, start);
}

}  // namespace

std::string nexmark_json_line(const NexmarkEvent& event) {
  std::string line;
  append_line(line, event);
  return line;
}

NexmarkJson::NexmarkJson(std::uint64_t events) : JsonLines(events) {
  NexmarkGenerator<Disorder::kNone> generator(0, 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    add_line([&](std::string& to) { append_line(to, generator.next()); });
  }
  add_padding();
}

}  // namespace penstock::bench
