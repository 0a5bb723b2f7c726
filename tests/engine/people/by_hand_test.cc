// SPDX-License-Identifier: Apache-2.0
//
// Limits of what people say of a profile, of the audit trail that it leaves, and of sessions.
#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "tests/engine/people.h"

namespace roster {
namespace {

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
