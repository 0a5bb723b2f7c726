// SPDX-License-Identifier: Apache-2.0
//
// The commands that read people: their forms, their errors, the shapes of their replies, over a
// fake store.
#include <catch2/catch.hpp>

#include "roster/json.h"
#include "tests/server/simulation.h"

namespace roster::server {
namespace {

// A line client and a RESP client, of a store with one profile, p1, who did something once.
struct Clients {
  Simulation simulation;
  SimulatedClient line = simulation.Connect();
  SimulatedClient resp = simulation.Connect();

  Clients() {
    Line(R"(identify {"userId":"u1","traits":{"plan":"pro"}})");
    Line(R"(track {"userId":"u1","event":"order"})");
  }
  std::string Line(const std::string& text) { return line.Ask(text + "\n"); }
  std::string Resp(const std::vector<std::string>& words) { return resp.Ask(RespRequest(words)); }
  const FakeDatabase::Asked& asked() { return simulation.database.asked; }
};

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Timestamp Time(const char* text) { return *ParseTimestamp(text); }

}  // namespace

TEST_CASE("GET computes and shows the sections that are asked for") {
  Clients clients;
  clients.Line("get p1");
  CHECK(clients.asked().get.sections == ~0u);
  CHECK(clients.asked().get.max_events == 20);
  CHECK(clients.Line("get p1 sections traits LABELS") ==
        R"({"ok":true,"lsn":2,"result":{"profile":"p1","traits":{"plan":{"value":"pro",)"
        R"("time":"1970-01-01T00:00:01Z","origin":"external_id:u1"}}}})"
        "\n");
  const auto bits = static_cast<uint32_t>(Section::kTraits) | uint32_t(Section::kLabels);
  CHECK(clients.asked().get.sections == bits);
  CHECK(clients.asked().get.max_events == 0);
  clients.Line("get p1 sections event_counts");
  CHECK(clients.asked().get.sections == uint32_t(Section::kEvents));
  CHECK(clients.asked().get.max_events == 0);
  CHECK(Has(clients.Line("get p1 sections events events 3"), R"("events":[{"id":)"));
  CHECK(clients.asked().get.max_events == 3);
  clients.Line("get p1 events 4 sections events");
  CHECK(clients.asked().get.max_events == 4);
  CHECK(Has(clients.Line("get p1 EVENTS 1 SECTIONS status"), R"("status":"active"}})"));
  CHECK(clients.asked().get.sections == 0);
}

TEST_CASE("GET says what is wrong") {
  Clients clients;
  CHECK(Has(clients.Line("get p1 sections traits paint"),
            "unknown section: paint; there are version display_name status"));
  for (const char* wrong : {"sections", "events 10001", "events -1", "events", "labels",
                            "events 5 events 6", "events 5 labels"}) {
    CHECK(Has(clients.Line(std::string("get p1 ") + wrong),
              "expected SECTIONS and names, or EVENTS or MESSAGES and a number up to 10000"));
  }
  CHECK(Has(clients.Resp({"GET", "external_id:nobody"}), "-NOPROFILE "));
}

TEST_CASE("TIMELINE in all its forms") {
  Clients clients;
  CHECK(Has(clients.Line("timeline p1"),
            R"("events":[{"id":"000000000000000a","type":"order",)"
            R"("time":"1970-01-01T00:00:01Z","properties":{},"origin":"external_id:u1"}],)"
            R"("cursor":"c1"}})"));
  CHECK(clients.asked().timeline.limit == 100);
  CHECK_FALSE(clients.asked().timeline.oldest_first);
  clients.Line(
      "timeline external_id:u1 type order \"page view\" CHANNEL web from 2026-01-01 "
      "TO 2026-01-02T10:00:00Z oldest limit 7");
  const TimelineOptions& asked = clients.asked().timeline;
  CHECK(asked.types == std::vector<std::string>{"order", "page view"});
  CHECK(asked.channel == "web");
  CHECK(asked.from == Time("2026-01-01"));
  CHECK(asked.to == Time("2026-01-02T10:00:00Z"));
  CHECK(asked.oldest_first);
  CHECK(asked.limit == 7);
  CHECK(Has(clients.Line("timeline p1 AFTER c1"), R"("cursor":null)"));
  CHECK(asked.after == "c1");
  CHECK(Has(clients.Resp({"TIMELINE", "p1", "TYPE", "Course Clicked"}), "$5\r\norder\r\n"));
  CHECK(asked.types == std::vector<std::string>{"Course Clicked"});

  CHECK(Has(clients.Line("timeline p1 limit 0"), "LIMIT takes a number from 1 to 100000"));
  CHECK(Has(clients.Line("timeline p1 limit 100001"), "LIMIT takes a number from 1 to 100000"));
  CHECK(Has(clients.Line("timeline p1 from yesterday"), "FROM takes a time like"));
  CHECK(Has(clients.Line("timeline p1 type"), "TYPE takes a value"));
  CHECK(Has(clients.Line("timeline p1 newest"), "expected one of TYPE, CHANNEL, FROM, TO"));
  CHECK(Has(clients.Line("timeline p1 oldest oldest"), "OLDEST is there twice"));
  CHECK(Has(clients.Line("timeline"), "wrong number of arguments for 'timeline'"));
  CHECK(Has(clients.Line("timeline p9"), "NOPROFILE"));
}

TEST_CASE("SESSIONS, and the events of one") {
  Clients clients;
  CHECK(Has(clients.Line("sessions p1"),
            R"({"sessions":[{"id":"s1","kind":"bot","channel":"web",)"
            R"("start":"1970-01-01T00:00:01Z","end":"1970-01-01T00:00:03.500Z",)"
            R"("duration_ms":2500,"events":2,"agent_takeover":true,"properties":{"lang":"nl"}},)"
            R"({"id":"s2","events":0}]})"));
  clients.Line("sessions p1 NAME ann b CHANNEL web KIND bot OLDEST LIMIT 3");
  const SessionsOptions& asked = clients.asked().sessions;
  CHECK(asked.name == "ann b");
  CHECK(asked.channel == "web");
  CHECK(asked.kind == "bot");
  CHECK(asked.oldest_first);
  CHECK(asked.limit == 3);
  CHECK(Has(clients.Line("sessions p1 EVENTS s1"), R"({"events":[{"id":)"));
  CHECK(clients.asked().timeline.session == "s1");
  CHECK(Has(clients.Line("sessions p1 EVENTS s1 LIMIT 5"), "stand alone"));
  CHECK(Has(clients.Line("sessions p1 EVENTS"), "EVENTS takes a value"));
}

TEST_CASE("HISTORY of all, of a trait, as of a time") {
  Clients clients;
  CHECK(Has(clients.Line("history p1"),
            R"({"history":[{"trait":"plan","value":null,"time":"1970-01-01T00:00:02Z",)"
            R"("origin":"external_id:u1","profile":"p1"},{"trait":"plan","value":"pro",)"
            R"("time":"1970-01-01T00:00:01Z","profile":"p7"}],)"
            R"("identities":[{"namespace":"email","value":"old@example.com"}],)"
            R"("edits":[{"when":"1970-01-01T00:00:03Z","who":"jo","what":"set",)"
            R"("before":{"plan":null},"after":{"plan":"pro"}}],)"
            R"("consent":[{"channel":"email","decision":"granted",)"
            R"("time":"1970-01-01T00:00:03Z","policy":"privacy","who":"jo"}]})"));
  CHECK_FALSE(Has(clients.Line("history p1 plan"), "edits"));
  CHECK(clients.asked().history.trait == "plan");
  clients.Line("history p1 \"favourite colour\" as of 2026-01-01");
  CHECK(clients.asked().history.trait == "favourite colour");
  CHECK(clients.asked().history.as_of == Time("2026-01-01"));
  CHECK_FALSE(Has(clients.Line("history p1 AS OF 2026-01-01"), "identities"));
  CHECK(clients.asked().history.trait.empty());
  CHECK(Has(clients.Line("history p1 AS OF noon"), "AS OF takes a time like"));
  CHECK(Has(clients.Line("history p1 plan AS"), "expected a trait or AS OF"));
}

TEST_CASE("CONFLICTS and DUPLICATES of one or of all") {
  Clients clients;
  CHECK(Has(clients.Line("conflicts"),
            R"("result":[{"time":"1970-01-01T00:00:01Z","profile":"p1","other":"p2",)"
            R"("identity":"email","reason":"two people"},{"time":"1970-01-01T00:00:00.900Z",)"
            R"("profile":"p1","identity":"phone","reason":"limit"}])"));
  CHECK_FALSE(clients.asked().ref);
  CHECK(clients.asked().limit == 100);
  clients.Line("conflicts p1 LIMIT 5");
  CHECK(clients.asked().ref == ProfileRef(ProfileId{1}));
  CHECK(clients.asked().limit == 5);
  CHECK(Has(clients.Line("duplicates limit 3"),
            R"([{"profiles":["p1","p2"],"reasons":["email","phone"],"score":0.5}])"));
  CHECK_FALSE(clients.asked().ref);
  clients.Line("duplicates external_id:u1");
  CHECK(clients.asked().ref == ProfileRef(IdentityRef{"external_id", "u1"}));
  CHECK(Has(clients.Line("duplicates nobody"), "a profile is named by"));
  CHECK(Has(clients.Line("conflicts p1 p2"), "expected one of LIMIT"));
  CHECK(Has(clients.Line("conflicts LIMIT many"), "LIMIT takes a number"));
}

TEST_CASE("MERGE PREVIEW says what a merge would do") {
  Clients clients;
  const std::string reply = clients.Line("merge preview p1 p2");
  CHECK(Has(reply, R"("survivor":"p1","loser":"p2","versions":["v1","v2"],)"
                   R"("traits":{"plan":{"survivor":"free","loser":"pro","keeps":"loser"}},)"
                   R"("moves":{"identities":0,"events":3,"sessions":0,"labels":0,"notes":0},)"
                   R"("conflicts":["together they have 6 of email, of at most 5"]})"));
  CHECK(clients.asked().choices.empty());
  using Choices = std::vector<std::pair<std::string, bool>>;
  const Choices expected = {{"favourite  colour", true}, {"plan", false}};
  const std::string json = R"({"traits":{"favourite  colour":"loser","plan":"survivor"}})";
  clients.Line("MERGE  Preview p1 p2 " + json);
  CHECK(clients.asked().choices == expected);
  clients.simulation.database.asked.choices.clear();
  clients.Resp({"MERGE", "PREVIEW", "p1", "p2", json});
  CHECK(clients.asked().choices == expected);
  clients.simulation.database.asked.choices.clear();
  clients.Line(R"({"cmd":"merge","query":"PREVIEW p1 p2 {\"traits\":{\"plan\":\"loser\"}}"})");
  CHECK(clients.asked().choices == Choices{{"plan", true}});
  for (const char* wrong : {"{}x", "[]", R"({"plan":"loser"})", R"({"traits":{"plan":"both"}})",
                            R"({"traits":["plan"]})", R"({"traits":{"plan":1}})"}) {
    CHECK(Has(clients.Line(std::string("merge preview p1 p2 ") + wrong), R"("code":"PARSE")"));
  }
  CHECK(Has(clients.Line("merge preview p1"),
            "wrong number of arguments for 'merge preview' command"));
  CHECK(Has(clients.Line("merge preview p1 nobody"), "a profile is named by"));
}

TEST_CASE("a verb with forms") {
  Clients clients;
  CHECK(Has(clients.Line("merge p1 p2"), "`merge` takes one of: apply, preview"));
  CHECK(Has(clients.Line("merge"), "`merge` takes one of: apply, preview"));
  CHECK(Has(clients.Resp({"MERGE", "x"}), "-ERR `merge` takes one of: apply, preview"));
  CHECK(Has(clients.Resp({"HELP", "merge", "preview"}), "MERGE PREVIEW survivor loser [json]"));
  CHECK_FALSE(Has(clients.Resp({"HELP", "merge", "preview"}), "MERGE APPLY"));
  CHECK(Has(clients.Resp({"HELP", "merge"}), "MERGE APPLY plan [FORCE]"));
  CHECK(Has(clients.Resp({"COMMAND", "DOCS", "merge"}), "merge preview"));
  CHECK(Has(clients.Resp({"COMMAND", "INFO", "merge preview"}), "$13\r\nmerge preview\r\n:-3\r\n"));
}

}  // namespace roster::server
