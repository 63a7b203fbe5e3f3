// tools/penstock/txn_command.h -- `penstock txn list | abort`, for the transactions of jobs at a Kafka cluster.
#pragma once

namespace CLI {
class App;
}

namespace penstock::tools {

// Adds the subcommand; what it returns goes to `exit_code`.
void add_txn_command(CLI::App& app, int& exit_code);

}  // namespace penstock::tools
