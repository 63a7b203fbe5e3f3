// tools/penstock/bench_epochs.h -- `penstock bench epochs` and `penstock bench restart`: what snapshots cost, and save.
#pragma once

namespace CLI {
class App;
}

namespace penstock::tools {

// Adds both to `bench`; what they return goes to `exit_code`. Goals are told, and decide nothing.
void add_bench_epochs(CLI::App& bench, int& exit_code);

}  // namespace penstock::tools
