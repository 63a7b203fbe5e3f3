// Any bytes into a decoder with every kind of field: no crash, no read outside of the record and its padding; and what
// was decoded is encoded to text that decodes to the same text again.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/core/base/check.h"
#include "penstock/io/json/json.h"
#include "penstock/tests/io/json/padded_record.h"
#include "penstock/tests/io/json/sample.h"

namespace penstock {
namespace {

// All fields may be missing, so that most inputs come through to the end.
struct Loose {
  std::optional<bool> flag;
  std::optional<std::int8_t> small;
  std::optional<std::uint64_t> large;
  std::optional<float> single;
  std::optional<double> real;
  std::optional<InlineString<3>> tiny;
  std::optional<InlineString<19>> text;
  std::optional<EventTime> at;
  std::optional<EventTime> millis;
};

constexpr auto penstock_json_fields(Tag<Loose>) {
  using json::field;
  return json::fields(field("flag", &Loose::flag), field("small", &Loose::small),
                      field("large", &Loose::large), field("single", &Loose::single),
                      field("real", &Loose::real), field("tiny", &Loose::tiny),
                      field("text", &Loose::text), field("at", &Loose::at, json::iso8601),
                      field("millis", &Loose::millis, json::epoch_millis));
}

void check_round_trip(const Loose& value) {
  std::string first;
  json::encoder<Loose>().encode(value, first);
  Loose again;
  json::DecodeError error;
  PENSTOCK_CHECK(json::decoder<Loose>().decode(PaddedRecord(first).raw(), again, error));
  std::string second;
  json::encoder<Loose>().encode(again, second);
  PENSTOCK_CHECK(first == second);
}

void check(std::string_view bytes) {
  static auto strict = json::decoder<sample::Everything>();
  static auto loose = json::decoder<Loose>();
  const PaddedRecord record(bytes, bytes.empty() ? '9' : bytes.back());
  sample::Everything all;
  Loose some;
  json::DecodeError error;
  if (!strict.decode(record.raw(), all, error)) PENSTOCK_CHECK(!error.message().empty());
  if (loose.decode(record.raw(), some, error)) check_round_trip(some);
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
