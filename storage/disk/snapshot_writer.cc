// SPDX-License-Identifier: Apache-2.0
//
// Implements snapshot_writer.h.
#include "storage/disk/snapshot_writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace roster {
namespace {

constexpr uint64_t kFlushBytes = 1u << 20;
constexpr uint64_t kSyncBytes = 8u << 20;

}  // namespace

struct SnapshotWriter::RawHash {
  XXH3_state_t state;
};

absl::StatusOr<std::unique_ptr<SnapshotWriter>> SnapshotWriter::Create(
    FileSystem* fs, const std::string& path, const SnapshotHeader& header) {
  ROSTER_ASSIGN_OR_RETURN(auto file, fs->Open(path, OpenMode::kCreateExclusive));
  return std::unique_ptr<SnapshotWriter>(new SnapshotWriter(std::move(file), header));
}

SnapshotWriter::SnapshotWriter(std::unique_ptr<File> file, const SnapshotHeader& header)
    : file_(std::move(file)),
      raw_hash_(std::make_unique<RawHash>()),
      buffer_(EncodeSnapshotHeader(header)) {
  header_checksum_ = ChecksumInSnapshotHeader(buffer_);
}

SnapshotWriter::~SnapshotWriter() = default;

void SnapshotWriter::BeginSection(std::string_view name) {
  ROSTER_CHECK(!section_open_);
  section_open_ = true;
  SnapshotSection& section = sections_.emplace_back();
  section.name = name;
  section.offset = bytes_written();
  XXH3_128bits_reset(&raw_hash_->state);
}

absl::Status SnapshotWriter::Append(std::string_view raw) {
  ROSTER_CHECK(section_open_);
  ROSTER_RETURN_IF_ERROR(status_);
  XXH3_128bits_update(&raw_hash_->state, raw.data(), raw.size());
  sections_.back().raw_bytes += raw.size();
  raw_bytes_ += raw.size();
  if (!block_.empty()) {
    const size_t taken = std::min<size_t>(raw.size(), kSnapshotBlockBytes - block_.size());
    block_.append(raw.substr(0, taken));
    raw.remove_prefix(taken);
    if (block_.size() < kSnapshotBlockBytes) return absl::OkStatus();
    AddBlock(block_);
    block_.clear();
    ROSTER_RETURN_IF_ERROR(Flush());
  }
  while (raw.size() >= kSnapshotBlockBytes) {
    AddBlock(raw.substr(0, kSnapshotBlockBytes));
    raw.remove_prefix(kSnapshotBlockBytes);
    ROSTER_RETURN_IF_ERROR(Flush());
  }
  block_.append(raw);
  return absl::OkStatus();
}

absl::Status SnapshotWriter::EndSection() {
  ROSTER_CHECK(section_open_);
  ROSTER_RETURN_IF_ERROR(status_);
  if (!block_.empty()) AddBlock(block_);
  block_.clear();
  const XXH128_hash_t hash = XXH3_128bits_digest(&raw_hash_->state);
  SnapshotSection& section = sections_.back();
  section.checksum = {hash.low64, hash.high64};
  section.stored_bytes = bytes_written() - section.offset;
  section_open_ = false;
  return Flush();
}

absl::Status SnapshotWriter::Finish(const StateDigest& digest) {
  ROSTER_CHECK(!section_open_);
  ROSTER_RETURN_IF_ERROR(status_);
  const std::string table = EncodeSnapshotTable(sections_);
  SnapshotTrailer trailer;
  trailer.table_offset = bytes_written();
  trailer.table_bytes = table.size();
  trailer.table_checksum = SnapshotChecksumOf(table);
  trailer.digest = digest;
  trailer.header_checksum = header_checksum_;
  buffer_ += table;
  buffer_ += EncodeSnapshotTrailer(trailer);
  absl::Status status = file_->Write(written_, buffer_);
  written_ += std::exchange(buffer_, {}).size();
  if (status.ok()) status = file_->Sync();
  if (status.ok()) status = file_->Close();
  return Fail(std::move(status));
}

void SnapshotWriter::AddBlock(std::string_view raw) {
  codec_.AppendBlock(raw, bytes_written(), &buffer_);
  ++sections_.back().num_blocks;
}

absl::Status SnapshotWriter::Flush() {
  if (buffer_.size() < kFlushBytes) return absl::OkStatus();
  absl::Status status = file_->Write(written_, buffer_);
  written_ += buffer_.size();
  buffer_.clear();
  if (status.ok() && written_ - synced_ >= kSyncBytes) {
    status = file_->Sync();
    synced_ = written_;
  }
  return Fail(std::move(status));
}

absl::Status SnapshotWriter::Fail(absl::Status status) {
  if (!status.ok()) status_ = status;
  return status;
}

}  // namespace roster
