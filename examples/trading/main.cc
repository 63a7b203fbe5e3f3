// Trading code has a loop of its own. Here it pushes trades and quotes into a job and polls it, all on one thread: the
// engine starts none, and what a record causes has happened when poll() finds nothing more to do.
//
// Prints the volume-weighted average price of each symbol and second, and each spread that becomes too wide.
#include <penstock/api/stream.h>

#include <array>
#include <cstdio>

using namespace std::chrono_literals;

using Symbol = penstock::InlineString<7>;

struct Trade {
  Symbol symbol;
  double price = 0;
  std::int64_t quantity = 0;
  penstock::EventTime at;
};

struct Quote {
  Symbol symbol;
  double bid = 0;
  double ask = 0;
};

// What a window adds up.
struct Vwap {
  double notional = 0;
  std::int64_t quantity = 0;

  void add(const Trade& trade) noexcept {
    notional += trade.price * static_cast<double>(trade.quantity);
    quantity += trade.quantity;
  }
  void merge(const Vwap& other) noexcept {
    notional += other.notional;
    quantity += other.quantity;
  }
  double price() const noexcept { return notional / static_cast<double>(quantity); }
};

struct WideSpread {
  Symbol symbol;
  double basis_points = 0;
};

// Speaks when the spread of a symbol becomes wider than allowed, and not again before it was narrow.
struct WatchSpread {
  using Output = WideSpread;
  double basis_points_max = 20;

  void open(penstock::OperatorContext& context) { wide_ = context.value_state<bool>("wide"); }

  void on_record(const penstock::Record<Quote>& record,
                 penstock::CollectorOf<WideSpread> auto&& out) noexcept {
    const Quote& quote = record.value;
    const double spread = (quote.ask - quote.bid) / (quote.ask + quote.bid) * 20'000;
    const bool is_wide = spread > basis_points_max;
    bool& was_wide = wide_.get_or_create();
    if (is_wide && !was_wide)
      out.collect(penstock::Record<WideSpread>{{quote.symbol, spread}, record.time});
    was_wide = is_wide;
  }

 private:
  penstock::ValueState<bool> wide_;
};

constexpr penstock::EventTime at_millis(std::int64_t millis) { return {millis * 1000}; }

const char* text_of(const Symbol& symbol) { return symbol.view().data(); }

int main() {
  penstock::Job job("trading");
  auto [trades, trade] = job.input<Trade>();
  std::move(trades)
      .event_time(&Trade::at)
      .key_by(&Trade::symbol)
      .window(penstock::tumbling(1s))
      .aggregate<Vwap>([](const Trade& each) noexcept -> const Trade& { return each; })
      .for_each([](const penstock::WindowResult<Symbol, Vwap>& window) {
        std::printf("%-4.7s second %lld: %lld at %.4f\n", text_of(window.key),
                    static_cast<long long>(window.start.micros / 1'000'000),
                    static_cast<long long>(window.value.quantity), window.value.price());
      });
  auto [quotes, quote] = job.input<Quote>();
  std::move(quotes)
      .key_by(&Quote::symbol)
      .process(WatchSpread{})
      .for_each([](const WideSpread& wide) {
        std::printf("%-4.7s spread of %.1f basis points\n", text_of(wide.symbol),
                    wide.basis_points);
      });

  penstock::Result<penstock::JobHandle> running = job.open();
  if (!running.ok()) {
    std::fprintf(stderr, "%s\n", running.status().to_string().c_str());
    return 1;
  }
  const auto work = [&running] {
    while (running->poll() == penstock::StepOutcome::kWorked) continue;
  };

  // The loop of the trading program: what the market sends is pushed, then worked off.
  const std::array<Trade, 6> market{{{"ACME", 100.00, 300, at_millis(100)},
                                     {"ACME", 100.50, 100, at_millis(400)},
                                     {"INIT", 20.00, 50, at_millis(700)},
                                     {"ACME", 101.00, 200, at_millis(1200)},
                                     {"INIT", 20.10, 150, at_millis(1900)},
                                     {"ACME", 100.00, 100, at_millis(2500)}}};
  for (const Trade& each : market) {
    if (!trade.push(each).ok()) return 1;
    const double half_spread = each.price > 100.75 ? 0.15 : 0.05;
    if (each.symbol == Symbol("ACME") &&
        !quote.push({each.symbol, each.price - half_spread, each.price + half_spread}).ok()) {
      return 1;
    }
    work();
  }
  running->finish();  // The windows that are still open close.
  while (running->poll() == penstock::StepOutcome::kWorked) continue;
  return running->status().exit_code();
}
