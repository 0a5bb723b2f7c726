// SPDX-License-Identifier: Apache-2.0
//
// What reading calls make of a profile's records: its sections, timeline, sessions, history.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/engine/people.h"

namespace roster {
namespace {

using Texts = std::vector<std::string>;

TEST_CASE("a timeline is in the order of time, both ways, and filtered", "[C14]") {
  People people;
  people.Ok(On("web", Event("u1", "view", "1", {}, At(3000))));
  Track order = Event("u1", "order", "2", {{"total", 5.0}}, At(1000));
  order.important = true;
  people.Ok(order);
  people.Ok(On("app", Event("u1", "view", "3", {}, At(2000))));
  people.Ok(Event("u2", "view", "4", {}, At(2000)));
  people.Always([&] {
    const auto all = people.Events(User("u1"));
    CHECK(TypesOf(all) == Texts{"view", "view", "order"});
    CHECK(all[2].important);
    CHECK_FALSE(all[0].important);
    REQUIRE(all[2].properties.size() == 1);
    CHECK(all[2].properties[0].key == "total");
    CHECK(all[2].origin == User("u1"));
    CHECK(all[0].properties[0].value == Value("web"));
    CHECK(TypesOf(people.Events(User("u1"), {.oldest_first = true})) ==
          Texts{"order", "view", "view"});
    CHECK(people.Events(User("u1"), {.types = {"order", "view"}}).size() == 3);
    CHECK(TypesOf(people.Events(User("u1"), {.types = {"order"}})) == Texts{"order"});
    REQUIRE(people.Events(User("u1"), {.channel = "app"}).size() == 1);
    CHECK(people.Events(User("u1"), {.channel = "app"})[0].time == At(2000));
    CHECK(people.Events(User("u1"), {.channel = "fax"}).empty());
    CHECK(people.Events(User("u1"), {.from = At(1000), .to = At(3000)}).size() == 2);
  });
  const auto unknown = people.db()->GetTimeline(User("u1"), {.types = {"paint"}});
  CHECK(ErrorCodeOf(unknown.status()) == ErrorCode::kNoTrait);
  const auto own = people.db()->GetTimeline(User("u1"), {.types = {"\001call"}});
  CHECK(ErrorCodeOf(own.status()) == ErrorCode::kNoTrait);
  CHECK(ErrorCodeOf(people.db()->GetTimeline(User("u9"), {}).status()) == ErrorCode::kNoProfile);
}

TEST_CASE("pages of a timeline give each event once, whatever comes meanwhile", "[C14]") {
  People people;
  for (int i = 0; i < 7; ++i) {  // some of one moment
    people.Ok(Event("u1", i % 2 == 0 ? "a" : "b", "m" + std::to_string(i), {}, At(i / 3 * 1000)));
  }
  const auto expected = people.Events(User("u1"));
  for (const bool oldest : {false, true}) {
    std::vector<uint64_t> ids;
    TimelineOptions page{.oldest_first = oldest, .limit = 2};
    for (int i = 0; i < 4; ++i) {
      const auto got = people.db()->GetTimeline(User("u1"), page);
      REQUIRE(got.ok());
      for (const EventEntry& event : got->value.events) ids.push_back(event.id);
      page.after = got->value.cursor;
      CHECK(page.after.empty() == (i == 3));
      people.Restart();
    }
    std::vector<uint64_t> all;
    for (const EventEntry& event : expected) all.push_back(event.id);
    if (oldest) std::reverse(all.begin(), all.end());
    CHECK(ids == all);
  }
  const auto first = people.db()->GetTimeline(User("u1"), {.limit = 1});
  REQUIRE(first.ok());
  people.Ok(Event("u1", "new", "new", {}, At(9000)));
  const TimelineOptions rest{.limit = 100, .after = first->value.cursor};
  CHECK(people.Events(User("u1"), rest).size() == 6);
  std::string damaged = first->value.cursor;
  damaged[3] = damaged[3] == 'A' ? 'B' : 'A';
  for (const std::string& cursor : {damaged, std::string("x"), std::string("c1")}) {
    const auto got = people.db()->GetTimeline(User("u1"), {.after = cursor});
    CHECK(ErrorCodeOf(got.status()) == ErrorCode::kParse);
  }
}

TEST_CASE("what is to come is shown when its time comes", "[T12]") {
  People people;
  people.Ok(Event("u1", "order", "1", {}, At(0)));
  people.Ok(On("later", Event("u1", "order", "2", {}, At(3 * kDayMs))));
  CHECK(people.Events(User("u1")).size() == 1);
  CHECK(people.Get(User("u1")).event_counts[0].count == 1);
  CHECK(people.Get(User("u1")).channels.empty());
  CHECK(people.Sessions(User("u1")).size() == 1);
  people.world().Pass(3 * kDayMs);
  CHECK(people.Events(User("u1")).size() == 2);
  CHECK(people.Get(User("u1")).event_counts[0].count == 2);
  CHECK(people.Get(User("u1")).channels.size() == 1);
  CHECK(people.Sessions(User("u1")).size() == 2);
}

TEST_CASE("sessions are cut where a device was silent for half an hour", "[C15]") {
  People people;
  people.Ok(On("web", Event("u1", "view", "1", {}, At(0))));
  people.Ok(Event("u1", "view", "2", {}, At(30 * kMinuteMs - 1)));
  people.Ok(Event("u1", "order", "3", {}, At(60 * kMinuteMs - 1)));
  Track email = Event("", "open", "4", {}, At(10 * kMinuteMs));
  people.Ok(Traits({User("u1"), {"email", "a@x.nl"}}, {}, At(0)));
  email.identities = {{"email", "a@x.nl"}};
  people.Ok(email);
  people.Always([&] {
    const auto sessions = people.Sessions(User("u1"));
    REQUIRE(sessions.size() == 3);  // of two identities
    CHECK(sessions[0].start == At(60 * kMinuteMs - 1));
    CHECK(sessions[1].num_events == 2);
    CHECK(sessions[1].kind == "visit");
    CHECK(sessions[1].channel == "web");
    CHECK(sessions[1].start == At(0));
    CHECK(sessions[1].end == At(30 * kMinuteMs - 1));
    CHECK(sessions[2].num_events == 1);
    const auto events = people.Events(User("u1"), {.oldest_first = true});
    CHECK(events[0].session == sessions[1].id);
    CHECK(events[2].session == sessions[1].id);
    CHECK(sessions[1].id.size() == 16);
    const auto inside = people.Events(User("u1"), {.session = sessions[1].id});
    CHECK(inside.size() == 2);
    CHECK(people.Events(User("u1"), {.session = "nothing"}).empty());
    CHECK(people.Get(User("u1")).num_sessions == 3);
  });
  people.Ok(Event("u1", "view", "5", {}, At(45 * kMinuteMs)));  // joins what it lies between
  CHECK(people.Sessions(User("u1")).size() == 2);
}

TEST_CASE("of what is said of a session the last word counts", "[C15][B19][B15]") {
  People people;
  Track first = Event("u1", "message", "1", {}, At(1000));
  first.session = SessionInfo{
      .id = "s1", .kind = "bot", .name = "Ann", .platform = "ios", .properties = {{"lang", "nl"}}};
  Track last = On("whatsapp", Event("u1", "message", "2", {}, At(3000)));
  last.session = SessionInfo{
      .id = "s1", .agent_takeover = true, .properties = {{"lang", "fr"}, {"step", 2.0}}};
  Track between = On("web", Event("u1", "message", "3", {}, At(2000)));
  between.session = SessionInfo{.id = "s1", .name = "Bo", .properties = {{"lang", "de"}}};
  for (const Track& track : {first, last, between}) people.Ok(track);
  Track call = Event("u1", "call", "4", {}, At(8000));
  call.session = SessionInfo{
      .id = "s2", .kind = "ticket", .start = At(7000), .end = At(9000), .properties = {}};
  people.Ok(call);
  people.Ok(In("s2", Event("u1", "call", "5", {}, At(8500))));
  people.Always([&] {
    const auto sessions = people.Sessions(User("u1"));
    REQUIRE(sessions.size() == 2);
    CHECK(sessions[0].id == "s2");
    CHECK(sessions[0].start == At(7000));
    CHECK(sessions[0].end == At(9000));
    CHECK(sessions[0].num_events == 2);
    CHECK_FALSE(sessions[0].agent_takeover);
    CHECK(sessions[1].kind == "bot");
    CHECK(sessions[1].name == "Bo");
    CHECK(sessions[1].platform == "ios");
    CHECK(sessions[1].channel == "web");
    CHECK(sessions[1].agent_takeover);
    REQUIRE(sessions[1].properties.size() == 2);
    CHECK(sessions[1].properties[0].value == Value("fr"));
    CHECK(people.Sessions(User("u1"), {.kind = "ticket"}).size() == 1);
    CHECK(people.Sessions(User("u1"), {.channel = "web"}).size() == 1);
    CHECK(people.Sessions(User("u1"), {.name = "BO"}).size() == 1);
    CHECK(people.Sessions(User("u1"), {.name = "ann"}).empty());
    CHECK(people.Sessions(User("u1"), {.oldest_first = true, .limit = 1})[0].id == "s1");
    CHECK(people.Get(User("u1")).agent_takeover);
    for (const EventEntry& event : people.Events(User("u1"))) {
      for (const Field& field : event.properties) CHECK(field.key != "session");
    }
    CHECK(people.Events(User("u1"), {.session = "s1"}).size() == 3);
  });
}

TEST_CASE("only the sections that are asked for are there", "[B9]") {
  People people;
  people.Ok(On("web", Event("u1", "view", "1", {}, At(0))));
  people.Ok(Traits({User("u1"), {"anonymous_id", "a1"}}, {{"plan", "pro"}}, At(1000)));
  people.Ok(Label{User("u1"), {"vip"}, {}});
  people.Ok(Note{User("u1"), "called", 0});
  const auto all = people.Get(User("u1"));
  CHECK_FALSE(all.identities.empty());
  CHECK_FALSE(all.traits.empty());
  CHECK(all.labels == Texts{"vip"});
  CHECK(all.notes.size() == 1);
  CHECK(all.events.size() == 1);
  CHECK(all.num_sessions == 1);
  CHECK(all.channels.size() == 1);
  CHECK(all.devices.size() == 1);
  const auto none = people.db()->Get(User("u1"), {.sections = 0});
  REQUIRE(none.ok());
  const Profile& bare = none->profile;
  CHECK(bare.identities.empty());
  CHECK(bare.traits.empty());
  CHECK(bare.labels.empty());
  CHECK(bare.notes.empty());
  CHECK(bare.events.empty());
  CHECK(bare.event_counts.empty());
  CHECK(bare.num_sessions == 0);
  CHECK(bare.channels.empty());
  CHECK(bare.devices.empty());
  CHECK(bare.version == all.version);
  CHECK(bare.display_name == "u1");
}

TEST_CASE("how somebody is shown and known", "[T1][T5][B22]") {
  People people;
  Track visit = Event("", "view", "v", {}, At(0));
  visit.identities = {{"anonymous_id", "a1"}};
  const ProfileId visitor = people.Ok(visit).profile;
  CHECK_FALSE(people.Get(visitor).identified_at);
  CHECK(people.Get(visitor).display_name.empty());
  people.Ok(Traits({User("u1"), {"anonymous_id", "a1"}}, {{"plan", "x"}}, At(5000)));
  CHECK(people.Get(visitor).identified_at == At(5000));
  CHECK(people.Get(visitor).display_name == "u1");
  people.Ok(Traits({User("u1")}, {{"email", "a@x.nl"}}, At(6000)));
  CHECK(people.Get(visitor).display_name == "a@x.nl");
  people.Ok(Traits({User("u1")}, {{"last_name", "Doe"}, {"first_name", "Jo"}}, At(7000)));
  CHECK(people.Get(visitor).display_name == "Jo Doe");
  people.Ok(Traits({User("u1")}, {{"name", "Josephine"}}, At(8000)));
  people.Ok(Archive{User("u1"), true});
  people.Always([&] {
    const Profile profile = people.Get(visitor);
    CHECK(profile.display_name == "Josephine");
    CHECK(profile.archived);
    CHECK_FALSE(profile.suspect);
    CHECK(profile.identified_at == At(5000));
    REQUIRE(profile.identities.size() == 2);
    CHECK(profile.identities[0].identity == User("u1"));
    CHECK(profile.identities[1].identity.space == "anonymous_id");
  });
  people.Ok(Archive{User("u1"), false});
  CHECK_FALSE(people.Get(visitor).archived);
}

TEST_CASE("channels, devices and campaigns with their times", "[T3][T7][T11][C33]") {
  People people;
  Track visit = On("web", Event("", "view", "v", {{"campaign", "spring"}}, At(1000)));
  visit.identities = {{"anonymous_id", "a1"}};
  people.Ok(visit);
  Identify known = Traits({User("u1"), {"anonymous_id", "a1"}}, {}, At(2000));
  known.channel = "app";
  people.Ok(known);
  people.Ok(On("web", Event("u1", "Email Opened", "o", {{"campaign", "spring"}}, At(3000))));
  people.Ok(On("mail", Event("u1", "Email Clicked", "c", {{"campaign", "spring"}}, At(4000))));
  people.Ok(On("web", Event("u1", "Email Opened", "o2", {{"campaign", "spring"}}, At(5000))));
  people.Always([&] {
    const Profile profile = people.Get(User("u1"));
    REQUIRE(profile.channels.size() == 3);
    CHECK(profile.channels[0].name == "app");
    CHECK(profile.channels[0].first == At(2000));
    CHECK(profile.channels[2].name == "web");
    CHECK(profile.channels[2].first == At(1000));
    CHECK(profile.channels[2].last == At(5000));
    REQUIRE(profile.devices.size() == 1);
    CHECK(profile.devices[0].name == "anonymous_id:a1");
    CHECK(profile.devices[0].first == At(1000));
    CHECK(profile.devices[0].last == At(2000));
    REQUIRE(profile.campaigns.size() == 3);
    CHECK(profile.campaigns[0].touch.empty());
    CHECK(profile.campaigns[1].touch == "clicked");
    CHECK(profile.campaigns[2].touch == "seen");
    CHECK(profile.campaigns[2].first == At(3000));
    CHECK(profile.campaigns[2].last == At(5000));
  });
}

TEST_CASE("of consent the latest of an address, of addresses the most guarded", "[C6][R6]") {
  People people;
  people.Ok(Traits({User("u1")}, {}, At(0)));
  const auto say = [&](const std::string& channel, Decision decision, int64_t ms,
                       const std::string& address = {}) {
    people.Ok(Consent{.profile = User("u1"),
                      .channel = channel,
                      .decision = decision,
                      .address = address,
                      .policy = "p",
                      .time = At(ms)});
  };
  say("email", Decision::kGranted, 2000);
  say("email", Decision::kWithdrawn, 1000);
  say("sms", Decision::kGranted, 1000, "1");
  say("sms", Decision::kUnknown, 1000, "2");
  say("push", Decision::kGranted, 1000);
  say("push", Decision::kWithdrawn, 1000);
  people.Always([&] {
    const auto consent = people.Get(User("u1")).consent;
    REQUIRE(consent.size() == 3);
    CHECK(consent[0].channel == "email");
    CHECK(consent[0].decision == Decision::kGranted);
    CHECK(consent[0].policy == "p");
    CHECK(consent[0].time == At(2000));
    CHECK(consent[1].channel == "push");
    CHECK(consent[1].decision == Decision::kWithdrawn);
    CHECK(consent[2].decision == Decision::kUnknown);
    CHECK(consent[2].address == "2");
  });
}

TEST_CASE("the history of traits, and what they were at a time", "[C24][T6]") {
  People people;
  people.Ok(Traits({User("u1")}, {{"plan", "free"}}, At(1000)));
  people.Ok(Traits({User("u1")}, {{"plan", "pro"}, {"city", "Gent"}}, At(5000)));
  people.Ok(Traits({User("u1")}, {{"plan", "late"}}, At(3000)));
  people.Ok(Traits({User("u1")}, {{"plan", Value()}}, At(6000)));
  people.Always([&] {
    const auto plan = people.GetHistory(User("u1"), {.trait = "plan"}).traits;
    REQUIRE(plan.size() == 4);
    CHECK(IsMissing(plan[0].value));
    CHECK(plan[1].value == Value("pro"));
    CHECK(plan[2].value == Value("late"));
    CHECK(plan[3].value == Value("free"));
    CHECK(plan[3].time == At(1000));
    CHECK(plan[3].origin == User("u1"));
    CHECK(plan[3].profile == ProfileId{1});
    CHECK(people.GetHistory(User("u1")).traits.size() == 5);
    const auto as_of = [&](int64_t ms) {
      return people.GetHistory(User("u1"), {.trait = "plan", .as_of = At(ms)}).traits;
    };
    CHECK(as_of(999).empty());
    CHECK(as_of(1000)[0].value == Value("free"));
    CHECK(as_of(4999)[0].value == Value("late"));
    CHECK(as_of(5000)[0].value == Value("pro"));
    CHECK(as_of(6000).empty());
    CHECK(people.GetHistory(User("u1"), {.as_of = At(6000)}).traits[0].trait == "city");
  });
  for (const char* unknown : {"paint", "created_at", "\001archived"}) {
    const auto got = people.db()->GetHistory(User("u1"), {.trait = unknown});
    CHECK(ErrorCodeOf(got.status()) == ErrorCode::kNoTrait);
  }
}

TEST_CASE("the history of what was done by hand, and of former identities", "[C13][R15]") {
  People people;
  people.Ok(Traits({User("u1"), {"email", "old@x.nl"}}, {}, At(0)));
  people.Ok(Edit{.profile = User("u1"),
                 .traits = {{"plan", "pro"}},
                 .identities = {{"email", "new@x.nl"}}},
            {.request_id = {}, .actor = "jo"});
  people.Ok(Label{User("u1"), {"vip"}, {}});
  people.Always([&] {
    const History history = people.GetHistory(User("u1"));
    REQUIRE(history.identities.size() == 1);
    CHECK(history.identities[0] == IdentityRef{"email", "old@x.nl"});
    REQUIRE(history.edits.size() == 2);
    CHECK(history.edits[0].action == "label");
    CHECK(history.edits[1].action == "set");
    CHECK(history.edits[1].actor == "jo");
    CHECK(history.edits[1].detail.find("pro") != std::string::npos);
    CHECK(people.Get(User("u1")).identities.size() == 2);
    CHECK(people.GetHistory(User("u1"), {.trait = "plan"}).edits.empty());
  });
}

}  // namespace
}  // namespace roster
