// SPDX-License-Identifier: Apache-2.0
//
// Implements wal_writer.h.
#include "storage/disk/wal_writer.h"

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"

namespace roster {
namespace {

WalFileHeader HeaderOf(const WalOptions& options) {
  WalFileHeader header;
  header.feature_bits = kWalKnownFeatures;
  header.uuid = options.uuid;
  header.number = options.number;
  header.base_lsn = options.base_lsn;
  header.epoch = options.epoch;
  header.previous_chain = options.previous_chain;
  header.clock_ceiling = options.clock_ceiling;
  return header;
}

uint64_t FirstAllocation(const WalOptions& options) {
  return std::max(kWalFileHeaderBytes, options.preallocate_bytes);
}

absl::Status WriteHeader(File* file, const WalOptions& options) {
  ROSTER_RETURN_IF_ERROR(file->Allocate(FirstAllocation(options)));
  ROSTER_RETURN_IF_ERROR(file->Write(0, EncodeWalFileHeader(HeaderOf(options))));
  return file->Sync();
}

}  // namespace

absl::StatusOr<std::unique_ptr<WalWriter>> WalWriter::Create(FileSystem* fs,
                                                             const std::string& directory,
                                                             const WalOptions& options) {
  const std::string path = JoinPath(directory, LogFileName(options.number));
  ROSTER_ASSIGN_OR_RETURN(auto file, fs->Open(path, OpenMode::kCreateExclusive));
  absl::Status status = WriteHeader(file.get(), options);
  if (status.ok()) status = fs->SyncDir(directory);
  if (!status.ok()) {
    file.reset();
    fs->Remove(path).IgnoreError();  // what stays holds no frame: the next opening removes it
    return status;
  }
  WalPosition start;
  start.offset = kWalFileHeaderBytes;
  start.lsn = options.base_lsn;
  start.clock_ceiling = options.clock_ceiling;
  start.chain = WalFileChain(HeaderOf(options));
  return std::unique_ptr<WalWriter>(new WalWriter(options, std::move(file), start));
}

WalWriter::WalWriter(const WalOptions& options, std::unique_ptr<File> file,
                     const WalPosition& start)
    : options_(options),
      file_(std::move(file)),
      end_(start),
      allocated_(FirstAllocation(options)),
      zeroed_(start.offset),
      zeros_(options.zero_ahead_bytes, '\0'),
      written_(start),
      durable_(start) {}

absl::Status WalWriter::Reserve(uint64_t payload_bytes) {
  ROSTER_RETURN_IF_ERROR(status());
  const uint64_t needed = end_.offset + WalCommitBytes(payload_bytes, options_.max_frame_bytes);
  if (needed <= allocated_) return absl::OkStatus();
  const uint64_t wanted = std::max(needed, allocated_ + options_.preallocate_bytes);
  absl::Status reserved = file_->Allocate(wanted);
  if (reserved.ok()) {
    allocated_ = wanted;
    return reserved;
  }
  if (ErrorCodeOf(reserved) != ErrorCode::kDiskFull) return reserved;
  // What a failed attempt took goes back; a disk that is nearly full may have what is needed.
  file_->Truncate(allocated_).IgnoreError();
  reserved = file_->Allocate(needed);
  if (reserved.ok()) allocated_ = needed;
  return reserved;
}

absl::StatusOr<Lsn> WalWriter::Append(std::string_view payload, const FrameInfo& info) {
  WalFrameHeader header;
  {
    MutexLock lock(&mutex_);
    if (!broken_.ok()) return broken_;
    header.durable_offset = durable_.offset;
  }
  header.type = info.type;
  header.last_of_commit = info.last_of_commit;
  header.lsn = Lsn{end_.lsn.value + 1};
  header.clock_ceiling = info.clock_ceiling;
  AppendWalFrame(header, payload, options_.epoch, end_.offset, &end_.chain, &group_);
  end_.offset += kWalFrameHeaderBytes + payload.size();
  end_.lsn = header.lsn;
  end_.clock_ceiling = std::max(end_.clock_ceiling, info.clock_ceiling);
  return end_.lsn;
}

absl::StatusOr<Lsn> WalWriter::AppendCommit(std::string_view bytes, Timestamp clock_ceiling) {
  FrameInfo info;
  info.clock_ceiling = clock_ceiling;
  info.last_of_commit = false;
  while (bytes.size() > options_.max_frame_bytes) {
    ROSTER_RETURN_IF_ERROR(Append(bytes.substr(0, options_.max_frame_bytes), info).status());
    bytes.remove_prefix(options_.max_frame_bytes);
  }
  info.last_of_commit = true;
  return Append(bytes, info);
}

absl::Status WalWriter::Write() {
  ROSTER_RETURN_IF_ERROR(status());
  if (group_.empty()) return absl::OkStatus();
  const uint64_t start = end_.offset - group_.size();
  absl::Status status = file_->Write(start, group_);
  if (status.ok()) status = ZeroAhead(end_.offset);
  if (!status.ok()) {
    file_->Truncate(start).IgnoreError();  // a part that stays is no commit, or a whole one
    return Break("write", status);
  }
  group_.clear();
  MutexLock lock(&mutex_);
  written_ = end_;
  return absl::OkStatus();
}

absl::Status WalWriter::ZeroAhead(uint64_t group_end) {
  if (group_end <= zeroed_) return absl::OkStatus();
  zeroed_ = group_end;
  if (group_end >= allocated_) return absl::OkStatus();
  const uint64_t bytes = std::min<uint64_t>(zeros_.size(), allocated_ - group_end);
  ROSTER_RETURN_IF_ERROR(file_->Write(group_end, std::string_view(zeros_).substr(0, bytes)));
  zeroed_ += bytes;
  return absl::OkStatus();
}

absl::StatusOr<Lsn> WalWriter::Sync() {
  MutexLock one_at_a_time(&sync_mutex_);
  WalPosition target;
  {
    MutexLock lock(&mutex_);
    if (!broken_.ok()) return broken_;
    if (written_.offset == durable_.offset) return durable_.lsn;
    target = written_;
  }
  const absl::Status status = file_->Sync();
  if (!status.ok()) return Break("sync", status);
  MutexLock lock(&mutex_);
  durable_ = target;
  return target.lsn;
}

WalPosition WalWriter::durable() const {
  MutexLock lock(&mutex_);
  return durable_;
}

absl::Status WalWriter::status() const {
  MutexLock lock(&mutex_);
  return broken_;
}

absl::Status WalWriter::Break(std::string_view what, const absl::Status& cause) {
  MutexLock lock(&mutex_);
  if (broken_.ok()) {
    broken_ = MakeError(ErrorCode::kReadOnly,
                        StrCat("the log failed: ", what, ": ", StdView(cause.message())));
  }
  return broken_;
}

void WalWriter::CheckInvariants() const {
  MutexLock lock(&mutex_);
  ROSTER_CHECK(durable_.offset <= written_.offset && written_.offset <= end_.offset);
  ROSTER_CHECK(durable_.lsn <= written_.lsn && written_.lsn <= end_.lsn);
  ROSTER_CHECK(!broken_.ok() || written_.offset + group_.size() == end_.offset);
}

}  // namespace roster
