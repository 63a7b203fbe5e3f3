// bench/harness/temporary_folder.h -- an empty folder of the real disk that is removed with all that is in it.
#pragma once

#include <string>

namespace penstock::bench {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace penstock::bench
