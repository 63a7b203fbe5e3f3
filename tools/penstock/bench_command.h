// tools/penstock/bench_command.h -- `penstock bench`: the workloads, what they cost, and how even that is.
#pragma once

namespace CLI {
class App;
}

namespace penstock::tools {

// Adds the subcommand; what it returns goes to `exit_code`.
void add_bench_command(CLI::App& app, int& exit_code);

}  // namespace penstock::tools
