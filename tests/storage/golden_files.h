// SPDX-License-Identifier: Apache-2.0
//
// A data directory as one file: names and contents, so that old ones can be kept in the
// repository. Thread rule: pure functions.
#ifndef ROSTER_TESTS_STORAGE_GOLDEN_FILES_H_
#define ROSTER_TESTS_STORAGE_GOLDEN_FILES_H_

#include <map>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace roster {

// By path.
using GoldenFiles = std::map<std::string, std::string>;

inline std::string PackGolden(const GoldenFiles& files) {
  std::string packed;
  ByteWriter writer(&packed);
  for (const auto& [path, bytes] : files) {
    writer.Text(path);
    writer.Text(bytes);
  }
  return packed;
}

inline GoldenFiles UnpackGolden(std::string_view packed) {
  GoldenFiles files;
  ByteReader reader(packed);
  while (!reader.at_end()) {
    std::string path(reader.Text());
    files.emplace(std::move(path), reader.Text());
    ROSTER_CHECK(!reader.failed());
  }
  return files;
}

}  // namespace roster

#endif  // ROSTER_TESTS_STORAGE_GOLDEN_FILES_H_
