#include "penstock/tools/penstock/generate_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "penstock/io/generator/payment_generator.h"

namespace penstock::tools {
namespace {

Status generate(const std::string& path, const PaymentGeneratorOptions& options) {
  const std::unique_ptr<FileSystem> files = make_posix_file_system();
  Result<std::unique_ptr<WritableFile>> file = files->open_for_writing(path, WriteMode::kTruncate);
  if (!file.ok()) return file.status();
  PENSTOCK_RETURN_IF_ERROR(write_payments(options, **file));
  return (*file)->close();
}

}  // namespace

void add_generate_command(CLI::App& app, int& exit_code) {
  CLI::App* generate_command = app.add_subcommand("generate", "Writes generated input to a file");
  generate_command->require_subcommand(1);
  CLI::App* payments = generate_command->add_subcommand(
      "payments", "Card payments as JSON lines, as the demo reads them");
  auto options = std::make_shared<PaymentGeneratorOptions>();
  auto path = std::make_shared<std::string>();
  options->seconds = 0;
  options->count = 100'000;
  payments->add_option("path", *path, "the file to write")->required();
  payments->add_option("--count", options->count, "how many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  payments->add_option("--seed", options->seed, "equal seeds give equal payments")
      ->capture_default_str();
  payments->add_option("--cards", options->cards, "how many cards pay")->capture_default_str();
  payments->add_option("--fraud-share", options->fraud_share, "share of blocks with fraud")
      ->capture_default_str();
  payments->add_option("--bad-share", options->bad_share, "share of lines cut off in the middle")
      ->capture_default_str();
  payments->callback([options, path, &exit_code] {
    const Status status = generate(*path, *options);
    if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
    exit_code = status.exit_code();
  });
}

}  // namespace penstock::tools
