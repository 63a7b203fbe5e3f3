// The engine inside a program: records pushed from any thread, results in a callback, nothing global.
//
// Prints a line for every card with more than three payments.
#include <penstock/api/stream.h>

#include <cstdio>
#include <thread>

struct Payment {
  penstock::InlineString<19> card;
  double amount = 0;
};

struct Suspect {
  penstock::InlineString<19> card;
  std::uint32_t payments = 0;
};

// Counts payments per card; speaks once, when the limit is crossed.
struct TooMany {
  using Output = Suspect;
  std::uint32_t limit = 3;

  void open(penstock::OperatorContext& context) {
    count_ = context.value_state<std::uint32_t>("count");
  }

  void on_record(const penstock::Record<Payment>& payment,
                 penstock::CollectorOf<Suspect> auto&& out) noexcept {
    std::uint32_t& count = count_.get_or_create();
    if (++count == limit + 1)
      out.collect(penstock::Record<Suspect>{{payment.value.card, count}, payment.time});
  }

 private:
  penstock::ValueState<std::uint32_t> count_;
};

int main() {
  penstock::Job job("embedded");
  auto [payments, input] = job.input<Payment>();
  std::move(payments)
      .filter([](const Payment& payment) { return payment.amount > 0; })
      .key_by(&Payment::card)
      .process(TooMany{})
      .for_each([](const Suspect& suspect) {
        std::printf("%.*s: %u payments\n", static_cast<int>(suspect.card.size()),
                    suspect.card.view().data(), suspect.payments);
      });

  penstock::Result<penstock::JobHandle> running = job.start();
  if (!running.ok()) {
    std::fprintf(stderr, "%s\n", running.status().to_string().c_str());
    return 1;
  }
  std::thread till([&input] {
    for (int i = 0; i < 5; ++i) {
      const penstock::Status pushed = input.push({"4000-0000-0001-2345", 9.99});
      if (!pushed.ok()) std::fprintf(stderr, "%s\n", pushed.to_string().c_str());
    }
  });
  till.join();
  input.close();
  return running->wait().exit_code();
}
