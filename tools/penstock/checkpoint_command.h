// tools/penstock/checkpoint_command.h -- `penstock checkpoint ls | verify | show | save | rm`, for the folder of a job.
#pragma once

namespace CLI {
class App;
}

namespace penstock::tools {

// Adds the subcommand; what it returns goes to `exit_code`.
void add_checkpoint_command(CLI::App& app, int& exit_code);

}  // namespace penstock::tools
