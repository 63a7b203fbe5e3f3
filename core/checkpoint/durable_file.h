// core/checkpoint/durable_file.h -- small files that are read and written whole.
//
// Threads    Any.
// Errors     Name the file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"

namespace penstock {

// kDataError if it is longer than `bytes_max`.
Result<std::string> read_small_file(FileSystem& file_system, const std::string& path,
                                    std::size_t bytes_max);

// A new file whose bytes are on the disk afterwards; its name is when the folder has been synced.
Status write_new_file(FileSystem& file_system, const std::string& path, std::string_view bytes);

// Puts `bytes` in the place of FOLDER/NAME, by way of FOLDER/NAME.tmp: a crash leaves the old ones or the new ones.
Status replace_file(FileSystem& file_system, const std::string& folder, const std::string& name,
                    std::string_view bytes);

// create_directories() that a crash does not undo. For a folder that is there already, parents that this process may
// not read are taken as they are.
Status create_directories_durably(FileSystem& file_system, const std::string& path);

}  // namespace penstock
