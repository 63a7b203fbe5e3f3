// bench/workloads/bare_loops.h -- the loops behind run_bare() that keep state; bare.h says what they are for.
//
// Threads    The calling one.
// Errors     A line that is not what transactions_json.h makes stops the process: it would be a defect of ours.
#pragma once

#include <cstdint>

#include "penstock/bench/workloads/checksum.h"
#include "penstock/bench/workloads/nexmark.h"
#include "penstock/bench/workloads/transactions_json.h"
#include "penstock/bench/workloads/words.h"

namespace penstock::bench {

// Whether keys are looked up as they come, or their places in memory fetched some records ahead.
enum class Ahead : bool { kNone, kSixteen };

RowSum run_bare_q5(Disorder disorder, std::uint64_t events);
RowSum run_bare_q7(Disorder disorder, std::uint64_t events);
RowSum run_bare_ysb(Disorder disorder, std::uint64_t events);
RowSum run_bare_fraud(std::uint64_t events, Ahead ahead = Ahead::kSixteen);
RowSum run_bare_fraud_json(const TransactionsJson& lines);
RowSum run_bare_wordcount(const Sentences& sentences, std::uint64_t events);

}  // namespace penstock::bench
