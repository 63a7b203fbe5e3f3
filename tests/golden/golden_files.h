// tests/golden/golden_files.h -- folders of the source tree that tests copy onto a simulated disk, and back on demand.
#pragma once

#include <string>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"

namespace penstock::golden {

// Where the golden files are to be made again: PENSTOCK_MAKE_GOLDEN; empty: nowhere.
std::string folder_to_make();
// tests/golden/NAME of the source tree.
std::string path_of(const std::string& name);
// docs/state.md, on one line.
std::string state_page();

// Copies a folder, all that is in it too, from one file system to another.
Status copy_folder(FileSystem& from, const std::string& source, FileSystem& to,
                   const std::string& target);

Result<std::string> read_file(FileSystem& files, const std::string& path);
Status write_file(FileSystem& files, const std::string& path, const std::string& bytes);

}  // namespace penstock::golden
