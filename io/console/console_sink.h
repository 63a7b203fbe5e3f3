// io/console/console_sink.h -- lines to standard output, or to another open file descriptor.
//
// Writers of several tasks share the descriptor: each flush is written under one lock, so lines never mix.
// Errors     A closed pipe, a full disk: the flush fails with the sink's name and the reason. The process must ignore
//            SIGPIPE, or be ready to end by it: a library does not touch signals.
#pragma once

#include <memory>

#include "penstock/core/stream/sink.h"

namespace penstock {

// `fd` stays open and belongs to the caller.
std::shared_ptr<const ByteSink> console_sink(int fd = 1);

}  // namespace penstock
