// The penstock binary: one command per subcommand, each in a file of its own.
//
// Exit codes: 0 good, 1 a job failed while it ran, 2 usage, 78 an option or environment variable that cannot work.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "penstock/tools/penstock/bench_command.h"
#include "penstock/tools/penstock/checkpoint_command.h"
#include "penstock/tools/penstock/demo_fraud.h"
#include "penstock/tools/penstock/generate_command.h"
#include "penstock/tools/penstock/txn_command.h"
#include "penstock/tools/penstock/version.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app("Penstock: a low-latency event processor");
  app.require_subcommand(1);
  app.set_version_flag("--version", penstock::tools::version_text());
  int exit_code = 0;
  CLI::App* demo = app.add_subcommand("demo", "Jobs that need nothing else to run");
  demo->require_subcommand(1);
  penstock::tools::add_demo_fraud(*demo, exit_code);
  penstock::tools::add_generate_command(app, exit_code);
  penstock::tools::add_bench_command(app, exit_code);
  penstock::tools::add_checkpoint_command(app, exit_code);
  penstock::tools::add_txn_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 answers --help and --version this way too; those are no errors.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "penstock: %s\n", error.what());
    return 1;
  }
}
