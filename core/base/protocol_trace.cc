#include "penstock/core/base/protocol_trace.h"

namespace penstock {
namespace {

thread_local std::vector<ProtocolEvent>* told = nullptr;

}  // namespace

void trace_protocol(std::vector<ProtocolEvent>* events) noexcept { told = events; }

void internal::tell_protocol(const ProtocolEvent& event) noexcept {
  if (told != nullptr) told->push_back(event);
}

}  // namespace penstock
