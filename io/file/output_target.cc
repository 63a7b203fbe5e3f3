#include "penstock/io/file/output_target.h"

#include <algorithm>
#include <utility>

#include "penstock/io/file/checked_file.h"

namespace penstock {
namespace {

class FileTarget final : public OutputTarget {
 public:
  FileTarget(FileSystem& file_system, OutputPlace place)
      : OutputTarget(file_system, std::move(place)) {}

  Status start(bool append) override {
    Result<std::unique_ptr<WritableFile>> file = file_system_.open_for_writing(
        place_.path(), append ? WriteMode::kAppend : WriteMode::kTruncate);
    if (!file.ok()) return file.status();
    PENSTOCK_RETURN_IF_ERROR((*file)->close());
    PENSTOCK_RETURN_IF_ERROR(remove_pending());
    const Result<std::uint64_t> size = size_now();
    if (!size.ok()) return size.status();
    return reached(0, *size);
  }

  Status publish(std::uint64_t epoch, std::span<const OutputPart> parts) override {
    if (parts.empty()) {
      position_.epoch = epoch;
      return Status();
    }
    if (in_doubt_) PENSTOCK_RETURN_IF_ERROR(file_system_.truncate(place_.path(), position_.bytes));
    in_doubt_ = true;
    PENSTOCK_RETURN_IF_ERROR(append(parts));
    std::uint64_t length = position_.bytes;
    for (const OutputPart& part : parts) length += part.bytes;
    PENSTOCK_RETURN_IF_ERROR(reached(epoch, length));
    in_doubt_ = false;
    for (const OutputPart& part : parts) {
      // What cannot be removed now is removed at the next start.
      static_cast<void>(file_system_.remove(place_.pending(part.task, part.sequence)).ok());
    }
    return Status();
  }

  Status recover(const OutputState& state, Notices& notices) override {
    const Result<std::uint64_t> size = size_now();
    if (!size.ok()) return size.status();
    PENSTOCK_RETURN_IF_ERROR(check_same(state.published, *size));
    // Parts that are there already: their own files may be gone.
    std::uint64_t length = state.published.bytes;
    std::span<const OutputPart> missing(state.parts);
    while (!missing.empty() && missing.front().bytes <= *size - length) {
      const OutputPart& part = missing.front();
      const Result<bool> there = visit_checked(file_system_, place_.path(), length, part.bytes,
                                               part.crc, [](auto) { return Status(); });
      if (!there.ok()) return there.status();
      if (!*there) break;
      length += part.bytes;
      missing = missing.subspan(1);
    }
    if (*size > length) {
      tell_of_cut(notices, *size - length, missing.empty());
      PENSTOCK_RETURN_IF_ERROR(file_system_.truncate(place_.path(), length));
    }
    PENSTOCK_RETURN_IF_ERROR(append(missing));
    for (const OutputPart& part : missing) length += part.bytes;
    PENSTOCK_RETURN_IF_ERROR(reached(last_epoch_of(state), length));
    return remove_pending();
  }

 private:
  Result<std::uint64_t> size_now() {
    if (!file_system_.exists(place_.path())) return std::uint64_t{0};
    const Result<std::unique_ptr<ReadableFile>> file = file_system_.open_for_reading(place_.path());
    if (!file.ok()) return file.status();
    return (*file)->size();
  }

  Status check_same(const OutputPosition& position, std::uint64_t size) {
    const auto refuse = [&](const std::string& what) {
      return Status(StatusCode::kFailedPrecondition,
                    place_.path() + ": " + what +
                        ": it was replaced or changed; bring it back, or begin anew without the "
                        "snapshots");
    };
    if (size < position.bytes) {
      return refuse("has " + std::to_string(size) + " bytes, but " +
                    std::to_string(position.bytes) + " were published");
    }
    if (position.bytes == 0) return Status();
    const Result<std::unique_ptr<ReadableFile>> file = file_system_.open_for_reading(place_.path());
    if (!file.ok()) return file.status();
    const Result<bool> same = has_tail(**file, position.bytes, position.tail);
    if (!same.ok()) return same.status();
    return *same ? Status()
                 : refuse("has other bytes before " + std::to_string(position.bytes) +
                          " than were published");
  }

  void tell_of_cut(Notices& notices, std::uint64_t bytes, bool was_published) {
    if (!was_published) return;  // An append that was cut off.
    notices.post({Severity::kInfo, place_.path(),
                  "the last " + std::to_string(bytes) +
                      " bytes are newer than the snapshot: they are cut off and written again"});
  }

  Status append(std::span<const OutputPart> parts) {
    Result<std::unique_ptr<WritableFile>> file =
        file_system_.open_for_writing(place_.path(), WriteMode::kAppend);
    if (!file.ok()) return file.status();
    std::string together;
    for (const OutputPart& part : parts) {
      const std::string pending = place_.pending(part.task, part.sequence);
      const Result<bool> whole = visit_checked(file_system_, pending, 0, part.bytes, part.crc,
                                               [&](std::string_view piece) {
                                                 together += piece;
                                                 if (together.size() < kPieceBytes) return Status();
                                                 Status status = (*file)->append(together);
                                                 together.clear();
                                                 return status;
                                               });
      PENSTOCK_RETURN_IF_ERROR(check_whole(whole, pending));
    }
    if (!together.empty()) PENSTOCK_RETURN_IF_ERROR((*file)->append(together));
    PENSTOCK_RETURN_IF_ERROR((*file)->sync());
    return (*file)->close();
  }

  Status reached(std::uint64_t epoch, std::uint64_t length) {
    OutputPosition position;
    position.epoch = epoch;
    position.bytes = length;
    if (length > 0) {
      const Result<std::unique_ptr<ReadableFile>> file =
          file_system_.open_for_reading(place_.path());
      if (!file.ok()) return file.status();
      const Result<FileTail> tail = tail_before(**file, length);
      if (!tail.ok()) return tail.status().with_place(place_.path());
      position.tail = *tail;
    }
    position_ = position;
    return Status();
  }

  bool in_doubt_ = false;  // What is behind position_.
};

class FolderTarget final : public OutputTarget {
 public:
  FolderTarget(FileSystem& file_system, OutputPlace place)
      : OutputTarget(file_system, std::move(place)) {}

  Status start(bool append) override {
    PENSTOCK_RETURN_IF_ERROR(make_folder());
    PENSTOCK_RETURN_IF_ERROR(remove_pending());
    const Result<std::vector<std::string>> names = file_system_.list(place_.folder());
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      const std::optional<std::uint64_t> number = OutputPlace::published_number(name);
      if (!number) continue;
      if (append) {
        position_.shift = std::max(position_.shift, *number);
      } else {
        PENSTOCK_RETURN_IF_ERROR(file_system_.remove(place_.folder() + name));
      }
    }
    return file_system_.sync_directory(place_.folder());
  }

  Status publish(std::uint64_t epoch, std::span<const OutputPart> parts) override {
    for (const OutputPart& part : parts) PENSTOCK_RETURN_IF_ERROR(show(part));
    if (!parts.empty()) PENSTOCK_RETURN_IF_ERROR(file_system_.sync_directory(place_.folder()));
    position_.epoch = epoch;
    return Status();
  }

  Status recover(const OutputState& state, Notices& notices) override {
    PENSTOCK_RETURN_IF_ERROR(make_folder());
    position_ = state.published;
    for (const OutputPart& part : state.parts) {
      PENSTOCK_RETURN_IF_ERROR(check(part));
      PENSTOCK_RETURN_IF_ERROR(show(part));
    }
    PENSTOCK_RETURN_IF_ERROR(file_system_.sync_directory(place_.folder()));
    PENSTOCK_RETURN_IF_ERROR(remove_newer(state, notices));
    position_.epoch = last_epoch_of(state);
    return remove_pending();
  }

 private:
  Status make_folder() {
    std::vector<std::string> parents;  // Of each folder that is made: its name is there.
    std::string path = place_.folder();
    while (path.size() > 1 && !file_system_.exists(path)) {
      const std::size_t slash = path.rfind('/', path.size() - 2);
      path = slash == std::string::npos ? "./" : path.substr(0, slash + 1);
      parents.push_back(path);
    }
    if (parents.empty()) return Status();
    PENSTOCK_RETURN_IF_ERROR(file_system_.create_directories(place_.folder()));
    for (const std::string& parent : parents)
      PENSTOCK_RETURN_IF_ERROR(file_system_.sync_directory(parent));
    return Status();
  }

  std::string published(const OutputPart& part) const {
    return place_.folder() + OutputPlace::published_name(part.epoch + position_.shift, part.task);
  }

  // It may have been shown before.
  Status show(const OutputPart& part) {
    const std::string pending = place_.pending(part.task, part.sequence);
    const std::string name = published(part);
    if (file_system_.exists(pending)) return file_system_.rename(pending, name);
    return file_system_.exists(name) ? Status() : lost_output(name);
  }
  Status check(const OutputPart& part) {
    const std::string pending = place_.pending(part.task, part.sequence);
    const std::string found = file_system_.exists(pending) ? pending : published(part);
    return check_whole(
        visit_checked(file_system_, found, 0, part.bytes, part.crc, [](auto) { return Status(); }),
        found);
  }

  // Of epochs behind the one that is restored: they are written again.
  Status remove_newer(const OutputState& state, Notices& notices) {
    const Result<std::vector<std::string>> names = file_system_.list(place_.folder());
    if (!names.ok()) return names.status();
    std::size_t removed = 0;
    for (const std::string& name : *names) {
      const std::optional<std::uint64_t> number = OutputPlace::published_number(name);
      const auto is_it = [&](const OutputPart& part) {
        return published(part) == place_.folder() + name;
      };
      if (!number || *number <= state.published.epoch + state.published.shift ||
          std::any_of(state.parts.begin(), state.parts.end(), is_it)) {
        continue;
      }
      PENSTOCK_RETURN_IF_ERROR(file_system_.remove(place_.folder() + name));
      ++removed;
    }
    if (removed > 0) {
      notices.post({Severity::kInfo, place_.path(),
                    std::to_string(removed) +
                        " files are newer than the snapshot: they are removed and written again"});
    }
    return Status();
  }
};

}  // namespace

std::unique_ptr<OutputTarget> OutputTarget::make(FileSystem& file_system, OutputPlace place) {
  if (place.kind() == OutputKind::kFolder)
    return std::make_unique<FolderTarget>(file_system, std::move(place));
  return std::make_unique<FileTarget>(file_system, std::move(place));
}

Status OutputTarget::remove_pending() {
  const Result<std::vector<std::string>> names = file_system_.list(place_.folder());
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (place_.is_pending(name))
      PENSTOCK_RETURN_IF_ERROR(file_system_.remove(place_.folder() + name));
  }
  return file_system_.sync_directory(place_.folder());
}

}  // namespace penstock
