#include "penstock/tests/core/checkpoint/checkpoint_kit.h"

#include <utility>

#include "penstock/core/base/random.h"

namespace penstock::checkpoint_kit {
namespace {

Status write_part(CheckpointStore& store, Epoch epoch, StageId stage, std::uint32_t task,
                  Manifest& manifest) {
  Result<PartWriter> part = store.part(stage, task, kTasks[stage.value]);
  if (!part.ok()) return part.status();
  for (const std::string& chunk : chunks_of(epoch, stage, task)) {
    PENSTOCK_RETURN_IF_ERROR(part->append(chunk));
  }
  Result<PartInfo> info = part->finish();
  if (!info.ok()) return info.status();
  manifest.parts.push_back(*std::move(info));
  return Status();
}

Status write_parts(CheckpointStore& store, Epoch epoch, Manifest& manifest) {
  for (std::uint32_t stage = 0; stage < std::size(kTasks); ++stage) {
    for (std::uint32_t task = 0; task < kTasks[stage]; ++task) {
      PENSTOCK_RETURN_IF_ERROR(write_part(store, epoch, {stage}, task, manifest));
    }
  }
  return Status();
}

}  // namespace

std::vector<std::string> chunks_of(Epoch epoch, StageId stage, std::uint32_t task) {
  Random random(epoch.value * 100 + stage.value * 10 + task);
  std::vector<std::string> chunks(random.below(4));
  for (std::string& chunk : chunks) {
    chunk.resize(1 + random.below(400));
    for (char& byte : chunk) byte = static_cast<char>(random.next_u64());
  }
  return chunks;
}

Manifest manifest_of(Epoch epoch) {
  Manifest manifest;
  manifest.job = "fraud";
  manifest.epoch = epoch;
  manifest.created = {static_cast<std::int64_t>(epoch.value) * 1'000'000};
  manifest.plan = {{{0}, "payments", kTasks[0], {"file"}},
                   {{1}, "rules", kTasks[1], {"key_by", "rules"}}};
  manifest.sources = {{"payments", "byte " + std::to_string(epoch.value)}};
  manifest.properties = {{"batch", std::to_string(epoch.value)}};
  return manifest;
}

Status write_checkpoint(CheckpointStore& store, Epoch epoch, bool savepoint) {
  PENSTOCK_RETURN_IF_ERROR(store.begin(epoch));
  Manifest manifest = manifest_of(epoch);
  manifest.savepoint = savepoint;
  const Status status = write_parts(store, epoch, manifest);
  if (status.ok()) return store.commit(std::move(manifest));
  static_cast<void>(store.abort(epoch).ok());
  return status;
}

Status check_content(const CheckpointFolder& folder, const Manifest& manifest) {
  Manifest expected = manifest_of(manifest.epoch);
  expected.parts = manifest.parts;
  expected.incarnation = manifest.incarnation;
  expected.savepoint = manifest.savepoint;
  if (expected != manifest) return Status::internal("the manifest is another one");
  if (manifest.parts.size() != 3) return Status::internal("parts are missing");
  for (const PartInfo& part : manifest.parts) {
    std::vector<std::string> chunks;
    PENSTOCK_RETURN_IF_ERROR(folder.for_each_chunk(manifest, part, [&](std::string_view chunk) {
      chunks.emplace_back(chunk);
      return Status();
    }));
    if (chunks != chunks_of(manifest.epoch, part.stage, part.task)) {
      return Status::internal(part.file + " holds something else");
    }
  }
  return Status();
}

}  // namespace penstock::checkpoint_kit
