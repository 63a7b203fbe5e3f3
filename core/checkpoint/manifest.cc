#include "penstock/core/checkpoint/manifest.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/crc32c.h"

namespace penstock {
namespace {

constexpr std::string_view kMagic = "PSTKMANI";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kSavepoint = 1;
constexpr std::uint32_t kFinished = 2;
constexpr std::size_t kFileNameBytesMax = 255;

Status bad(const std::string& what) { return Status::data_error(what); }

bool is_part_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return name.starts_with("part-") && name.size() <= kFileNameBytesMax &&
         std::all_of(name.begin(), name.end(), fits);
}

// --- what must hold ---

Status check_part(const PartInfo& part) {
  if (!is_part_name(part.file)) return bad("a part has a name that is none of a file of ours");
  if (part.task >= part.task_count) {
    return bad("'" + part.file + "' is of task " + std::to_string(part.task) + " of " +
               std::to_string(part.task_count));
  }
  return Status();
}

Status check_parts(const std::vector<PartInfo>& parts) {
  std::set<std::string_view> files;
  std::set<std::pair<std::uint32_t, std::uint32_t>> tasks;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> seen;  // Tasks, of how many.
  for (const PartInfo& part : parts) {
    PENSTOCK_RETURN_IF_ERROR(check_part(part));
    if (!files.insert(part.file).second || !tasks.insert({part.stage.value, part.task}).second) {
      return bad("'" + part.file + "', or its task, is there twice");
    }
    auto& [count, of] = seen.try_emplace(part.stage.value, 0u, part.task_count).first->second;
    ++count;
    if (of != part.task_count)
      return bad("'" + part.file + "' counts the tasks of its stage otherwise");
  }
  for (const auto& [stage, count] : seen) {
    if (count.first != count.second) {
      return bad("stage " + std::to_string(stage) + " has parts of " + std::to_string(count.first) +
                 " of its " + std::to_string(count.second) + " tasks");
    }
  }
  return Status();
}

bool too_many(const Manifest& manifest) {
  const std::size_t most =
      std::max({manifest.parts.size(), manifest.plan.size(), manifest.builds_on.size(),
                manifest.sources.size(), manifest.properties.size()});
  const auto has_too_many = [](const StageFingerprint& stage) {
    return stage.operators.size() > kManifestEntriesMax;
  };
  return most > kManifestEntriesMax ||
         std::any_of(manifest.plan.begin(), manifest.plan.end(), has_too_many);
}

bool too_long(const Manifest& manifest) {
  const auto longer = [](const std::string& text) { return text.size() > kManifestTextBytesMax; };
  const auto either = [&](const NamedText& entry) {
    return longer(entry.name) || longer(entry.text);
  };
  const auto in_stage = [&](const StageFingerprint& stage) {
    return longer(stage.name) ||
           std::any_of(stage.operators.begin(), stage.operators.end(), longer);
  };
  return longer(manifest.job) ||
         std::any_of(manifest.plan.begin(), manifest.plan.end(), in_stage) ||
         std::any_of(manifest.sources.begin(), manifest.sources.end(), either) ||
         std::any_of(manifest.properties.begin(), manifest.properties.end(), either);
}

// --- writing ---

class Writer {
 public:
  explicit Writer(std::string& bytes) : out_(bytes) {}

  template <class Entry>
  void list(const std::vector<Entry>& entries) {
    out_.number(static_cast<std::uint32_t>(entries.size()));
    for (const Entry& entry : entries) write(entry);
  }
  void write(const std::string& text) { out_.framed(text); }
  void write(Epoch epoch) { out_.number(epoch.value); }
  void write(const NamedText& entry) {
    write(entry.name);
    write(entry.text);
  }
  void write(const StageFingerprint& stage) {
    out_.number(stage.stage.value);
    write(stage.name);
    out_.number(stage.task_count);
    list(stage.operators);
  }
  void write(const PartInfo& part) {
    write(part.file);
    out_.number(part.stage.value);
    out_.number(part.task);
    out_.number(part.task_count);
    out_.number(part.bytes);
    out_.number(part.checksum);
  }

 private:
  ByteAppender out_;
};

// --- reading ---

class Reader {
 public:
  explicit Reader(ByteCursor& in) : in_(in) {}

  // Every entry takes at least 4 bytes, so a count that is a lie ends at the end of the file.
  template <class Entry>
  bool list(std::vector<Entry>& entries) {
    std::uint32_t count = 0;
    if (!in_.number(count) || count > kManifestEntriesMax || count > in_.remaining() / 4)
      return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!read(entries.emplace_back())) return false;
    }
    return true;
  }
  bool read(std::string& text) {
    std::string_view bytes;
    if (!in_.framed(bytes, kManifestTextBytesMax)) return false;
    text = bytes;
    return true;
  }
  bool read(Epoch& epoch) { return in_.number(epoch.value); }
  bool read(NamedText& entry) { return read(entry.name) && read(entry.text); }
  bool read(StageFingerprint& stage) {
    return in_.number(stage.stage.value) && read(stage.name) && in_.number(stage.task_count) &&
           list(stage.operators);
  }
  bool read(PartInfo& part) {
    return read(part.file) && in_.number(part.stage.value) && in_.number(part.task) &&
           in_.number(part.task_count) && in_.number(part.bytes) && in_.number(part.checksum);
  }

 private:
  ByteCursor& in_;
};

// Takes the checksum off.
Status unseal(std::string_view& bytes) {
  std::uint32_t checksum = 0;
  if (bytes.size() > kManifestBytesMax) return bad("it is too long for a manifest");
  if (bytes.size() < 4 || !bytes.starts_with(kMagic))
    return bad("it does not begin as a manifest does");
  ByteCursor last(bytes.substr(bytes.size() - 4));
  bytes.remove_suffix(4);
  if (!last.number(checksum) || checksum != crc32c(bytes)) return bad("its checksum is wrong");
  return Status();
}

bool read_body(ByteCursor& in, Manifest& manifest, std::uint32_t& flags) {
  Reader reader(in);
  return reader.read(manifest.epoch) && in.number(manifest.incarnation) &&
         in.number(manifest.created.micros) && in.number(flags) && reader.read(manifest.job) &&
         reader.list(manifest.builds_on) && reader.list(manifest.plan) &&
         reader.list(manifest.parts) && reader.list(manifest.sources) &&
         reader.list(manifest.properties) && in.at_end();
}

}  // namespace

const std::string* Manifest::property(std::string_view name) const noexcept {
  for (const NamedText& entry : properties) {
    if (entry.name == name) return &entry.text;
  }
  return nullptr;
}

std::uint64_t Manifest::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const PartInfo& part : parts) sum += part.bytes;
  return sum;
}

Status check_manifest(const Manifest& manifest) {
  if (manifest.epoch.value == 0) return bad("it has no epoch");
  if (too_many(manifest)) {
    return bad("one of its lists has more than " + std::to_string(kManifestEntriesMax) +
               " entries");
  }
  if (too_long(manifest)) {
    return bad("one of its texts has more than " + std::to_string(kManifestTextBytesMax) +
               " bytes");
  }
  return check_parts(manifest.parts);
}

std::string encode_manifest(const Manifest& manifest) {
  std::string bytes;
  ByteAppender out(bytes);
  Writer writer(bytes);
  out.raw(kMagic);
  out.number(kVersion);
  out.number(manifest.epoch.value);
  out.number(manifest.incarnation);
  out.number(manifest.created.micros);
  out.number((manifest.savepoint ? kSavepoint : 0) | (manifest.finished ? kFinished : 0));
  writer.write(manifest.job);
  writer.list(manifest.builds_on);
  writer.list(manifest.plan);
  writer.list(manifest.parts);
  writer.list(manifest.sources);
  writer.list(manifest.properties);
  out.number(crc32c(bytes));
  return bytes;
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  PENSTOCK_RETURN_IF_ERROR(unseal(bytes));
  ByteCursor in(bytes.substr(kMagic.size()));
  std::uint32_t version = 0;
  std::uint32_t flags = 0;
  if (!in.number(version)) return bad("it is cut off");
  Manifest manifest;
  if (version == kVersion && !read_body(in, manifest, flags)) {
    return bad("a length or a count in it is wrong");
  }
  if (version != kVersion || flags > (kSavepoint | kFinished) || !manifest.builds_on.empty()) {
    return Status::failed_precondition("it has format " + std::to_string(version) + ", flags " +
                                       std::to_string(flags) +
                                       ", and a later version of Penstock has written it");
  }
  manifest.savepoint = (flags & kSavepoint) != 0;
  manifest.finished = (flags & kFinished) != 0;
  PENSTOCK_RETURN_IF_ERROR(check_manifest(manifest));
  return manifest;
}

}  // namespace penstock
