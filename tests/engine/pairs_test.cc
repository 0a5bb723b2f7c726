// SPDX-License-Identifier: Apache-2.0
//
// Two profiles side by side: what a merge would do and does, what was kept apart, what may be one.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/engine/people.h"

namespace roster {
namespace {

using Texts = std::vector<std::string>;

const MergePreview::Trait* TraitOf(const MergePreview& preview, const std::string& name) {
  for (const MergePreview::Trait& trait : preview.traits) {
    if (trait.name == name) return &trait;
  }
  return nullptr;
}

TEST_CASE("a preview says what stays and what moves, and changes nothing", "[C11][C25][R17]") {
  People people;
  people.Ok(Traits({User("u1")}, {{"plan", "free"}, {"same", "x"}, {"mine", "1"}}, At(2000)));
  people.Ok(Traits({User("u2"), {"email", "two@x.nl"}},
                   {{"plan", "pro"}, {"same", "x"}, {"theirs", "2"}}, At(5000)));
  people.Ok(Event("u2", "order", "1", {}, At(5000)));
  people.Ok(Event("u2", "order", "2", {}, At(5 * kDayMs)));  // to come
  people.Ok(Label{User("u2"), {"vip", "new"}, {}});
  people.Ok(Note{User("u2"), "called back", 0});
  people.Always([&] {
    const MergePreview preview = people.Preview(User("u1"), User("u2"));
    CHECK(preview.plan.survivor == people.Get(User("u1")).id);
    CHECK(preview.plan.loser == people.Get(User("u2")).id);
    CHECK(preview.plan.loser_version == people.Get(User("u2")).version);
    REQUIRE(preview.traits.size() == 1);  // both have it, and not the same
    CHECK(preview.traits[0].name == "plan");
    CHECK(preview.traits[0].survivor == Value("free"));
    CHECK(preview.traits[0].loser == Value("pro"));
    CHECK(preview.traits[0].keeps_loser);
    CHECK(preview.num_identities == 2);
    CHECK(preview.num_events == 2);
    CHECK(preview.num_sessions == 1);
    CHECK(preview.num_labels == 2);
    CHECK(preview.num_notes == 1);
    CHECK(preview.conflicts.empty());
    CHECK(people.Get(User("u2")).id != people.Get(User("u1")).id);
  });
  // The other way round the same value stays.
  CHECK_FALSE(TraitOf(people.Preview(User("u2"), User("u1")), "plan")->keeps_loser);
  const auto one = people.db()->PreviewMerge(User("u1"), User("u1"), {});
  CHECK(ErrorCodeOf(one.status()) == ErrorCode::kConflict);
  const auto unknown = people.db()->PreviewMerge(User("u1"), User("u2"), {{"paint", true}});
  CHECK(ErrorCodeOf(unknown.status()) == ErrorCode::kNoTrait);
  const auto nobody = people.db()->PreviewMerge(User("u1"), User("u9"), {});
  CHECK(ErrorCodeOf(nobody.status()) == ErrorCode::kNoProfile);
}

TEST_CASE("what was previewed is done exactly so, choices among it", "[C26][R17]") {
  People people;
  people.Ok(Traits({User("u1")}, {{"plan", "one"}, {"city", "Gent"}}, At(5000)));
  people.Ok(Traits({User("u2")}, {{"plan", "two"}, {"city", "Aalst"}}, At(2000)));
  people.Ok(Event("u2", "order", "1", {}, At(5000)));
  const MergePreview preview = people.Preview(User("u1"), User("u2"), {{"plan", true}});
  CHECK(TraitOf(preview, "plan")->keeps_loser);
  CHECK_FALSE(TraitOf(preview, "city")->keeps_loser);
  const auto plan = ParsePlan(FormatPlan(preview.plan));
  REQUIRE(plan.ok());
  people.Ok(Event("u2", "order", "2", {}, At(6000)));  // no edit
  people.Ok(*plan);
  people.Always([&] {
    const Profile profile = people.Get(User("u2"));
    CHECK(profile.id == preview.plan.survivor);
    CHECK(TraitValue(profile, "plan") == Value("two"));
    CHECK(TraitValue(profile, "city") == Value("Gent"));
    CHECK(profile.merged == std::vector<ProfileId>{preview.plan.loser});
    CHECK(profile.events.size() == 2);
    CHECK(people.Get(preview.plan.loser).redirected_from == preview.plan.loser);
    // Both sides' values are in the history, each under the id by which it came.
    const auto city = people.GetHistory(User("u1"), {.trait = "city"}).traits;
    REQUIRE(city.size() == 2);
    CHECK(city[0].profile == preview.plan.survivor);
    CHECK(city[1].value == Value("Aalst"));
    CHECK(city[1].profile == preview.plan.loser);
  });
  CHECK(people.Refused(*plan) == ErrorCode::kStale);
}

TEST_CASE("a plan chooses traits of clients only, whatever it says", "[R17]") {
  People people;
  people.Ok(Traits({User("u1")}, {}, At(5000)));
  people.Ok(Traits({User("u2")}, {}, At(2000)));
  for (const char* name : {"created_at", "first_seen", "created_via", "\001archived"}) {
    INFO(name);
    MergePlan plan = people.Preview(User("u1"), User("u2")).plan;
    plan.of_loser = {name};
    CHECK(people.Refused(plan) == ErrorCode::kNoTrait);
  }
  people.Always([&] { CHECK(people.Get(User("u2")).merged.empty()); });
}

TEST_CASE("a namespace of a system trait's name implies nothing", "[R1]") {
  People people;
  people.Ok(Declare{.statement = "declare namespace created_via kind contact", .time_zone = "UTC"});
  const IdentityRef odd{"created_via", "import"};
  people.Ok(Traits({User("u1"), odd}, {}, At(5000)));
  people.Ok(Edit{.profile = User("u1"), .traits = {}, .identities = {{"created_via", "other"}}});
  people.Always([&] { CHECK(people.Get(User("u1")).created_via == "identify"); });
}

TEST_CASE("a limit that a merge would pass is named, and refuses it", "[R11][R17]") {
  People people;
  for (int i = 0; i < 6; ++i) {
    const std::string user = i < 3 ? "u1" : "u2";
    people.Ok(Traits({User(user), {"email", std::to_string(i) + "@x.nl"}}));
  }
  const MergePreview preview = people.Preview(User("u1"), User("u2"));
  REQUIRE(preview.conflicts.size() == 1);
  CHECK(preview.conflicts[0].find("email") != std::string::npos);
  MergePlan plan = preview.plan;
  CHECK(people.Refused(plan) == ErrorCode::kConflict);
  plan.force = true;
  people.Ok(plan);
}

TEST_CASE("labels of both sides are united, and each home has its own", "[R7]") {
  People people;
  people.Ok(Traits({User("u1")}));
  people.Ok(Traits({User("u2")}));
  people.Ok(Label{User("u1"), {"vip", "a"}, {}});
  people.Ok(Label{User("u2"), {"vip", "b"}, {}});
  const MergePlan plan = people.Preview(User("u1"), User("u2")).plan;
  people.Ok(plan);
  people.Always([&] { CHECK(people.Get(User("u1")).labels == Texts{"a", "b", "vip"}); });
  people.Ok(Label{User("u1"), {}, {"vip"}});
  CHECK(people.Get(User("u1")).labels == Texts{"a", "b"});
  people.Ok(Unmerge{plan.loser});
  people.Always([&] {
    CHECK(people.Get(plan.survivor).labels == Texts{"a"});
    CHECK(people.Get(plan.loser).labels == Texts{"b"});
    CHECK(people.Get(plan.survivor).merged.empty());
  });
}

TEST_CASE("who came how is told apart again in the order of the merges", "[R10]") {
  People people;
  people.Ok(Event("u3", "order", "1", {}, At(1000)));  // the first there was, by an event
  people.Ok(Traits({User("u1")}, {}, At(5000)));
  people.Ok(Traits({User("u2")}, {}, At(6000)));
  const Profile before = people.Get(User("u1"));
  const MergePlan first = people.Preview(User("u1"), User("u3")).plan;
  people.Ok(first);
  CHECK(people.Get(User("u1")).created_via != before.created_via);
  const MergePlan second = people.Preview(User("u1"), User("u2")).plan;
  people.Ok(second);
  people.Ok(Unmerge{first.loser});
  people.Ok(Unmerge{second.loser});
  people.Always([&] {
    const Profile after = people.Get(User("u1"));
    CHECK(after.created_via == before.created_via);
    CHECK(after.created_at == before.created_at);
  });
}

TEST_CASE("who is split off and erased leaves nothing in the other's trail", "[R14]") {
  People people;
  people.Ok(Traits({User("u1"), {"email", "bob@x.nl"}}, {}, At(5000)));
  people.Ok(Edit{.profile = IdentityRef{"email", "bob@x.nl"},
                 .traits = {{"diagnosis", "secret"}},
                 .identities = {}});
  people.Ok(Split{.profile = User("u1"), .identities = {{"email", "bob@x.nl"}}});
  people.Ok(Erase{.profile = IdentityRef{"email", "bob@x.nl"}});
  people.Always([&] {
    for (const EditEntry& edit : people.GetHistory(User("u1")).edits) {
      CHECK(edit.detail.find("secret") == std::string::npos);
    }
  });
}

TEST_CASE("a plan is one word, and a damaged one is known", "[R17]") {
  const MergePlan plan{.survivor = {12},
                       .loser = {3'000'000'000},
                       .survivor_version = "0123456789abcdef",
                       .loser_version = "x",
                       .of_survivor = {"plan"},
                       .of_loser = {"favourite colour", "größe"}};
  const std::string word = FormatPlan(plan);
  CHECK(std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  }));
  const auto parsed = ParsePlan(word);
  REQUIRE(parsed.ok());
  CHECK(parsed->survivor == plan.survivor);
  CHECK(parsed->loser == plan.loser);
  CHECK(parsed->survivor_version == plan.survivor_version);
  CHECK(parsed->loser_version == plan.loser_version);
  CHECK(parsed->of_survivor == plan.of_survivor);
  CHECK(parsed->of_loser == plan.of_loser);
  CHECK_FALSE(parsed->force);
  for (size_t i = 0; i < word.size(); ++i) {
    std::string damaged = word;
    damaged[i] = damaged[i] == 'x' ? 'y' : 'x';
    CHECK(ErrorCodeOf(ParsePlan(damaged).status()) == ErrorCode::kParse);
    CHECK(ErrorCodeOf(ParsePlan(word.substr(0, i)).status()) == ErrorCode::kParse);
  }
  CHECK(ErrorCodeOf(ParsePlan(word + "A").status()) == ErrorCode::kParse);
  CHECK(ErrorCodeOf(ParsePlan("nothing").status()) == ErrorCode::kParse);
}

TEST_CASE("what the guard kept apart, newest first", "[R2]") {
  People people;
  people.Ok(Traits({User("u1"), {"email", "a@x.nl"}}, {}, At(1000)));
  people.Ok(Traits({User("u2")}, {}, At(1000)));
  people.Ok(Traits({User("u2"), {"email", "a@x.nl"}}, {}, At(2000)));
  people.Ok(Traits({User("u3"), {"email", "a@x.nl"}}, {}, At(3000)));
  const auto of = [&](const std::optional<ProfileRef>& ref, uint32_t limit) {
    return people.Must(people.db()->GetConflicts(ref, limit));
  };
  people.Always([&] {
    const auto all = of(std::nullopt, 10);
    REQUIRE(all.size() == 2);
    CHECK(all[0].time == At(3000));
    CHECK(all[0].profile == people.Get(User("u3")).id);
    CHECK(all[0].other == people.Get(User("u1")).id);
    CHECK(all[0].name_space == "email");
    CHECK_FALSE(all[0].reason.empty());
    CHECK(of(std::nullopt, 1).size() == 1);
    CHECK(of(std::nullopt, 1)[0].time == At(3000));
    REQUIRE(of(User("u2"), 10).size() == 1);
    CHECK(of(User("u2"), 10)[0].time == At(2000));
    CHECK(of(User("u1"), 10).empty());
  });
  people.Ok(Erase{User("u3")});
  CHECK(of(std::nullopt, 10).size() == 1);
  CHECK(ErrorCodeOf(people.db()->GetConflicts(User("u3"), 10).status()) == ErrorCode::kNoProfile);
}

struct Suggestion {
  ProfileId first;
  ProfileId second;
  Texts reasons;
  bool operator==(const Suggestion&) const = default;
};

std::vector<Suggestion> Duplicates(People* people, const std::optional<ProfileRef>& ref = {},
                                   uint32_t limit = 100) {
  std::vector<Suggestion> found;
  for (const DuplicateEntry& pair : people->Must(people->db()->GetDuplicates(ref, limit))) {
    CHECK(pair.score > 0);
    CHECK(pair.score < 1);
    found.push_back({pair.first, pair.second, pair.reasons});
  }
  return found;
}

TEST_CASE("duplicates are suggested by what few people share", "[R17]") {
  People people;
  const auto add = [&](const std::string& user, std::vector<IdentityRef> more,
                       std::vector<Field> traits = {}) {
    more.push_back(User(user));
    return people.Ok(Traits(std::move(more), std::move(traits))).profile;
  };
  const ProfileId anna = add("1", {{"email", "anna.k@x.nl"}}, {{"name", "Anna Kovač"}});
  const ProfileId other = add("2", {{"email", "Anna.K@y.org"}});
  const ProfileId slip = add("3", {}, {{"name", "kovac ana"}});
  const ProfileId called = add("4", {{"phone", "+31612345678"}});
  const ProfileId calls = add("5", {{"phone", "31612345678"}});
  const Date day{7000};
  const ProfileId born = add("6", {}, {{"name", "Bo Ek"}, {"birthday", day}});
  const ProfileId same =
      add("7", {}, {{"first_name", "BO"}, {"last_name", "EK"}, {"birthday", day}});
  add("8", {}, {{"name", "Bo Ekström"}});
  people.Always([&] {
    const auto found = Duplicates(&people);
    CHECK(found.size() == 4);
    const auto has = [&](ProfileId a, ProfileId b, const Texts& reasons) {
      return std::count(found.begin(), found.end(), Suggestion{a, b, reasons}) == 1;
    };
    CHECK(has(anna, other, {"email"}));
    CHECK(has(anna, slip, {"similar name"}));
    CHECK(has(called, calls, {"phone"}));
    CHECK(has(born, same, {"name and birthday", "similar name"}));
    CHECK(found[0] == Suggestion{born, same, {"name and birthday", "similar name"}});
    CHECK(Duplicates(&people, {}, 1).size() == 1);
    CHECK(Duplicates(&people, ProfileRef(anna)).size() == 2);
    CHECK(Duplicates(&people, ProfileRef(called)) ==
          std::vector<Suggestion>{{called, calls, {"phone"}}});
    CHECK(Duplicates(&people, User("8")).empty());
    CHECK(people.Get(other).id == other);
  });
}

TEST_CASE("what many have in common suggests nothing", "[R17]") {
  People people;
  for (int i = 0; i < 30; ++i) {
    people.Ok(Traits({User(std::to_string(i)), {"email", "info@x" + std::to_string(i) + ".nl"}}));
  }
  CHECK(Duplicates(&people).empty());
}

}  // namespace
}  // namespace roster
