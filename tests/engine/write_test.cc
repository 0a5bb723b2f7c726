// SPDX-License-Identifier: Apache-2.0
//
// What writes do: resolution, types, last write wins, repeats.
#include <algorithm>
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "tests/engine/simulation.h"

namespace roster {
namespace {

struct Fixture {
  FaultyFileSystem files;
  World world{&files};
  std::unique_ptr<Database> db = world.Open();

  ItemResult Ok(WriteItem item) {
    auto result = db->Write(std::move(item));
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return result->items.at(0);
  }
  ErrorCode Refused(WriteItem item) {
    auto result = db->Write(std::move(item));
    REQUIRE_FALSE(result.ok());
    return ErrorCodeOf(result.status());
  }
};

TEST_CASE("identify and track create the profile, later writes find it", "[G3][R1]") {
  Fixture f;
  const ItemResult made = f.Ok(Traits({User("u1")}, {{"plan", "pro"}}));
  CHECK(made.created);
  CHECK_FALSE(f.Ok(Event("u1", "order", "m1")).created);
  CHECK(f.Ok(Event("u2", "order", "m1")).created);
  const Profile profile = MustGet(f.db.get(), User("u1"));
  CHECK(profile.id == made.profile);
  CHECK(profile.created_via == "identify");
  CHECK(TraitValue(profile, "plan") == Value("pro"));
  REQUIRE(profile.events.size() == 1);
  CHECK(profile.events[0].type == "order");
  CHECK(profile.events[0].origin == User("u1"));
  CHECK(profile.traits[0].origin == User("u1"));
  CHECK(MustGet(f.db.get(), made.profile).id == made.profile);
}

TEST_CASE("identities are normalised, blocked values are none", "[R0]") {
  Fixture f;
  const ItemResult made = f.Ok(Traits({{"email", " Jo@Example.COM "}}));
  CHECK(f.Ok(Traits({{"email", "jo@example.com"}})).profile == made.profile);
  CHECK(MustGet(f.db.get(), IdentityRef{"email", "JO@example.com"}).id == made.profile);
  CHECK(f.Ok(Traits({{"phone", "+31 (0)6-12 34"}})).created);
  CHECK_FALSE(f.Ok(Traits({{"phone", "003106 1234"}})).created);
  for (const char* blocked : {"", " ", "null", "NULL", "0", "000-0", "-1", "undefined", "NaN"}) {
    CHECK(f.Refused(Traits({User(blocked)})) == ErrorCode::kNoIdentity);
  }
  const ItemResult partly = f.Ok(Traits({User("null"), {"email", "jo@example.com"}}));
  CHECK(partly.profile == made.profile);
  CHECK(partly.warnings.size() == 1);
}

TEST_CASE("identifying an anonymous visitor joins both, history kept", "[G5][R2][R4]") {
  Fixture f;
  Track visit = Event("", "page_view", "v1", {}, Timestamp{kTestStartMs - 5000});
  visit.identities = {{"anonymous_id", "a1"}};
  const ProfileId anonymous = f.Ok(visit).profile;
  const ProfileId known = f.Ok(Event("u1", "order", "o1")).profile;
  const ItemResult joined = f.Ok(Traits({User("u1"), {"anonymous_id", "a1"}}));
  CHECK(joined.profile == known);
  const Profile profile = MustGet(f.db.get(), anonymous);
  CHECK(profile.id == known);
  CHECK(profile.redirected_from == anonymous);
  CHECK(profile.events.size() == 2);
  CHECK(profile.identities.size() == 2);
  CHECK(profile.first_seen == Timestamp{kTestStartMs - 5000});
  // What comes later by that device goes to the person, and the old event is known.
  visit.message_id = "v2";
  CHECK(f.Ok(visit).profile == known);
  visit.message_id = "v1";
  CHECK(f.Ok(visit).duplicate);
}

TEST_CASE("two identified people are never joined by themselves", "[R2]") {
  Fixture f;
  const ProfileId one = f.Ok(Traits({User("u1"), {"email", "a@x.nl"}})).profile;
  const ProfileId two = f.Ok(Traits({User("u2")})).profile;
  const ItemResult kept = f.Ok(Traits({User("u2"), {"email", "a@x.nl"}}, {{"plan", "pro"}}));
  CHECK(kept.profile == two);
  CHECK(kept.warnings.size() == 1);
  CHECK(MustGet(f.db.get(), IdentityRef{"email", "a@x.nl"}).id == one);
  // A second external id does not fit the limit of one.
  const ItemResult other = f.Ok(Traits({User("u3"), {"email", "a@x.nl"}}));
  CHECK(other.profile != one);
  CHECK(other.created);
}

TEST_CASE("last write wins by time, not by arrival", "[R12]") {
  Fixture f;
  const Timestamp early{kTestStartMs - 2000};
  const Timestamp late{kTestStartMs - 1000};
  f.Ok(Traits({User("u1")}, {{"plan", "late"}, {"gone", "x"}}, late));
  f.Ok(Traits({User("u1")}, {{"plan", "early"}, {"other", "o"}}, early));
  Profile profile = MustGet(f.db.get(), User("u1"));
  CHECK(TraitValue(profile, "plan") == Value("late"));
  CHECK(TraitValue(profile, "other") == Value("o"));
  // Null clears, absent keeps; an older value does not come back.
  f.Ok(Traits({User("u1")}, {{"gone", Value()}}));
  f.Ok(Traits({User("u1")}, {{"gone", "y"}}, late));
  profile = MustGet(f.db.get(), User("u1"));
  CHECK(IsMissing(TraitValue(profile, "gone")));
  CHECK(TraitValue(profile, "plan") == Value("late"));
}

TEST_CASE("equal times: any order gives the same", "[R12]") {
  for (const bool swapped : {false, true}) {
    Fixture f;
    const Timestamp at{kTestStartMs};
    f.Ok(Traits({User("u1")}, {{"plan", swapped ? "b" : "a"}}, at));
    f.Ok(Traits({User("u1")}, {{"plan", swapped ? "a" : "b"}}, at));
    CHECK(TraitValue(MustGet(f.db.get(), User("u1")), "plan") == Value("b"));
  }
}

TEST_CASE("the type of a trait never changes silently", "[T29]") {
  Fixture f;
  f.Ok(Traits({User("u1")}, {{"score", 1.5}, {"age", 30.0}, {"birthday", "1990-02-28"}}));
  CHECK(f.Refused(Traits({User("u1")}, {{"score", "high"}})) == ErrorCode::kType);
  CHECK(f.Refused(Traits({User("u1")}, {{"age", 30.5}})) == ErrorCode::kType);
  CHECK(f.Refused(Traits({User("u1")}, {{"birthday", "30 Feb"}})) == ErrorCode::kType);
  CHECK(f.Refused(Traits({User("u1")}, {{"created_at", "long ago"}})) == ErrorCode::kType);
  const Profile profile = MustGet(f.db.get(), User("u1"));
  CHECK(TraitValue(profile, "age") == Value(int64_t{30}));
  CHECK(TraitValue(profile, "birthday") == Value(Date{7363}));
  CHECK(TraitValue(profile, "score") == Value(1.5));
}

TEST_CASE("created_at is the earliest time that a client gave", "[R12]") {
  Fixture f;
  const auto created = [&] { return MustGet(f.db.get(), User("u1")).created_at; };
  f.Ok(Traits({User("u1")}, {{"created_at", "2025-06-01T00:00:00Z"}}));
  CHECK(created() == Timestamp{1'748'736'000'000});
  f.Ok(Traits({User("u1")}, {{"created_at", "2025-07-01T00:00:00Z"}}));
  CHECK(created() == Timestamp{1'748'736'000'000});
  CHECK(MustGet(f.db.get(), User("u1")).first_seen == Timestamp{kTestStartMs});
  f.Ok(Event("u1", "visit", "m", {}, Timestamp{1'000'000}));
  CHECK(created() == Timestamp{1'000'000});
  const ItemResult kept = f.Ok(Traits({User("u1")}, {{"last_seen", Timestamp{0}}, {"plan", "x"}}));
  CHECK(kept.warnings.size() == 1);
  CHECK(TraitValue(MustGet(f.db.get(), User("u1")), "plan") == Value("x"));
}

TEST_CASE("an address that came as an identity is a trait too", "[B3]") {
  Fixture f;
  f.Ok(Traits({{"email", "An@Example.com"}}));
  CHECK(TraitValue(MustGet(f.db.get(), IdentityRef{"email", "an@example.com"}), "email") ==
        Value("an@example.com"));
  f.Ok(Traits({{"email", "jo@example.com"}}, {{"email", "Jo@Example.com"}}));
  CHECK(TraitValue(MustGet(f.db.get(), IdentityRef{"email", "jo@example.com"}), "email") ==
        Value("Jo@Example.com"));
  Track order = Event("u1", "order", "m1");
  order.identities.push_back({"phone", "+31 6 12"});
  f.Ok(order);
  CHECK(TraitValue(MustGet(f.db.get(), User("u1")), "phone") == Value("+31612"));
}

TEST_CASE("a time of the future counts when it comes, also over a restart", "[clock]") {
  FaultyFileSystem files;
  const auto seen = [](Database* db) {
    const auto found = db->Execute("count where last_seen > 2026-01-01T12:00:00Z", {});
    REQUIRE(found.ok());
    return std::get<Count>(found->data).count;
  };
  const Timestamp later{kTestStartMs + 86'400'000};
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(db->Write(Event("u1", "visit", "m1")).ok());
    REQUIRE(db->Write(Event("u1", "visit", "m2", {}, later)).ok());
    CHECK(seen(db.get()) == 0);
    CHECK(MustGet(db.get(), User("u1")).events.size() == 1);
    CHECK(MustGet(db.get(), User("u1")).created_at == Timestamp{kTestStartMs});
    world.clock.now_ms = later.ms - 60'000;
    CHECK(seen(db.get()) == 0);
  }
  {
    World world(&files, later.ms - 30'000);
    const auto db = world.Open();
    CHECK(seen(db.get()) == 0);
    world.clock.now_ms = later.ms - 1;
    CHECK(seen(db.get()) == 0);
    world.clock.now_ms = later.ms;
    CHECK(seen(db.get()) == 1);
    CHECK(MustGet(db.get(), User("u1")).events.size() == 2);
  }
  World world(&files, later.ms);
  CHECK(seen(world.Open().get()) == 1);
}

TEST_CASE("an identity given twice is one", "[R1]") {
  Fixture f;
  const auto made = f.Ok(Traits({User("u1"), {"email", "a@b.nl"}, {"email", "A@B.nl "}}));
  CHECK(MustGet(f.db.get(), made.profile).identities.size() == 2);
  CHECK(f.Ok(Traits({{"phone", "+31 612"}, {"phone", "0031612"}})).created);
  CHECK(f.Refused(Traits({{"phone", "+"}})) == ErrorCode::kNoIdentity);
}

TEST_CASE("of writes without a time the last one wins, within a batch and after a restart",
          "[R12]") {
  FaultyFileSystem files;
  const auto plan = [](Database* db) { return TraitValue(MustGet(db, User("u1")), "plan"); };
  {
    World world(&files);
    const auto db = world.Open();
    Batch batch;
    batch.items = {Traits({User("u1")}, {{"plan", "pro"}}),
                   Traits({User("u1")}, {{"plan", "free"}})};
    REQUIRE(db->Write(batch).ok());
    CHECK(plan(db.get()) == Value("free"));
    batch.items = {Traits({User("u1")}, {{"plan", "z"}}),
                   Traits({User("u1")}, {{"plan", Value()}})};
    REQUIRE(db->Write(batch).ok());
    CHECK(IsMissing(plan(db.get())));
  }
  World world(&files, kTestStartMs - 1000);  // the clock stands still until the wall clock is there
  const auto db = world.Open();
  for (const char* value : {"z", "m", "a"}) {
    REQUIRE(db->Write(Traits({User("u1")}, {{"plan", value}})).ok());
    CHECK(plan(db.get()) == Value(value));
  }
}

TEST_CASE("equal times: clearing and setting, and merging, give the same in any order", "[R12]") {
  const Timestamp at{kTestStartMs};
  const std::vector<Identify> writes = {
      Traits({User("u1")}, {{"plan", "a"}, {"x", "1"}}, at),
      Traits({User("u1")}, {{"plan", Value()}}, at),
      Traits({{"anonymous_id", "d"}}, {{"plan", "b"}, {"x", "0"}}, at),
      Traits({User("u1"), {"anonymous_id", "d"}}, {}, at)};
  std::vector<size_t> order = {0, 1, 2, 3};
  do {
    Fixture f;
    for (const size_t i : order) f.Ok(writes[i]);
    const Profile profile = MustGet(f.db.get(), User("u1"));
    CHECK(TraitValue(profile, "plan") == Value("b"));
    CHECK(TraitValue(profile, "x") == Value("1"));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a repeated event changes nothing, not even an identity", "[P15]") {
  Fixture f;
  f.Ok(Event("u1", "order", "m1"));
  const Lsn before = f.db->GetStats().lsn;
  Track again = Event("u1", "order", "m1");
  again.identities.push_back({"email", "new@x.nl"});
  CHECK(f.Ok(again).duplicate);
  CHECK(f.db->GetStats().lsn == before);
  CHECK(MustGet(f.db.get(), User("u1")).identities.size() == 1);
}

TEST_CASE("at the memory limit growing writes are refused, reads and time go on", "[P12]") {
  FaultyFileSystem files;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(db->Write(Event("u1", "later", "m1", {}, Timestamp{kTestStartMs + 5000})).ok());
  }
  World world(&files);
  const auto db = world.Open({.memory_limit_bytes = 1000});
  CHECK(ErrorCodeOf(db->Write(Event("u2", "later", "m2")).status()) == ErrorCode::kOutOfMemory);
  world.clock.now_ms = kTestStartMs + 60'000;
  const auto count = db->Execute("count where did \"later\" at least 1 times", {});
  REQUIRE(count.ok());
  CHECK(std::get<Count>(count->data).count == 1);
  CHECK(count->clock == Timestamp{kTestStartMs + 60'000});
}

TEST_CASE("limits of items and commands are answered by name", "[limits]") {
  Fixture f;
  Identify many = Traits({});
  for (int i = 0; i < 65; ++i) many.identities.push_back({"email", std::to_string(i) + "@x.nl"});
  CHECK(f.Refused(many) == ErrorCode::kLimit);
  Identify wide = Traits({User("u1")});
  for (int i = 0; i < 1001; ++i) wide.traits.push_back({"t" + std::to_string(i), "x"});
  CHECK(f.Refused(wide) == ErrorCode::kLimit);
  wide.traits.resize(1000);
  CHECK(f.Refused(wide) == ErrorCode::kLimit);  // with those that are there from the start
  const WriteOptions long_id{.request_id = std::string(257, 'r'), .actor = {}};
  CHECK(ErrorCodeOf(f.db->Write(Traits({User("u1")}), long_id).status()) == ErrorCode::kLimit);
  Batch huge;
  for (int i = 0; i < 300; ++i) {
    huge.items.push_back(Event("u1", "note", "m" + std::to_string(i),
                               {{"text", std::string(60'000, static_cast<char>('a' + i % 26))}}));
  }
  CHECK(ErrorCodeOf(f.db->Write(huge).status()) == ErrorCode::kLimit);
  huge.items.assign(20'000, Event("u1", "note", "m1"));
  const absl::Status many_small = f.db->Write(huge).status();
  CHECK(ErrorCodeOf(many_small) == ErrorCode::kLimit);
  CHECK(std::string(many_small.message()).find("commit that this batch of 20000 items") !=
        std::string::npos);
  CHECK(std::string(many_small.message()).find("smaller batches") != std::string::npos);
  CHECK(f.db->GetStats().num_profiles == 0);
  const auto endless = f.db->Execute("count", {}, {.timeout_ms = INT64_MAX});
  CHECK(endless.ok());
}

TEST_CASE("a property of the wrong type is kept as it came, the event is not lost", "[events]") {
  Fixture f;
  f.Ok(Event("u1", "order", "m1", {{"total", 12.5}}));
  f.Ok(Event("u1", "order", "m2", {{"total", "a lot"}, {"sku", "x"}}));
  const Profile profile = MustGet(f.db.get(), User("u1"));
  REQUIRE(profile.events.size() == 2);
  bool found = false;
  for (const EventEntry& event : profile.events) {
    for (const Field& field : event.properties) {
      if (field.key == "misfits") found = field.value == Value(Json{R"({"total":"a lot"})"});
    }
  }
  CHECK(found);
}

TEST_CASE("input that cannot be kept is refused and changes nothing", "[input]") {
  Fixture f;
  const std::string long_name(300, 'x');
  CHECK(f.Refused(Traits({})) == ErrorCode::kNoIdentity);
  CHECK(f.Refused(Traits({{"fax", "1"}})) == ErrorCode::kNoTrait);
  CHECK(f.Refused(Traits({User("\xff")})) == ErrorCode::kParse);
  CHECK(f.Refused(Traits({User("u1")}, {{"a", "\xc3\x28"}})) == ErrorCode::kParse);
  CHECK(f.Refused(Traits({User("u1")}, {{"", "x"}})) == ErrorCode::kParse);
  CHECK(f.Refused(Traits({User("u1")}, {{long_name, "x"}})) == ErrorCode::kLimit);
  CHECK(f.Refused(Traits({User("u1")}, {{"a", std::string(70'000, 'x')}})) == ErrorCode::kLimit);
  CHECK(f.Refused(Traits({User("u1")}, {{"a", 0.0 / 0.0}})) == ErrorCode::kType);
  CHECK(f.Refused(Traits({User(std::string(2000, 'x'))})) == ErrorCode::kLimit);
  CHECK(f.Refused(Event("u1", "", "m")) == ErrorCode::kParse);
  CHECK(f.Refused(Event("u1", "e", "m", {}, Timestamp{INT64_MAX / 2})) == ErrorCode::kLimit);
  CHECK(f.Refused(Event("u1", "e", "m", {}, Timestamp{INT64_MIN})) == ErrorCode::kLimit);
  CHECK(f.db->GetStats().num_profiles == 0);
  CHECK(f.db->GetStats().num_commits == 0);
}

TEST_CASE("a batch keeps its good items, an atomic one all or none", "[P3]") {
  Fixture f;
  Batch batch;
  batch.items = {Event("u1", "order", "m1"), Event("", "order", "m2"), Event("u1", "order", "m1"),
                 Event("u3", "order", "m3")};
  batch.atomic = true;
  CHECK(ErrorCodeOf(f.db->Write(batch).status()) == ErrorCode::kNoIdentity);
  CHECK(f.db->GetStats().num_events == 0);
  batch.atomic = false;
  const auto result = f.db->Write(batch);
  REQUIRE(result.ok());
  CHECK(result->items[0].created);
  CHECK(ErrorCodeOf(result->items[1].status) == ErrorCode::kNoIdentity);
  CHECK(result->items[2].duplicate);
  CHECK(result->items[3].status.ok());
  CHECK(f.db->GetStats().num_events == 2);
  CHECK(f.db->GetStats().num_commits == 1);
}

TEST_CASE("items of a batch see the profiles, traits and merges before them", "[P3]") {
  Fixture f;
  Batch batch;
  Track visit = Event("", "visit", "v1");
  visit.identities = {{"anonymous_id", "a1"}};
  Track again = visit;
  batch.items = {visit, Traits({User("u1"), {"anonymous_id", "a1"}}, {{"level", 1.0}}), again,
                 Traits({User("u1")}, {{"level", "x"}}), Event("u1", "visit", "v1")};
  const auto result = f.db->Write(batch);
  REQUIRE(result.ok());
  CHECK(result->items[1].profile == result->items[0].profile);
  CHECK(result->items[2].duplicate);
  CHECK(ErrorCodeOf(result->items[3].status) == ErrorCode::kType);
  CHECK(result->items[4].duplicate);
  CHECK(f.db->GetStats().num_profiles == 1);
}

TEST_CASE("events without an id are different events, in ascending order", "[P16]") {
  Fixture f;
  for (int i = 0; i < 5; ++i) f.Ok(Event("u1", "tick", "", {{"n", double(i)}}, Timestamp{1000}));
  const Profile profile = MustGet(f.db.get(), User("u1"));
  REQUIRE(profile.events.size() == 5);
  CHECK(profile.events[0].properties[0].value == Value(4.0));
  CHECK(profile.events[4].properties[0].value == Value(0.0));
}

}  // namespace
}  // namespace roster
