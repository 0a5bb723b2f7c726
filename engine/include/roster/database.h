// SPDX-License-Identifier: Apache-2.0
//
// The product on one page: open a data directory, write people and what they do, ask questions.
//
//   auto db = roster::Database::Open("data", {});
//   (*db)->Write(roster::Track{.identities = {{"email", "jo@example.com"}}, .event = "order"});
//   auto answer = (*db)->Execute("count where did \"order\" at least 1 times", {});
//
// Thread rule: every method of Database may be called from any thread at once.
// Errors: absl::Status with the codes of roster/error.h; no exception leaves these functions.
#ifndef ROSTER_DATABASE_H_
#define ROSTER_DATABASE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "roster/profile.h"
#include "roster/query.h"
#include "roster/value.h"
#include "roster/write.h"

namespace roster {

struct Options {
  bool create_if_missing = true;
  Durability durability = Durability::kSync;
  int64_t sync_interval_ms = 100;  // with kInterval
  // Flush may write and sync on its caller's thread, while the disk is quick. Without it a disk
  // that stops for seconds now and then, as shared ones do, stops no event loop: it only wakes a
  // thread.
  bool write_in_flush = true;
  uint64_t memory_limit_bytes = 0;  // growing commands get OOM above it; 0: no limit
  // While those that are being made pin more than this (Stats::pinned_bytes), another snapshot or
  // backup gets LIMIT; 0: no limit.
  uint64_t pinned_limit_bytes = 0;
  // Log files are cut at about this size.
  uint64_t log_file_bytes = 256ull << 20;
  int64_t statement_timeout_ms = 30'000;
  // What one statement may hold in memory, and the rows of a result without `limit`; else LIMIT.
  uint64_t statement_memory_bytes = 64ull << 20;
  uint64_t statement_rows = 100'000;
  // The view of a chain of pages is held until nobody asked for a page of it for so long; then its
  // cursors get CURSOR. 0: none is held.
  int64_t page_idle_ms = 60'000;
  // Whether a trait that is not known is declared when it is first written, with its value's type.
  // Without it its item gets NOTRAIT; events and their properties are always declared so.
  bool declare_on_first_use = true;
  // Where telephone numbers without a calling code are from: ISO 3166, two letters; "none": nobody
  // says, then they stay the digits that they are. Empty: as when the store was last open; of a new
  // one none. See Open.
  std::string default_region;
  // A snapshot is made when so much log lies behind the newest one, or when that is so old and
  // something was written since; 0: not by itself.
  uint64_t snapshot_log_bytes = 512ull << 20;
  int64_t snapshot_interval_ms = 3'600'000;
  uint32_t keep_snapshots = 2;  // the newest; at least 1
  // Close makes one when anything was written since the last, however long that takes.
  bool snapshot_at_close = false;
  // Space of the disk that is held back, so that on a full disk a snapshot and what must not stop
  // can go on; 0: none.
  uint64_t disk_reserve_bytes = 0;
};

// A file with the whole state at one LSN.
struct SnapshotInfo {
  Lsn lsn;
  Timestamp clock;      // of the store when it was made
  uint64_t bytes = 0;   // of the file
  int64_t took_us = 0;  // to write, check and publish it; 0: made before this opening
};

struct SnapshotStats {
  std::optional<SnapshotInfo> last;  // the newest
  bool running = false;
  // Of the one that is being made: chunks of cells and events, each counted when it is written,
  // digested and read back.
  uint64_t steps_done = 0;
  uint64_t steps_total = 0;
  uint64_t num_made = 0;    // since opening
  uint64_t num_failed = 0;  // since opening
  std::string last_error;   // of the last attempt; empty when it succeeded
};

// Of the backup that is being made, or of the one begun last when there are several.
struct BackupStats {
  bool running = false;
  uint64_t steps_done = 0;  // as in SnapshotStats
  uint64_t steps_total = 0;
};

// What recovery found and did, for the operator.
struct RecoveryReport {
  std::optional<SnapshotInfo> snapshot;  // from which the state was loaded
  // Why an older snapshot and the log had to stand in for the newest; empty: they had not.
  std::string fallback;
  uint64_t num_commits = 0;  // replayed from the log
  uint64_t torn_bytes = 0;   // incomplete bytes behind the durable mark that were cut
  std::string torn_file;     // where, when any
  int64_t took_us = 0;
};

struct LargeProfile {
  ProfileId id;
  uint64_t num_identities = 0;
};

// Counts for INFO.
struct Stats {
  Lsn lsn;
  Lsn durable_lsn;
  Timestamp clock;
  Durability durability = Durability::kSync;
  bool read_only = false;        // the log failed
  std::string read_only_reason;  // why; empty otherwise
  // Growing commands get DISKFULL: the reserve was used, or the last of them found no space.
  bool disk_full = false;
  uint64_t log_bytes = 0;  // behind the newest snapshot: what a restart would replay
  SnapshotStats snapshots;
  BackupStats backup;
  uint64_t num_profiles = 0;
  uint64_t num_events = 0;
  uint64_t num_identities = 0;
  // Those with the most identities, the most first, at most 5.
  std::vector<LargeProfile> largest_profiles;
  uint64_t num_commits = 0;     // since opening
  uint64_t num_syncs = 0;       // since opening; fewer than commits where a group shared one
  uint64_t num_statements = 0;  // since opening
  // Values in calls since opening that were placeholders ("null") or on the operator's list.
  uint64_t num_blocked_identities = 0;
  uint64_t memory_bytes = 0;        // of the structures that hold data
  uint64_t memory_limit_bytes = 0;  // growing commands get OOM above it; 0: no limit
  // At most what is kept twice while snapshots and backups are being made, beside memory_bytes.
  uint64_t pinned_bytes = 0;
  RecoveryReport recovery;
};

// What one trait, one event type, or the identities, or the rows take in memory.
struct MemoryEntry {
  std::string kind;  // "trait", "event", "identities", "rows"
  std::string name;  // of a trait or event type
  uint64_t bytes = 0;
  std::vector<std::pair<std::string, uint64_t>> parts;  // of these
};

// One opened store. Invariants: (1) what a call returned as done survives a crash (kSync);
// (2) a call that fails changed nothing, but for UNKNOWN: then a restart tells, or Resume, which
// keeps it;
// (3) a reader sees whole commits only.
class Database {
 public:
  // Opens, recovers, and creates the directory when it may.
  // When identities' normal forms are made otherwise than when the store was last open (another
  // region, library or Unicode), they are made anew, unless two would fall together.
  // Errors: LOCKED (another process has it), CORRUPT (damage; nothing was changed), DISKFULL,
  // CONFLICT (identities of two profiles would fall together; nothing was changed), ERR.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                        const Options& options);

  virtual ~Database() = default;

  // Writes one item, one commit; returns when it is durable.
  // Errors: of the item (NOIDENTITY, TYPE, LIMIT, PARSE), READONLY, DISKFULL, OOM, UNKNOWN.
  virtual absl::StatusOr<WriteResult> Write(WriteItem item, WriteOptions options = {}) = 0;

  // Write of a Retain: events of the type are kept for so long, 0 for ever. An event that comes and
  // is older than that is dropped, with a warning.
  // Errors: NOTRAIT (no such event type), LIMIT (a time below 0 or too long); as Write.
  absl::StatusOr<WriteResult> SetRetention(std::string event, int64_t keep_ms,
                                           WriteOptions options = {}) {
    return Write(WriteItem(Retain{std::move(event), keep_ms}), std::move(options));
  }

  // Writes many items as one commit; each has its own status in the result.
  // Errors: LIMIT (more than 16 MiB), READONLY, DISKFULL, OOM, UNKNOWN; with `atomic` the first
  // item's.
  virtual absl::StatusOr<WriteResult> Write(Batch batch) = 0;

  // The same without waiting: `done` is called once, from the thread that wrote (the engine's, or
  // one in Write or Flush), when the outcome is known, in the order of the calls; when the store
  // takes no writes, or too much waits to be written (LIMIT), at once. `done` must not block nor
  // call this object's blocking methods. A Retain that lengthens the time is best given to Write:
  // here the engine's thread does by itself what Write does beside it, and other writes wait.
  using WriteDone = std::function<void(absl::StatusOr<WriteResult>)>;
  virtual void WriteAsync(Batch batch, WriteDone done) = 0;

  // WriteAsync for event loops, in two halves: what a turn of the loop collects waits for Flush,
  // which writes it on the loop's own thread, so that a small write needs no other thread to wake.
  // Where that would hold the loop up, the engine's thread writes: when many items wait, or
  // anything of WriteAsync, when a log file is full, or the disk was slow or is full. So what is
  // long, above some KiB, is given to WriteAsync instead. `done` may come from within Flush. Cost
  // of Flush: at most a group of small writes and a sync.
  virtual void Enqueue(Batch batch, WriteDone done) = 0;
  virtual void Flush() = 0;

  // Everything known of one profile. Ids that were merged answer with the survivor.
  // Errors: NOPROFILE.
  virtual absl::StatusOr<GetResult> Get(const ProfileRef& ref, const GetOptions& options = {}) = 0;

  // What somebody did, page by page. Events of the future are shown when their time comes.
  // Errors: NOPROFILE, NOTRAIT (no such event type), PARSE (a cursor that is none of ours).
  // Cost: O(the profile's events).
  virtual absl::StatusOr<ReadResult<Timeline>> GetTimeline(const ProfileRef& ref,
                                                           const TimelineOptions& options) = 0;
  // Sessions, given or cut where the identity that events came by was silent for 30 minutes; by
  // their end, newest first. Errors: NOPROFILE. Cost: O(the profile's events).
  virtual absl::StatusOr<ReadResult<std::vector<SessionEntry>>> GetSessions(
      const ProfileRef& ref, const SessionsOptions& options) = 0;
  // What traits were, and what was done by hand. Errors: NOPROFILE, NOTRAIT.
  virtual absl::StatusOr<ReadResult<History>> GetHistory(const ProfileRef& ref,
                                                         const HistoryOptions& options) = 0;
  // What the guard kept apart, newest first: of one profile or of all. Errors: NOPROFILE.
  virtual absl::StatusOr<ReadResult<std::vector<ConflictEntry>>> GetConflicts(
      const std::optional<ProfileRef>& ref, uint32_t limit) = 0;
  // Pairs that may be one person, likeliest first: of one profile or of all. Errors: NOPROFILE.
  // Cost: O(profiles).
  virtual absl::StatusOr<ReadResult<std::vector<DuplicateEntry>>> GetDuplicates(
      const std::optional<ProfileRef>& ref, uint32_t limit) = 0;
  // What merging the two would do; a write of its plan does that. `choices`: traits, and whether
  // they are to be the loser's. Errors: NOPROFILE, NOTRAIT, CONFLICT (the two are one).
  virtual absl::StatusOr<ReadResult<MergePreview>> PreviewMerge(
      const ProfileRef& survivor, const ProfileRef& loser,
      const std::vector<std::pair<std::string, bool>>& choices) = 0;

  // Runs one statement of the query language. `params` are the values of $1, $2, ...
  // Errors: PARSE, TYPE, NOTRAIT, NOHISTORY with a position; NOPROFILE, CURSOR, TIMEOUT, LIMIT.
  virtual absl::StatusOr<QueryResult> Execute(std::string_view statement,
                                              absl::Span<const Value> params,
                                              const ExecuteOptions& options = {}) = 0;

  virtual Stats GetStats() = 0;
  // Stats::memory_bytes, part by part. Cost: that of a walk over the store's chunks.
  virtual std::vector<MemoryEntry> GetMemory() = 0;

  // Makes a snapshot while the store serves, and waits for it: written, checked, published. When
  // nothing was written since the newest one, that is the answer.
  // Errors: DISKFULL, READONLY, CORRUPT (it did not read back), SHUTDOWN, LIMIT (see
  // pinned_limit_bytes); nothing has changed.
  virtual absl::StatusOr<SnapshotInfo> Snapshot() = 0;

  // Makes `directory`, which does not exist, or holds nothing but what a backup that was cut off
  // left (`*.tmp` and LOCK: they are removed), a store with what is in memory now, while the store
  // serves. Until it is done there is neither MANIFEST nor `*.snap` in it; after an error what was
  // made is removed.
  // Errors: as Snapshot; EXISTS; LOCKED (it is just being made); LIMIT (see pinned_limit_bytes).
  virtual absl::StatusOr<SnapshotInfo> Backup(const std::string& directory) = 0;

  // The digest of the state in memory, 32 hexadecimal digits: equal for stores that show the same.
  // Cost: a pass over everything, seconds for millions of profiles.
  virtual std::string GetDigest() = 0;

  // After the log has failed: makes what is in memory durable by a snapshot, also what was answered
  // UNKNOWN, goes on in a new log file and accepts writes again.
  // Errors: as Snapshot, and the store stays read-only; ERR when writes are accepted.
  virtual absl::StatusOr<SnapshotInfo> Resume() = 0;

  // For who is about to close: snapshots and backups that are being made are given up within a
  // chunk's work, and their files removed; who waits for one, or asks for one later, gets SHUTDOWN.
  // Close still makes the one of snapshot_at_close. Does not wait.
  virtual void GiveUpSnapshots() = 0;

  // Finishes what was accepted, syncs and closes; later calls get SHUTDOWN, as does who waits for a
  // snapshot or backup: it is given up and its file removed. Errors: of the last sync.
  virtual absl::Status Close() = 0;
};

}  // namespace roster

#endif  // ROSTER_DATABASE_H_
