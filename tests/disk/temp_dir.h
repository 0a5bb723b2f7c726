// SPDX-License-Identifier: Apache-2.0
//
// A directory of the real file system for one test. Thread rule: not shared.
#ifndef ROSTER_TESTS_DISK_TEMP_DIR_H_
#define ROSTER_TESTS_DISK_TEMP_DIR_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "storage/base/check.h"

namespace roster {

// A directory that goes when the test does.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "roster-XXXXXX").string();
    ROSTER_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace roster

#endif  // ROSTER_TESTS_DISK_TEMP_DIR_H_
