// tests/state/disk/paged_runs.h -- what every state backend must pass: random changes of keyed state against a model,
// with next to no memory for it, through snapshots and restores.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/tests/state/keyed_model.h"

namespace penstock {

struct PagedCase {
  StateBackend* backend = nullptr;
  std::string checkpoints;  // Folder, or any text for a backend without files.
  std::uint32_t keys = 300;
  std::uint64_t changes = 1500;  // Between two epochs.
};

// An epoch, with changes beside its capture.
inline void capture_beside(Kit& kit, Random& random, const PagedCase& paged, std::uint64_t epoch,
                           KeptPart& part) {
  SnapshotWriter out(part);
  kit.store().capture({epoch}, out);
  while (kit.store().capture_more(1 + random.below(200), out)) {
    for (std::uint64_t i = random.below(20); i > 0; --i) kit.change(random, paged.keys, 40);
  }
  out.flush();
  ASSERT_TRUE(part.status.ok()) << part.status.to_string();
}

// Every epoch comes back as of its cut, and the store that goes on is right to the end.
inline void expect_epochs_come_back(const PagedCase& paged, std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  auto kit = std::make_unique<Kit>(KeyedStateOptions{}, nullptr, paged.backend, paged.checkpoints);
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    for (std::uint64_t i = random.below(paged.changes); i > 0; --i)
      kit->change(random, paged.keys, 10 * epoch);
    const Models expected = kit->models();
    KeptPart part;
    capture_beside(*kit, random, paged, epoch, part);
    if (random.below(2) == 0) {
      ASSERT_EQ(kit->read(paged.keys), kit->models());
      continue;
    }
    kit.reset();
    kit = std::make_unique<Kit>(KeyedStateOptions{}, nullptr, paged.backend, paged.checkpoints);
    const Status status = restore(kit->store(), {&part});
    ASSERT_TRUE(status.ok()) << status.to_string();
    ASSERT_EQ(kit->read(paged.keys), expected);
    kit->go_on_as(expected);
  }
}

// Parts of `before` tasks are read by `after`, each of which takes its keys. Either side may be all in memory.
inline void expect_rescaled(const PagedCase& paged, std::uint32_t before, std::uint32_t after,
                            bool from_memory) {
  SCOPED_TRACE(std::to_string(before) + " -> " + std::to_string(after) +
               (from_memory ? " from memory" : ""));
  Random random(before * 100 + after);
  Models expected;
  std::vector<std::unique_ptr<KeptPart>> parts;
  std::vector<const KeptPart*> read;
  for (std::uint32_t task = 0; task < before; ++task) {
    const KeyGroupRange groups = key_groups_of_task(task, before);
    Kit kit({.groups = groups}, nullptr, from_memory ? nullptr : paged.backend, paged.checkpoints);
    for (std::uint64_t i = 0; i < paged.changes; ++i) kit.change(random, paged.keys, 10);
    parts.push_back(std::make_unique<KeptPart>());
    capture_all(kit.store(), *parts.back());
    ASSERT_TRUE(parts.back()->status.ok()) << parts.back()->status.to_string();
    expected.insert(kit.models().begin(), kit.models().end());
    read.push_back(parts.back().get());
  }
  Models seen;
  for (std::uint32_t task = 0; task < after; ++task) {
    const KeyGroupRange groups = key_groups_of_task(task, after);
    Kit kit({.groups = groups}, nullptr, paged.backend, paged.checkpoints);
    const Status status = restore(kit.store(), read);
    ASSERT_TRUE(status.ok()) << status.to_string();
    const Models own = kit.read(paged.keys);
    seen.insert(own.begin(), own.end());
  }
  EXPECT_EQ(seen, expected);
}

}  // namespace penstock
