#include "penstock/tools/penstock/checkpoint_report.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "penstock/core/checkpoint/checkpoint_folder.h"
#include "penstock/io/json/iso8601.h"

namespace penstock::tools {
namespace {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      out += c;
    } else {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    }
  }
  return out;
}

std::string padded(std::string text, std::size_t columns) {
  text.resize(std::max(text.size() + 2, columns), ' ');
  return text;
}

std::string time_of(const Manifest& manifest) {
  char text[json::kIso8601BytesMax];
  const std::size_t bytes = json::format_iso8601(manifest.created, text);
  return bytes == 0 ? "?" : std::string(text, bytes);
}

std::string state_of(const FoundCheckpoint& one) {
  if (!one.status.ok()) return "bad: " + printable(one.status.message());
  std::string state = one.manifest.savepoint ? "savepoint" : "";
  if (one.manifest.finished) state += state.empty() ? "finished" : ", finished";
  return state.empty() ? "complete" : state;
}

std::string line_of(const FoundCheckpoint& one) {
  const bool known = one.status.ok();
  return padded(checkpoint_name(one.epoch), 10) + padded(known ? time_of(one.manifest) : "-", 30) +
         padded(known ? std::to_string(one.manifest.parts.size()) : "-", 8) +
         padded(known ? std::to_string(one.manifest.bytes()) : "-", 14) + state_of(one) + "\n";
}

std::string size_of(const Manifest& manifest) {
  return std::to_string(manifest.parts.size()) + " parts, " + std::to_string(manifest.bytes()) +
         " bytes";
}

Status none_there(const std::string& directory) {
  return Status(StatusCode::kNotFound, "there is no checkpoint in '" + directory + "'");
}

Status not_there(const std::string& directory, Epoch epoch) {
  return Status(StatusCode::kNotFound, "there is no checkpoint " + checkpoint_name(epoch) +
                                           " in '" + directory +
                                           "'; `penstock checkpoint ls` lists those that are");
}

// All, newest first, or the one that was asked for.
Result<std::vector<FoundCheckpoint>> find(const CheckpointFolder& folder,
                                          std::optional<Epoch> epoch) {
  Result<std::vector<FoundCheckpoint>> found = folder.list();
  if (!found.ok()) return found;
  if (found->empty()) return none_there(folder.path());
  if (!epoch) return found;
  std::erase_if(*found, [&](const FoundCheckpoint& one) { return one.epoch != *epoch; });
  if (found->empty()) return not_there(folder.path(), *epoch);
  return found;
}

void append_texts(std::string& text, std::string_view title,
                  const std::vector<NamedText>& entries) {
  if (entries.empty()) return;
  text += std::string(title) + "\n";
  for (const NamedText& entry : entries) {
    text += "  " + padded(printable(entry.name), 24) + printable(entry.text) + "\n";
  }
}

void append_plan(std::string& text, const Manifest& manifest) {
  text += "stages\n";
  for (const StageFingerprint& stage : manifest.plan) {
    text += "  " + padded(std::to_string(stage.stage.value), 6) +
            padded(printable(stage.name), 24) + "tasks " + std::to_string(stage.task_count);
    for (const std::string& one : stage.operators) text += ", " + printable(one);
    text += "\n";
  }
}

void append_parts(std::string& text, const Manifest& manifest) {
  text += "parts\n";
  for (const PartInfo& part : manifest.parts) {
    text += "  " + padded(part.file, 24) + "stage " + std::to_string(part.stage.value) + ", task " +
            std::to_string(part.task) + " of " + std::to_string(part.task_count) + ", " +
            std::to_string(part.bytes) + " bytes\n";
  }
}

}  // namespace

Result<Epoch> parse_epoch(std::string_view text) {
  const std::string name = text.starts_with("e-") ? std::string(text) : "e-" + std::string(text);
  const std::optional<Epoch> epoch = epoch_of_name(name);
  if (epoch) return *epoch;
  return Status::invalid_argument("'" + printable(text) +
                                  "' is no epoch: it is a number above 0, as 17 or e-17");
}

Result<std::string> list_checkpoints(FileSystem& file_system, const std::string& directory) {
  const auto found = CheckpointFolder(file_system, directory).list();
  if (!found.ok()) return found.status();
  std::string text = padded("EPOCH", 10) + padded("CREATED", 30) + padded("PARTS", 8) +
                     padded("BYTES", 14) + "STATE\n";
  for (const FoundCheckpoint& one : *found) text += line_of(one);
  return text;
}

Result<CheckpointVerdict> verify_checkpoints(FileSystem& file_system, const std::string& directory,
                                             std::optional<Epoch> epoch) {
  const CheckpointFolder folder(file_system, directory);
  const auto found = find(folder, epoch);
  if (!found.ok()) return found.status();
  CheckpointVerdict verdict;
  for (const FoundCheckpoint& one : *found) {
    const Status status = one.status.ok() ? folder.verify(one.manifest) : one.status;
    verdict.good = verdict.good && status.ok();
    verdict.text +=
        padded(checkpoint_name(one.epoch), 10) +
        (status.ok() ? "good: " + size_of(one.manifest) : "BAD: " + printable(status.message())) +
        "\n";
  }
  return verdict;
}

Result<std::string> show_checkpoint(FileSystem& file_system, const std::string& directory,
                                    std::optional<Epoch> epoch) {
  const auto found = find(CheckpointFolder(file_system, directory), epoch);
  if (!found.ok()) return found.status();
  const FoundCheckpoint& one = found->front();
  PENSTOCK_RETURN_IF_ERROR(one.status);
  const Manifest& manifest = one.manifest;
  std::string text = "checkpoint   " + checkpoint_name(one.epoch) + " (" + state_of(one) + ")\n";
  text += "job          " + printable(manifest.job) + "\n";
  text += "created      " + time_of(manifest) + "\n";
  text += "incarnation  " + std::to_string(manifest.incarnation) + "\n";
  text += "size         " + size_of(manifest) + "\n";
  append_texts(text, "sources", manifest.sources);
  append_plan(text, manifest);
  append_parts(text, manifest);
  append_texts(text, "properties", manifest.properties);
  return text;
}

Status remove_checkpoint(FileSystem& file_system, const std::string& directory, Epoch epoch,
                         bool force) {
  const CheckpointFolder folder(file_system, directory);
  PENSTOCK_RETURN_IF_ERROR(find(folder, epoch).status());
  const Result<std::unique_ptr<FileLock>> lock = file_system.lock(folder.lock_path());
  if (!lock.ok()) return lock.status().with_place("a job runs on it, or the lock cannot be had");
  const auto found = find(folder, std::nullopt);
  if (!found.ok()) return found.status();
  const auto stays = [&](const FoundCheckpoint& one) {
    return one.status.ok() && one.epoch != epoch;
  };
  if (!force && std::none_of(found->begin(), found->end(), stays)) {
    return Status::failed_precondition(
        "checkpoint " + checkpoint_name(epoch) + " in '" + directory +
        "' is the last one a job could go on from; --force removes it");
  }
  return folder.remove(epoch);
}

}  // namespace penstock::tools
