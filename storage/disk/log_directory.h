// SPDX-License-Identifier: Apache-2.0
//
// The durable half of a store, as the engine sees it: opens a data directory, reads its log, and
// then writes it, going to the next file when one is full. Owns the lock, the manifest, the mark
// and the current log file. Durable.
// Thread rule: Open, Reader, StartWriting, Reserve, AppendCommit, Write and ResumeAt from one
// thread (the writer's); PublishSnapshot from any, one call at a time; all others from any, also
// beside those. Source: storage/FORMAT.md, "Opening", "Writing".
#ifndef ROSTER_STORAGE_DISK_LOG_DIRECTORY_H_
#define ROSTER_STORAGE_DISK_LOG_DIRECTORY_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/environment.h"
#include "storage/base/mutex.h"
#include "storage/disk/file_system.h"
#include "storage/disk/manifest.h"
#include "storage/disk/wal_mark.h"
#include "storage/disk/wal_reader.h"
#include "storage/disk/wal_writer.h"

namespace roster {

// The first three are WalOptions'.
struct LogDirectoryOptions {
  uint64_t preallocate_bytes = 16u << 20;
  uint64_t zero_ahead_bytes = 256u << 10;
  uint64_t max_frame_bytes = kWalMaxPayloadBytes;
  uint64_t rotate_bytes = 64u << 20;  // a file that is longer gets a successor
  std::string normaliser;             // of a store that is made; see Manifest
};

// The life of one:
//
//   auto log = LogDirectory::Open(...);            // lock, manifest; nothing of the store changes
//   auto reader = log->Reader(snapshot_lsn);       // pull the commits: Next() until nothing
//   log->StartWriting(reader->end());              // now the verdict is known
//   log->Reserve(bytes);                           // before a commit is applied
//   lsn = log->AppendCommit(payload, ceiling);     // ... more commits of the group
//   log->Write();                                  // the group goes to the kernel
//   durable = log->Sync();                         // all up to `durable` may be answered
//
// Invariants:
// 1. Until StartWriting nothing in the directory changes, but for LOCK and, in an empty one, a
//    first manifest.
// 2. The current file is the last one that the manifest names, and has been since before its
//    first frame was written.
// 3. The mark never names more than a Sync that returned OK has covered.
class LogDirectory {
 public:
  // Opens a store, or makes one where there is no file of a store.
  // Errors: LOCKED; CORRUPT for damage, for files of a store without a manifest and for log files
  // with data that the manifest does not know; ERR for a newer format; DISKFULL; kInternal.
  static absl::StatusOr<std::unique_ptr<LogDirectory>> Open(FileSystem* fs, Random* random,
                                                            const std::string& directory,
                                                            const LogDirectoryOptions& options);
  // Syncs nothing.
  ~LogDirectory();

  // A copy. May wait while the manifest is being replaced, as log_bytes may.
  Manifest manifest() const ABSL_LOCKS_EXCLUDED(manifest_mutex_);
  // Bytes of the log behind the newest snapshot: what a restart would read. Of a file into which
  // the snapshot's LSN falls a part that goes by LSNs is counted.
  uint64_t log_bytes() const ABSL_LOCKS_EXCLUDED(manifest_mutex_);

  // All identities, in memory and in the log, have their normal form by this. `now`: replaces the
  // manifest; else the next manifest says it, which names a snapshot when no log is kept.
  // Requires: StartWriting. Errors: DISKFULL, kInternal: nothing has changed; READONLY: latched.
  absl::Status SetNormaliser(const std::string& version, bool now)
      ABSL_LOCKS_EXCLUDED(manifest_mutex_);

  // A reader of all commits after `after`.
  // Errors: CORRUPT or ERR of the mark, kInternal.
  absl::StatusOr<std::unique_ptr<WalReader>> Reader(Lsn after = {}) const;

  // Ends the old log file where `end` says, for good, and starts a new one behind it.
  // Requires: `end` is of a Reader of this object that reached the end; no call before succeeded.
  // Errors: DISKFULL: Reserve tries it again, until then everything else but Reader gets DISKFULL;
  // kInternal: the directory reads as before, destroy this and open again.
  absl::Status StartWriting(const WalEnd& end);

  // Sees to it that a commit of `payload_bytes` appended now finds room, and goes to the next log
  // file when it is time and no group is being gathered. Call it before each commit is applied.
  // Errors: DISKFULL (nothing is lost: try again later), READONLY after a failure.
  absl::Status Reserve(uint64_t payload_bytes);
  // Whether the next Reserve that finds no group goes to the next file, which syncs. Thread: the
  // writer's.
  bool rotation_due() const;

  // As the WalWriter's. LSNs go on from file to file.
  // Errors: READONLY after a failure.
  absl::StatusOr<Lsn> AppendCommit(std::string_view bytes, Timestamp clock_ceiling);
  absl::Status Write();

  // Makes durable what was written before the call, moves the mark, and returns the LSN up to
  // which the log is durable.
  // Errors: READONLY after a failure, also one of the mark.
  absl::StatusOr<Lsn> Sync();

  // Raises the mark's clock ceiling and makes the mark durable. The engine calls it about once a
  // second, and may let views pass the old ceiling when it has returned OK.
  // Errors: READONLY after a failure.
  absl::Status SyncMark(Timestamp clock_ceiling);

  // Where a snapshot is written, and where one that the manifest names stands.
  std::string SnapshotTempPath(Lsn lsn) const;
  std::string SnapshotPath(const SnapshotEntry& snapshot) const;

  // The snapshots with these LSNs do not hold: the next one that is published takes their place,
  // and they do not count as one that is kept.
  void Distrust(const std::vector<Lsn>& lsns) ABSL_LOCKS_EXCLUDED(manifest_mutex_);

  // Makes the snapshot at SnapshotTempPath(lsn) part of the store, and drops what is older than the
  // oldest of the `keep` newest: snapshots, and log files that end at or before it. While there are
  // fewer than `keep` nothing is dropped.
  // Requires: StartWriting; the file is whole and checked; no snapshot is newer; keep > 0.
  // Errors: DISKFULL, kInternal: nothing has changed and the file is removed; READONLY: the log has
  // latched, before or by this.
  absl::Status PublishSnapshot(Lsn lsn, size_t keep) ABSL_LOCKS_EXCLUDED(manifest_mutex_);

  // Ends a latch: publishes the snapshot as PublishSnapshot does, closes the failed log file where
  // it is known to be durable, and goes on in a new one behind `lsn`.
  // When nothing had latched it goes to a new file all the same. Where the log failed before there
  // was a file to write to, the old one ends where StartWriting was told.
  // Requires: StartWriting; the snapshot holds every commit that was applied; no Reserve,
  // AppendCommit, Write or PublishSnapshot meanwhile. Errors: DISKFULL, kInternal, CORRUPT of the
  // mark, READONLY: still latched; try again with another file.
  absl::Status ResumeAt(Lsn lsn, Timestamp clock_ceiling, size_t keep)
      ABSL_LOCKS_EXCLUDED(manifest_mutex_);

 private:
  LogDirectory(FileSystem* fs, Random* random, std::string directory,
               const LogDirectoryOptions& options, std::unique_ptr<FileLock> lock);

  absl::Status LoadOrCreateManifest() ABSL_LOCKS_EXCLUDED(manifest_mutex_);
  absl::Status CheckUnlistedFiles(const std::vector<std::string>& names) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_);
  absl::Status SettleTail(const WalEnd& end);
  absl::Status OpenMark(const WalEnd& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_)
      ABSL_LOCKS_EXCLUDED(mark_mutex_);
  absl::Status RenewMark() ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_)
      ABSL_LOCKS_EXCLUDED(mark_mutex_);
  bool IsFull(const WalWriter& writer) const;
  absl::Status Rotate(const WalPosition& end) ABSL_LOCKS_EXCLUDED(manifest_mutex_);
  // Makes a file behind those of `next`, all closed, and `next` with it the manifest.
  absl::Status StartFile(Manifest next, Lsn base_lsn, Timestamp clock_ceiling)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_);
  absl::StatusOr<std::unique_ptr<WalWriter>> CreateFile(const Manifest& manifest, Lsn base_lsn,
                                                        Timestamp clock_ceiling);
  // How far the current file is durable.
  WalPosition OpenEnd() const ABSL_LOCKS_EXCLUDED(state_mutex_);
  // The second half of replacing the manifest; a failure latches.
  absl::Status Install(Manifest next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_);
  absl::Status NameSnapshot(Lsn lsn);
  // Of ResumeAt: how far what was written is durable. With a sync, so not while others wait for the
  // manifest.
  absl::StatusOr<WalPosition> EndFailedFile() ABSL_LOCKS_EXCLUDED(manifest_mutex_, state_mutex_);
  // After a failure: the snapshot's file goes, unless a manifest names it from before.
  void DropSnapshot(Lsn lsn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_);
  // What these three fail to do is of no consequence: the next opening does it.
  void CutAtEnd(const LogEntry& log);
  void RemoveUnlisted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_);
  // The names of files that `before` named and the manifest names no longer. They are removed when
  // the lock is free: on a slow disk that takes long.
  std::vector<std::string> Dropped(const Manifest& before) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(manifest_mutex_);
  void RemoveFiles(const std::vector<std::string>& names) ABSL_LOCKS_EXCLUDED(manifest_mutex_);
  // Errors: READONLY once the log has latched.
  absl::StatusOr<std::shared_ptr<WalWriter>> Writer() const ABSL_LOCKS_EXCLUDED(state_mutex_);
  absl::Status Latch(const absl::Status& cause) ABSL_LOCKS_EXCLUDED(state_mutex_);
  absl::Status MoveMark(const WalWriter& writer, Timestamp clock_ceiling, bool sync)
      ABSL_LOCKS_EXCLUDED(mark_mutex_);

  FileSystem* const fs_;
  Random* const random_;
  const std::string directory_;
  const LogDirectoryOptions options_;
  const std::unique_ptr<FileLock> lock_;

  // Held while the manifest is being replaced, syncs and all. Taken before mark_mutex_.
  mutable Mutex manifest_mutex_;
  Manifest manifest_ ABSL_GUARDED_BY(manifest_mutex_);
  std::vector<Lsn> distrusted_ ABSL_GUARDED_BY(manifest_mutex_);
  // What manifests name that could not be put in place for certain: a crash may leave one of them.
  absl::flat_hash_set<std::string> maybe_named_ ABSL_GUARDED_BY(manifest_mutex_);

  Mutex mark_mutex_;  // taken before state_mutex_
  std::unique_ptr<WalMark> mark_ ABSL_GUARDED_BY(mark_mutex_);

  std::optional<WalEnd> start_at_;  // while StartWriting has not succeeded; of the writer's thread

  mutable Mutex state_mutex_;
  std::shared_ptr<WalWriter> writer_ ABSL_GUARDED_BY(state_mutex_);
  absl::Status latched_ ABSL_GUARDED_BY(state_mutex_);  // why nothing is written any more
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_LOG_DIRECTORY_H_
