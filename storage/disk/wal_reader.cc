// SPDX-License-Identifier: Apache-2.0
//
// Implements wal_reader.h. The verdict on the end of the log is in FinishLog.
#include "storage/disk/wal_reader.h"

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"

namespace roster {
namespace {

constexpr uint64_t kScanBytes = 1u << 20;

}  // namespace

WalReader::WalReader(FileSystem* fs, std::string directory, Manifest manifest,
                     std::optional<WalMarkRecord> mark, Lsn after)
    : fs_(fs),
      directory_(std::move(directory)),
      manifest_(std::move(manifest)),
      mark_(mark),
      after_(after) {
  ROSTER_CHECK(mark_ || manifest_.logs.empty());
}

absl::StatusOr<std::optional<WalCommit>> WalReader::Next() {
  if (!started_) ROSTER_RETURN_IF_ERROR(Start());
  while (!finished_) {
    if (entry().closed && at_.offset == entry().closed->end_offset) {
      ROSTER_RETURN_IF_ERROR(LeaveClosedFile());
      continue;
    }
    ROSTER_ASSIGN_OR_RETURN(const bool good, ReadFrame());
    if (!good && entry().closed) return Damage("a closed log file does not hold");
    if (!good) {
      ROSTER_RETURN_IF_ERROR(FinishLog());
      continue;
    }
    if (commit_open_) continue;
    const WalCommit commit = FinishCommit();
    if (commit.last_lsn <= after_) continue;
    ++end_.num_commits;
    return commit;
  }
  return std::nullopt;
}

absl::Status WalReader::Start() {
  started_ = true;
  end_.lsn = after_;
  if (mark_) end_.clock_ceiling = mark_->clock_ceiling;
  if (manifest_.logs.empty()) {
    finished_ = true;
    return absl::OkStatus();
  }
  if (mark_->file_number > manifest_.logs.back().number) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("the durable mark names a log file that MANIFEST does not know: ",
                            LogFileName(mark_->file_number)));
  }
  size_t num_before = 0;
  for (const LogEntry& log : manifest_.logs) num_before += log.base_lsn <= after_;
  if (num_before == 0) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("the log begins too late: behind LSN ",
                            manifest_.logs[0].base_lsn.value, ", wanted from ", after_.value));
  }
  return OpenFile(num_before - 1);
}

absl::Status WalReader::OpenFile(size_t index) {
  index_ = index;
  at_ = committed_ = WalPosition{};
  const std::string path = JoinPath(directory_, LogFileName(entry().number));
  auto file = fs_->Open(path, OpenMode::kRead);
  if (absl::IsNotFound(file.status())) return Damage("a log file is missing");
  ROSTER_RETURN_IF_ERROR(file.status());
  ROSTER_ASSIGN_OR_RETURN(const uint64_t size, (*file)->Size());
  window_ = std::make_unique<FileWindow>(*std::move(file), size);
  ROSTER_ASSIGN_OR_RETURN(const std::string_view bytes, window_->At(0, kWalFileHeaderBytes));
  const auto header = DecodeWalFileHeader(bytes);
  if (absl::IsDataLoss(header.status())) return Damage(StdView(header.status().message()));
  ROSTER_RETURN_IF_ERROR(header.status());
  ROSTER_RETURN_IF_ERROR(CheckFileHeader(*header));
  epoch_ = header->epoch;
  at_.offset = kWalFileHeaderBytes;
  at_.lsn = header->base_lsn;
  at_.clock_ceiling = header->clock_ceiling;
  at_.chain = WalFileChain(*header);
  committed_ = at_;
  vouched_ = kWalFileHeaderBytes;
  if (mark_->file_number == entry().number) vouched_ = std::max(vouched_, mark_->durable_offset);
  return absl::OkStatus();
}

absl::Status WalReader::CheckFileHeader(const WalFileHeader& header) {
  if (header.uuid != manifest_.uuid) return Damage("a log file of another store");
  if (header.number != entry().number || header.base_lsn != entry().base_lsn) {
    return Damage("a log file has the name of another");
  }
  if (index_ > 0 && header.previous_chain != manifest_.logs[index_ - 1].closed->chain) {
    return Damage("a log file does not continue the one before it");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> WalReader::ReadFrame() {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view start,
                          window_->At(at_.offset, kWalFrameHeaderBytes));
  if (start.size() < kWalFrameHeaderBytes) return false;
  const auto header = DecodeWalFrameHeader(start, epoch_, at_.offset);
  if (!header || header->lsn.value != at_.lsn.value + 1) return false;
  const uint64_t frame_bytes = kWalFrameHeaderBytes + header->payload_bytes;
  if (entry().closed && at_.offset + frame_bytes > entry().closed->end_offset) return false;
  ROSTER_ASSIGN_OR_RETURN(const std::string_view frame, window_->At(at_.offset, frame_bytes));
  if (frame.size() < frame_bytes) return false;
  const std::string_view payload = frame.substr(kWalFrameHeaderBytes);
  if (WalFrameChain(at_.chain, frame, payload) != header->chain) return false;
  TakeFrame(*header, payload);
  return true;
}

void WalReader::TakeFrame(const WalFrameHeader& header, std::string_view payload) {
  if (!commit_open_) {
    commit_first_ = header.lsn;
    partial_.clear();
  }
  if (commit_open_ || !header.last_of_commit) partial_.append(payload);
  commit_open_ = !header.last_of_commit;
  commit_ceiling_ = header.clock_ceiling;
  payload_ = payload;
  vouched_ = std::max(vouched_, header.durable_offset);
  at_.offset += kWalFrameHeaderBytes + payload.size();
  at_.lsn = header.lsn;
  at_.clock_ceiling = std::max(at_.clock_ceiling, header.clock_ceiling);
  at_.chain = header.chain;
}

WalCommit WalReader::FinishCommit() {
  committed_ = at_;
  const bool one_frame = commit_first_ == at_.lsn;
  return {commit_first_, at_.lsn, commit_ceiling_,
          one_frame ? payload_ : std::string_view(partial_)};
}

absl::Status WalReader::LeaveClosedFile() {
  const ClosedLog& closed = *entry().closed;
  if (commit_open_ || at_.lsn != closed.end_lsn || at_.chain != closed.chain) {
    return Damage("a closed log file ends otherwise than MANIFEST says");
  }
  if (index_ + 1 == manifest_.logs.size()) return FinishLog();
  const LogEntry& next = manifest_.logs[index_ + 1];
  if (next.base_lsn != at_.lsn) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("the log has a gap that only a snapshot bridges: from LSN ",
                            at_.lsn.value, " to ", next.base_lsn.value));
  }
  return OpenFile(index_ + 1);
}

absl::Status WalReader::FinishLog() {
  uint64_t torn_end = committed_.offset;
  if (!entry().closed) {
    if (mark_->file_number == entry().number && mark_->durable_offset > at_.offset) {
      return Damage(StrCat("the durable mark is behind it, at offset ", mark_->durable_offset));
    }
    ROSTER_ASSIGN_OR_RETURN(const Behind behind, ScanBehind(window_->size()));
    if (behind.vouched_offset > at_.offset) {
      return Damage(StrCat("a later frame vouches for offset ", behind.vouched_offset));
    }
    torn_end = std::max(at_.offset, behind.last_nonzero);
    end_.file_number = entry().number;
    end_.vouched_offset = vouched_;
  }
  if (mark_->durable_lsn > at_.lsn) {
    return Damage(StrCat("the durable mark is behind it, at LSN ", mark_->durable_lsn.value));
  }
  end_.lsn = std::max(after_, committed_.lsn);
  end_.clock_ceiling = std::max(end_.clock_ceiling, committed_.clock_ceiling);
  end_.position = committed_;
  end_.torn_bytes = torn_end - committed_.offset;
  finished_ = true;
  return absl::OkStatus();
}

absl::StatusOr<WalReader::Behind> WalReader::ScanBehind(uint64_t limit) {
  Behind behind;
  uint64_t offset = at_.offset;
  while (offset < limit) {
    ROSTER_ASSIGN_OR_RETURN(const std::string_view chunk,
                            window_->At(offset, std::min(kScanBytes, limit - offset)));
    const size_t last = chunk.find_last_not_of('\0');
    if (last != std::string_view::npos) behind.last_nonzero = offset + last + 1;
    if (chunk.size() < kWalFrameHeaderBytes) break;
    const size_t num_starts = chunk.size() - kWalFrameHeaderBytes + 1;
    for (size_t i = 0; last != std::string_view::npos && i < std::min(num_starts, last); ++i) {
      const auto header = DecodeWalFrameHeader(chunk.substr(i), epoch_, offset + i);
      if (!header || offset + i == at_.offset) continue;
      if (behind.num_frames++ == 0) behind.first_lsn = header->lsn;
      behind.last_lsn = header->lsn;
      behind.vouched_offset = std::max(behind.vouched_offset, header->durable_offset);
    }
    offset += num_starts;
  }
  return behind;
}

absl::Status WalReader::Damage(std::string_view what) {
  std::string message =
      StrCat("damage in acknowledged data: ", what, ": file ", LogFileName(entry().number),
             ", offset ", at_.offset, ", LSN ", std::max(entry().base_lsn, at_.lsn).value + 1);
  if (at_.offset > 0) {
    const uint64_t limit = entry().closed ? entry().closed->end_offset : window_->size();
    const auto behind = ScanBehind(limit);
    if (behind.ok() && behind->num_frames > 0) {
      message += StrCat("; behind it ", behind->num_frames, " frames, LSN ",
                        behind->first_lsn.value, " to ", behind->last_lsn.value);
    }
  }
  const size_t num_files = manifest_.logs.size() - index_ - 1;
  if (num_files > 0) {
    message += StrCat("; ", num_files, " more log files, from LSN ",
                      manifest_.logs[index_ + 1].base_lsn.value + 1);
  }
  return MakeError(ErrorCode::kCorrupt, message);
}

}  // namespace roster
