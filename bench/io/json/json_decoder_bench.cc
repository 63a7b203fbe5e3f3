// Decodes prepared lines of about 200 bytes twice: with json::Decoder, and with a bare loop over simdjson On-Demand
// that visits all fields in the order of the text and reads the same ones into the same record.
//
//     lines in memory --> Decoder ---> record --> sum
//                    \--> bare loop -> record --> sum      sums must be equal
//
// BM_*Ratio takes turns and reports `ratio` = median of decoder : bare over pairs of passes.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/io/json/iso8601.h"
#include "penstock/io/json/json.h"

namespace penstock {
namespace {

using namespace std::string_view_literals;
namespace od = simdjson::ondemand;

struct Bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  InlineString<15> channel;
  EventTime at;
};

constexpr auto penstock_json_fields(Tag<Bid>) {
  using json::field;
  return json::fields(field("auction", &Bid::auction), field("bidder", &Bid::bidder),
                      field("price", &Bid::price), field("channel", &Bid::channel),
                      field("dateTime", &Bid::at, json::epoch_millis));
}

struct Payment {
  std::uint64_t tx = 0;
  InlineString<19> card;
  double amount = 0;
  InlineString<2> country;
  InlineString<23> merchant;
  EventTime at;
};

constexpr auto penstock_json_fields(Tag<Payment>) {
  using json::field;
  return json::fields(field("tx", &Payment::tx), field("card", &Payment::card),
                      field("amount", &Payment::amount), field("country", &Payment::country),
                      field("merchant", &Payment::merchant),
                      field("ts", &Payment::at, json::iso8601));
}

std::uint64_t sum_of(const Bid& bid) {
  return static_cast<std::uint64_t>(bid.auction + 3 * bid.bidder + 5 * bid.price +
                                    7 * bid.at.micros) +
         bid.channel.size() + static_cast<unsigned char>(bid.channel.view()[0]);
}

std::uint64_t sum_of(const Payment& payment) {
  return payment.tx + static_cast<std::uint64_t>(payment.amount * 100) + payment.card.size() +
         static_cast<unsigned char>(payment.country.view()[1]) + payment.merchant.size() +
         static_cast<std::uint64_t>(payment.at.micros);
}

// The bare loops. False when a line cannot be read.
bool read_bare(od::parser& parser, std::string_view line, Bid& out) {
  od::document document;
  od::object object;
  if (parser.iterate(line.data(), line.size(), line.size() + kRawPaddingBytes).get(document) ||
      document.get_object().get(object)) {
    return false;
  }
  for (auto field : object) {
    od::raw_json_string key;
    std::int64_t millis;
    std::string_view text;
    if (field.key().get(key)) return false;
    if (key.unsafe_is_equal("auction"sv)) {
      if (field.value().get_int64().get(out.auction)) return false;
    } else if (key.unsafe_is_equal("bidder"sv)) {
      if (field.value().get_int64().get(out.bidder)) return false;
    } else if (key.unsafe_is_equal("price"sv)) {
      if (field.value().get_int64().get(out.price)) return false;
    } else if (key.unsafe_is_equal("channel"sv)) {
      if (field.value().get_string().get(text) || !out.channel.assign(text)) return false;
    } else if (key.unsafe_is_equal("dateTime"sv)) {
      if (field.value().get_int64().get(millis)) return false;
      out.at.micros = millis * 1000;
    }
  }
  return true;
}

bool read_bare(od::parser& parser, std::string_view line, Payment& out) {
  od::document document;
  od::object object;
  if (parser.iterate(line.data(), line.size(), line.size() + kRawPaddingBytes).get(document) ||
      document.get_object().get(object)) {
    return false;
  }
  for (auto field : object) {
    od::raw_json_string key;
    std::string_view text;
    if (field.key().get(key)) return false;
    if (key.unsafe_is_equal("tx"sv)) {
      if (field.value().get_uint64().get(out.tx)) return false;
    } else if (key.unsafe_is_equal("card"sv)) {
      if (field.value().get_string().get(text) || !out.card.assign(text)) return false;
    } else if (key.unsafe_is_equal("amount"sv)) {
      if (field.value().get_double().get(out.amount)) return false;
    } else if (key.unsafe_is_equal("country"sv)) {
      if (field.value().get_string().get(text) || !out.country.assign(text)) return false;
    } else if (key.unsafe_is_equal("merchant"sv)) {
      if (field.value().get_string().get(text) || !out.merchant.assign(text)) return false;
    } else if (key.unsafe_is_equal("ts"sv)) {
      if (field.value().get_string().get(text) || !json::parse_iso8601(text, out.at)) return false;
    }
  }
  return true;
}

constexpr std::size_t kLines = 2000;
constexpr std::size_t kLineBytes = 200;

// Lines in one block, with the padding that sources promise.
class Lines {
 public:
  template <class WriteLine>
  explicit Lines(WriteLine write_line) {
    Random random(7);
    std::vector<std::size_t> starts{0};
    for (std::size_t i = 0; i < kLines; ++i) {
      std::string line = write_line(random);
      line += ",\"extra\":\"";
      if (line.size() + 2 < kLineBytes) line.append(kLineBytes - 2 - line.size(), 'x');
      text_ += line + "\"}";
      starts.push_back(text_.size());
    }
    text_.append(kRawPaddingBytes, '\0');
    for (std::size_t i = 0; i < kLines; ++i) {
      lines_.push_back(std::string_view(text_).substr(starts[i], starts[i + 1] - starts[i]));
    }
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  auto begin() const { return lines_.begin(); }
  auto end() const { return lines_.end(); }

 private:
  std::string text_;
  std::vector<std::string_view> lines_;
};

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

std::string write_bid(Random& random) {
  constexpr const char* kChannels[] = {"Apple", "Google", "Facebook", "Baidu"};
  const auto number = [&random](std::uint64_t below) {
    return static_cast<unsigned long long>(random.below(below));
  };
  return formatted(
      "{\"type\":\"bid\",\"auction\":%llu,\"bidder\":%llu,\"price\":%llu,\"channel\":\"%s\","
      "\"url\":\"https://www.nexmark.com/item.htm?query=1\",\"dateTime\":%llu",
      number(600'000), number(200'000), 1 + (number(1 << 24) >> number(16)), kChannels[number(4)],
      number(100'000));
}

std::string write_payment(Random& random) {
  constexpr const char* kCountries[] = {"DE", "FR", "US", "JP"};
  const auto number = [&random](std::uint64_t below) {
    return static_cast<unsigned long long>(random.below(below));
  };
  return formatted(
      "{\"tx\":%llu,\"card\":\"4%015llu\",\"amount\":%llu.%02llu,\"country\":\"%s\",\"merchant\":"
      "\"m%llu\","
      "\"ts\":\"2024-01-%02lluT%02llu:%02llu:%02llu.%03lluZ\"",
      number(10'000'000), number(1'000'000'000'000'000), (number(1 << 18) >> number(16)),
      number(100), kCountries[number(4)], number(65'536), 1 + number(31), number(24), number(60),
      number(60), number(1000));
}

template <class T>
const Lines& lines() {
  if constexpr (std::is_same_v<T, Bid>) {
    static const Lines kBids(write_bid);
    return kBids;
  } else {
    static const Lines kPayments(write_payment);
    return kPayments;
  }
}

template <class T>
class BareReader {
 public:
  bool read(std::string_view line, T& out) { return read_bare(parser_, line, out); }

 private:
  od::parser parser_;
};

template <class T>
class DecoderReader {
 public:
  bool read(std::string_view line, T& out) { return decoder_.decode({line, {}, {}}, out, error_); }

 private:
  json::Decoder<T> decoder_;
  json::DecodeError error_;
};

// One pass over all lines; 0 when one could not be read.
template <class T, class Reader>
std::uint64_t pass(Reader& reader) {
  std::uint64_t sum = 0;
  T value;
  for (const std::string_view line : lines<T>()) {
    if (!reader.read(line, value)) return 0;
    sum += sum_of(value);
  }
  return sum;
}

// Not the time of day: neighbours on a shared machine would decide the ratio.
double thread_cpu_nanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class T, class Reader>
double nanos_per_line(Reader& reader, std::uint64_t& sum) {
  const double start = thread_cpu_nanos();
  sum = pass<T>(reader);
  return (thread_cpu_nanos() - start) / kLines;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class T>
void BM_Ratio(benchmark::State& state) {
  BareReader<T> bare;
  DecoderReader<T> decoder;
  std::vector<double> bare_nanos;
  std::vector<double> decoder_nanos;
  std::vector<double> ratios;
  for (auto _ : state) {
    std::uint64_t bare_sum;
    std::uint64_t decoder_sum;
    bare_nanos.push_back(nanos_per_line<T>(bare, bare_sum));
    decoder_nanos.push_back(nanos_per_line<T>(decoder, decoder_sum));
    ratios.push_back(decoder_nanos.back() / bare_nanos.back());
    if (bare_sum != decoder_sum || bare_sum == 0) {
      state.SkipWithError("decoder and bare loop disagree");
      return;
    }
  }
  state.counters["bare_ns"] = median(bare_nanos);
  state.counters["decoder_ns"] = median(decoder_nanos);
  state.counters["ratio"] = median(ratios);
}
BENCHMARK(BM_Ratio<Bid>)->Name("json_decoder/bid_ratio");
BENCHMARK(BM_Ratio<Payment>)->Name("json_decoder/payment_ratio");

template <class T>
void BM_Encode(benchmark::State& state) {
  DecoderReader<T> reader;
  T value;
  if (!reader.read(*lines<T>().begin(), value)) return state.SkipWithError("no value to encode");
  const json::Encoder<T> encoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder.encode(value, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Encode<Bid>)->Name("json_encoder/bid");
BENCHMARK(BM_Encode<Payment>)->Name("json_encoder/payment");

}  // namespace
}  // namespace penstock
