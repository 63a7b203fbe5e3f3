// io/kafka/report_sum.h -- what one call of the client library says of records that were delivered: to their writer it
// is told many at a time.
//
// As a word with a writer goes through atomic counts that its worker looks at too, and costs more than all else about a
// report. Where no call is under way each report is told at once.
// Order      Of the reports of each writer, as they came. All are told when the sum goes.
// Threads    One at a time in each thread: it is found again by whoever reports there.
// Cost       Of a record that was delivered, two additions.
#pragma once

#include <cstddef>
#include <utility>

#include "penstock/io/kafka/transaction_client.h"

namespace penstock::kafka::internal {

class ReportSum {
 public:
  using Report = DeliveryReports::Report;
  // A writer that waits for room does not wait for all that a call has to say.
  static constexpr std::size_t kMost = 1024;

  ReportSum() noexcept { of_this_thread = this; }
  ~ReportSum() {
    of_this_thread = nullptr;
    tell();
  }
  ReportSum(const ReportSum&) = delete;
  ReportSum& operator=(const ReportSum&) = delete;

  static void add(DeliveryReports& to, const Report& report) noexcept {
    if (of_this_thread == nullptr) return to.reported(report);
    of_this_thread->join(to, report);
  }

 private:
  static constexpr Report kNone{.records = 0};
  static inline constinit thread_local ReportSum* of_this_thread = nullptr;

  void join(DeliveryReports& to, const Report& report) noexcept {
    const bool is_delivered = report.error == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (to_ != &to || !is_delivered || report_.records >= kMost) tell();
    if (!is_delivered) return to.reported(report);
    to_ = &to;
    report_.bytes += report.bytes;
    report_.records += report.records;
  }
  void tell() noexcept {
    if (report_.records > 0) to_->reported(std::exchange(report_, kNone));
  }

  DeliveryReports* to_ = nullptr;
  Report report_ = kNone;
};

}  // namespace penstock::kafka::internal
