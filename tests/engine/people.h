// SPDX-License-Identifier: Apache-2.0
//
// A store with people in it, for the tests of what is read of them; everything can be asked again
// after a restart. Thread rule: one thread.
#ifndef ROSTER_TESTS_ENGINE_PEOPLE_H_
#define ROSTER_TESTS_ENGINE_PEOPLE_H_

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "roster/error.h"
#include "tests/engine/simulation.h"

namespace roster {

inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr int64_t kDayMs = 86'400'000;

// So many milliseconds after a day before the tests start.
inline Timestamp At(int64_t ms) { return {kTestStartMs - kDayMs + ms}; }

class People {
 public:
  Database* db() { return db_.get(); }
  World& world() { return *world_; }

  ItemResult Ok(WriteItem item, WriteOptions options = {}) {
    world_->clock.now_ms += 1;  // of two commands the later is later
    auto result = db_->Write(std::move(item), std::move(options));
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return result->items.at(0);
  }
  ErrorCode Refused(WriteItem item) {
    auto result = db_->Write(std::move(item));
    REQUIRE_FALSE(result.ok());
    return ErrorCodeOf(result.status());
  }
  Profile Get(const ProfileRef& ref) { return MustGet(db_.get(), ref); }

  std::vector<EventEntry> Events(const ProfileRef& ref, const TimelineOptions& options = {}) {
    return Must(db_->GetTimeline(ref, options)).events;
  }
  std::vector<SessionEntry> Sessions(const ProfileRef& ref, const SessionsOptions& options = {}) {
    return Must(db_->GetSessions(ref, options));
  }
  History GetHistory(const ProfileRef& ref, const HistoryOptions& options = {}) {
    return Must(db_->GetHistory(ref, options));
  }
  MergePreview Preview(const ProfileRef& survivor, const ProfileRef& loser,
                       const std::vector<std::pair<std::string, bool>>& choices = {}) {
    return Must(db_->PreviewMerge(survivor, loser, choices));
  }
  template <typename T>
  T Must(absl::StatusOr<ReadResult<T>> result) {
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return std::move(result->value);
  }

  void Restart() {
    const int64_t now_ms = world_->clock.now_ms;
    REQUIRE(db_->Close().ok());
    db_.reset();
    world_ = std::make_unique<World>(&files_, now_ms);
    db_ = world_->Open();
  }
  // Runs what looks only, now and after a restart, from the log and from a snapshot.
  void Always(const std::function<void()>& look) {
    look();
    Restart();
    look();
    REQUIRE(db_->Snapshot().ok());
    Restart();
    look();
  }

 private:
  FaultyFileSystem files_;
  std::unique_ptr<World> world_ = std::make_unique<World>(&files_);
  std::unique_ptr<Database> db_ = world_->Open();
};

inline std::vector<std::string> TypesOf(const std::vector<EventEntry>& events) {
  std::vector<std::string> types;
  for (const EventEntry& event : events) types.push_back(event.type);
  return types;
}

inline Track On(const std::string& channel, Track track) {
  track.channel = channel;
  return track;
}

inline Track In(const std::string& session, Track track) {
  track.session = SessionInfo{.id = session, .properties = {}};
  return track;
}

}  // namespace roster

#endif  // ROSTER_TESTS_ENGINE_PEOPLE_H_
