#include "penstock/core/checkpoint/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "penstock/core/checkpoint/durable_file.h"

namespace penstock {

std::string checkpoint_name(Epoch epoch) { return "e-" + std::to_string(epoch.value); }

std::optional<Epoch> epoch_of_name(std::string_view name) noexcept {
  Epoch epoch;
  if (!name.starts_with("e-")) return std::nullopt;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + 2, end, epoch.value);
  // One spelling of each number only, so that no two folders are the same epoch.
  const bool whole = error == std::errc() && at == end && name[2] != '0';
  return whole ? std::optional(epoch) : std::nullopt;
}

std::string CheckpointFolder::path_of(Epoch epoch) const {
  return path_ + "/" + checkpoint_name(epoch);
}

std::string CheckpointFolder::path_of(Epoch epoch, const PartInfo& part) const {
  return path_of(epoch) + "/" + part.file;
}

std::string CheckpointFolder::lock_path() const { return path_ + "/LOCK"; }

Result<std::vector<FoundCheckpoint>> CheckpointFolder::list() const {
  const Result<std::vector<std::string>> names = files_->list(path_);
  if (!names.ok()) return names.status();
  std::vector<FoundCheckpoint> found;
  for (const std::string& name : *names) {
    const std::optional<Epoch> epoch = epoch_of_name(name);
    if (!epoch) continue;
    Result<Manifest> manifest = read_manifest(*epoch);
    found.push_back({*epoch, manifest.status(), manifest.ok() ? *std::move(manifest) : Manifest()});
  }
  const auto newer = [](const FoundCheckpoint& a, const FoundCheckpoint& b) {
    return a.epoch > b.epoch;
  };
  std::sort(found.begin(), found.end(), newer);
  return found;
}

Result<Manifest> CheckpointFolder::read_manifest(Epoch epoch) const {
  const std::string path = path_of(epoch) + "/" + std::string(kManifestFileName);
  const Result<std::string> bytes = read_small_file(*files_, path, kManifestBytesMax);
  if (!bytes.ok()) return bytes.status();
  Result<Manifest> manifest = decode_manifest(*bytes);
  if (!manifest.ok()) return manifest.status().with_place("'" + path + "'");
  if (manifest->epoch != epoch) {
    return Status::data_error("'" + path + "': it is the manifest of epoch " +
                              std::to_string(manifest->epoch.value) +
                              ": the folder was renamed, or the file is from another one");
  }
  return manifest;
}

Status CheckpointFolder::verify(const Manifest& manifest) const {
  for (const PartInfo& part : manifest.parts) {
    PENSTOCK_RETURN_IF_ERROR(for_each_chunk(manifest, part, nullptr));
  }
  return Status();
}

Result<Manifest> CheckpointFolder::load(Epoch epoch) const {
  Result<Manifest> manifest = read_manifest(epoch);
  if (!manifest.ok()) return manifest;
  PENSTOCK_RETURN_IF_ERROR(verify(*manifest));
  return manifest;
}

Status CheckpointFolder::for_each_chunk(const Manifest& manifest, const PartInfo& part,
                                        const ChunkVisit& visit) const {
  const std::string path = path_of(manifest.epoch, part);
  const Result<std::unique_ptr<ReadableFile>> file = files_->open_for_reading(path);
  if (!file.ok()) return file.status();
  return read_part(**file, "'" + path + "'", manifest.epoch, part, visit);
}

Status CheckpointFolder::remove(Epoch epoch) const {
  const std::string gone = path_of(epoch) + ".tmp";
  PENSTOCK_RETURN_IF_ERROR(files_->rename(path_of(epoch), gone));
  // Before its files go, or a crash could leave a checkpoint with some of them.
  PENSTOCK_RETURN_IF_ERROR(files_->sync_directory(path_));
  return remove_checkpoint_files(*files_, gone);
}

Status remove_checkpoint_files(FileSystem& file_system, const std::string& folder) {
  const Result<std::vector<std::string>> names = file_system.list(folder);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (name == kManifestFileName || name.starts_with("part-")) {
      PENSTOCK_RETURN_IF_ERROR(file_system.remove(folder + "/" + name));
    }
  }
  return file_system.remove(folder);
}

}  // namespace penstock
