// SPDX-License-Identifier: Apache-2.0
#include "engine/replay.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "roster/error.h"
#include "storage/base/prefetch.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

// Commits are decoded and applied in portions of about so many bytes: enough that handing over
// costs nothing, few enough that they stay in the caches.
constexpr size_t kPortionBytes = 256 << 10;
// How far ahead of being applied a mutation is fetched: another core wrote it.
constexpr size_t kPrefetchMutations = 4;

absl::Status AtLsn(const absl::Status& status, Lsn lsn) {
  return MakeError(ErrorCodeOf(status), StrCat(StdView(status.message()), ", at LSN ", lsn.value));
}

// Commits that were read. They are overwritten by the next reading, so that their memory is
// used again.
struct Portion {
  struct Entry {
    Lsn lsn;
    Commit commit;
  };
  std::vector<Entry> entries;
  size_t num_entries = 0;
  absl::Status status;  // of what came behind the entries
  bool last = false;
};

void Read(WalReader* reader, const ReplayLimit& limit, Portion* portion) {
  portion->num_entries = 0;
  size_t bytes = 0;
  while (bytes < kPortionBytes) {
    const absl::StatusOr<std::optional<WalCommit>> logged = reader->Next();
    portion->status = logged.status();
    portion->last = !logged.ok() || !logged->has_value();
    if (portion->last) return;
    if (portion->num_entries == portion->entries.size()) portion->entries.emplace_back();
    Portion::Entry& entry = portion->entries[portion->num_entries];
    entry.lsn = (*logged)->last_lsn;
    if (absl::Status decoded = DecodeCommit((*logged)->bytes, &entry.commit); !decoded.ok()) {
      portion->status = AtLsn(decoded, entry.lsn);
      portion->last = true;
      return;
    }
    if (entry.lsn > limit.lsn || entry.commit.header.received_at > limit.received_at) {
      portion->last = true;
      return;
    }
    ++portion->num_entries;
    portion->last = entry.lsn == limit.lsn;
    if (portion->last) return;
    bytes += (*logged)->bytes.size();
  }
}

void Prefetch(const Mutation& mutation) {
  const auto* const event = std::get_if<AddEvent>(&mutation);
  if (event == nullptr) return;
  const auto* const begin = reinterpret_cast<const char*>(event->properties.data());
  const size_t bytes = event->properties.size() * sizeof(event->properties[0]);
  for (size_t at = 0; at < bytes; at += 64) PrefetchLine(begin + at);
}

absl::Status Apply(const Portion& portion, Store* store, RequestWindow* requests) {
  ChangeSet changes;
  for (size_t i = 0; i < portion.num_entries; ++i) {
    const auto& [lsn, commit] = portion.entries[i];
    for (size_t m = 0; m < commit.mutations.size(); ++m) {
      const Mutation& mutation = commit.mutations[m];
      if (m + 2 * kPrefetchMutations < commit.mutations.size()) {
        PrefetchLine(&commit.mutations[m + 2 * kPrefetchMutations]);
        Prefetch(commit.mutations[m + kPrefetchMutations]);
      }
      const absl::Status fits = store->Check(mutation);
      if (!fits.ok()) return AtLsn(fits, lsn);
      store->Apply(mutation, &changes);
    }
    store->FinishCommit(lsn);
    changes.rows.clear();
    changes.traits.clear();
    changes.events.clear();
    const CommitHeader& header = commit.header;
    if (!header.request_id.empty()) {
      requests->Add(header.request_id, {header.digest, lsn, header.outcome, header.record});
    }
  }
  return absl::OkStatus();
}

// Blocks to seal while the next portion is applied: that takes longer than reading it does, so that
// the thread that reads has time for them.
struct Seals {
  std::vector<SealJob> jobs;
  std::vector<std::shared_ptr<const SealedEvents>> sealed;

  void Take(Store* store) {
    jobs.clear();
    while (std::optional<SealJob> job = store->TakeSealJob()) jobs.push_back(*std::move(job));
    sealed.assign(jobs.size(), nullptr);
  }
  void AddTasks(std::vector<std::function<void()>>* tasks) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      tasks->emplace_back([this, i] { sealed[i] = jobs[i].Run(); });
    }
  }
  void Install(Store* store) {
    for (size_t i = 0; i < jobs.size(); ++i) store->InstallSeal(jobs[i], std::move(sealed[i]));
  }
};

}  // namespace

absl::Status Replay(WalReader* reader, Executor* executor, Store* store, RequestWindow* requests,
                    const ReplayLimit& limit, Timestamp* received_at) {
  if (store->lsn() == limit.lsn) return absl::OkStatus();
  Portion portions[2];
  Portion* ready = &portions[0];
  Portion* next = &portions[1];
  Seals seals;
  store->SealInBackground();
  Read(reader, limit, ready);
  while (true) {
    absl::Status applied;
    std::vector<std::function<void()>> tasks;
    tasks.emplace_back([&] { applied = Apply(*ready, store, requests); });
    if (!ready->last) tasks.emplace_back([&] { Read(reader, limit, next); });
    seals.Take(store);
    seals.AddTasks(&tasks);
    executor->RunAll(std::move(tasks));
    seals.Install(store);
    ROSTER_RETURN_IF_ERROR(applied);
    for (size_t i = 0; received_at != nullptr && i < ready->num_entries; ++i) {
      *received_at = std::max(*received_at, ready->entries[i].commit.header.received_at);
    }
    if (ready->last) return ready->status;
    std::swap(ready, next);
  }
}

}  // namespace roster
