#include "penstock/tools/penstock/checkpoint_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "penstock/core/base/random.h"
#include "penstock/core/checkpoint/checkpoint_folder.h"
#include "penstock/tools/penstock/checkpoint_report.h"
#include "penstock/tools/penstock/savepoint_request.h"

namespace penstock::tools {
namespace {

struct CheckpointArguments {
  std::string directory;
  std::string epoch;
  bool force = false;
  double timeout_seconds = 60;

  Result<std::optional<Epoch>> wanted() const {
    if (epoch.empty()) return std::optional<Epoch>();
    const Result<Epoch> parsed = parse_epoch(epoch);
    if (!parsed.ok()) return parsed.status();
    return std::optional(*parsed);
  }
};
using Action = Status (*)(FileSystem& files, const CheckpointArguments& arguments);

Status print(const Result<std::string>& text) {
  if (text.ok()) std::fputs(text.value().c_str(), stdout);
  return text.status();
}

Status ls(FileSystem& files, const CheckpointArguments& arguments) {
  return print(list_checkpoints(files, arguments.directory));
}

Status show(FileSystem& files, const CheckpointArguments& arguments) {
  const auto epoch = arguments.wanted();
  return epoch.ok() ? print(show_checkpoint(files, arguments.directory, *epoch)) : epoch.status();
}

Status verify(FileSystem& files, const CheckpointArguments& arguments) {
  const auto epoch = arguments.wanted();
  if (!epoch.ok()) return epoch.status();
  const auto verdict = verify_checkpoints(files, arguments.directory, *epoch);
  if (!verdict.ok()) return verdict.status();
  std::fputs(verdict->text.c_str(), stdout);
  return verdict->good ? Status()
                       : Status::data_error("'" + arguments.directory + "': not all is good");
}

Status save(FileSystem& files, const CheckpointArguments& arguments) {
  SavepointRequest request;
  request.directory = arguments.directory;
  request.name = std::to_string(random_seed());
  request.timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments.timeout_seconds * 1000));
  request.rest = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  const Result<Epoch> epoch = request_savepoint(files, request);
  if (epoch.ok()) std::printf("%s\n", checkpoint_name(*epoch).c_str());
  return epoch.status();
}

Status rm(FileSystem& files, const CheckpointArguments& arguments) {
  const auto epoch = arguments.wanted();
  if (!epoch.ok()) return epoch.status();
  return remove_checkpoint(files, arguments.directory, epoch->value(), arguments.force);
}

CLI::App* add(CLI::App& command, const char* name, const char* text, Action action,
              const std::shared_ptr<CheckpointArguments>& arguments, int& exit_code) {
  CLI::App* one = command.add_subcommand(name, text);
  one->add_option("directory", arguments->directory, "the folder of the job's checkpoints")
      ->required();
  one->callback([action, arguments, &exit_code] {
    const Status status = action(*make_posix_file_system(), *arguments);
    if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
    exit_code = status.exit_code();
  });
  return one;
}

}  // namespace

void add_checkpoint_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("checkpoint", "Looks at the checkpoints of a job");
  command->require_subcommand(1);
  auto arguments = std::make_shared<CheckpointArguments>();
  add(*command, "ls", "Lists them, newest first", ls, arguments, exit_code);
  add(*command, "verify", "Reads every byte and checks it", verify, arguments, exit_code)
      ->add_option("epoch", arguments->epoch, "only this one, as 17 or e-17");
  add(*command, "show", "Says what is in one", show, arguments, exit_code)
      ->add_option("epoch", arguments->epoch, "which one, as 17 or e-17; else the newest");
  add(*command, "save", "Has the running job make one that is never removed by itself", save,
      arguments, exit_code)
      ->add_option("--timeout", arguments->timeout_seconds, "seconds to wait for it")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86'400.0));
  CLI::App* remove = add(*command, "rm", "Removes one", rm, arguments, exit_code);
  remove->add_option("epoch", arguments->epoch, "which one, as 17 or e-17")->required();
  remove->add_flag("--force", arguments->force, "even the last one");
}

}  // namespace penstock::tools
