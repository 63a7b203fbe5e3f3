// tools/penstock/bench_state.h -- `penstock bench state`: state larger than its memory, beside the same in memory.
#pragma once

namespace CLI {
class App;
}

namespace penstock::tools {

void add_bench_state(CLI::App& bench, int& exit_code);

}  // namespace penstock::tools
