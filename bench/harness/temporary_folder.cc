#include "penstock/bench/harness/temporary_folder.h"

#include <stdlib.h>

#include <filesystem>
#include <system_error>

#include "penstock/core/base/check.h"

namespace penstock::bench {

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "penstock-bench-XXXXXX").string();
  PENSTOCK_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // What is left is in a folder for what may be left.
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace penstock::bench
