// SPDX-License-Identifier: Apache-2.0
//
// A Database for tests of the server: a few maps, and full control over when a write is answered.
// Thread rule: as Database.
#ifndef ROSTER_TESTS_SERVER_FAKE_DATABASE_H_
#define ROSTER_TESTS_SERVER_FAKE_DATABASE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "roster/database.h"
#include "roster/error.h"
#include "tests/server/fake_reads.h"

namespace roster::server {

// Statements it knows: `count` (profiles), `find` (a row per profile), `find wide N` (N rows of
// 1 KiB), `count slow N` (sleeps N ms), `count wrong` (NOTRAIT at column 7), `count params`
// (number of parameters), `count undurable`.
class FakeDatabase : public FakeReads {
 public:
  enum class Mode : uint8_t {
    kThread,  // a thread of its own answers writes
    kManual,  // the test calls CompleteOne
  };

  explicit FakeDatabase(Mode mode) {
    if (mode == Mode::kThread) thread_ = std::thread([this] { Run(); });
  }
  ~FakeDatabase() override { Close().IgnoreError(); }

  absl::StatusOr<WriteResult> Write(WriteItem item, WriteOptions) override {
    Batch batch;
    batch.items.push_back(std::move(item));
    return Write(std::move(batch));
  }

  absl::StatusOr<WriteResult> Write(Batch batch) override {
    const std::lock_guard lock(mutex_);
    return Apply(batch);
  }

  void WriteAsync(Batch batch, WriteDone done) override {
    {
      const std::lock_guard lock(mutex_);
      if (!closed_) {
        TakeEnqueued();  // the order of the calls
        ++num_async;
        pending_.emplace_back(std::move(batch), std::move(done));
        wake_.notify_one();
        return;
      }
    }
    done(MakeError(ErrorCode::kShutdown, "the store is closing"));
  }

  // What is enqueued waits for Flush, and goes before what comes by WriteAsync later.
  void Enqueue(Batch batch, WriteDone done) override {
    {
      const std::lock_guard lock(mutex_);
      if (!closed_) {
        enqueued_.emplace_back(std::move(batch), std::move(done));
        return;
      }
    }
    done(MakeError(ErrorCode::kShutdown, "the store is closing"));
  }
  void Flush() override {
    const std::lock_guard lock(mutex_);
    ++num_flushes;
    TakeEnqueued();
    wake_.notify_one();
  }

  absl::StatusOr<GetResult> Get(const ProfileRef& ref, const GetOptions& options) override {
    const std::lock_guard lock(mutex_);
    asked.get = options;
    ProfileId id;
    if (const auto* identity = std::get_if<IdentityRef>(&ref)) {
      const auto found = ids_.find({identity->space, identity->value});
      if (found == ids_.end()) return MakeError(ErrorCode::kNoProfile, "no such profile");
      id.value = found->second;
    } else {
      id = std::get<ProfileId>(ref);
    }
    const auto profile = profiles_.find(id.value);
    if (profile == profiles_.end()) return MakeError(ErrorCode::kNoProfile, "no such profile");
    GetResult result{.lsn = lsn_, .durable = true, .profile = profile->second};
    if (result.profile.events.size() > options.max_events) {
      result.profile.events.resize(options.max_events);
    }
    return result;
  }

  absl::StatusOr<QueryResult> Execute(std::string_view statement, absl::Span<const Value> params,
                                      const ExecuteOptions& options) override {
    const std::string text(statement);
    last_timeout_ms = options.timeout_ms;
    if (text.find("slow ") != std::string::npos) {
      const int ms = std::stoi(text.substr(text.find("slow ") + 5));
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    }
    if (text.find("wrong") != std::string::npos) {
      return MakeError(ErrorCode::kNoTrait, "unknown trait `wrong`",
                       ErrorPosition{.line = 1, .column = 7, .offset = 6, .length = 5});
    }
    const std::lock_guard lock(mutex_);
    last_statement_ = text;
    QueryResult result{.lsn = lsn_, .clock = {}, .took_us = 7, .durable = true, .data = Count{}};
    if (text.find("undurable") != std::string::npos) result.durable = false;
    if (text.find("params") != std::string::npos) {
      result.data = Count{params.size()};
    } else if (text.find("wide ") != std::string::npos) {
      result.data = Wide(std::stoul(text.substr(text.find("wide ") + 5)));
    } else if (text[0] == 'f' || text[0] == 'F') {
      result.data = AllProfiles();
    } else {
      result.data = Count{profiles_.size()};
    }
    return result;
  }

  Stats GetStats() override {
    const std::lock_guard lock(mutex_);
    Stats stats;
    stats.lsn = lsn_;
    stats.durable_lsn = lsn_;
    stats.num_profiles = profiles_.size();
    return stats;
  }

  std::vector<MemoryEntry> GetMemory() override {
    return {{.kind = "trait", .name = "pl:an", .bytes = 5, .parts = {{"cells", 3}, {"times", 2}}},
            {.kind = "rows", .name = {}, .bytes = 1, .parts = {{"live", 1}}}};
  }

  // With `snapshots_wait` until it is given up.
  absl::StatusOr<SnapshotInfo> Snapshot() override {
    std::unique_lock lock(mutex_);
    ++num_snapshots;
    if (snapshots_wait) given_up_.wait(lock, [this] { return gives_up_; });
    if (gives_up_) return MakeError(ErrorCode::kShutdown, "the store is closing");
    return SnapshotInfo{.lsn = lsn_, .clock = {1000}, .bytes = 77, .took_us = 5};
  }

  absl::StatusOr<SnapshotInfo> Backup(const std::string&) override { return Snapshot(); }
  std::string GetDigest() override { return std::string(32, '0'); }

  absl::StatusOr<SnapshotInfo> Resume() override {
    return MakeError(ErrorCode::kErr, "nothing to resume: writes are accepted");
  }

  void GiveUpSnapshots() override {
    const std::lock_guard lock(mutex_);
    gives_up_ = true;
    given_up_.notify_all();
  }

  absl::Status Close() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      TakeEnqueued();
      wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    while (CompleteOne()) {
    }
    return absl::OkStatus();
  }

  // Answers the oldest open write; false when there is none.
  bool CompleteOne() {
    std::unique_lock lock(mutex_);
    if (pending_.empty()) return false;
    auto [batch, done] = std::move(pending_.front());
    pending_.pop_front();
    absl::StatusOr<WriteResult> result = Apply(batch);
    lock.unlock();
    done(std::move(result));
    return true;
  }

  size_t NumPending() {
    const std::lock_guard lock(mutex_);
    return pending_.size();
  }
  std::string last_statement() {
    const std::lock_guard lock(mutex_);
    return last_statement_;
  }
  std::atomic<int64_t> last_timeout_ms = 0;
  std::atomic<int> num_flushes = 0;
  std::atomic<int> num_async = 0;  // calls of WriteAsync
  std::atomic<int> num_snapshots = 0;
  std::atomic<bool> snapshots_wait = false;

 private:
  void Run() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return closed_ || !pending_.empty(); });
        if (pending_.empty()) return;
      }
      CompleteOne();
    }
  }

  // Requires: mutex_ is held.
  void TakeEnqueued() {
    std::move(enqueued_.begin(), enqueued_.end(), std::back_inserter(pending_));
    enqueued_.clear();
  }

  WriteResult Apply(const Batch& batch) {
    const std::string& key = batch.options.request_id;
    if (const auto known = outcomes_.find(key); !key.empty() && known != outcomes_.end()) {
      WriteResult result = known->second;
      result.duplicate = true;
      return result;
    }
    WriteResult result;
    result.lsn.value = ++lsn_.value;
    for (const WriteItem& item : batch.items) result.items.push_back(ApplyItem(item));
    if (!key.empty()) outcomes_[key] = result;
    return result;
  }

  static std::vector<IdentityRef> IdentitiesOf(const WriteItem& item) {
    if (const auto* identify = std::get_if<Identify>(&item)) return identify->identities;
    if (const auto* track = std::get_if<Track>(&item)) return track->identities;
    return {};
  }

  ItemResult ApplyItem(const WriteItem& item) {
    ItemResult result;
    const std::vector<IdentityRef> identities = IdentitiesOf(item);
    if (identities.empty()) {
      result.status = MakeError(ErrorCode::kNoIdentity, "no usable identity");
      return result;
    }
    uint64_t& id = ids_[{identities[0].space, identities[0].value}];
    if (id == 0) {
      id = profiles_.size() + 1;
      result.created = true;
      profiles_[id].id.value = id;
      for (const IdentityRef& ref : identities) profiles_[id].identities.push_back({ref, false});
    }
    result.profile.value = id;
    Profile& profile = profiles_[id];
    if (const auto* track = std::get_if<Track>(&item)) {
      result.duplicate =
          !track->message_id.empty() && !messages_.insert({track->message_id, 0}).second;
      EventEntry event{.id = 10,
                       .type = track->event,
                       .time = {1000},
                       .properties = track->properties,
                       .origin = identities[0]};
      if (!result.duplicate) profile.events.insert(profile.events.begin(), event);
    } else {
      for (const Field& field : std::get<Identify>(item).traits) {
        profile.traits.push_back({field.key, field.value, Timestamp{1000}, identities[0]});
      }
    }
    return result;
  }

  Table AllProfiles() const {
    Table table{.columns = {{"id", ValueType::kInteger}, {"score", ValueType::kNumber}},
                .rows = {}};
    for (const auto& [id, profile] : profiles_) {
      table.rows.push_back({Value(static_cast<int64_t>(id)), Value(0.5)});
    }
    return table;
  }

  static Table Wide(size_t rows) {
    Table table{.columns = {{"text", ValueType::kText}}, .rows = {}};
    for (size_t i = 0; i < rows; ++i) table.rows.push_back({Value(std::string(1024, 'x'))});
    return table;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable given_up_;
  // Guarded by mutex_.
  std::deque<std::pair<Batch, WriteDone>> enqueued_;  // and not flushed
  std::deque<std::pair<Batch, WriteDone>> pending_;
  std::map<std::pair<std::string, std::string>, uint64_t> ids_;
  std::map<uint64_t, Profile> profiles_;
  std::map<std::string, int> messages_;
  std::map<std::string, WriteResult> outcomes_;
  std::string last_statement_;
  Lsn lsn_;
  bool closed_ = false;
  bool gives_up_ = false;
  // Set by the constructor.
  std::thread thread_;
};

}  // namespace roster::server

#endif  // ROSTER_TESTS_SERVER_FAKE_DATABASE_H_
