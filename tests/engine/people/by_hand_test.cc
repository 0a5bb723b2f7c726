// SPDX-License-Identifier: Apache-2.0
//
// Limits of what people say of a profile, of the audit trail that it leaves, and of sessions.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/limits.h"
#include "engine/reading/sessions.h"
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

std::string DetailOf(People* people, const std::string& user) {
  const History history = people->GetHistory(User(user));
  REQUIRE_FALSE(history.edits.empty());
  return history.edits.front().detail;
}

Edit Setting(const std::string& user, std::vector<Field> traits) {
  return {.profile = User(user), .traits = std::move(traits), .identities = {}};
}

TEST_CASE("the audit trail has the beginning of a long value", "[R17][limits]") {
  People people;
  people.Ok(Traits({User("u1")}));
  people.Ok(Setting("u1", {{"bio", "short"}, {"tags", TextList{"a", "b"}}}));
  CHECK(DetailOf(&people, "u1") ==
        R"({"before":{"bio":null,"tags":null},"after":{"bio":"short","tags":["a","b"]}})");
  // In the middle of a letter, and longer as JSON than as it is.
  const std::string bio = "x" + std::string(kMaxAuditBytes, '"');
  std::string letters;
  for (int i = 0; i < 2000; ++i) letters += "\u00e9";
  const TextList tags = {"a", std::string(60'000, 'x'), "b"};
  people.Ok(Setting("u1", {{"bio", letters}, {"tags", tags}, {"plan", "pro"}}));
  people.Ok(Setting("u1", {{"bio", bio}, {"plan", "free"}}));
  CHECK(TraitValue(people.Get(User("u1")), "bio") == Value(bio));
  const std::string detail = DetailOf(&people, "u1");
  CHECK(detail.size() < 3 * kMaxAuditBytes);
  CHECK(detail.ends_with(R"("plan":"free"},"cut":["bio"]})"));
  CHECK(detail.starts_with("{\"before\":{\"bio\":\"\u00e9\u00e9"));
  CHECK(MembersOf(detail).size() == 3);
  const History history = people.GetHistory(User("u1"));
  REQUIRE(history.edits.size() == 3);
  CHECK(history.edits[1].detail.ends_with(R"("tags":["a"],"plan":"pro"},"cut":["bio","tags"]})"));
}

// Beyond what is reserved for any command by hand, so that a build with checks ends when it is not
// counted.
TEST_CASE("what is reserved is enough for long values and for many homes", "[limits]") {
  People people;
  std::vector<Field> traits;
  for (int i = 0; i < 20; ++i) {
    traits.push_back({"t" + std::to_string(i), std::string(30'000, '"')});
  }
  people.Ok(Traits({User("u1")}));
  people.Ok(Setting("u1", traits));
  for (Field& field : traits) field.value = std::string(30'000, 'b');
  people.Ok(Setting("u1", traits));
  CHECK(DetailOf(&people, "u1").size() < 20 * 3 * kMaxAuditBytes);
  const std::string label(20'000, 'l');
  const std::string source(10'000, 's');
  people.Ok(Adding(User("u1"), {label}));
  for (int i = 2; i < 22; ++i) {
    const std::string user = "u" + std::to_string(i);
    people.Ok(Traits({User(user)}));
    people.Ok(Adding(User(user), {label}));
    people.Ok(Consent{.profile = User(user), .channel = "email", .decision = Decision::kGranted});
    Merge(&people, "u1", user);
  }
  CHECK(people.Ok(Removing(User("u1"), {label})).labels.empty());
  people.Ok(Consent{.profile = User("u1"),
                    .channel = "email",
                    .decision = Decision::kWithdrawn,
                    .source = source});
  people.Ok(Traits({User("u30")}, traits));
  MergePlan plan = people.Preview(User("u1"), User("u30")).plan;
  plan.force = true;
  for (const Field& field : traits) plan.of_loser.push_back(field.key);
  people.Ok(plan);
  people.Restart();
  CHECK(people.Get(User("u1")).labels.empty());
}

// A text is six times as long as JSON, which it becomes where its name has another type.
TEST_CASE("what is reserved is enough for texts that become JSON", "[limits]") {
  People people;
  const std::string text(60'000, '\x01');
  const auto with = [](std::vector<Field> properties) {
    Track track = Event("u1", "order", "");
    track.properties = std::move(properties);
    return track;
  };
  people.Ok(with({{"amount", int64_t{1}}, {"channel", int64_t{1}}, {"session", int64_t{1}}}));
  people.Ok(Traits({User("u1")}, {{"age", int64_t{1}}, {"bio", "short"}}));

  people.Ok(with({{"amount", text}}));
  people.Ok(with({{"amount", TextList{text, text}}}));
  people.Ok(with({{"note", text}, {"note", text}}));
  people.Ok(On(text, with({})));
  people.Ok(In(text, with({})));
  Track track = In("s1", with({}));
  track.session->properties = {{"note", text}};
  people.Ok(track);
  people.Ok(Traits({User("u1")}, {{"bio", text}}));
  people.Ok(Setting("u1", {{"bio", text + "1"}}));
  // A trait is not kept as what it is not.
  CHECK(people.Refused(Traits({User("u1")}, {{"age", text}})) == ErrorCode::kType);
  CHECK(people.Refused(Setting("u1", {{"age", text}})) == ErrorCode::kType);
  people.Restart();
  CHECK(TraitValue(people.Get(User("u1")), "bio") == Value(text + "1"));
}

const IdentityRef kDevice = {"anonymous_id", "d1"};

// What merging declares is of how much there is, not of what the command says.
TEST_CASE("what is reserved is enough for merges of those with very many names", "[limits]") {
  People people;
  const auto long_name = [](const std::string& name, int i) {
    return name + std::to_string(i) + std::string(240, 'n');
  };
  std::vector<Field> traits;
  for (int i = 0; i < 400; ++i) traits.push_back({long_name("t", i), int64_t{i}});
  people.Ok(Traits({User("u1")}));
  people.Ok(Traits({kDevice}, traits));
  people.Ok(Traits({User("u1"), kDevice}));
  people.Restart();
  CHECK(people.Get(User("u1")).traits.size() == 400);
}

TEST_CASE("what is reserved is enough for many types", "[limits]") {
  People people;
  people.Ok(Traits({User("u1")}));
  Batch batch;
  for (int i = 0; i < 9000; ++i) {
    batch.items.emplace_back(Track{.identities = {kDevice}, .event = "e" + std::to_string(i)});
  }
  const auto written = people.db()->Write(std::move(batch));
  REQUIRE(written.ok());
  people.Ok(Traits({User("u1"), kDevice}));
}

// A merge says of both sides by what source they came.
TEST_CASE("a source is short, so that what is reserved is enough for merges", "[limits]") {
  People people;
  const auto from = [](IdentityRef who, size_t length) {
    Identify identify = Traits({std::move(who)});
    identify.source = std::string(length, 'a');
    return identify;
  };
  CHECK(people.Refused(from(User("u1"), kMaxNameBytes + 1)) == ErrorCode::kLimit);
  CHECK(people.Refused(Create{.identities = {User("u1")},
                              .traits = {},
                              .source = std::string(kMaxNameBytes + 1, 'a')}) == ErrorCode::kLimit);
  CHECK(people.db()->GetStats().num_profiles == 0);
  std::vector<IdentityRef> everybody = {User("u1")};
  for (size_t i = 1; i < kMaxItemIdentities; ++i) {
    everybody.push_back({"anonymous_id", "a" + std::to_string(i)});
  }
  for (const IdentityRef& one : everybody) people.Ok(from(one, kMaxNameBytes));
  people.Ok(Traits(everybody));
  CHECK(people.Get(User("u1")).merged.size() == kMaxItemIdentities - 1);
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
