// SPDX-License-Identifier: Apache-2.0
//
// Implements SalvageStore. Of every state that the files can give the one that goes furthest is
// taken: a snapshot, or the beginning, and the log behind it up to the first gap.
#include <algorithm>

#include "engine/maintenance/load.h"
#include "engine/maintenance/log_files.h"
#include "engine/replay.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"

namespace roster {
namespace {

// How far a state could be brought, and why not further.
struct Attempt {
  std::unique_ptr<LoadedState> state;
  std::string stopped_in;  // the file
  std::string reason;
};

class Salvager {
 public:
  Salvager(const Environment& environment, std::string from, const LogFiles& files)
      : environment_(environment), from_(std::move(from)), files_(files) {}

  // Errors: CORRUPT when there is no state at all.
  absl::StatusOr<Attempt> Best();
  std::vector<Loss> LossesOf(const Attempt& attempt);

 private:
  absl::StatusOr<Attempt> From(const SnapshotEntry* snapshot);
  absl::Status ReplayInto(Attempt* attempt);

  const Environment& environment_;
  const std::string from_;
  const LogFiles& files_;
};

absl::StatusOr<Attempt> Salvager::Best() {
  std::vector<const SnapshotEntry*> bases;
  for (const SnapshotEntry& snapshot : files_.snapshots()) bases.push_back(&snapshot);
  std::ranges::reverse(bases);
  if (!files_.entries().empty() && files_.entries().front().base_lsn == Lsn{}) {
    bases.push_back(nullptr);
  }
  std::optional<Attempt> best;
  absl::Status last = MakeError(ErrorCode::kCorrupt, "there is no snapshot and no whole log");
  for (const SnapshotEntry* base : bases) {
    absl::StatusOr<Attempt> attempt = From(base);
    if (!attempt.ok()) {
      last = attempt.status();
      continue;
    }
    if (best && best->state->store.lsn() >= attempt->state->store.lsn()) continue;
    best = *std::move(attempt);
    if (best->state->store.lsn() >= files_.highest_lsn()) break;
  }
  if (!best && absl::IsNotFound(last))
    return MakeError(ErrorCode::kCorrupt, StdView(last.message()));
  if (!best) return last;
  if (best->state->store.lsn() == Lsn{} && files_.highest_lsn() > Lsn{}) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("not one commit is certain: ", best->stopped_in, ": ", best->reason));
  }
  return *std::move(best);
}

absl::StatusOr<Attempt> Salvager::From(const SnapshotEntry* snapshot) {
  Attempt attempt;
  if (snapshot == nullptr) {
    attempt.state = std::make_unique<LoadedState>();
  } else {
    ROSTER_ASSIGN_OR_RETURN(attempt.state,
                            LoadSnapshotAt(environment_, from_, files_.uuid(), *snapshot));
  }
  ROSTER_RETURN_IF_ERROR(ReplayInto(&attempt));
  return attempt;
}

absl::Status Salvager::ReplayInto(Attempt* attempt) {
  Store& store = attempt->state->store;
  const std::vector<LogEntry>& entries = files_.entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool is_before = i + 1 < entries.size() && entries[i + 1].base_lsn <= store.lsn();
    if (is_before) continue;
    attempt->stopped_in = LogFileName(entries[i].number);
    if (entries[i].base_lsn > store.lsn()) {
      attempt->reason = StrCat("it begins behind LSN ", entries[i].base_lsn.value);
      return absl::OkStatus();
    }
    const auto reader = files_.Reader(entries[i], store.lsn());
    absl::Status replayed = Replay(reader.get(), environment_.executor, &store,
                                   &attempt->state->requests, {}, &attempt->state->clock);
    if (replayed.ok()) continue;
    if (ErrorCodeOf(replayed) != ErrorCode::kCorrupt) return replayed;
    attempt->reason = StdView(replayed.message());
    return absl::OkStatus();
  }
  attempt->stopped_in.clear();
  return absl::OkStatus();
}

std::vector<Loss> Salvager::LossesOf(const Attempt& attempt) {
  std::vector<Loss> losses;
  const Lsn reached = attempt.state->store.lsn();
  const Lsn highest = files_.highest_lsn();
  if (!files_.mark_status().ok()) {
    losses.push_back({.file = std::string(kMarkName),
                      .what = "damaged: whether more was acknowledged cannot be told"});
  }
  if (attempt.reason.empty() && reached >= highest) return losses;
  Loss lost{.file = attempt.stopped_in.empty() ? "the log" : attempt.stopped_in};
  if (reached < highest) {
    lost.num_commits = highest.value - reached.value;
    lost.what = StrCat("LSN ", reached.value + 1, " to ", highest.value, ": ");
  }
  lost.what += attempt.reason.empty() ? "not in any file" : attempt.reason;
  losses.push_back(std::move(lost));
  // Whole commits behind the damage: what they build on is lost, so they cannot be applied.
  for (const LogEntry& entry : files_.entries()) {
    if (entry.base_lsn <= reached) continue;
    const auto reader = files_.Reader(entry, {});
    Loss behind{.file = LogFileName(entry.number)};
    Lsn last;
    while (true) {
      const auto commit = reader->Next();
      if (!commit.ok() || !commit->has_value()) break;
      last = (*commit)->last_lsn;
      ++behind.num_commits;
    }
    if (behind.num_commits == 0) continue;
    behind.what = StrCat("LSN ", entry.base_lsn.value + 1, " to ", last.value,
                         ": readable, but what is before them is lost");
    losses.push_back(std::move(behind));
  }
  return losses;
}

}  // namespace

absl::StatusOr<SalvageReport> SalvageStore(const Environment& environment, const std::string& from,
                                           const std::string& to, bool accept_loss,
                                           const ProgressFn& progress) {
  ROSTER_RETURN_IF_ERROR(CheckIsStore(environment, from));
  ROSTER_ASSIGN_OR_RETURN(const auto lock, environment.files->Lock(JoinPath(from, kLockName)));
  ROSTER_ASSIGN_OR_RETURN(const LogFiles files, LogFiles::Open(environment.files, from));
  Salvager salvager(environment, from, files);
  ROSTER_ASSIGN_OR_RETURN(const Attempt best, salvager.Best());
  SalvageReport report;
  report.losses = salvager.LossesOf(best);
  if (!report.losses.empty() && !accept_loss) {
    std::string message = "this would be lost, and --accept-loss was not given";
    for (const Loss& loss : report.losses) message += StrCat("; ", loss.file, ": ", loss.what);
    return MakeError(ErrorCode::kCorrupt, message);
  }
  ROSTER_ASSIGN_OR_RETURN(report.store, MakeStore(environment, to, *best.state, progress));
  return report;
}

absl::StatusOr<SalvageReport> SalvageStore(const std::string& from, const std::string& to,
                                           bool accept_loss, const ProgressFn& progress) {
  return SalvageStore(Environment{}, from, to, accept_loss, progress);
}

}  // namespace roster
