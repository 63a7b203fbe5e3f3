// io/console/console_sink.h -- lines to standard output, or to another open file descriptor.
//
// Writers of several tasks share the descriptor: each flush is written under one lock, so lines
// never mix. A reader that is slow makes the flush wait, and with it the worker: back-pressure.
// Errors     A closed pipe, a full disk: the flush fails with the sink's name and the reason.
// Signals    A closed pipe raises no SIGPIPE here, whatever the process does with that signal; its
//            handlers and masks stay as they are.
// Snapshots  At least once: what was written after the last snapshot is written again by a restored job.
#pragma once

#include <memory>

#include "penstock/core/stream/sink.h"

namespace penstock {

// `fd` stays open and belongs to the caller.
std::shared_ptr<const ByteSink> console_sink(int fd = 1);

}  // namespace penstock
