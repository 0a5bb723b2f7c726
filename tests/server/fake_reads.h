// SPDX-License-Identifier: Apache-2.0
//
// The reading calls of a Database for tests of the server, but for Get: what they return is made
// up, and what they were asked for is kept. Thread rule: as Database.
#ifndef ROSTER_TESTS_SERVER_FAKE_READS_H_
#define ROSTER_TESTS_SERVER_FAKE_READS_H_

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "roster/database.h"

namespace roster::server {

class FakeReads : public Database {
 public:
  // The options of the last reading call of each kind. Thread: after its reply.
  struct Asked {
    GetOptions get;
    TimelineOptions timeline;
    SessionsOptions sessions;
    HistoryOptions history;
    std::optional<ProfileRef> ref;  // of conflicts and duplicates
    uint32_t limit = 0;
    std::vector<std::pair<std::string, bool>> choices;
  };
  Asked asked;

  absl::StatusOr<ReadResult<Timeline>> GetTimeline(const ProfileRef& ref,
                                                   const TimelineOptions& options) override {
    const auto got = Get(ref, {.max_events = options.limit});
    if (!got.ok()) return got.status();
    const std::lock_guard lock(asked_mutex_);
    asked.timeline = options;
    Timeline timeline{.events = got->profile.events, .cursor = options.after.empty() ? "c1" : ""};
    return ReadResult<Timeline>{.lsn = got->lsn, .profile = got->profile.id, .value = timeline};
  }
  absl::StatusOr<ReadResult<std::vector<SessionEntry>>> GetSessions(
      const ProfileRef& ref, const SessionsOptions& options) override {
    const auto got = Get(ref, {});
    if (!got.ok()) return got.status();
    const std::lock_guard lock(asked_mutex_);
    asked.sessions = options;
    SessionEntry session{.id = "s1",
                         .kind = "bot",
                         .channel = "web",
                         .start = Timestamp{1000},
                         .end = Timestamp{3500},
                         .num_events = 2,
                         .goals = {},
                         .agent_takeover = true,
                         .properties = {{"lang", "nl"}}};
    SessionEntry bare{.id = "s2", .goals = {}, .properties = {}};
    return ReadResult<std::vector<SessionEntry>>{
        .lsn = got->lsn, .profile = got->profile.id, .value = {session, bare}};
  }
  absl::StatusOr<ReadResult<History>> GetHistory(const ProfileRef& ref,
                                                 const HistoryOptions& options) override {
    const auto got = Get(ref, {});
    if (!got.ok()) return got.status();
    const std::lock_guard lock(asked_mutex_);
    asked.history = options;
    History history;
    history.traits = {{"plan", Value(), {2000}, IdentityRef{"external_id", "u1"}, {1}},
                      {"plan", "pro", {1000}, {}, {7}}};
    history.identities = {{"email", "old@example.com"}};
    history.edits = {{{3000}, "jo", "set", R"({"before":{"plan":null},"after":{"plan":"pro"}})"}};
    history.consent = {{.channel = "email",
                        .decision = Decision::kGranted,
                        .time = {3000},
                        .address = {},
                        .policy = "privacy",
                        .version = {},
                        .source = {},
                        .actor = "jo"}};
    return ReadResult<History>{.lsn = got->lsn, .profile = got->profile.id, .value = history};
  }
  absl::StatusOr<ReadResult<std::vector<ConflictEntry>>> GetConflicts(
      const std::optional<ProfileRef>& ref, uint32_t limit) override {
    const std::lock_guard lock(asked_mutex_);
    asked.ref = ref;
    asked.limit = limit;
    std::vector<ConflictEntry> conflicts = {{{1000}, {1}, {2}, "email", "two people"},
                                            {{900}, {1}, {}, "phone", "limit"}};
    return ReadResult<std::vector<ConflictEntry>>{.lsn = {}, .profile = {}, .value = conflicts};
  }
  absl::StatusOr<ReadResult<std::vector<DuplicateEntry>>> GetDuplicates(
      const std::optional<ProfileRef>& ref, uint32_t limit) override {
    const std::lock_guard lock(asked_mutex_);
    asked.ref = ref;
    asked.limit = limit;
    std::vector<DuplicateEntry> duplicates = {{{1}, {2}, {"email", "phone"}, 0.5}};
    return ReadResult<std::vector<DuplicateEntry>>{.lsn = {}, .profile = {}, .value = duplicates};
  }
  absl::StatusOr<ReadResult<MergePreview>> PreviewMerge(
      const ProfileRef& survivor, const ProfileRef& loser,
      const std::vector<std::pair<std::string, bool>>& choices) override {
    const std::lock_guard lock(asked_mutex_);
    asked.choices = choices;
    MergePreview preview;
    preview.plan = {.survivor = std::get<ProfileId>(survivor),
                    .loser = std::get<ProfileId>(loser),
                    .survivor_version = "v1",
                    .loser_version = "v2",
                    .of_survivor = {},
                    .of_loser = {}};
    preview.traits = {{"plan", "free", "pro", true}};
    preview.num_events = 3;
    preview.conflicts = {"together they have 6 of email, of at most 5"};
    return ReadResult<MergePreview>{.lsn = {}, .profile = {}, .value = preview};
  }

 private:
  std::mutex asked_mutex_;
};

}  // namespace roster::server

#endif  // ROSTER_TESTS_SERVER_FAKE_READS_H_
