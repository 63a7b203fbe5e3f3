// tools/penstock/bench_ratios.h -- `penstock bench ratios`: what the engine keeps of what bare code reaches.
//
// Every ratio is taken in one process with one set of flags, both sides in turns, as the median of pairs. The figures
// of a portable build differ from those of the `bench` preset; the output says which it is.
#pragma once

#include <string>

#include "penstock/core/base/status.h"

namespace penstock::tools {

// `only`: the name of one ratio, or empty for all.
Status print_ratios(int repeats, const std::string& only);

}  // namespace penstock::tools
