// SPDX-License-Identifier: Apache-2.0
//
// Session properties that rules carry over to traits: when, from which word, in any order, over
// merges, restarts and time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "roster/json.h"
#include "storage/base/text.h"
#include "tests/engine/people.h"

namespace roster {
namespace {

void Say(People* people, const std::string& statement) {
  people->Ok(Declare{.statement = statement, .time_zone = "UTC"});
}

void Rules(People* people) {
  Say(people, "declare trait plan text");
  Say(people, "declare trait source text");
  Say(people, "declare trait pages integer policy sum");
  Say(people, "define carry plan as session.plan to plan on end");
  Say(people, "define carry source as session.source to source");
  Say(people, "define carry pages as session.pages to pages on end");
}

Track Of(const std::string& session, Track track, std::vector<Field> properties,
         std::optional<Timestamp> end = std::nullopt) {
  track.session = SessionInfo{.id = session, .end = end, .properties = std::move(properties)};
  return track;
}

Track By(const IdentityRef& who, const std::string& message, int minute) {
  Track track = Event("", "view", message, {}, At(minute * kMinuteMs));
  track.identities = {who};
  return track;
}

const IdentityRef kVisitor = {"anonymous_id", "a"};

std::string Shown(const Value& value, Timestamp time, const std::optional<IdentityRef>& origin,
                  const std::optional<CarriedFrom>& carried) {
  std::string text;
  AppendJson(value, &text);
  text += StrCat(" at ", (time.ms - At(0).ms) / kMinuteMs);
  if (origin) text += StrCat(" by ", origin->value);
  if (carried) text += StrCat(" from ", carried->rule, "/", carried->session);
  return text;
}

std::string TraitOf(People* people, const ProfileRef& who, const std::string& name) {
  for (const TraitEntry& trait : people->Get(who).traits) {
    if (trait.name == name) return Shown(trait.value, trait.time, trait.origin, trait.carried);
  }
  return "";
}

std::vector<std::string> HistoryOf(People* people, const ProfileRef& who,
                                   const std::string& trait) {
  std::vector<std::string> history;
  for (const HistoryEntry& entry : people->GetHistory(who, {.trait = trait, .as_of = {}}).traits) {
    history.push_back(Shown(entry.value, entry.time, entry.origin, entry.carried));
  }
  return history;
}

using Texts = std::vector<std::string>;

TEST_CASE("a session property becomes a trait when the session ends", "[T30]") {
  People people;
  Rules(&people);
  people.Ok(Of("s", By(User("u"), "1", 0), {{"plan", "pro"}, {"pages", 2.0}}));
  people.Ok(Of("s", By(User("u"), "2", 10), {{"pages", 3.0}}));
  people.Ok(Of("t", By(User("u"), "3", 60), {{"pages", "many"}, {"plan", {}}}, At(61 * kMinuteMs)));
  people.Always([&] {
    CHECK(TraitOf(&people, User("u"), "plan") == "\"pro\" at 10 by u from plan/s");
    CHECK(TraitOf(&people, User("u"), "pages") == "3 at 10 by u from pages/s");
    CHECK(TraitOf(&people, User("u"), "source").empty());
    const auto found = people.db()->Execute("count where plan = \"pro\" and pages = 3", {});
    REQUIRE(found.ok());
    CHECK(std::get<Count>(found->data).count == 1);
  });
  // A late event moves the end, and what was carried with it.
  people.Ok(By(User("u"), "4", 5));
  people.Ok(In("s", By(User("u"), "5", 20)));
  people.Always([&] {
    CHECK(HistoryOf(&people, User("u"), "plan") == Texts{"\"pro\" at 20 by u from plan/s"});
    CHECK(HistoryOf(&people, User("u"), "pages") == Texts{"3 at 20 by u from pages/s"});
  });
  // Values by hand and carried ones are one history.
  people.Ok(Traits({User("u")}, {{"plan", "own"}}, At(15 * kMinuteMs)));
  CHECK(TraitOf(&people, User("u"), "plan") == "\"pro\" at 20 by u from plan/s");
  people.Ok(Of("s", By(User("u"), "6", 21), {}, At(12 * kMinuteMs)));
  people.Always([&] {
    CHECK(HistoryOf(&people, User("u"), "plan") ==
          Texts{"\"own\" at 15 by u", "\"pro\" at 12 by u from plan/s"});
  });
}

TEST_CASE("time alone ends a session, also over a restart", "[T30]") {
  People people;
  Rules(&people);
  const auto say = [&](const std::string& user, const std::string& plan) {
    Track track = Event(user, "view", "m" + user);
    people.Ok(Of("s", track, {{"plan", plan}}));
  };
  say("u1", "one");
  CHECK(TraitOf(&people, User("u1"), "plan").empty());
  people.world().clock.now_ms += 29 * kMinuteMs;
  say("u2", "two");
  CHECK(TraitOf(&people, User("u1"), "plan").empty());
  people.world().clock.now_ms += kMinuteMs;
  CHECK_FALSE(TraitOf(&people, User("u1"), "plan").empty());
  CHECK(TraitOf(&people, User("u2"), "plan").empty());
  people.Restart();
  CHECK(TraitOf(&people, User("u2"), "plan").empty());
  people.world().clock.now_ms += 29 * kMinuteMs;
  const auto found = people.db()->Execute("count where plan = \"two\"", {});
  REQUIRE(found.ok());
  CHECK(std::get<Count>(found->data).count == 1);
  people.Restart();
  CHECK_FALSE(TraitOf(&people, User("u2"), "plan").empty());
  // One that was said to end in the future ends then.
  Track later = Event("u3", "view", "later");
  people.Ok(Of("s", later, {{"plan", "x"}}, Timestamp{people.world().clock.now_ms + kDayMs}));
  people.world().clock.now_ms += kDayMs - kMinuteMs;
  CHECK(TraitOf(&people, User("u3"), "plan").empty());
  people.world().clock.now_ms += 2 * kMinuteMs;
  CHECK_FALSE(TraitOf(&people, User("u3"), "plan").empty());
}

TEST_CASE("a visitor's session property becomes a trait when he is identified", "[T30]") {
  People people;
  Say(&people, "declare trait source text");
  Say(&people, "define carry source as session.source to source on identify");
  people.Ok(Of("v1", By(kVisitor, "1", 0), {{"source", "zine"}}));
  people.Ok(Of("v2", By(kVisitor, "2", 60), {{"source", "ads"}}));
  CHECK(TraitOf(&people, kVisitor, "source").empty());
  people.Ok(Traits({User("u"), kVisitor}, {}, At(90 * kMinuteMs)));
  people.Always([&] {
    CHECK(HistoryOf(&people, User("u"), "source") == Texts{"\"ads\" at 90 by a from source/v2"});
  });
  people.Ok(Of("v3", By(User("u"), "3", 100), {{"source", "mail"}}));
  CHECK(TraitOf(&people, User("u"), "source") == "\"mail\" at 100 by u from source/v3");
  // Identified earlier than was known: what was said since counts when it was said.
  people.Ok(Traits({User("u"), kVisitor}, {}, At(30 * kMinuteMs)));
  people.Always([&] {
    CHECK(HistoryOf(&people, User("u"), "source") == Texts{"\"mail\" at 100 by u from source/v3",
                                                           "\"ads\" at 60 by a from source/v2",
                                                           "\"zine\" at 30 by a from source/v1"});
  });
  // What is written for that very moment stands.
  people.Ok(Traits({User("u")}, {{"source", "me"}}, At(100 * kMinuteMs)));
  CHECK(TraitOf(&people, User("u"), "source") == "\"me\" at 100 by u");
}

// All of it, whichever came first.
Texts Picture(People* people) {
  Texts picture;
  for (const char* trait : {"plan", "source", "pages"}) {
    picture.push_back(TraitOf(people, User("u"), trait));
    const Texts history = HistoryOf(people, User("u"), trait);
    picture.insert(picture.end(), history.begin(), history.end());
  }
  return picture;
}

TEST_CASE("what is carried over does not depend on the order of arrival", "[T30][R12]") {
  const std::vector<WriteItem> calls = {
      Of("v1", By(kVisitor, "1", 0), {{"source", "zine"}, {"pages", 1.0}}),
      Of("v1", By(kVisitor, "2", 10), {{"source", "ads"}}),
      Traits({User("u"), kVisitor}, {{"plan", "own"}}, At(20 * kMinuteMs)),
      Of("v1", By(User("u"), "3", 25), {{"pages", 2.0}}, At(27 * kMinuteMs)),
      Of("v1", By(User("u"), "4", 26), {{"plan", "late"}}, At(24 * kMinuteMs)),
      Of("v2", By(User("u"), "5", 60), {{"pages", 5.0}, {"plan", "pro"}, {"source", "mail"}}),
      In("v2", By(User("u"), "6", 85)),
      Of("v3", By(kVisitor, "7", 130), {{"pages", 7.0}, {"source", "zine"}}),
  };
  const auto picture_of = [&](const std::vector<size_t>& order) {
    People people;
    Rules(&people);
    for (const size_t i : order) people.Ok(calls[i]);
    Texts picture = Picture(&people);
    people.Restart();
    CHECK(Picture(&people) == picture);
    return picture;
  };
  std::vector<size_t> order(calls.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const Texts expected = picture_of(order);
  CHECK(expected[0] == "\"pro\" at 85 by u from plan/v2");
  std::mt19937 random(30);  // NOLINT: the same each time
  for (int round = 0; round < 25; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    CAPTURE(order);
    CHECK(picture_of(order) == expected);
  }
}

TEST_CASE("merges join what is carried over, and unmerges part it", "[T30][R10]") {
  People people;
  Rules(&people);
  people.Ok(Of("x", By(User("u1"), "1", 0), {{"pages", 7.0}}, At(0)));
  people.Ok(Of("x", By(User("u2"), "2", 5), {{"pages", 9.0}}, At(5 * kMinuteMs)));
  people.Ok(Of("y", By(User("u2"), "3", 6), {{"plan", "pro"}}, At(6 * kMinuteMs)));
  const ProfileId one = people.Get(User("u1")).id;
  const ProfileId two = people.Get(User("u2")).id;
  MergePlan plan = people.Preview(one, two).plan;
  plan.force = true;
  people.Ok(plan);
  people.Always([&] {
    CHECK(HistoryOf(&people, one, "pages") == Texts{"9 at 5 by u2 from pages/x"});
    CHECK(TraitOf(&people, one, "plan") == "\"pro\" at 6 by u2 from plan/y");
  });
  people.Ok(Unmerge{two});
  people.Always([&] {
    CHECK(HistoryOf(&people, one, "pages") == Texts{"7 at 0 by u1 from pages/x"});
    CHECK(HistoryOf(&people, two, "pages") == Texts{"9 at 5 by u2 from pages/x"});
    CHECK(TraitOf(&people, one, "plan").empty());
    CHECK(TraitOf(&people, two, "plan") == "\"pro\" at 6 by u2 from plan/y");
  });
}

TEST_CASE("a rule holds for sessions of before; what it carried stays without it", "[T30]") {
  People people;
  Say(&people, "declare trait plan text");
  Say(&people, "declare trait tier text");
  constexpr int kMany = 600;  // more than one commit goes through
  for (int i = 0; i < kMany; ++i) {
    const std::string number = std::to_string(i);
    people.Ok(Of("s", By(User("u" + number), number, 0), {{"plan", "p" + number}}, At(0)));
  }
  Say(&people, "define carry c as session.plan to plan on end");
  const auto count = [&](const std::string& statement) {
    const auto found = people.db()->Execute(statement, {});
    REQUIRE(found.ok());
    return std::get<Count>(found->data).count;
  };
  for (int i = 0; i < 4; ++i) count("count");  // each goes on with it
  CHECK(count("count where plan is set") == kMany);
  CHECK(TraitOf(&people, User("u7"), "plan") == "\"p7\" at 0 by u7 from c/s");
  // Another rule of the name takes back what it made.
  Say(&people, "define carry c as session.plan to tier on end");
  for (int i = 0; i < 4; ++i) count("count");
  CHECK(count("count where plan is set") == 0);
  CHECK(count("count where tier is set") == kMany);
  Say(&people, "drop carry c");
  people.Ok(Of("t", By(User("u7"), "late", 1), {{"plan", "x"}}, At(kMinuteMs)));
  people.Always([&] {
    CHECK(TraitOf(&people, User("u7"), "tier") == "\"p7\" at 0 by u7 from c/s");
    CHECK(count("count where tier is set") == kMany);
  });
}

// Some of all that may be done, to three people on two devices.
class Doings {
 public:
  Doings(People* people, uint32_t seed) : people_(people), random_(seed) {}

  void DoOne() {
    switch (Below(10)) {
      case 0:
        return Try(Traits({Who(), Device()}, {}, Time()));
      case 1: {
        Identify vouched = Traits({Who(), {"email", StrCat(Below(3), "@x.nl")}}, {}, Time());
        vouched.authenticated = Below(2) == 0;
        vouched.session = Session();
        return Try(vouched);
      }
      case 2:
        return Try(Traits({Who()}, {{"plan", StrCat("own", Below(3))}}, Time()));
      case 3:
        return ByHand();
      default: {
        Track track = By(Below(2) == 0 ? Who() : Device(), "", 0);
        track.time = Time();
        track.message_id = StrCat("m", ++number_);
        track.session = Session();
        return Try(track);
      }
    }
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  IdentityRef Who() { return User(StrCat("u", Below(3))); }
  IdentityRef Device() { return {"anonymous_id", StrCat("a", Below(2))}; }
  Timestamp Time() { return At(Below(60) * kMinuteMs); }
  SessionInfo Session() {
    SessionInfo session{.id = StrCat("s", Below(3)), .properties = {}};
    if (Below(2) == 0) session.properties.push_back({"plan", StrCat("p", Below(4))});
    if (Below(3) == 0) session.end = Time();
    return session;
  }
  std::optional<ProfileId> Known(const IdentityRef& identity) {
    const auto got = people_->db()->Get(identity, {.sections = 0});
    return got.ok() ? std::optional(got->profile.id) : std::nullopt;
  }
  void Try(WriteItem item) { people_->db()->Write(std::move(item)).status().IgnoreError(); }

  void ByHand() {
    const IdentityRef who = Who();
    const auto one = Known(who);
    const auto other = Known(Who());
    if (!one || !other) return;
    switch (Below(6)) {
      case 0: {
        const auto preview = people_->db()->PreviewMerge(*one, *other, {});
        if (!preview.ok()) return;
        MergePlan plan = preview->value.plan;
        plan.force = true;
        return Try(plan);
      }
      case 1:
        for (const ProfileId merged : people_->Get(*one).merged) return Try(Unmerge{merged});
        return;
      case 2:
        return Try(Detach{Device(), Below(2) == 0});
      case 3:
        return Try(Logout{{Device()}, Time()});
      case 4:
        return Try(Split{*one, {who}});
      default:
        return Try(Attach{*one, {"email", StrCat(Below(3), "@x.nl")}, Below(2) == 0});
    }
  }

  People* const people_;
  std::mt19937 random_;
  int number_ = 0;
};

// What is carried at the ends of sessions, as sessions and writes of now have it; two that say the
// same at once are one.
std::set<std::string> ExpectedAtEnds(People* people, ProfileId who) {
  std::vector<Timestamp> written;
  for (const HistoryEntry& entry : people->GetHistory(who, {.trait = "plan", .as_of = {}}).traits) {
    if (!entry.carried) written.push_back(entry.time);
  }
  std::set<std::string> expected;
  for (const SessionEntry& session : people->Sessions(who)) {
    for (const Field& field : session.properties) {
      if (std::ranges::find(written, *session.end) != written.end()) continue;
      expected.insert(StrCat(std::get<std::string>(field.value), " ", session.end->ms));
    }
  }
  return expected;
}

std::set<std::string> CarriedAtEnds(People* people, ProfileId who) {
  std::set<std::string> carried;
  for (const HistoryEntry& entry : people->GetHistory(who, {.trait = "plan", .as_of = {}}).traits) {
    if (!entry.carried) continue;
    carried.insert(StrCat(std::get<std::string>(entry.value), " ", entry.time.ms));
  }
  return carried;
}

TEST_CASE("whatever was done, what is carried over is what the sessions of now make", "[T30]") {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    People people;
    Say(&people, "declare trait plan text");
    Say(&people, "define carry plan as session.plan to plan on end");
    Doings doings(&people, seed);
    for (int i = 0; i < 40; ++i) {
      CAPTURE(i);
      doings.DoOne();
      for (uint64_t id = 1; id <= 12; ++id) {
        const auto got = people.db()->Get(ProfileId{id}, {.sections = 0});
        if (!got.ok() || got->profile.id.value != id) continue;
        CAPTURE(id);
        CHECK(CarriedAtEnds(&people, {id}) == ExpectedAtEnds(&people, {id}));
      }
    }
    // Nothing is left to be done at an opening.
    people.db()->Execute("count", {}).status().IgnoreError();
    const Lsn lsn = people.db()->GetStats().lsn;
    people.Restart();
    people.db()->Execute("count", {}).status().IgnoreError();
    CHECK(people.db()->GetStats().lsn == lsn);
  }
}

}  // namespace
}  // namespace roster
