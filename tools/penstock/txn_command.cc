#include "penstock/tools/penstock/txn_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "penstock/io/kafka/transaction_admin.h"

namespace penstock::tools {
namespace {

struct TxnArguments {
  std::string brokers = "127.0.0.1:9092";
  std::string marker_topic = kafka::SinkOptions().marker_topic;
  std::vector<std::string> properties;
  std::string id;

  Result<kafka::Connection> connection() const {
    kafka::Connection made;
    made.brokers = brokers;
    for (const std::string& property : properties) {
      const std::size_t equals = property.find('=');
      if (equals == std::string::npos || equals == 0) {
        // Without the text: it may be a password.
        return Status::invalid_argument(
            "--kafka-property: write NAME=VALUE, as security.protocol=ssl");
      }
      made.properties[property.substr(0, equals)] = property.substr(equals + 1);
    }
    return made;
  }
};
using Action = Status (*)(const kafka::Connection& connection, const TxnArguments& arguments);

Status list(const kafka::Connection& connection, const TxnArguments& arguments) {
  StandardErrorNotices notices;
  const auto jobs = kafka::list_transactions(connection, arguments.marker_topic, notices);
  if (!jobs.ok()) return jobs.status();
  std::printf("%-60s %12s %12s\n", "job", "committed", "incarnation");
  for (const kafka::JobTransactions& job : *jobs) {
    const std::string epoch = job.epoch.value == 0 ? "-" : "e-" + std::to_string(job.epoch.value);
    std::printf("%-60s %12s %12s%s\n", job.id.c_str(), epoch.c_str(),
                std::to_string(job.incarnation).c_str(),
                job.is_waited_for ? "  open: readers wait for it" : "");
  }
  return Status();
}

Status abort(const kafka::Connection& connection, const TxnArguments& arguments) {
  StandardErrorNotices notices;
  return kafka::abort_transactions(connection, arguments.marker_topic, arguments.id, notices);
}

CLI::App* add(CLI::App& command, const char* name, const char* text, Action action,
              const std::shared_ptr<TxnArguments>& arguments, int& exit_code) {
  CLI::App* one = command.add_subcommand(name, text);
  one->add_option("--brokers", arguments->brokers, "HOST:PORT, or several with commas between")
      ->capture_default_str();
  one->add_option("--marker-topic", arguments->marker_topic, "as the sinks of the job have it")
      ->capture_default_str();
  one->add_option("--kafka-property", arguments->properties, "NAME=VALUE of the Kafka client");
  one->callback([action, arguments, &exit_code] {
    const Result<kafka::Connection> connection = arguments->connection();
    const Status status = connection.ok() ? action(*connection, *arguments) : connection.status();
    if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
    exit_code = status.exit_code();
  });
  return one;
}

}  // namespace

void add_txn_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("txn", "Looks at the transactions of exactly-once jobs at a cluster");
  command->require_subcommand(1);
  auto arguments = std::make_shared<TxnArguments>();
  add(*command, "list", "Says which epoch each job has committed last", list, arguments, exit_code);
  add(*command, "abort", "Takes back what a job that is gone has open; one that runs ends", abort,
      arguments, exit_code)
      ->add_option("id", arguments->id, "as list prints it")
      ->required();
}

}  // namespace penstock::tools
