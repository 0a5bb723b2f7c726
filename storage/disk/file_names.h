// SPDX-License-Identifier: Apache-2.0
//
// How the files of a data directory are called. Thread rule: pure functions.
// Source: storage/FORMAT.md, "The directory".
#ifndef ROSTER_STORAGE_DISK_FILE_NAMES_H_
#define ROSTER_STORAGE_DISK_FILE_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roster {

inline constexpr std::string_view kManifestName = "MANIFEST";
inline constexpr std::string_view kManifestTempName = "MANIFEST.tmp";
inline constexpr std::string_view kMarkName = "wal.mark";
inline constexpr std::string_view kLockName = "LOCK";
inline constexpr std::string_view kReserveName = "reserve";

// "wal-00000001.log"; eight digits, more when the number needs them.
std::string LogFileName(uint64_t number);

// The number in a name that LogFileName can have made, otherwise nothing.
std::optional<uint64_t> ParseLogFileName(std::string_view name);

// "snapshot-....snap": letters, digits and hyphens between the two.
bool IsSnapshotName(std::string_view name);

// "snapshot-00000000000000000017.snap", and ".tmp" while it is being written.
std::string SnapshotFileName(uint64_t lsn);
std::string SnapshotTempName(uint64_t lsn);

// Whether one of these two can have made the name.
bool IsSnapshotFileName(std::string_view name);
bool IsSnapshotTempName(std::string_view name);

// Whether a file of this name holds data of a store: wal-*.log, snapshot-*.snap, wal.mark. Such
// files without a manifest are refused, never overwritten.
bool IsEngineFile(std::string_view name);

std::string JoinPath(std::string_view directory, std::string_view name);

// The directory in which a path stands.
std::string ParentPath(std::string path);

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_FILE_NAMES_H_
