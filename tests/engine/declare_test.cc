// SPDX-License-Identifier: Apache-2.0
//
// What is declared and defined: its effects, its errors, its measures of a profile; over a restart.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <string>

#include "roster/error.h"
#include "storage/base/text.h"
#include "tests/engine/simulation.h"

namespace roster {
namespace {

constexpr int64_t kDayMs = 86'400'000;

struct Fixture {
  explicit Fixture(const Options& the_options = {}) : options(the_options) {}

  absl::Status Say(const std::string& statement, const std::string& zone = "UTC") {
    return db->Write(WriteItem(Declare{.statement = statement, .time_zone = zone})).status();
  }
  void Ok(const std::string& statement) {
    INFO(statement);
    const absl::Status said = Say(statement);
    INFO(said.ToString());
    REQUIRE(said.ok());
  }
  // "CONFLICT 22: the words"
  std::string Refused(const std::string& statement) {
    const absl::Status said = Say(statement);
    INFO(statement);
    REQUIRE(!said.ok());
    const auto position = ErrorPositionOf(said);
    return StrCat(ErrorCodeName(ErrorCodeOf(said)), " ", position ? position->column : 0, ": ",
                  StdView(said.message()));
  }
  void Write(WriteItem item) {
    const auto written = db->Write(std::move(item));
    INFO(written.status().ToString());
    REQUIRE(written.ok());
  }
  std::vector<std::vector<Value>> Rows(const std::string& statement) {
    const auto shown = db->Execute(statement, {});
    INFO(shown.status().ToString());
    REQUIRE(shown.ok());
    return std::get<Table>(shown->data).rows;
  }
  std::vector<Value> Row(const std::string& statement, const std::string& name) {
    for (const std::vector<Value>& row : Rows(statement)) {
      if (row[0] == Value(name)) return row;
    }
    return {};
  }
  void Reopen() {
    REQUIRE(db->Close().ok());
    const int64_t now_ms = world->clock.now_ms;
    db.reset();
    world = std::make_unique<World>(&files, now_ms + 5);
    db = world->Open(options);
  }

  Options options;
  FaultyFileSystem files;
  std::unique_ptr<World> world = std::make_unique<World>(&files);
  std::unique_ptr<Database> db = world->Open(options);
};

Timestamp Ago(int64_t ms) { return {kTestStartMs - ms}; }

TEST_CASE("an empty store takes every declaration of LANGUAGE.md, in the order of the page") {
  Fixture f;
  std::ifstream file(ROSTER_LANGUAGE_MD);
  REQUIRE(file.good());
  bool inside = false;
  int statements = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```declaration";
    } else if (inside) {
      f.Ok(line);
      ++statements;
    }
  }
  CHECK(statements > 20);
}

TEST_CASE("a trait is declared with its options, which declaring again alters", "[T29][T34]") {
  Fixture f;
  f.Ok("declare trait size decimal(2) display \"Size\" searchable policy max");
  const std::vector<Value> shown = {"size", "decimal(2)", "Size", "max", true, false, false};
  CHECK(f.Row("show traits", "size") == shown);
  CHECK(f.Refused("declare trait size decimal(3)") ==
        "CONFLICT 20: trait `size` is decimal(2), not decimal(3)");
  CHECK(f.Refused("declare trait size text policy union") ==
        "CONFLICT 20: trait `size` is decimal(2), not text");
  f.Ok("declare trait size decimal(2) indexed");
  f.Ok("alter trait size not searchable display \"\"");
  f.Reopen();
  const std::vector<Value> altered = {"size", "decimal(2)", "size", "max", false, true, false};
  CHECK(f.Row("show traits", "size") == altered);
  f.Write(Traits({User("u")}, {{"size", int64_t{3}}}));
  CHECK(TraitValue(MustGet(f.db.get(), User("u")), "size") == Value(Decimal{300, 2}));

  CHECK(f.Refused("declare trait x text policy sum") ==
        "TYPE 29: `sum` is for numbers; `x` is text");
  CHECK(f.Refused("declare trait x number policy union") ==
        "TYPE 31: `union` is for lists; `x` is number");
  CHECK(f.Row("show traits", "x").empty());
  CHECK(f.Refused("alter trait szie indexed") ==
        "NOTRAIT 13: unknown trait `szie`; did you mean `size`?");
  CHECK(f.Refused("alter trait created_at policy max") ==
        "TYPE 31: `created_at` is kept by the store and has no policy");
  CHECK(f.Refused("declare trait id text").starts_with("EXISTS 15"));
  CHECK(f.Refused("declare trait `a\u0001` text").starts_with("PARSE 15: name with a control"));
  CHECK(f.Refused("declare trait " + std::string(256, 'x') + " text").starts_with("LIMIT 15"));
  CHECK(f.Refused("declare trait x text display \"" + std::string(256, 'x') + "\"")
            .starts_with("LIMIT"));
}

TEST_CASE("a policy that is altered holds for what was written before", "[R5]") {
  Fixture f;
  f.Ok("declare trait best integer");
  f.Write(Traits({User("u")}, {{"best", int64_t{7}}}, Ago(3 * kDayMs)));
  f.Write(Traits({User("u")}, {{"best", int64_t{5}}}, Ago(2 * kDayMs)));
  f.Write(Traits({User("u")}, {{"best", int64_t{6}}}, Ago(kDayMs)));
  const auto best = [&] { return TraitValue(MustGet(f.db.get(), User("u")), "best"); };
  CHECK(best() == Value(int64_t{6}));
  f.Ok("alter trait best policy max");
  CHECK(best() == Value(int64_t{7}));
  f.Ok("alter trait best policy min");
  CHECK(best() == Value(int64_t{5}));
  f.Reopen();
  CHECK(best() == Value(int64_t{5}));
  f.Ok("alter trait best policy latest");
  CHECK(best() == Value(int64_t{6}));
}

TEST_CASE("the standard traits are declared from the start", "[T6]") {
  Fixture f;
  for (const char* name :
       {"name", "first_name", "last_name", "email", "phone", "company", "title", "location",
        "country", "city", "language", "timezone", "avatar", "birthday", "gender", "age"}) {
    CHECK(!f.Row("show traits", name).empty());
  }
  for (const std::vector<Value>& row : f.Rows("show traits")) {
    CHECK(std::get<std::string>(row[0])[0] != '\001');
  }
}

TEST_CASE("traits are declared on first use, unless the store is told not to", "[T34]") {
  Options options;
  options.declare_on_first_use = false;
  Fixture f(options);
  const auto refused = [&](WriteItem item) {
    const auto written = f.db->Write(std::move(item));
    REQUIRE(!written.ok());
    CHECK(ErrorCodeOf(written.status()) == ErrorCode::kNoTrait);
    return std::string(StdView(written.status().message()));
  };
  CHECK(refused(Traits({User("u")}, {{"contry", "NL"}})) ==
        "unknown trait `contry`; did you mean `country`?; new ones are declared first");
  refused(Create{.identities = {User("u")}, .traits = {{"plan", "pro"}}, .source = {}});
  f.Write(Traits({User("u")}, {{"country", "NL"}, {"nothing", Value()}}));
  refused(Edit{.profile = User("u"), .traits = {{"plan", "pro"}}, .identities = {}});
  f.Ok("declare trait plan text");
  f.Write(Traits({User("u")}, {{"plan", "pro"}}));
  f.Write(Event("u", "order", "m", {{"total", 3.0}}));  // events still are
  CHECK(TraitValue(MustGet(f.db.get(), User("u")), "plan") == Value("pro"));
}

TEST_CASE("events and their properties are declared with types", "[G2]") {
  Fixture f;
  f.Ok("declare event order (total decimal(2), `product id` text)");
  f.Ok("declare event order (tags list, total decimal(2))");
  const TextList properties = {"`total` decimal(2)", "`product id` text", "`tags` list"};
  const std::vector<Value> shown = {"order", properties, "forever"};
  CHECK(f.Row("show events", "order") == shown);
  CHECK(f.Refused("declare event order (new text, total number)") ==
        "CONFLICT 38: property `total` is decimal(2), not number");
  CHECK(f.Refused("declare event other (a text, a number)").starts_with("CONFLICT 32"));
  CHECK(f.Row("show events", "other").empty());
  CHECK(f.Row("show events", "order") == shown);
  f.Reopen();
  CHECK(f.Row("show events", "order") == shown);
}

TEST_CASE("namespaces are declared, and limits altered", "[R1][R0]") {
  Fixture f;
  f.Ok("declare namespace crm kind person limit 2 blocked (\"test\", \" 000x \")");
  const std::vector<Value> shown = {
      "crm", "person", int64_t{3}, int64_t{2}, TextList{"000x", "test"}, false};
  CHECK(f.Row("show namespaces", "crm") == shown);
  CHECK(f.Refused("declare namespace crm kind device") ==
        "CONFLICT 28: namespace `crm` is of kind person, not device");
  CHECK(f.Refused("declare namespace crm kind person rank 4").starts_with("CONFLICT 40"));
  CHECK(f.Refused("declare namespace x kind person limit 0").starts_with("LIMIT 39"));
  CHECK(f.Refused("declare namespace x kind person limit 5 immutable").starts_with("TYPE 39"));
  CHECK(f.Refused("alter namespace emial limit 9") ==
        "NOTRAIT 17: unknown namespace `emial`; did you mean `email`?");
  f.Ok("declare namespace badge kind person immutable unique");
  CHECK(f.Row("show namespaces", "badge")[3] == Value(int64_t{1}));
  CHECK(f.Row("show namespaces", "badge")[5] == Value(true));

  f.Write(Traits({{"crm", "c1"}}));
  const auto blocked = f.db->Write(WriteItem(Traits({{"crm", "test "}})));
  CHECK(ErrorCodeOf(blocked.status()) == ErrorCode::kNoIdentity);
  f.Reopen();
  CHECK(f.Row("show namespaces", "crm") == shown);
  CHECK(MustGet(f.db.get(), IdentityRef{"crm", "c1"}).identities.size() == 1);
  CHECK(!f.db->Write(WriteItem(Traits({{"crm", "000x"}}))).ok());
  f.Ok("declare namespace crm kind person blocked (\"other\")");
  f.Write(Traits({{"crm", "test"}}));
  CHECK(!f.db->Write(WriteItem(Traits({{"crm", "other"}}))).ok());

  const auto with = [](int n) { return Traits({User("u"), {"email", StrCat("a", n, "@x.nl")}}); };
  f.Ok("alter namespace email limit 2");
  for (int n = 0; n < 3; ++n) f.Write(with(n));
  CHECK(MustGet(f.db.get(), User("u")).identities.size() == 3);
  f.Ok("alter namespace email limit 3");
  f.Write(with(2));
  CHECK(MustGet(f.db.get(), User("u")).identities.size() == 4);
}

TEST_CASE("goals are completed by events that pass their condition", "[T10][B16]") {
  Fixture f;
  CHECK(f.Refused("define goal big as order where total > 50") ==
        "NOTRAIT 20: unknown event `order`");
  f.Ok("declare event order (total decimal(2), category text)");
  f.Ok("declare event subscribe");
  CHECK(f.Refused("define goal big as order where totl > 50") ==
        "NOTRAIT 32: unknown property `totl`; did you mean `total`?");
  CHECK(f.Refused("define goal big as order where total > \"x\"").starts_with("TYPE 40"));
  CHECK(f.Refused("define goal big as order where total > $1").starts_with("PARSE 40"));
  CHECK(f.Refused("define goal big as order where (did order)").starts_with("TYPE 33"));
  f.Ok("define goal big as order where total > 50");
  f.Ok("define goal any as order, subscribe, order where category = \"shoes\"");
  f.Ok("define goal never as subscribe");
  const auto order = [&](const std::string& id, int64_t cents, Timestamp time,
                         const std::string& session) {
    Track track =
        Event("u", "order", id, {{"total", Decimal{cents, 2}}, {"category", "shoes"}}, time);
    if (!session.empty()) track.session = SessionInfo{.id = session};
    f.Write(track);
  };
  order("m2", 6000, Ago(2 * kDayMs), "s2");
  order("m1", 5001, Ago(3 * kDayMs), "s1");
  order("m3", 5000, Ago(kDayMs), "");
  order("m4", 9900, {kTestStartMs + kDayMs}, "s4");  // when its time comes
  const auto goals = [&] { return MustGet(f.db.get(), User("u")).goals; };
  for (int round = 0; round < 2; ++round) {
    const std::vector<GoalEntry> now = goals();
    REQUIRE(now.size() == 2);
    CHECK(now[0].name == "any");
    CHECK(now[0].count == 3);
    CHECK(now[0].last == Ago(kDayMs));
    CHECK(!now[0].last_session.empty());
    CHECK(now[1].name == "big");
    CHECK(now[1].count == 2);
    CHECK(now[1].first == Ago(3 * kDayMs));
    CHECK(now[1].last == Ago(2 * kDayMs));
    CHECK(now[1].last_session == "s2");
    const auto sessions = f.db->GetSessions(User("u"), {});
    REQUIRE(sessions.ok());
    for (const SessionEntry& session : sessions->value) {
      if (session.num_events == 0) continue;  // of what is to come
      std::vector<std::string> completed = {"any"};
      if (session.id == "s1" || session.id == "s2") completed.emplace_back("big");
      CHECK(session.goals == completed);
    }
    f.Reopen();
  }
  f.world->Pass(2 * kDayMs);
  CHECK(goals()[1].count == 3);
  CHECK(goals()[1].last_session == "s4");

  f.Ok("define goal big as order where total > 90");
  CHECK(goals()[1].count == 1);
  CHECK(f.Refused("drop goal bgi") == "NOTRAIT 11: unknown goal `bgi`; did you mean `big`?");
  f.Ok("drop goal big");
  REQUIRE(goals().size() == 1);
  CHECK(f.Rows("show goals").size() == 2);
  CHECK(f.Row("show goals", "never")[1] == Value("define goal \"never\" as \"subscribe\""));
}

TEST_CASE("a definition keeps its time zone", "[T10]") {
  Fixture f;
  f.Ok("declare event e (at timestamp)");
  CHECK(ErrorCodeOf(f.Say("define goal g as e where at > 2026-01-01T10:00", "Mars/Base")) ==
        ErrorCode::kType);
  REQUIRE(f.Say("define goal g as e where at > 2026-01-01T10:00", "Europe/Amsterdam").ok());
  CHECK(f.Row("show goals", "g")[1] ==
        Value("define goal \"g\" as \"e\" where (`at` > 2026-01-01T10:00:00) at time zone "
              "\"Europe/Amsterdam\""));
  constexpr int64_t kNineMs = 1'767'258'000'000;  // 2026-01-01T09:00:00Z, there 10:00
  f.Write(Event("u", "e", "1", {{"at", Timestamp{kNineMs}}}));
  CHECK(MustGet(f.db.get(), User("u")).goals.empty());
  f.Write(Event("u", "e", "2", {{"at", Timestamp{kNineMs + 1}}}));
  CHECK(MustGet(f.db.get(), User("u")).goals.size() == 1);
  f.Ok("define goal utc as e where at > 2026-01-01T09:00 at time zone \"UTC\"");
  CHECK(MustGet(f.db.get(), User("u")).goals.size() == 2);
}

TEST_CASE("interests are shares that age", "[T8]") {
  Fixture f;
  f.Ok("declare event view (category text, tags list, price number)");
  f.Ok("declare event order (category text)");
  CHECK(f.Refused("define interest i as view.price") ==
        "TYPE 27: an interest is in texts; `price` is number");
  CHECK(f.Refused("define interest i as view.category half life 0 days").starts_with("TYPE"));
  f.Ok("define interest plain as view.category, \"order\".category");
  f.Ok("define interest recent as view.category half life 10 days");
  f.Ok("define interest tagged as view.tags");
  const auto view = [&](const std::string& id, const std::string& category, int64_t days_ago) {
    f.Write(Event("u", "view", id, {{"category", category}, {"tags", TextList{category, "all"}}},
                  Ago(days_ago * kDayMs)));
  };
  view("1", "hats", 20);
  view("2", "shoes", 10);
  view("3", "shoes", 30);
  view("4", "bags", -1);
  f.Write(Event("u", "order", "5", {{"category", "hats"}}, Ago(kDayMs)));
  f.Write(Event("u", "order", "6", {}, Ago(kDayMs)));
  for (int round = 0; round < 2; ++round) {
    const std::vector<InterestEntry> interests = MustGet(f.db.get(), User("u")).interests;
    REQUIRE(interests.size() == 3);
    using Shares = std::vector<std::pair<std::string, double>>;
    CHECK(interests[0].name == "plain");
    CHECK(interests[0].shares == Shares{{"hats", 0.5}, {"shoes", 0.5}});
    CHECK(interests[1].name == "recent");
    REQUIRE(interests[1].shares.size() == 2);  // 0.5 + 0.125 of shoes, 0.25 of hats
    CHECK(interests[1].shares[0].first == "shoes");
    CHECK(std::abs(interests[1].shares[0].second - 0.625 / 0.875) < 1e-12);
    CHECK(std::abs(interests[1].shares[1].second - 0.25 / 0.875) < 1e-12);
    CHECK(interests[2].shares[0] == std::pair<std::string, double>("all", 0.5));
    f.Reopen();
  }
  for (int i = 0; i < 12; ++i) view(StrCat("n", i), StrCat("c", i), 1);
  CHECK(MustGet(f.db.get(), User("u")).interests[0].shares.size() == 10);
  CHECK(f.Rows("show interests").size() == 3);
  f.Ok("drop interest plain");
  CHECK(MustGet(f.db.get(), User("u")).interests.size() == 2);
}

TEST_CASE("old interests do not vanish", "[T8]") {
  Fixture f;
  f.Ok("declare event view (category text)");
  f.Ok("define interest i as view.category half life 1 s");
  f.Write(Event("u", "view", "1", {{"category", "hats"}}, Ago(3000 * kDayMs)));
  const std::vector<InterestEntry> interests = MustGet(f.db.get(), User("u")).interests;
  REQUIRE(interests.size() == 1);
  CHECK(interests[0].shares[0] == std::pair<std::string, double>("hats", 1.0));
}

TEST_CASE("engagement is a sum of points in levels, and moves with time", "[T32]") {
  Fixture f;
  f.Ok("declare event order");
  f.Ok("declare event view");
  CHECK(f.Refused("define engagement as order 10 points levels \"low\" 1")
            .starts_with("TYPE 51: the lowest level"));
  CHECK(f.Refused("define engagement as order 10 points levels \"low\" 0, \"high\" 0")
            .starts_with("TYPE 61: levels stand in ascending"));
  CHECK(f.Refused("define engagement as order 10 points levels \"low\" 0, \"low\" 5")
            .starts_with("TYPE 54: a level has a name"));
  CHECK(f.Refused("define engagement as order -1 points levels \"low\" 0").starts_with("TYPE 28"));
  CHECK(f.Refused("define engagement as ordr 1 points levels \"low\" 0").starts_with("NOTRAIT 22"));
  f.Write(Traits({User("u")}));
  CHECK(!MustGet(f.db.get(), User("u")).engagement);
  f.Ok(
      "define engagement as order 10 points cap 25 within last 30 days, view 0.5 points "
      "levels \"low\" 0, \"medium\" 20, \"high\" 26");
  const auto level = [&] { return MustGet(f.db.get(), User("u")).engagement->level; };
  const auto points = [&] { return MustGet(f.db.get(), User("u")).engagement->points; };
  CHECK(level() == "low");
  f.Write(Event("u", "order", "1", {}, Ago(29 * kDayMs)));
  f.Write(Event("u", "order", "2", {}, Ago(28 * kDayMs)));
  CHECK(level() == "medium");
  CHECK(points() == 20);
  f.Write(Event("u", "order", "3", {}, Ago(28 * kDayMs)));
  CHECK(points() == 25);
  for (int i = 0; i < 2; ++i) f.Write(Event("u", "view", StrCat("v", i), {}, Ago(99 * kDayMs)));
  CHECK(level() == "high");
  f.Reopen();
  CHECK(points() == 26);
  f.world->Pass(kDayMs);
  CHECK(points() == 21);
  CHECK(level() == "medium");
  f.world->Pass(kDayMs);
  CHECK(level() == "low");
  CHECK(f.Rows("show engagement").size() == 1);
  f.Ok("drop engagement");
  CHECK(f.Refused("drop engagement").starts_with("NOTRAIT"));
  CHECK(!MustGet(f.db.get(), User("u")).engagement);
}

TEST_CASE("retention is said as a statement", "[retention]") {
  Fixture f;
  CHECK(f.Refused("retain page_view 3 days") == "NOTRAIT 8: unknown event `page_view`");
  f.Write(Event("u", "page_view", "1", {}, Ago(10 * kDayMs)));
  f.Write(Event("u", "page_view", "2", {}, Ago(1 * kDayMs)));
  f.Ok("retain page_view 3 days");
  CHECK(f.Row("show events", "page_view")[2] == Value("3 days"));
  CHECK(f.Row("show retention", "page_view")[1] == Value("retain \"page_view\" 3 days"));
  f.world->Pass(3'600'000);
  f.Write(Traits({User("other")}));
  CHECK(MustGet(f.db.get(), User("u")).events.size() == 1);
  f.Ok("retain page_view forever");
  CHECK(f.Rows("show retention").empty());
  CHECK(f.Refused("retain page_view 10001 years").starts_with("LIMIT 18"));

  f.Ok("retain anonymous 90 days");
  f.Ok("retain history 2 days");
  CHECK(f.Row("show retention", "anonymous")[1] == Value("retain anonymous 90 days"));
  f.Reopen();
  CHECK(f.Rows("show retention").size() == 2);
  f.Ok("retain anonymous forever");
  CHECK(f.Rows("show retention").size() == 1);
}

TEST_CASE("the history of a trait is kept for so long, also of one that gets it later",
          "[retention][C24]") {
  Fixture f;
  const auto write = [&](const std::string& trait, const std::string& value, int64_t days_ago) {
    f.Write(Traits({User("u")}, {{trait, value}}, Ago(days_ago * kDayMs)));
  };
  const auto history = [&](const std::string& trait) {
    const auto read = f.db->GetHistory(User("u"), {.trait = trait});
    INFO(read.status().ToString());
    REQUIRE(read.ok());
    return read->value.traits.size();
  };
  write("early", "a", 9);
  write("early", "b", 5);
  write("early", "c", 1);
  const size_t all = history("early");
  CHECK(all >= 2);
  f.Ok("retain history 7 days");
  f.world->Pass(3'600'000);
  write("late", "a", 9);
  write("late", "b", 5);
  write("late", "c", 1);
  CHECK(history("early") == all - 1);
  CHECK(history("late") == all - 1);
  CHECK(TraitValue(MustGet(f.db.get(), User("u")), "late") == Value("c"));
  f.Reopen();
  CHECK(history("late") == all - 1);
  f.Ok("retain history forever");
  write("late", "z", 20);
  CHECK(history("late") == all);
}

TEST_CASE("anonymous profiles that nobody saw for so long are erased", "[retention][G4]") {
  Fixture f;
  const auto visit = [&](const IdentityRef& who, const std::string& id, int64_t days_ago) {
    Track track = Event("", "view", id, {}, Ago(days_ago * kDayMs));
    track.identities = {who};
    f.Write(track);
  };
  const auto visitor = [](int n) { return IdentityRef{"anonymous_id", StrCat("a", n)}; };
  for (int n = 0; n < 600; ++n) visit(visitor(n), StrCat("old", n), 100);
  visit(visitor(1), "new", 80);
  visit({"device_id", "d1"}, "device", 100);
  visit(User("known"), "known", 100);
  visit({"messenger", "m1"}, "contact", 100);
  f.Write(Create{.identities = {}, .traits = {}, .source = {}, .orphan = true});
  const auto num_profiles = [&] { return f.db->GetStats().num_profiles; };
  const auto pass = [&](int64_t ms) {
    for (int i = 0; i < 40; ++i) f.world->Pass(ms / 40);
  };
  pass(120'000);
  CHECK(num_profiles() == 604);
  f.Ok("retain anonymous 90 days");
  pass(120'000);
  CHECK(num_profiles() == 4);
  CHECK(MustGet(f.db.get(), User("known")).events.size() == 1);
  CHECK(MustGet(f.db.get(), visitor(1)).events.size() == 2);
  CHECK(!f.db->Get(visitor(2)).ok());

  const auto stale =
      f.db->Write(WriteItem(Erase{.profile = visitor(1), .unseen_since = Ago(85 * kDayMs)}));
  CHECK(ErrorCodeOf(stale.status()) == ErrorCode::kStale);
  const auto known = f.db->Write(
      WriteItem(Erase{.profile = User("known"), .unseen_since = Timestamp{kTestStartMs}}));
  CHECK(ErrorCodeOf(known.status()) == ErrorCode::kStale);

  f.Reopen();
  CHECK(num_profiles() == 4);
  pass(9 * kDayMs);
  CHECK(num_profiles() == 4);
  pass(2 * kDayMs);
  CHECK(num_profiles() == 3);
}

TEST_CASE("what a definition asks about cannot be dropped", "[errors]") {
  Fixture f;
  f.Ok("declare event view (topic text)");
  f.Ok("define goal g as view");
  f.Ok("define interest likes as view.topic");
  f.Ok("define engagement as view 1 point levels \"low\" 0, \"high\" 5");
  f.Ok("define trait duration as count(view)");
  f.Ok(
      "define segment asks as completed goal g and interest \"shoes\" >= 0.3 and "
      "engagement >= \"high\"");
  const std::string used = " is in use by segment `asks`";
  CHECK(f.Refused("drop goal g") == "CONFLICT 11: goal `g`" + used);
  CHECK(f.Refused("drop interest likes").ends_with(used));
  CHECK(f.Refused("drop engagement").ends_with(used));
  // A session's own duration is another one.
  f.Ok("define segment long as any session (duration > 60 s)");
  f.Ok("drop trait duration");
  f.Ok("drop segment asks");
  f.Ok("drop goal g");
  f.Ok("drop engagement");
}

TEST_CASE("what could not be read again with its parentheses is refused", "[limits]") {
  Fixture f;
  f.Ok("declare event view (topic text)");
  f.Ok("declare trait n integer");
  const auto nested = [](int times) {
    std::string text = "define segment deep as ";
    for (int i = 0; i < times; ++i) text += "not (n = 2 and (n = 1 or ";
    text += "not did view where topic = \"x\"";
    for (int i = 0; i < times; ++i) text += "))";
    return text;
  };
  f.Ok(nested(10));
  CHECK(f.Refused(nested(32)).find("with every parenthesis written out: ") != std::string::npos);
  CHECK(f.db->Execute("count where in segment deep", {}).ok());
}

TEST_CASE("there are so many definitions and no more", "[limits]") {
  Fixture f;
  f.Ok("declare event e (p text)");
  for (int i = 0; i < 1000; ++i) f.Ok(StrCat("define goal g", i, " as e"));
  CHECK(f.Refused("define goal more as e").starts_with("LIMIT 13"));
  f.Ok("define goal g7 as e where p is set");
  f.Ok("drop goal g7");
  f.Ok("define goal more as e");
  CHECK(f.Rows("show goals").size() == 1000);
}

TEST_CASE("what is asked is not declared, and the other way round", "[errors]") {
  Fixture f;
  CHECK(f.Refused("count").starts_with("PARSE 1"));
  CHECK(f.Refused("show traits").starts_with("PARSE 1"));
  const auto asked = f.db->Execute("declare trait x text", {});
  REQUIRE(!asked.ok());
  CHECK(ErrorCodeOf(asked.status()) == ErrorCode::kParse);
  Batch two;
  two.items.emplace_back(Declare{.statement = "declare trait a text"});
  two.items.emplace_back(Declare{.statement = "declare trait b text"});
  const auto refused = f.db->Write(std::move(two));
  REQUIRE(refused.ok());
  CHECK(!refused->items[0].status.ok());
  CHECK(f.Row("show traits", "a").empty());
}

}  // namespace
}  // namespace roster
