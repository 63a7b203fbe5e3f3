// A user's first program: pushes records from its own thread into a running job and gets the results in a callback. It
// sees the installed headers and libraries, and nothing of our tree.
#include <penstock/api/job.h>

#include <atomic>
#include <cstdint>
#include <cstdio>

namespace {

struct Payment {
  std::uint64_t card = 0;
  std::int64_t cents = 0;
};

// Pushes 1, 2, ... count cents; tries again while the input is full.
bool push_all(const penstock::InputHandle<Payment>& input, std::int64_t count) {
  for (std::int64_t i = 1; i <= count; ++i) {
    penstock::Status status = input.push({1, i});
    while (status.code() == penstock::StatusCode::kResourceExhausted) status = input.push({1, i});
    if (!status.ok()) return false;
  }
  input.close();
  return true;
}

}  // namespace

int main() {
  std::atomic<std::int64_t> even_cents{0};
  penstock::Job job("consumer");
  auto [payments, input] = job.input<Payment>();
  std::move(payments)
      .filter([](const Payment& payment) { return payment.cents % 2 == 0; })
      .map([](const Payment& payment) { return payment.cents; })
      .for_each([&even_cents](std::int64_t cents) { even_cents += cents; });

  auto running = job.start();
  if (!running.ok() || !push_all(input, 1000)) return 1;
  const penstock::Status end = running.value().wait();
  std::printf("%lld\n", static_cast<long long>(even_cents));
  return end.ok() ? 0 : 1;
}
