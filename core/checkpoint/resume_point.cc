#include "penstock/core/checkpoint/resume_point.h"

#include <charconv>
#include <string_view>

#include "penstock/core/base/crc32c.h"
#include "penstock/core/checkpoint/durable_file.h"

namespace penstock {
namespace {

constexpr std::string_view kFile = "RESUME";
constexpr std::string_view kHead = "PENSTOCK-RESUME 1 ";
constexpr std::size_t kBytesMax = 128;

bool take_number(std::string_view& text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const bool closed = !text.empty() && (text.front() == ' ' || text.front() == '\n');
  if (closed) text.remove_prefix(1);
  return closed;
}

std::string line_of(const ResumePoint& point) {
  std::string line(kHead);
  line += std::to_string(point.from.value) + " " + std::to_string(point.passes_over.value) + " ";
  return line + std::to_string(crc32c(line)) + "\n";
}

}  // namespace

Result<std::optional<ResumePoint>> read_resume_point(FileSystem& file_system,
                                                     const std::string& folder) {
  const std::string path = folder + "/" + std::string(kFile);
  const Result<std::string> bytes = read_small_file(file_system, path, kBytesMax);
  if (!bytes.ok() && bytes.status().code() == StatusCode::kNotFound)
    return std::optional<ResumePoint>();
  if (!bytes.ok()) return bytes.status();
  ResumePoint point;
  std::string_view rest(*bytes);
  if (rest.starts_with(kHead)) rest.remove_prefix(kHead.size());
  const bool numbers =
      take_number(rest, point.from.value) && take_number(rest, point.passes_over.value);
  if (numbers && line_of(point) == *bytes) return std::optional(point);
  return Status::data_error("'" + path +
                            "' is damaged: it says which checkpoint was chosen to go on from; name "
                            "one when you start the job");
}

Status write_resume_point(FileSystem& file_system, const std::string& folder,
                          const ResumePoint& point) {
  return replace_file(file_system, folder, std::string(kFile), line_of(point));
}

}  // namespace penstock
