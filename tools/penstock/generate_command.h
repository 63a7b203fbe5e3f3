// tools/penstock/generate_command.h -- `penstock generate payments`: the demo's input as lines, for files and pipes.
#pragma once

namespace CLI {
class App;
}

namespace penstock::tools {

// Adds the subcommand; what it returns goes to `exit_code`.
void add_generate_command(CLI::App& app, int& exit_code);

}  // namespace penstock::tools
