// SPDX-License-Identifier: Apache-2.0
//
// Implements snapshot_reader.h.
#include "storage/disk/snapshot_reader.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/status_macros.h"

namespace roster {
namespace {

constexpr uint64_t kMaxStoredBlock = kSnapshotBlockHeaderBytes + kSnapshotBlockBytes;
constexpr uint64_t kReadBytes = 4u << 20;
// A writer makes no larger section that packs better: one that says so wants memory, not to load.
constexpr uint64_t kLargeSectionBytes = 64u << 20;
constexpr uint64_t kMostPacked = 1024;

// The raw length that block `index` of a section has to have.
uint64_t RawLength(const SnapshotSection& section, uint64_t index) {
  return std::min(kSnapshotBlockBytes, section.raw_bytes - index * kSnapshotBlockBytes);
}

}  // namespace

SnapshotReader::SnapshotReader(std::string path, std::unique_ptr<File> file, uint64_t file_bytes)
    : path_(std::move(path)), file_(std::move(file)), file_bytes_(file_bytes) {}

absl::StatusOr<std::unique_ptr<SnapshotReader>> SnapshotReader::Open(FileSystem* fs,
                                                                     const std::string& path) {
  ROSTER_ASSIGN_OR_RETURN(auto file, fs->Open(path, OpenMode::kRead));
  ROSTER_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  std::unique_ptr<SnapshotReader> reader(new SnapshotReader(path, std::move(file), size));
  ROSTER_RETURN_IF_ERROR(reader->ReadFrame());
  return reader;
}

absl::Status SnapshotReader::ReadFrame() {
  // What a decoder says, with the file and the offset of what it decoded.
  const auto located = [&](const absl::Status& status, uint64_t offset) {
    const std::string message = StrCat("snapshot ", path_, ": ", StdView(status.message()));
    return absl::IsDataLoss(status) ? DamageAt(offset, StdView(status.message()))
                                    : MakeError(ErrorCode::kErr, message);
  };
  ROSTER_ASSIGN_OR_RETURN(const std::string header_bytes, ReadBytes(0, kSnapshotHeaderBytes));
  const auto header = DecodeSnapshotHeader(header_bytes);
  if (!header.ok()) return located(header.status(), 0);
  header_ = *header;

  if (file_bytes_ < kSnapshotHeaderBytes + kSnapshotTrailerBytes) {
    return DamageAt(file_bytes_, "it ends early");
  }
  const uint64_t trailer_at = file_bytes_ - kSnapshotTrailerBytes;
  ROSTER_ASSIGN_OR_RETURN(const std::string trailer_bytes,
                          ReadBytes(trailer_at, kSnapshotTrailerBytes));
  const auto trailer = DecodeSnapshotTrailer(trailer_bytes);
  if (!trailer.ok()) return located(trailer.status(), trailer_at);
  trailer_ = *trailer;
  if (trailer_.header_checksum != ChecksumInSnapshotHeader(header_bytes)) {
    return DamageAt(trailer_at, "its trailer belongs to another header");
  }
  const bool fits = trailer_.table_offset >= kSnapshotHeaderBytes &&
                    trailer_.table_offset <= trailer_at &&
                    trailer_.table_bytes == trailer_at - trailer_.table_offset &&
                    trailer_.table_bytes <= kSnapshotMaxTableBytes;
  if (!fits) return DamageAt(trailer_at, "its trailer contradicts its size");

  ROSTER_ASSIGN_OR_RETURN(const std::string table,
                          ReadBytes(trailer_.table_offset, trailer_.table_bytes));
  if (SnapshotChecksumOf(table) != trailer_.table_checksum) {
    return DamageAt(trailer_.table_offset, "its section table does not hold");
  }
  auto sections = DecodeSnapshotTable(table, trailer_.table_offset);
  if (!sections.ok()) return located(sections.status(), trailer_.table_offset);
  sections_ = *std::move(sections);
  for (size_t i = 0; i < sections_.size(); ++i) by_name_.emplace(sections_[i].name, i);
  return absl::OkStatus();
}

const SnapshotSection* SnapshotReader::Find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : &sections_[it->second];
}

absl::StatusOr<std::string> SnapshotReader::Read(const SnapshotSection& section) const {
  if (section.raw_bytes > kLargeSectionBytes &&
      section.raw_bytes / kMostPacked > section.stored_bytes) {
    return Damage(section, "it says that it is larger than it can be");
  }
  SnapshotCodec codec;
  std::string raw;
  // What the table claims is believed as the blocks show it.
  raw.reserve(std::min(section.raw_bytes, 64 * std::max<uint64_t>(section.stored_bytes, 1024)));
  ROSTER_RETURN_IF_ERROR(ForEachBlock(section, [&](std::string_view block, uint64_t offset) {
    return codec.ReadBlock(block, offset, &raw) ? absl::OkStatus()
                                                : DamageAt(offset, "a block does not hold");
  }));
  if (SnapshotChecksumOf(raw) != section.checksum) {
    return DamageAt(section.offset, StrCat("section ", section.name, " does not hold"));
  }
  return raw;
}

absl::Status SnapshotReader::Verify(
    const SnapshotSection& section,
    const std::function<void(uint64_t stored_bytes)>& each_block) const {
  SnapshotCodec codec;
  std::string raw;
  XXH3_state_t hash;
  XXH3_128bits_reset(&hash);
  ROSTER_RETURN_IF_ERROR(ForEachBlock(section, [&](std::string_view block, uint64_t offset) {
    raw.clear();
    if (!codec.ReadBlock(block, offset, &raw)) return DamageAt(offset, "a block does not hold");
    XXH3_128bits_update(&hash, raw.data(), raw.size());
    each_block(block.size());
    return absl::OkStatus();
  }));
  const XXH128_hash_t sum = XXH3_128bits_digest(&hash);
  if (SnapshotChecksum{sum.low64, sum.high64} != section.checksum) {
    return DamageAt(section.offset, StrCat("section ", section.name, " does not hold"));
  }
  return absl::OkStatus();
}

absl::Status SnapshotReader::ForEachBlock(
    const SnapshotSection& section,
    const std::function<absl::Status(std::string_view block, uint64_t offset)>& take) const {
  const uint64_t end = section.offset + section.stored_bytes;
  std::string buffer;  // of the file from buffer_at on
  uint64_t buffer_at = section.offset;
  uint64_t offset = section.offset;
  for (uint64_t i = 0; i < section.num_blocks; ++i) {
    const auto ahead = [&] { return std::string_view(buffer).substr(offset - buffer_at); };
    // A whole block, whatever its size, or what is left of the section.
    const uint64_t wanted = std::min(kMaxStoredBlock, end - offset);
    if (ahead().size() < wanted) {
      buffer.erase(0, offset - buffer_at);
      buffer_at = offset;
      const uint64_t from = offset + buffer.size();
      ROSTER_ASSIGN_OR_RETURN(const std::string more,
                              ReadBytes(from, std::min(kReadBytes, end - from)));
      buffer += more;
    }
    const auto header = DecodeSnapshotBlockHeader(ahead());
    if (!header || header->raw_bytes != RawLength(section, i)) {
      return DamageAt(offset, "a block does not hold");
    }
    const uint64_t bytes = kSnapshotBlockHeaderBytes + header->stored_bytes;
    if (bytes > end - offset) return DamageAt(offset, "a block passes its section");
    ROSTER_RETURN_IF_ERROR(take(ahead().substr(0, bytes), offset));
    offset += bytes;
  }
  if (offset != end) return DamageAt(offset, "bytes that no block accounts for");
  return absl::OkStatus();
}

absl::StatusOr<std::string> SnapshotReader::ReadBytes(uint64_t offset, uint64_t bytes) const {
  std::string out(bytes, '\0');
  ROSTER_ASSIGN_OR_RETURN(const size_t read, file_->Read(offset, out));
  if (read != bytes) return DamageAt(offset + read, "it ends early");
  return out;
}

absl::Status SnapshotReader::DamageAt(uint64_t offset, std::string_view what) const {
  return MakeError(ErrorCode::kCorrupt,
                   StrCat("snapshot is damaged: ", what, ": file ", path_, ", offset ", offset));
}

absl::Status SnapshotReader::Damage(const SnapshotSection& section, std::string_view what) const {
  return DamageAt(section.offset, StrCat("section ", section.name, ": ", what));
}

absl::Status VerifySnapshotFile(
    FileSystem* fs, const std::string& path,
    const std::function<void(uint64_t done, uint64_t total)>& progress) {
  ROSTER_ASSIGN_OR_RETURN(const auto reader, SnapshotReader::Open(fs, path));
  const uint64_t total = reader->file_bytes();
  uint64_t done = 0;
  const auto report = [&](uint64_t bytes) {
    done += bytes;
    if (progress) progress(done, total);
  };
  for (const SnapshotSection& section : reader->sections()) {
    ROSTER_RETURN_IF_ERROR(reader->Verify(section, report));
  }
  report(total - done);
  return absl::OkStatus();
}

}  // namespace roster
