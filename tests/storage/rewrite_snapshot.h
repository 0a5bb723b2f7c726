// SPDX-License-Identifier: Apache-2.0
//
// Writes a snapshot file again with other content of which all checksums hold.
// Thread rule: not shared.
#ifndef ROSTER_TESTS_STORAGE_REWRITE_SNAPSHOT_H_
#define ROSTER_TESTS_STORAGE_REWRITE_SNAPSHOT_H_

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/disk/snapshot_reader.h"
#include "storage/disk/snapshot_writer.h"

namespace roster {

// The sections of a good file, each with what `change` gives for it; without content it goes.
inline void RewriteSnapshot(
    FileSystem* fs, const std::string& path,
    const std::function<std::optional<std::string>(const std::string& name, std::string raw)>&
        change) {
  std::vector<std::pair<std::string, std::string>> sections;
  const auto reader = *SnapshotReader::Open(fs, path);
  for (const SnapshotSection& section : reader->sections()) {
    auto raw = change(section.name, *reader->Read(section));
    if (raw) sections.emplace_back(section.name, *std::move(raw));
  }
  REQUIRE(fs->Remove(path).ok());
  const auto writer = *SnapshotWriter::Create(fs, path, reader->header());
  for (const auto& [name, raw] : sections) {
    writer->BeginSection(name);
    REQUIRE(writer->Append(raw).ok());
    REQUIRE(writer->EndSection().ok());
  }
  REQUIRE(writer->Finish(reader->digest()).ok());
}

}  // namespace roster

#endif  // ROSTER_TESTS_STORAGE_REWRITE_SNAPSHOT_H_
