// io/generator/payment_generator.h -- card payments as JSON lines, due on a schedule: the input of
// the demo and of the tests.
//
//   {"tx":17,"card":"4000-0000-0001-2345","amount":12.34,"country":"DE","merchant":"m123",
//    "ts":"2024-01-01T00:00:01.02Z"}
//
// Data       Payment i depends on the options and on i alone, to the last bit on every machine: any
//            task, any process and a file written earlier agree.
//            Event time moves by a fixed step per payment, so that a card pays every ten minutes on
//            average, whatever the rate: at 20,000/s of 10,000 cards a day passes in 72 seconds.
// Fraud      Payments come in blocks of 128. In a block chosen by `fraud_share` a quarter belongs
//            to one card, and shows a burst of payments, one enormous amount, or a journey to
//            another country within seconds. The burst needs 500 cards or more to be one: with
//            fewer, event time passes too fast.
// Schedule   Open loop: payment i is due at T0 + i / rate, also when the reader is late;
//            RawRecord.arrival is that instant, so latencies include what the payment waited for.
//            T0 is the first poll. Time is what poll() is told: a virtual clock works as well.
// Snapshots  Have the number of the next payment, which is due at once after a restore; the schedule goes on from it.
// Threads    One reader per task: task k of n produces the payments k, k + n, ... The origin is
//            split 0 and i, whatever n is.
// Cost       About 0.2 us a payment; nothing is allocated after open.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/core/base/file_system.h"
#include "penstock/core/stream/source.h"

namespace penstock {

struct PaymentGeneratorOptions {
  std::uint64_t seed = 1;
  double rate = 20'000;     // Per second, of all tasks together; 0: as fast as they are taken.
  double seconds = 10;      // By the schedule or, without a rate, by the clock; 0: no such limit.
  std::uint64_t count = 0;  // How many; 0: no such limit.
  double burst_factor = 1;  // In the first tenth of each second, times the average; 1 to 10.
  std::uint32_t cards = 10'000;
  double skew = 1.5;  // 1: all cards alike; 3: few cards pay most of the time. Steps of 1/256.
  std::chrono::milliseconds disorder{2000};  // Event times jump back by up to this.
  double fraud_share = 0.01;                 // Of blocks.
  double refund_share = 0.01;                // Negative amounts.
  double bad_share = 0;                      // Lines that are cut off in the middle.
  EventTime start{1'704'067'200'000'000};    // 2024-01-01T00:00:00Z
};

inline constexpr std::size_t kPaymentBytesMax = 160;

// OK, or which option cannot be, and what to choose.
Status check_payment_options(const PaymentGeneratorOptions& options);

// Writes payment `number` to `out`, which has room for kPaymentBytesMax bytes, without a newline;
// returns its length. REQUIRES: check_payment_options(options) is OK.
std::size_t write_payment(const PaymentGeneratorOptions& options, std::uint64_t number,
                          char* out) noexcept;

std::shared_ptr<const ByteSource> payment_generator(const PaymentGeneratorOptions& options);

// How many payments the options describe; 0 when that has no end, or only the clock ends it.
std::uint64_t payment_count(const PaymentGeneratorOptions& options) noexcept;

// Appends all of them to `file`, one per line. Options without an end are refused.
Status write_payments(const PaymentGeneratorOptions& options, WritableFile& file);

}  // namespace penstock
