#include "penstock/bench/workloads/kafka_records.h"

#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {
namespace {

constexpr const char* kCountries[] = {"DE", "FR", "IT", "JP", "US", "BR", "IN", "ES"};

// The number behind "NAME": in `line`.
template <class N>
bool number_behind(std::string_view line, std::string_view name, N& out) noexcept {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return false;
  line.remove_prefix(at + name.size());
  return std::from_chars(line.data(), line.data() + line.size(), out).ec == std::errc();
}

}  // namespace

void write_purchase(std::uint64_t seq, Instant due, std::string& out) {
  const std::uint64_t mixed = fin(seq);
  const double low = is_large(seq) ? kAmountLimit + 0.01 : 0.01;
  const double amount = low + static_cast<double>(mixed % 9'000) / 100;
  char text[200];
  const int size =
      std::snprintf(text, sizeof text,
                    "{\"seq\":%" PRIu64 ",\"due\":%" PRId64
                    ",\"card\":\"4000-0000-%04u-%04u\",\"amount\":%.2f,"
                    "\"merchant\":\"m%u\",\"country\":\"%s\"}",
                    seq, due.nanos, static_cast<unsigned>(mixed % kCards / 100),
                    static_cast<unsigned>(mixed % kCards % 100), amount,
                    static_cast<unsigned>((mixed >> 20) % 1000), kCountries[(mixed >> 40) % 8]);
  out.assign(text, static_cast<std::size_t>(size));
}

std::optional<Stamp> read_stamp(std::string_view line) noexcept {
  Stamp stamp;
  if (!number_behind(line, "\"seq\":", stamp.seq)) return std::nullopt;
  if (!number_behind(line, "\"due\":", stamp.due.nanos)) return std::nullopt;
  return stamp;
}

}  // namespace penstock::bench
