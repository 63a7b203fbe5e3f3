#include "penstock/operators/restore_errors.h"

#include <string>

namespace penstock::internal {
namespace {

std::string text(const WindowSpec& spec) {
  return std::to_string(spec.size.count()) + " us every " + std::to_string(spec.slide.count()) +
         " us from " + std::to_string(spec.offset.count()) + " us on, late by up to " +
         std::to_string(spec.allowed_lateness.count()) + " us";
}

}  // namespace

Status section_unknown(const SnapshotItem& item) {
  return Status::failed_precondition(
      "the snapshot has '" + std::string(item.section) + "' of version " +
      std::to_string(item.version) + " and " + std::to_string(item.bytes.size()) +
      " bytes, which the operator does not know; another operator, or another version of this "
      "program, has captured it");
}

Status accumulator_changed(std::uint64_t stored, std::uint64_t now) {
  return Status::failed_precondition("adds up in " + std::to_string(stored) +
                                     " bytes in the snapshot and now in " + std::to_string(now) +
                                     "; give the new window another name");
}

Status accumulator_changed(const Status& why) {
  return Status(why.code(), "what it adds up " + std::string(why.message()));
}

Status window_changed(const WindowSpec& stored, const WindowSpec& now) {
  return Status::failed_precondition("is " + text(stored) + " in the snapshot and now " +
                                     text(now) + "; give the new window another name");
}

Status panes_damaged(const char* what) {
  return Status::data_error("the snapshot is damaged: " + std::string(what));
}

}  // namespace penstock::internal
