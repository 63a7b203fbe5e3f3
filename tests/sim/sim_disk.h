// tests/sim/sim_disk.h -- the tree of a simulated disk twice over: as its users see it, and as a
// crash would find it.
//
// The model is described in sim_file_system.h, which puts the calls of a FileSystem on top. Not
// thread-safe: the mutex is for those calls.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock::sim {

inline constexpr std::size_t kPageBytes = 512;

struct Node {
  bool is_directory = false;
  std::string cached;
  std::string durable;
  // How many bytes of what is durable are left in what is cached: it was cut off since the last sync.
  std::size_t kept = static_cast<std::size_t>(-1);
  std::map<std::string, std::shared_ptr<Node>> names;
  std::map<std::string, std::shared_ptr<Node>> durable_names;
};
using NodePtr = std::shared_ptr<Node>;

struct Place {  // A name in a directory, which may or may not exist there.
  NodePtr directory;
  std::string name;
  bool operator==(const Place&) const = default;

  NodePtr node() const {
    if (name.empty()) return directory;  // The root.
    const auto found = directory->names.find(name);
    return found == directory->names.end() ? nullptr : found->second;
  }
};

// A change of names that is not on the disk yet: made (to), removed (from) or renamed (both).
struct NameChange {
  NodePtr node;
  std::optional<Place> from;
  std::optional<Place> to;

  bool touches(const Place& place) const { return from == place || to == place; }
  bool depends_on(const NameChange& earlier) const {
    return earlier.node == node || (from && earlier.touches(*from)) || (to && earlier.touches(*to));
  }
  bool is_in(const NodePtr& directory) const {
    return (from && from->directory == directory) || (to && to->directory == directory);
  }
  void apply_to_disk() const {
    if (from) from->directory->durable_names.erase(from->name);
    if (to) to->directory->durable_names[to->name] = node;
  }
};

// Calls as they are counted, and which of them are to fail.
struct Faults {
  std::uint64_t calls = 0;
  std::map<std::uint64_t, int> once;
  std::optional<std::pair<std::uint64_t, int>> from;

  int next() {
    const std::uint64_t call = calls++;
    if (const auto found = once.find(call); found != once.end()) return found->second;
    return from && call >= from->first ? from->second : 0;
  }
  void fail(std::uint64_t call, int error_number, bool for_ever) {
    if (for_ever) {
      from = {call, error_number};
    } else {
      once[call] = error_number;
    }
  }
  void clear() {
    once.clear();
    from.reset();
  }
};

struct SimDisk {
  explicit SimDisk(std::uint64_t seed) : random(seed) { root->is_directory = true; }

  std::mutex mutex;
  Random random;
  NodePtr root = std::make_shared<Node>();
  std::vector<NameChange> pending;
  std::uint64_t crashes = 0;
  Faults all;
  std::array<Faults, kCallKinds> of_kind;
  std::set<std::string> locked;

  // Counts a call. Returns its injected errno or 0.
  int next_fault(CallKind kind) {
    const int fault = all.next();
    const int fault_of_kind = of_kind[static_cast<std::size_t>(kind)].next();
    return fault != 0 ? fault : fault_of_kind;
  }

  // Where `path` is or would be. Returns an errno when a directory on the way is missing.
  int find(const std::string& path, Place& place) const {
    place = {root, ""};
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      const std::string part = path.substr(at, end - at);
      at = end + 1;
      if (part.empty() || part == ".") continue;
      const NodePtr directory = place.node();
      if (directory == nullptr) return ENOENT;
      if (!directory->is_directory) return ENOTDIR;
      place = {directory, part};
    }
    return 0;
  }

  // As find(), but counts as a call that may be made to fail.
  int find_for_call(CallKind kind, const std::string& path, Place& place) {
    const int fault = next_fault(kind);
    return fault != 0 ? fault : find(path, place);
  }
  // As find_for_call(), for what must exist.
  int find_existing(CallKind kind, const std::string& path, Place& place) {
    const int error_number = find_for_call(kind, path, place);
    return error_number == 0 && place.node() == nullptr ? ENOENT : error_number;
  }
  int find_directory(CallKind kind, const std::string& path, Place& place) {
    const int error_number = find_existing(kind, path, place);
    return error_number == 0 && !place.node()->is_directory ? ENOTDIR : error_number;
  }

  void change(NameChange made) {
    if (made.from) made.from->directory->names.erase(made.from->name);
    if (made.to) made.to->directory->names[made.to->name] = made.node;
    pending.push_back(std::move(made));
  }

  // Puts on the disk what `chosen` marks; the rest stays pending.
  void settle(const std::vector<bool>& chosen) {
    std::vector<NameChange> rest;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if (chosen[i]) {
        pending[i].apply_to_disk();
      } else {
        rest.push_back(pending[i]);
      }
    }
    pending = std::move(rest);
  }

  // Puts on the disk the changes in one directory, and whatever they build on.
  void settle_directory(const NodePtr& directory) {
    std::vector<bool> chosen(pending.size());
    std::vector<const NameChange*> later;
    for (std::size_t i = pending.size(); i-- > 0;) {
      const NameChange& change = pending[i];
      chosen[i] = change.is_in(directory) ||
                  std::any_of(later.begin(), later.end(),
                              [&](const NameChange* built) { return built->depends_on(change); });
      if (chosen[i]) later.push_back(&change);
    }
    settle(chosen);
  }

  // Puts on the disk what a crash might find there; the rest never happened.
  void settle_any() {
    std::vector<bool> chosen(pending.size());
    const double kept_share = random.uniform();
    for (std::size_t i = 0; i < pending.size(); ++i) {
      chosen[i] = random.chance(kept_share);
      for (std::size_t earlier = 0; earlier < i; ++earlier) {
        if (!chosen[earlier] && pending[i].depends_on(pending[earlier])) chosen[i] = false;
      }
    }
    settle(chosen);
    pending.clear();
  }

  // Pages are written in any order, so any of them may be missing among those behind `from`.
  void lose_pages(std::string& content, std::size_t from) {
    for (std::size_t at = from; at < content.size();) {
      const std::size_t end = std::min((at / kPageBytes + 1) * kPageBytes, content.size());
      if (random.chance(0.3)) std::fill_n(content.begin() + static_cast<long>(at), end - at, '\0');
      at = end;
    }
  }

  // Draws what the disk holds of a file, and makes that its content.
  void tear(Node& file) {
    const bool cut_off = file.kept < file.durable.size();
    if (file.cached != file.durable || cut_off) {
      const bool cut_survives = cut_off && random.chance(0.5);
      const std::string base = cut_survives ? file.durable.substr(0, file.kept) : file.durable;
      const std::string tail = cut_off && !cut_survives ? "" : file.cached.substr(base.size());
      const std::size_t length = random.below(tail.size() + 1);
      const std::size_t written = random.chance(0.5) ? length : random.below(length + 1);
      file.durable = base + tail.substr(0, written) + std::string(length - written, '\0');
      if (random.chance(0.5)) lose_pages(file.durable, base.size());
    }
    file.cached = file.durable;
    file.kept = static_cast<std::size_t>(-1);
  }

  void restore(Node& node) {
    if (!node.is_directory) return tear(node);
    node.names = node.durable_names;
    for (auto& [name, child] : node.names) restore(*child);
  }
};

}  // namespace penstock::sim
