#include "penstock/io/file/resolved_path.h"

#include <filesystem>
#include <system_error>

namespace penstock {

std::string resolved_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  std::filesystem::path resolved = std::filesystem::weakly_canonical(absolute, error);
  if (error) resolved = absolute.lexically_normal();
  std::string name = resolved.string();
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  if (name == "/dev" || name.starts_with("/dev/") || name.starts_with("/proc/")) return {};
  return path.ends_with('/') ? name + '/' : name;
}

}  // namespace penstock
