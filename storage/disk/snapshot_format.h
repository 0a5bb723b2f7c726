// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a snapshot file: header, blocks, section table, trailer. Encoding and decoding only;
// no file is touched here. Thread rule: plain values and pure functions; a codec is not shared.
// Source: storage/FORMAT.md, "Snapshot".
#ifndef ROSTER_STORAGE_DISK_SNAPSHOT_FORMAT_H_
#define ROSTER_STORAGE_DISK_SNAPSHOT_FORMAT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/value.h"
#include "storage/base/digest.h"
#include "storage/disk/wal_format.h"

namespace roster {

inline constexpr uint64_t kSnapshotFormatVersion = 1;
inline constexpr uint64_t kSnapshotKnownFeatures = 0;
inline constexpr uint64_t kSnapshotHeaderBytes = 72;
inline constexpr uint64_t kSnapshotTrailerBytes = 88;
inline constexpr uint64_t kSnapshotBlockHeaderBytes = 16;
inline constexpr uint64_t kSnapshotBlockBytes = 1u << 20;  // raw, of every block but a last one
inline constexpr uint64_t kSnapshotMaxTableBytes = 64u << 20;
inline constexpr int kSnapshotCompressionLevel = 1;  // of zstd; bench/snapshot_bench.cc

struct SnapshotHeader {
  StoreUuid uuid;
  Lsn lsn;
  Timestamp clock;  // of the view that was written
  bool operator==(const SnapshotHeader&) const = default;
};

// An XXH3-128, stored low half first.
struct SnapshotChecksum {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const SnapshotChecksum&) const = default;
};

struct SnapshotSection {
  std::string name;
  uint64_t offset = 0;        // of its first block
  uint64_t stored_bytes = 0;  // in the file, block headers counted
  uint64_t raw_bytes = 0;
  uint64_t num_blocks = 0;
  SnapshotChecksum checksum;  // of the raw content
  bool operator==(const SnapshotSection&) const = default;
};

struct SnapshotTrailer {
  uint64_t table_offset = 0;
  uint64_t table_bytes = 0;
  SnapshotChecksum table_checksum;
  StateDigest digest;
  SnapshotChecksum header_checksum;
  bool operator==(const SnapshotTrailer&) const = default;
};

struct SnapshotBlockHeader {
  uint64_t checksum = 0;
  uint32_t stored_bytes = 0;
  uint32_t raw_bytes = 0;
};

SnapshotChecksum SnapshotChecksumOf(std::string_view bytes);

std::string EncodeSnapshotHeader(const SnapshotHeader& header);
std::string EncodeSnapshotTable(const std::vector<SnapshotSection>& sections);
std::string EncodeSnapshotTrailer(const SnapshotTrailer& trailer);

// Errors, of the three: CORRUPT (what is wrong, without file and offset); ERR for a newer version
// or unknown feature bits.
absl::StatusOr<SnapshotHeader> DecodeSnapshotHeader(std::string_view bytes);
absl::StatusOr<SnapshotTrailer> DecodeSnapshotTrailer(std::string_view bytes);
// `table_offset`: where the sections have to end.
absl::StatusOr<std::vector<SnapshotSection>> DecodeSnapshotTable(std::string_view bytes,
                                                                 uint64_t table_offset);

// The header of the block that `bytes` begin with, nothing when it cannot be one.
std::optional<SnapshotBlockHeader> DecodeSnapshotBlockHeader(std::string_view bytes);

// What the trailer says of the header.
// Requires: a whole header.
SnapshotChecksum ChecksumInSnapshotHeader(std::string_view header_bytes);

// Makes and reads blocks; keeps the contexts of zstd.
class SnapshotCodec {
 public:
  SnapshotCodec();
  ~SnapshotCodec();
  SnapshotCodec(const SnapshotCodec&) = delete;
  SnapshotCodec& operator=(const SnapshotCodec&) = delete;

  // Appends the block of `raw` that will stand at `offset` of the file.
  // Requires: 1 <= raw.size() <= kSnapshotBlockBytes.
  void AppendBlock(std::string_view raw, uint64_t offset, std::string* out);

  // Appends the raw content of a whole block that stands at `offset`. False when its checksum does
  // not hold or the stored bytes do not give the raw length.
  bool ReadBlock(std::string_view block, uint64_t offset, std::string* out);

 private:
  struct Contexts;
  const std::unique_ptr<Contexts> contexts_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_SNAPSHOT_FORMAT_H_
