// SPDX-License-Identifier: Apache-2.0
//
// Writes one log file. Frames are gathered in memory (Append), handed to the kernel as a group
// (Write) and made durable (Sync); a commit's client may be answered once Sync returned its LSN.
// Durable: it is the log. Thread rule: Reserve, Append, AppendCommit and Write from one thread;
// Sync and the getters from any, also beside them, so that the next group is gathered and written
// while the one before is being synced. Source: storage/FORMAT.md, "Log file".
#ifndef ROSTER_STORAGE_DISK_WAL_WRITER_H_
#define ROSTER_STORAGE_DISK_WAL_WRITER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/mutex.h"
#include "storage/disk/file_system.h"
#include "storage/disk/wal_format.h"

namespace roster {

// The first six are the header's (WalFileHeader).
struct WalOptions {
  StoreUuid uuid;
  uint64_t number = 0;
  Lsn base_lsn;
  uint64_t epoch = 0;
  WalChain previous_chain;
  Timestamp clock_ceiling;
  // Reserve takes space from the disk in steps of this size.
  uint64_t preallocate_bytes = 16u << 20;
  // Write overwrites so much reserved space with zeros ahead of the frames: a sync into blocks
  // that were written once need not update the file system's own records
  // (bench/wal_bench.cc measures both).
  uint64_t zero_ahead_bytes = 256u << 10;
  // AppendCommit cuts a commit into frames of this size; at most kWalMaxPayloadBytes.
  uint64_t max_frame_bytes = kWalMaxPayloadBytes;
};

struct FrameInfo {
  WalFrameType type = WalFrameType::kCommit;
  bool last_of_commit = true;
  Timestamp clock_ceiling;
};

// Invariants:
// 1. durable offset <= written offset <= end offset, and the same for their LSNs.
// 2. Frames stand without gaps from kWalFileHeaderBytes to the written offset; behind it there
//    are zeros or, after a failed Write that could not be cut off, a part of the failed group.
// 3. Once a Write or Sync failed nothing is written, synced or accepted any more.
class WalWriter {
 public:
  // Makes the file `directory`/wal-<number>.log with its header, both durable, and with the first
  // step of space reserved.
  // Errors: EXISTS, DISKFULL, kInternal; the file is then removed as far as that is possible.
  static absl::StatusOr<std::unique_ptr<WalWriter>> Create(FileSystem* fs,
                                                           const std::string& directory,
                                                           const WalOptions& options);

  // Sees to it that a commit of `payload_bytes` appended now finds room in the file. Call it
  // before the commit is applied: what the disk refuses later breaks the log.
  // Errors: DISKFULL (the writer stays whole: try again later), READONLY.
  absl::Status Reserve(uint64_t payload_bytes);

  // Adds one frame to the current group and returns its LSN. A commit may span frames; all but
  // its last say `last_of_commit = false`.
  // Requires: payload.size() <= kWalMaxPayloadBytes.
  // Errors: READONLY.
  absl::StatusOr<Lsn> Append(std::string_view payload, const FrameInfo& info);

  // Adds one commit, cut into as many frames as it needs, and returns the LSN of its last one.
  // Errors: READONLY.
  absl::StatusOr<Lsn> AppendCommit(std::string_view bytes, Timestamp clock_ceiling);

  // Hands the group to the kernel; an empty group is nothing to do. A group that fails is cut off
  // again as far as that is possible, and the writer is broken.
  // Errors: READONLY.
  absl::Status Write();

  // Makes durable what was written before the call and returns the LSN up to which the log is
  // durable. A failure breaks the writer: what the kernel did with the bytes is unknown.
  // Errors: READONLY.
  absl::StatusOr<Lsn> Sync();

  // READONLY once something failed.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Where the next frame goes, gathered ones counted; of the appending thread.
  const WalPosition& end() const { return end_; }
  // The end of what Sync made durable.
  WalPosition durable() const ABSL_LOCKS_EXCLUDED(mutex_);
  bool group_empty() const { return group_.empty(); }
  const WalOptions& options() const { return options_; }

  void CheckInvariants() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  WalWriter(const WalOptions& options, std::unique_ptr<File> file, const WalPosition& start);

  absl::Status Break(std::string_view what, const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status ZeroAhead(uint64_t group_end);

  const WalOptions options_;
  const std::unique_ptr<File> file_;

  // Of the appending thread.
  std::string group_;       // the frames gathered since the last Write
  WalPosition end_;         // behind group_
  uint64_t allocated_ = 0;  // bytes of the file that the disk has promised
  uint64_t zeroed_ = 0;     // bytes of the file that were written once, frames or zeros
  const std::string zeros_;

  // Held through a Sync: the kernel tells a failure to one caller only, and a second one beside
  // it would take its own success for the truth. Taken before mutex_.
  Mutex sync_mutex_;

  mutable Mutex mutex_;
  WalPosition written_ ABSL_GUARDED_BY(mutex_);
  WalPosition durable_ ABSL_GUARDED_BY(mutex_);
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_WAL_WRITER_H_
