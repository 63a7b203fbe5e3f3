#include "penstock/bench/core/runtime/row_exchange_ratio.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/bench/core/ring/ring_contest.h"
#include "penstock/core/base/hash.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/core/runtime/input_gate.h"
#include "penstock/core/runtime/output_gate.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kRecords = 4'000'000;
constexpr std::size_t kMade = 2048;  // Records made first, which are sent again and again.
constexpr std::size_t kBatch = 256;

struct Flat {
  std::array<char, 12> card;
  std::array<char, 16> merchant;
  std::array<char, 20> note;
  std::array<std::uint32_t, 3> small;
  std::array<std::uint64_t, 5> numbers;
};
static_assert(sizeof(Flat) <= 104);

struct FlatKey {
  std::uint64_t operator()(const Flat& flat) const noexcept { return hash_bits(flat.numbers[0]); }
};
struct RowKey {
  std::uint64_t operator()(const Row& row) const noexcept { return hash_bits(row.key_hash); }
};

std::uint64_t words_of(const char* bytes, std::size_t size) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + sizeof(sum) <= size; i += sizeof(sum)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof(word));
    sum += word;
  }
  return sum;
}
std::uint64_t words_of(const Flat& flat) noexcept {
  return words_of(reinterpret_cast<const char*>(&flat), sizeof(flat));
}

std::vector<Flat> make_flats() {
  std::vector<Flat> flats(kMade);
  for (std::size_t i = 0; i < kMade; ++i) {
    std::memset(static_cast<void*>(&flats[i]), static_cast<int>('a' + i % 26), sizeof(Flat));
    flats[i].numbers[0] = i;
  }
  return flats;
}

struct MadeRows {
  std::vector<std::string> bytes;
  std::vector<Row> rows;
};
MadeRows make_rows() {
  const Schema schema = *parse_schema(
      "card STRING, merchant STRING, note STRING, a LONG, b LONG, c DOUBLE, d LONG, e TIMESTAMP");
  const RowWriter writer(schema);
  MadeRows made;
  for (std::size_t i = 0; i < kMade; ++i) {
    const std::string text(20, static_cast<char>('a' + i % 26));
    std::array<Cell, 8> cells{};
    for (std::size_t t = 0; t < 3; ++t) cells[t] = Cell::of_bytes({text.data(), 12 + 4 * t});
    for (std::size_t n = 3; n < cells.size(); ++n) cells[n].number = static_cast<std::int64_t>(i);
    std::string bytes(writer.bytes(cells), '\0');
    writer.write(cells, bytes.data());
    made.bytes.push_back(std::move(bytes));
  }
  for (std::size_t i = 0; i < kMade; ++i) {
    made.rows.emplace_back(made.bytes[i]);
    made.rows.back().key_hash = i;
  }
  return made;
}

// Both ends of one channel.
template <class T, class Key>
class Exchange {
 public:
  Exchange()
      : channels_({.producers = 1, .consumers = 1, .kind = ExchangeKind::kHash}),
        gate_(channels_, 0, 1, HashPartition<T, Key>(Key()), credit_) {
    context_.failure = &failure_;
    context_.counters = &counters_;
    failure_.takes(credit_);
    gate_.open(context_);
    input_.add_channel(channels_.channel(0, 0));
  }

  // Up to a batch of the records from `first` on; how many.
  std::size_t send(const std::vector<T>& made, std::uint64_t first, std::size_t max) noexcept {
    if (credit_.left <= 0) credit_.left = static_cast<std::int64_t>(gate_.refill());
    std::size_t sent = 0;
    for (; sent < max && credit_.left > 0; ++sent) {
      const std::uint64_t number = first + sent;
      gate_.collect(Record<T>{made[number % kMade], EventTime{static_cast<std::int64_t>(number)}});
    }
    gate_.publish();
    return sent;
  }
  // What is there; how many. Adds up their words.
  std::size_t receive(std::uint64_t& sum) noexcept {
    const auto run = input_.next(kBatch);
    for (const auto& element : run.elements) {
      if constexpr (ChannelBytes<T>::kUsed) {
        const std::string_view row = input_.bytes(run.channel).read(element.payload).bytes;
        sum += words_of(row.data(), row.size());
      } else {
        sum += words_of(element.payload);
      }
    }
    if (!run.elements.empty()) input_.consume(run.channel, run.elements.size());
    return run.elements.size();
  }

 private:
  TypedChannelSet<T> channels_;
  Credit credit_;
  PartitionedGate<T, HashPartition<T, Key>> gate_;
  InputGate<T> input_;
  TaskContext context_;
  TaskFailure failure_;
  TaskCounters counters_;
};

template <class T, class Key>
double on_one_thread(const std::vector<T>& made, std::uint64_t& sum) {
  const auto exchange = std::make_unique<Exchange<T, Key>>();
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 0; sent < kRecords;) {
    sent += exchange->send(made, sent, std::min<std::uint64_t>(kBatch, kRecords - sent));
    while (exchange->receive(sum) > 0) continue;
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / static_cast<double>(kRecords);
}

template <class T, class Key>
double between_two(const std::vector<T>& made, std::uint64_t& sum) {
  const auto exchange = std::make_unique<Exchange<T, Key>>();
  return time_pair(
      kRecords,
      [&] {
        SpinWait wait;
        for (std::uint64_t sent = 0; sent < kRecords;) {
          const std::size_t batch =
              exchange->send(made, sent, std::min<std::uint64_t>(kBatch, kRecords - sent));
          sent += batch;
          batch == 0 ? wait.again() : wait.reset();
        }
      },
      [&] {
        SpinWait wait;
        for (std::uint64_t received = 0; received < kRecords;) {
          const std::size_t batch = exchange->receive(sum);
          received += batch;
          batch == 0 ? wait.again() : wait.reset();
        }
      });
}

template <class Made>
std::uint64_t expected(const Made& words) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < kRecords; ++i) sum += words(i % kMade);
  return sum;
}

}  // namespace

std::vector<PairedResult> measure_row_exchange(int repeats) {
  const MadeRows rows = make_rows();
  const std::vector<Flat> flats = make_flats();
  const std::uint64_t row_sum =
      expected([&](std::size_t i) { return words_of(rows.bytes[i].data(), rows.bytes[i].size()); });
  const std::uint64_t flat_sum = expected([&](std::size_t i) { return words_of(flats[i]); });
  const auto checked = [](auto measure, const auto& made, std::uint64_t right) {
    std::uint64_t sum = 0;
    const double nanos = measure(made, sum);
    PENSTOCK_CHECK(sum == right);
    return nanos;
  };
  constexpr Goal kGoal{GoalKind::kAtMost, 1.5};
  return {run_paired(
              "row_exchange_one_thread", kGoal, repeats,
              [&] { return checked(on_one_thread<Row, RowKey>, rows.rows, row_sum); },
              [&] { return checked(on_one_thread<Flat, FlatKey>, flats, flat_sum); }),
          run_paired(
              "row_exchange_two_threads", kGoal, repeats,
              [&] { return checked(between_two<Row, RowKey>, rows.rows, row_sum); },
              [&] { return checked(between_two<Flat, FlatKey>, flats, flat_sum); })};
}

}  // namespace penstock::bench
