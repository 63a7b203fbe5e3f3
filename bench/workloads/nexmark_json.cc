#include "penstock/bench/workloads/nexmark_json.h"

#include <array>
#include <charconv>
#include <concepts>

#include "penstock/core/stream/source.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kLineBytes = 200;
constexpr std::array<std::string_view, 6> kStates = {"AZ", "CA", "ID", "OR", "WA", "WY"};

void append(std::string& to, std::string_view text) { to += text; }
void append(std::string& to, std::integral auto number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), +number).ptr;
  to.append(digits.data(), end);
}
void append_all(std::string& to, const auto&... parts) { (append(to, parts), ...); }

void append_person(std::string& to, const NexmarkEvent& e) {
  append_all(to, R"({"type":"person","id":)", e.person, R"(,"name":"person )", e.person,
             R"(","city":"city )", e.city, R"(","state":")", kStates[e.state]);
  append_all(to, R"(","dateTime":)", e.time_ms);
}

void append_auction(std::string& to, const NexmarkEvent& e) {
  append_all(to, R"({"type":"auction","id":)", e.auction, R"(,"seller":)", e.person,
             R"(,"category":)", e.category, R"(,"initialBid":)", e.price, R"(,"reserve":)",
             e.reserve);
  append_all(to, R"(,"expires":)", e.expires_ms, R"(,"dateTime":)", e.time_ms);
}

void append_bid(std::string& to, const NexmarkEvent& e) {
  append_all(to, R"({"type":"bid","auction":)", e.auction, R"(,"bidder":)", e.person,
             R"(,"price":)", e.price, R"(,"channel":")", kNexmarkChannels[e.channel]);
  append_all(to, R"(","url":"https://www.nexmark.com/item.htm?query=1","dateTime":)", e.time_ms);
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
  to += R"(,"extra":")";
  constexpr std::string_view kTail = R"("})";
  const std::size_t bytes = to.size() - start + kTail.size();
  if (bytes < kLineBytes) to.append(kLineBytes - bytes, 'x');
  to += kTail;
}

}  // namespace

std::string nexmark_json_line(const NexmarkEvent& event) {
  std::string line;
  append_line(line, event);
  return line;
}

NexmarkJson::NexmarkJson(std::uint64_t events) {
  buffer_.reserve(events * (kLineBytes + 8) + kRawPaddingBytes);
  line_starts_.reserve(events + 1);
  line_starts_.push_back(0);
  NexmarkGenerator generator(0, 1, Disorder::kNone);
  for (std::uint64_t i = 0; i < events; ++i) {
    append_line(buffer_, generator.next());
    buffer_ += '\n';
    line_starts_.push_back(buffer_.size());
  }
  buffer_.append(kRawPaddingBytes, '\0');
}

}  // namespace penstock::bench
