// operators/restore_errors.h -- why an operator cannot be restored from what a snapshot has of it.
#pragma once

#include <cstdint>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/operators/window/window_spec.h"

namespace penstock::internal {

// A section that the operator does not have, or a version or size of it that this program does not know.
Status section_unknown(const SnapshotItem& item);
// What a window adds up takes `stored` bytes in the snapshot.
Status accumulator_changed(std::uint64_t stored, std::uint64_t now);
// It has another type there, and `why`, as of TypeChange::between(), that cannot become the one of now.
Status accumulator_changed(const Status& why);
Status window_changed(const WindowSpec& stored, const WindowSpec& now);
// A window's item that says what cannot be.
Status panes_damaged(const char* what);

}  // namespace penstock::internal
