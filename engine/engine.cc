// SPDX-License-Identifier: Apache-2.0
//
// Database over the parts: recovery, the commit queue, views and the query layer. Each method is
// the walk of one call. Thread rule: as Database.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "engine/asking/answers.h"
#include "engine/asking/pages.h"
#include "engine/asking/view_catalog.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/held_views.h"
#include "engine/checkpoint/snapshot_file.h"
#include "engine/commit/commit_queue.h"
#include "engine/commit/shared_store.h"
#include "engine/environment.h"
#include "engine/identity/phone.h"
#include "engine/identity/renormalise.h"
#include "engine/limits.h"
#include "engine/normalise.h"
#include "engine/reading/history.h"
#include "engine/reading/pairs.h"
#include "engine/reading/profile_reader.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/timeline.h"
#include "engine/recovery.h"
#include "engine/upkeep/forgetting.h"
#include "engine/upkeep/sealer.h"
#include "engine/view_clock.h"
#include "query/grammar/grammar.h"
#include "query/query.h"
#include "query/statements/scan_helper.h"
#include "roster/database.h"
#include "roster/error.h"
#include "storage/base/digest.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/base/work.h"
#include "storage/disk/disk_reserve.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/digest.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

constexpr size_t kNumLargest = 5;  // profiles in the stats

MemoryEntry EntryOf(MemoryUse use) {
  constexpr std::array<const char*, 4> kKinds = {"trait", "event", "identities", "rows"};
  MemoryEntry entry{.kind = kKinds[static_cast<size_t>(use.kind)],
                    .name = std::move(use.name),
                    .bytes = use.total_bytes(),
                    .parts = {}};
  for (const auto& [part, bytes] : use.parts) entry.parts.emplace_back(part, bytes);
  return entry;
}

class Engine final : public Database {
 public:
  Engine(const std::string& path, const Options& options, const Environment& environment,
         std::unique_ptr<LogDirectory> log)
      : options_(options),
        environment_(environment),
        log_(std::move(log)),
        reserve_(environment.files, path, options.disk_reserve_bytes),
        held_(options.pinned_limit_bytes),
        pages_(environment.clock, options.page_idle_ms, environment.random->Next(), &held_),
        scan_helper_(environment.executor) {}
  ~Engine() override { Close().IgnoreError(); }

  // Recovers, and starts the writer. Requires: called once, before anything else.
  absl::Status Start();

  absl::StatusOr<WriteResult> Write(WriteItem item, WriteOptions options) override;
  absl::StatusOr<WriteResult> Write(Batch batch) override;
  void WriteAsync(Batch batch, WriteDone done) override;
  void Enqueue(Batch batch, WriteDone done) override;
  void Flush() override;
  absl::StatusOr<GetResult> Get(const ProfileRef& ref, const GetOptions& options) override;
  absl::StatusOr<ReadResult<Timeline>> GetTimeline(const ProfileRef& ref,
                                                   const TimelineOptions& options) override;
  absl::StatusOr<ReadResult<std::vector<SessionEntry>>> GetSessions(
      const ProfileRef& ref, const SessionsOptions& options) override;
  absl::StatusOr<ReadResult<History>> GetHistory(const ProfileRef& ref,
                                                 const HistoryOptions& options) override;
  absl::StatusOr<ReadResult<std::vector<ConflictEntry>>> GetConflicts(
      const std::optional<ProfileRef>& ref, uint32_t limit) override;
  absl::StatusOr<ReadResult<std::vector<DuplicateEntry>>> GetDuplicates(
      const std::optional<ProfileRef>& ref, uint32_t limit) override;
  absl::StatusOr<ReadResult<MergePreview>> PreviewMerge(
      const ProfileRef& survivor, const ProfileRef& loser,
      const std::vector<std::pair<std::string, bool>>& choices) override;
  absl::StatusOr<QueryResult> Execute(std::string_view statement, absl::Span<const Value> params,
                                      const ExecuteOptions& options) override;
  Stats GetStats() override;
  std::vector<MemoryEntry> GetMemory() override;
  absl::StatusOr<SnapshotInfo> Snapshot() override;
  absl::StatusOr<SnapshotInfo> Backup(const std::string& directory) override;
  std::string GetDigest() override;
  absl::StatusOr<SnapshotInfo> Resume() override;
  void GiveUpSnapshots() override;
  absl::Status Close() override;

 private:
  // Null when the store keeps none.
  LogDirectory* KeptLog();
  absl::Status NoteNormaliser();
  absl::Status RaiseCeiling(Timestamp ceiling);
  ReadView TakeView();
  // Looks at a view of now and answers when that is durable. `look`: of the view and the row that
  // the reference names, if there is one.
  template <typename T, typename Look>
  absl::StatusOr<ReadResult<T>> Read(const std::optional<ProfileRef>& ref, Look look);
  std::optional<Timestamp> NextDue();
  uint64_t MemoryBytes();
  WriteDone LettingGo(const Batch& batch, WriteDone done);
  void SealExpired(const Retain& retain);
  absl::Status Open() const;
  BackupStats GetBackupStats() const;
  absl::StatusOr<uint64_t> MakeBackup(const std::string& directory, Picture picture,
                                      Timestamp clock);

  const Options options_;
  const Environment environment_;
  const std::unique_ptr<LogDirectory> log_;
  DiskReserve reserve_;
  HeldViews held_;
  Pages pages_;
  query::ScanHelper scan_helper_;
  DefinitionCache definitions_;
  SharedStore shared_;
  std::unique_ptr<ViewClock> clock_;
  RecoveryReport recovery_;
  std::atomic<uint64_t> num_statements_{0};
  std::atomic<bool> closed_{false};
  Work backup_;                      // of all backups; its steps are those of the one begun last
  std::atomic<int> num_backups_{0};  // that are being made
  // Last: their threads use the members above.
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<CommitQueue> queue_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<Forgetting> forgetting_;
};

absl::Status Engine::Start() {
  const int64_t started_us = environment_.clock->MonotonicMicros();
  Recovered recovered;
  {
    MutexLock lock(&shared_.mutex);
    ROSTER_ASSIGN_OR_RETURN(recovered, Recover(environment_, options_.default_region, log_.get(),
                                               &reserve_, &shared_.store));
    const Timestamp now = std::max(recovered.clock, environment_.clock->Now());
    if (shared_.store.lsn() == Lsn{}) {
      ROSTER_RETURN_IF_ERROR(WriteInitialCommit(now, log_.get(), &shared_.store));
    }
    ROSTER_RETURN_IF_ERROR(
        WriteRenormalised(recovered.renormalised, now, KeptLog(), &shared_.store));
    ROSTER_RETURN_IF_ERROR(NoteNormaliser());
    shared_.store.SetDefaultRegion(options_.default_region);
    shared_.requests = std::move(recovered.requests);
    shared_.carry_over.TakeRules(shared_.store.state(), shared_.store.clock());
  }
  // Not before: a store that is refused is not touched. A full disk is met when it is written to.
  reserve_.Hold().IgnoreError();
  recovery_ = recovered.report;
  recovery_.took_us = environment_.clock->MonotonicMicros() - started_us;
  clock_ = std::make_unique<ViewClock>(environment_.clock, recovered.clock,
                                       [this](Timestamp ceiling) { return RaiseCeiling(ceiling); });
  sealer_ = std::make_unique<Sealer>(environment_.executor, environment_.clock, &shared_);
  queue_ = std::make_unique<CommitQueue>(options_, environment_, &shared_, KeptLog(), &reserve_,
                                         clock_.get());
  // Of a snapshot that is damaged another is made at once.
  const bool fell_back = !recovery_.fallback.empty();
  checkpoint_ = std::make_unique<Checkpoint>(
      options_, environment_,
      Checkpoint::Parts{&shared_, queue_.get(), log_.get(), clock_.get(), &reserve_, &held_},
      fell_back ? std::nullopt : recovery_.snapshot);
  if (fell_back) checkpoint_->Start();
  forgetting_ = std::make_unique<Forgetting>(environment_.executor, environment_.clock, &shared_,
                                             queue_.get(), &pages_);
  return absl::OkStatus();
}

// Without space for a manifest the next opening looks at everything again.
absl::Status Engine::NoteNormaliser() {
  const bool kept = KeptLog() != nullptr;
  const absl::Status noted = log_->SetNormaliser(NormaliserVersion(options_.default_region), kept);
  const bool full = !noted.ok() && ErrorCodeOf(noted) == ErrorCode::kDiskFull;
  return full ? absl::OkStatus() : noted;
}

LogDirectory* Engine::KeptLog() {
  return options_.durability == Durability::kNone ? nullptr : log_.get();
}

absl::Status Engine::RaiseCeiling(Timestamp ceiling) {
  if (KeptLog() == nullptr) return absl::OkStatus();
  absl::Status raised = log_->SyncMark(ceiling);
  if (!raised.ok() && ErrorCodeOf(raised) == ErrorCode::kReadOnly) queue_->LogFailed(raised);
  return raised;
}

absl::StatusOr<WriteResult> Engine::Write(WriteItem item, WriteOptions options) {
  Batch batch;
  batch.items.push_back(std::move(item));
  batch.options = std::move(options);
  absl::StatusOr<WriteResult> result = Write(std::move(batch));
  if (result.ok() && !result->items.front().status.ok()) return result->items.front().status;
  return result;
}

absl::StatusOr<WriteResult> Engine::Write(Batch batch) {
  for (const WriteItem& item : batch.items) {
    if (const auto* retain = std::get_if<Retain>(&item)) SealExpired(*retain);
  }
  Mutex mutex;
  CondVar changed;
  std::optional<absl::StatusOr<WriteResult>> outcome;
  WriteDone done = LettingGo(batch, [&](auto result) {
    MutexLock lock(&mutex);
    outcome = std::move(result);
    changed.NotifyOne();
  });
  queue_->Submit(std::move(batch), CommitQueue::By::kCaller, std::move(done));
  queue_->Lead(CommitQueue::Patience::kWaits);
  while (environment_.executor->RunOne()) {
  }
  MutexLock lock(&mutex);
  while (!outcome) changed.Wait(&mutex);
  return *std::move(outcome);
}

// A longer retention drops for good what has expired. The writer has little of that left to do when
// it was brought away just before.
void Engine::SealExpired(const Retain& retain) {
  std::optional<EventTypeId> event;
  {
    MutexLock lock(&shared_.mutex);
    const Schema& schema = *shared_.store.state().schema;
    event = schema.FindEvent(ToNfc(retain.event));
    const int64_t keep_ms = event ? schema.event(*event).keep_ms : 0;
    if (keep_ms == 0 || (retain.keep_ms != 0 && retain.keep_ms <= keep_ms)) return;
  }
  // What has expired by now is marked by a commit only.
  if (const auto due = NextDue(); due && *due <= clock_->Now()) Write(Batch{}).IgnoreError();
  sealer_->SealExpired(*event);
}

// Who was erased is on no page any more. What pages do not use any more goes by the way.
Database::WriteDone Engine::LettingGo(const Batch& batch, WriteDone done) {
  pages_.DropIdle();
  const bool erases = std::any_of(batch.items.begin(), batch.items.end(), [](const auto& item) {
    return std::holds_alternative<Erase>(item);
  });
  if (!erases) return done;
  return [this, done = std::move(done)](auto result) {
    if (result.ok()) pages_.DropBefore(result->lsn);
    done(std::move(result));
  };
}

void Engine::WriteAsync(Batch batch, WriteDone done) {
  done = LettingGo(batch, std::move(done));
  queue_->Submit(std::move(batch), CommitQueue::By::kWriter, std::move(done));
}

void Engine::Enqueue(Batch batch, WriteDone done) {
  done = LettingGo(batch, std::move(done));
  queue_->Submit(std::move(batch), CommitQueue::By::kCaller, std::move(done));
}

void Engine::Flush() { queue_->Lead(CommitQueue::Patience::kNone); }

absl::StatusOr<GetResult> Engine::Get(const ProfileRef& ref, const GetOptions& options) {
  ROSTER_RETURN_IF_ERROR(Open());
  const ReadView view = TakeView();
  absl::StatusOr<Profile> profile = ReadProfile(view, *definitions_.Of(view), ref, options);
  const bool durable = queue_->WaitUntilAnswerable(view.lsn());
  ROSTER_RETURN_IF_ERROR(profile.status());
  return GetResult{.lsn = view.lsn(), .durable = durable, .profile = *std::move(profile)};
}

template <typename T, typename Look>
absl::StatusOr<ReadResult<T>> Engine::Read(const std::optional<ProfileRef>& ref, Look look) {
  ROSTER_RETURN_IF_ERROR(Open());
  const ReadView view = TakeView();
  ReadResult<T> result{.lsn = view.lsn(), .profile = {}, .value = {}};
  const auto found = [&]() -> absl::StatusOr<T> {
    if (!ref) return look(view, std::optional<RowId>());
    ROSTER_ASSIGN_OR_RETURN(const RowId row, FindRow(view.state(), *ref));
    result.profile = view.state().ProfileAt(row);
    return look(view, std::optional<RowId>(row));
  };
  absl::StatusOr<T> value = found();
  result.durable = queue_->WaitUntilAnswerable(view.lsn());
  ROSTER_RETURN_IF_ERROR(value.status());
  result.value = *std::move(value);
  return result;
}

absl::StatusOr<ReadResult<Timeline>> Engine::GetTimeline(const ProfileRef& ref,
                                                         const TimelineOptions& options) {
  return Read<Timeline>(ref, [&](const ReadView& view, std::optional<RowId> row) {
    return ReadTimeline(view, *row, options);
  });
}

absl::StatusOr<ReadResult<std::vector<SessionEntry>>> Engine::GetSessions(
    const ProfileRef& ref, const SessionsOptions& options) {
  return Read<std::vector<SessionEntry>>(ref, [&](const ReadView& view, std::optional<RowId> row) {
    return ReadSessions(view, *definitions_.Of(view), *row, options);
  });
}

absl::StatusOr<ReadResult<History>> Engine::GetHistory(const ProfileRef& ref,
                                                       const HistoryOptions& options) {
  return Read<History>(ref, [&](const ReadView& view, std::optional<RowId> row) {
    return ReadHistory(view, *row, options);
  });
}

absl::StatusOr<ReadResult<std::vector<ConflictEntry>>> Engine::GetConflicts(
    const std::optional<ProfileRef>& ref, uint32_t limit) {
  return Read<std::vector<ConflictEntry>>(ref, [&](const ReadView& view, std::optional<RowId> row) {
    return ReadConflicts(view, row, limit);
  });
}

absl::StatusOr<ReadResult<std::vector<DuplicateEntry>>> Engine::GetDuplicates(
    const std::optional<ProfileRef>& ref, uint32_t limit) {
  return Read<std::vector<DuplicateEntry>>(ref,
                                           [&](const ReadView& view, std::optional<RowId> row) {
                                             return ReadDuplicates(view, row, limit);
                                           });
}

absl::StatusOr<ReadResult<MergePreview>> Engine::PreviewMerge(
    const ProfileRef& survivor, const ProfileRef& loser,
    const std::vector<std::pair<std::string, bool>>& choices) {
  return Read<MergePreview>(
      survivor,
      [&](const ReadView& view, std::optional<RowId> row) -> absl::StatusOr<MergePreview> {
        ROSTER_ASSIGN_OR_RETURN(const RowId other, FindRow(view.state(), loser));
        return ReadMerge(view, *row, other, choices);
      });
}

absl::StatusOr<QueryResult> Engine::Execute(std::string_view statement,
                                            absl::Span<const Value> params,
                                            const ExecuteOptions& options) {
  ROSTER_RETURN_IF_ERROR(Open());
  const int64_t started_us = environment_.clock->MonotonicMicros();
  ++num_statements_;
  ROSTER_ASSIGN_OR_RETURN(const query::ast::Statement parsed, query::Parse(statement));
  const int64_t parsed_us = environment_.clock->MonotonicMicros() - started_us;
  const auto* find = std::get_if<query::ast::Find>(&parsed.verb);
  const uint64_t question = find != nullptr ? QuestionOf(parsed, params, options.time_zone) : 0;
  query::QueryOptions asked{.time_zone = options.time_zone, .parsed_us = parsed_us};
  std::optional<ReadView> view;
  if (find != nullptr && find->after) {
    ROSTER_ASSIGN_OR_RETURN(const std::string cursor,
                            query::TextOf(*find->after, statement, params));
    ROSTER_ASSIGN_OR_RETURN(const Pages::Page page, pages_.Find(cursor, question));
    view = page.view;
    asked.after = page.after;
  } else {
    view = TakeView();
  }
  const ViewCatalog catalog(view->state());
  const int64_t timeout_ms = std::min(
      options.timeout_ms > 0 ? options.timeout_ms : options_.statement_timeout_ms, kMaxTimeoutMs);
  query::ExecutionLimits limits;
  limits.clock = environment_.clock;
  limits.deadline_us = started_us + timeout_ms * 1000;
  limits.cancelled = options.cancelled;
  limits.max_bytes = options_.statement_memory_bytes;
  limits.max_rows = options_.statement_rows;
  if (options.second_thread) limits.helper = &scan_helper_;
  asked.viewed_us = environment_.clock->MonotonicMicros() - started_us - parsed_us;
  absl::StatusOr<query::QueryAnswer> answer =
      query::Run(parsed, statement, params, asked, *view, catalog, limits);
  QueryResult result{.lsn = view->lsn(), .clock = view->clock(), .data = {}};
  result.took_us = environment_.clock->MonotonicMicros() - started_us;
  result.durable = queue_->WaitUntilAnswerable(view->lsn());
  ROSTER_RETURN_IF_ERROR(answer.status());
  std::optional<ProfileId> last;
  if (const auto* table = std::get_if<query::TableAnswer>(&*answer)) last = table->next_after;
  result.data = ToPublic(*std::move(answer));
  if (last && find != nullptr) {
    ROSTER_ASSIGN_OR_RETURN(std::get<Table>(result.data).cursor,
                            pages_.Hold(*view, question, *last, MemoryBytes()));
  }
  return result;
}

uint64_t Engine::MemoryBytes() {
  MutexLock lock(&shared_.mutex);
  return shared_.store.MemoryBytes();
}

Stats Engine::GetStats() {
  Stats stats;
  stats.clock = clock_->Now();
  const absl::Status latched = queue_->latched();
  stats.durability = options_.durability;
  stats.read_only = !latched.ok();
  stats.read_only_reason = std::string(StdView(latched.message()));
  stats.disk_full = reserve_.missing() || queue_->disk_full();
  stats.memory_limit_bytes = options_.memory_limit_bytes;
  stats.log_bytes = log_->log_bytes();
  stats.snapshots = checkpoint_->stats();
  stats.backup = GetBackupStats();
  stats.num_commits = queue_->num_commits();
  stats.num_syncs = queue_->num_syncs();
  stats.num_statements = num_statements_;
  stats.num_blocked_identities = queue_->num_blocked_identities();
  stats.recovery = recovery_;
  {
    MutexLock lock(&shared_.mutex);
    const State& state = shared_.store.state();
    stats.lsn = shared_.store.lsn();
    stats.num_profiles = state.num_profiles;
    stats.num_events = state.num_events();
    stats.num_identities = state.identities.num_attached();
    for (const auto& [id, count] : shared_.store.Largest(kNumLargest)) {
      stats.largest_profiles.push_back({id, count});
    }
    stats.memory_bytes = shared_.store.MemoryBytes();
    stats.pinned_bytes = held_.PinnedBytes(shared_.store.copied_bytes());
  }
  queue_->WaitUntilAnswerable(stats.lsn);
  stats.durable_lsn = queue_->durable_lsn();
  return stats;
}

std::vector<MemoryEntry> Engine::GetMemory() {
  std::vector<MemoryUse> uses;
  {
    MutexLock lock(&shared_.mutex);
    uses = shared_.store.MemoryUses();
  }
  std::vector<MemoryEntry> entries;
  entries.reserve(uses.size());
  for (MemoryUse& use : uses) entries.push_back(EntryOf(std::move(use)));
  return entries;
}

absl::StatusOr<SnapshotInfo> Engine::Snapshot() {
  ROSTER_RETURN_IF_ERROR(Open());
  return checkpoint_->Snapshot();
}

BackupStats Engine::GetBackupStats() const {
  if (num_backups_ == 0) return {};
  const uint64_t total = backup_.total();
  return {.running = true, .steps_done = std::min(backup_.done(), total), .steps_total = total};
}

absl::StatusOr<uint64_t> Engine::MakeBackup(const std::string& directory, Picture picture,
                                            Timestamp clock) {
  ++num_backups_;
  backup_.Begin(StepsOf(picture));
  absl::StatusOr<uint64_t> bytes = MakeStoreDirectory(
      environment_.files, environment_.random, directory, std::move(picture), clock, &backup_);
  --num_backups_;
  return bytes;
}

absl::StatusOr<SnapshotInfo> Engine::Backup(const std::string& directory) {
  ROSTER_RETURN_IF_ERROR(Open());
  ROSTER_RETURN_IF_ERROR(backup_.Check());
  const int64_t started_us = environment_.clock->MonotonicMicros();
  const Timestamp clock = clock_->Now();
  ROSTER_ASSIGN_OR_RETURN(Picture picture, TakeHeldPicture(&shared_, &held_));
  const Lsn lsn = picture.view.lsn();
  const Timestamp seen = std::max(clock, picture.view.clock());
  // Nothing leaves, in a backup either, that a crash could still take back.
  if (!queue_->WaitUntilAnswerable(lsn)) {
    return MakeError(ErrorCode::kReadOnly, "the log has failed: RESUME first");
  }
  ROSTER_ASSIGN_OR_RETURN(const uint64_t bytes, MakeBackup(directory, std::move(picture), seen));
  return SnapshotInfo{.lsn = lsn,
                      .clock = clock,
                      .bytes = bytes,
                      .took_us = environment_.clock->MonotonicMicros() - started_us};
}

std::string Engine::GetDigest() {
  std::optional<ReadView> view;
  {
    MutexLock lock(&shared_.mutex);
    view = shared_.store.TakeView(shared_.store.clock());
  }
  return DigestToHex(DigestOf(*view));
}

absl::StatusOr<SnapshotInfo> Engine::Resume() {
  ROSTER_RETURN_IF_ERROR(Open());
  return checkpoint_->Resume();
}

void Engine::GiveUpSnapshots() {
  backup_.Stop();
  if (checkpoint_ != nullptr) checkpoint_->GiveUp();
}

// What was accepted becomes durable first: who stops the process does not wait for a snapshot that
// is being made, only for the one that closing makes of everything.
absl::Status Engine::Close() {
  GiveUpSnapshots();
  const bool first = !closed_.exchange(true);
  if (checkpoint_ == nullptr) return absl::OkStatus();
  absl::Status closed = queue_->Close();
  if (!first) return closed;
  forgetting_.reset();
  if (closed.ok() && options_.snapshot_at_close) closed = checkpoint_->MakeLast().status();
  checkpoint_->Close();
  return closed;
}

ReadView Engine::TakeView() {
  Timestamp now = clock_->Now();
  if (const auto due = NextDue(); due && *due <= now) {
    // What becomes true by time alone is a commit too. A store that cannot log it stops before it.
    const absl::Status advanced = Write(Batch{}).status();
    if (!advanced.ok()) now.ms = due->ms - 1;
  }
  MutexLock lock(&shared_.mutex);
  // A commit in flight may be ahead of the ceiling; its own frames carry one that covers it, and
  // the reply waits for them.
  return shared_.store.TakeView(std::max(now, shared_.store.clock()));
}

std::optional<Timestamp> Engine::NextDue() {
  MutexLock lock(&shared_.mutex);
  const std::optional<Timestamp> store = shared_.store.next_due();
  const std::optional<Timestamp> carry = shared_.carry_over.next_due();
  return store && carry ? std::min(store, carry) : std::max(store, carry);
}

absl::Status Engine::Open() const {
  if (closed_) return MakeError(ErrorCode::kShutdown, "the store is closed");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const std::string& path,
                                                       const Options& options,
                                                       const Environment& environment) {
  if (options.keep_snapshots == 0) {
    return MakeError(ErrorCode::kErr, "keep_snapshots is to be at least 1");
  }
  std::string region = options.default_region == "none" ? "" : options.default_region;
  if (!region.empty() && !IsRegion(region)) {
    return MakeError(ErrorCode::kErr, "default_region is to be two capital letters, or none");
  }
  if (!options.create_if_missing) {
    ROSTER_ASSIGN_OR_RETURN(const bool exists, environment.files->Exists(path));
    if (!exists) return MakeError(ErrorCode::kErr, "no such data directory");
  }
  LogDirectoryOptions log_options;
  log_options.rotate_bytes = options.log_file_bytes;
  log_options.normaliser = NormaliserVersion(region);
  // A file takes no more from the disk at once than it is to have in the end.
  log_options.preallocate_bytes = std::min(log_options.preallocate_bytes, options.log_file_bytes);
  log_options.zero_ahead_bytes = std::min(log_options.zero_ahead_bytes, options.log_file_bytes);
  ROSTER_ASSIGN_OR_RETURN(
      std::unique_ptr<LogDirectory> log,
      LogDirectory::Open(environment.files, environment.random, path, log_options));
  if (options.default_region.empty()) region = RegionOf(log->manifest().normaliser);
  Options settled = options;
  settled.default_region = std::move(region);
  auto engine = std::make_unique<Engine>(path, settled, environment, std::move(log));
  ROSTER_RETURN_IF_ERROR(engine->Start());
  return std::unique_ptr<Database>(std::move(engine));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         const Options& options) {
  return OpenDatabase(path, options, Environment{});
}

}  // namespace roster
