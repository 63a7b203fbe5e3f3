#include "penstock/core/checkpoint/transaction_id.h"

#include <algorithm>
#include <cstdint>

#include "penstock/core/base/crc32c.h"
#include "penstock/core/base/random.h"
#include "penstock/core/checkpoint/durable_file.h"

namespace penstock {
namespace {

constexpr std::string_view kFile = "TRANSACTIONS";
constexpr std::string_view kHead = "PENSTOCK-TRANSACTIONS 1 ";
constexpr std::size_t kBytesMax = 256;
constexpr std::size_t kJobBytesMax = 100;

bool is_plain(char letter) noexcept {
  return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '_' || letter == '.';
}

std::string line_of(std::string_view id) {
  const std::string line = std::string(kHead) + std::string(id) + " ";
  return line + std::to_string(crc32c(line)) + "\n";
}

std::string new_id(std::string_view job) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string id = "penstock-" + std::string(job.substr(0, kJobBytesMax)) + "-";
  std::replace_if(
      id.begin(), id.end(), [](char letter) { return !is_plain(letter); }, '_');
  const std::uint64_t number = random_seed();
  for (int shift = 60; shift >= 0; shift -= 4) id += kHex[(number >> shift) & 15];
  return id;
}

}  // namespace

Result<std::string> transaction_id_of(FileSystem& file_system, const std::string& folder,
                                      std::string_view job) {
  const std::string path = folder + "/" + std::string(kFile);
  const Result<std::string> bytes = read_small_file(file_system, path, kBytesMax);
  if (!bytes.ok() && bytes.status().code() == StatusCode::kNotFound) {
    std::string id = new_id(job);
    PENSTOCK_RETURN_IF_ERROR(replace_file(file_system, folder, std::string(kFile), line_of(id)));
    return id;
  }
  if (!bytes.ok()) return bytes.status();
  std::string_view rest(*bytes);
  if (rest.starts_with(kHead)) rest.remove_prefix(kHead.size());
  const std::string id(rest.substr(0, std::min(rest.find(' '), rest.size())));
  if (std::all_of(id.begin(), id.end(), is_plain) && line_of(id) == *bytes) return id;
  return Status::data_error("'" + path +
                            "' is damaged: it has the name under which the job commits its output; "
                            "put it back from a copy, or give the job an empty folder");
}

Status forget_transaction_id(FileSystem& file_system, const std::string& folder) {
  const std::string path = folder + "/" + std::string(kFile);
  if (!file_system.exists(path)) return Status();
  PENSTOCK_RETURN_IF_ERROR(file_system.remove(path));
  return file_system.sync_directory(folder);
}

}  // namespace penstock
