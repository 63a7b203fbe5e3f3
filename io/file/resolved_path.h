// io/file/resolved_path.h -- the one name by which a file is told from others, whatever path leads to it.
//
// Threads    Any.
#pragma once

#include <string>

namespace penstock {

// Absolute, without links as far as it exists; with '/' at its end if `path` has one. Empty for devices, which several
// may use.
std::string resolved_path(const std::string& path);

}  // namespace penstock
