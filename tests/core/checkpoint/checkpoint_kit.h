// tests/core/checkpoint/checkpoint_kit.h -- checkpoints whose content follows from their epoch, so that what is found
// can be told from what was written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/notice.h"
#include "penstock/core/checkpoint/checkpoint_store.h"

namespace penstock::checkpoint_kit {

class HeardNotices final : public Notices {
 public:
  void post(const Notice& notice) noexcept override {
    texts.push_back(notice.place + ": " + notice.text);
  }
  std::vector<std::string> texts;
};

// Stages and the tasks of each, a few chunks of some 100 bytes in every part.
inline constexpr std::uint32_t kTasks[] = {1, 2};

std::vector<std::string> chunks_of(Epoch epoch, StageId stage, std::uint32_t task);
Manifest manifest_of(Epoch epoch);  // Without parts.

// One epoch from begin() to commit(), given up when anything fails.
Status write_checkpoint(CheckpointStore& store, Epoch epoch, bool savepoint = false);
// What parts hold is what write_checkpoint() wrote; otherwise says what is not.
Status check_content(const CheckpointFolder& folder, const Manifest& manifest);

}  // namespace penstock::checkpoint_kit
