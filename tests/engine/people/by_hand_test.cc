// SPDX-License-Identifier: Apache-2.0
//
// Limits of what people say of a profile, of the audit trail that it leaves, and of sessions.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/engine/people.h"

namespace roster {
namespace {

std::vector<std::string> Numbered(int from, int to) {
  std::vector<std::string> labels;
  for (int i = from; i < to; ++i) labels.push_back("l" + std::to_string(i));
  return labels;
}

Label Adding(const ProfileRef& ref, std::vector<std::string> labels) {
  return {.profile = ref, .add = std::move(labels), .remove = {}};
}

Label Removing(const ProfileRef& ref, std::vector<std::string> labels) {
  return {.profile = ref, .add = {}, .remove = std::move(labels)};
}

void Merge(People* people, const std::string& survivor, const std::string& loser) {
  const MergePreview preview = people->Preview(User(survivor), User(loser));
  MergePlan plan = preview.plan;
  plan.force = true;
  people->Ok(plan);
}

TEST_CASE("labels are limited, of a command and of a profile", "[R7][limits]") {
  People people;
  people.Ok(Traits({User("u1")}));
  people.Ok(Traits({User("u2")}));
  const uint64_t commits = people.db()->GetStats().num_commits;
  CHECK(people.Refused(Adding(User("u1"), Numbered(0, 1001))) == ErrorCode::kLimit);
  CHECK(people.Refused(Removing(User("u1"), Numbered(0, 1001))) == ErrorCode::kLimit);
  CHECK(people.db()->GetStats().num_commits == commits);
  CHECK(people.Ok(Adding(User("u1"), Numbered(0, 1000))).labels.size() == 1000);
  CHECK(people.Refused(Adding(User("u1"), {"one more"})) == ErrorCode::kLimit);
  CHECK(people.Ok(Adding(User("u1"), {"l7", "l7"})).labels.size() == 1000);
  Label change = Adding(User("u1"), {"one more", "l1"});
  change.remove = {"l0", "l1", "l0"};
  const std::vector<std::string> labels = people.Ok(change).labels;
  CHECK(labels.size() == 1000);
  CHECK(labels.front() == "l1");
  CHECK(labels.back() == "one more");
  // A merge brings more: what is there may go, and nothing comes.
  people.Ok(Adding(User("u2"), Numbered(2000, 2500)));
  Merge(&people, "u1", "u2");
  CHECK(people.Refused(Adding(User("u1"), {"two more"})) == ErrorCode::kLimit);
  CHECK(people.Ok(Removing(User("u1"), Numbered(2000, 2001))).labels.size() == 1499);
  CHECK(people.Get(User("u1")).labels.size() == 1499);
}

TEST_CASE("a session's times are times, and it ends behind its start", "[C15][limits]") {
  People people;
  const auto with = [](std::optional<Timestamp> start, std::optional<Timestamp> end) {
    Track track = In("s1", Event("u1", "visit", ""));
    track.session->start = start;
    track.session->end = end;
    return track;
  };
  CHECK(people.Refused(with(Timestamp{INT64_MIN}, {})) == ErrorCode::kLimit);
  CHECK(people.Refused(with({}, Timestamp{INT64_MAX})) == ErrorCode::kLimit);
  CHECK(people.Refused(with(At(1000), At(999))) == ErrorCode::kParse);
  CHECK(people.db()->GetStats().num_profiles == 0);
  people.Ok(with(At(1000), At(1000)));
  const std::vector<SessionEntry> sessions = people.Sessions(User("u1"));
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].start == At(1000));
  CHECK(sessions[0].end == At(1000));
}

}  // namespace
}  // namespace roster
