#include "penstock/core/base/protocol_trace.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(ProtocolTrace, TellsWhoeverListensAndNobodyElse) {
  std::vector<ProtocolEvent> events;
  internal::tell_protocol({ProtocolStep::kRequested, {1}});
  trace_protocol(&events);
  internal::tell_protocol({ProtocolStep::kRequested, {2}});
  trace_protocol(nullptr);
  internal::tell_protocol({ProtocolStep::kRequested, {3}});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].epoch, Epoch{2});
}

}  // namespace
}  // namespace penstock
