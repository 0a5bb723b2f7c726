// SPDX-License-Identifier: Apache-2.0
//
// Statements beside count and find: explain, search, funnel, why; what is computed of events;
// pages.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "query/declarations/names.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "roster/error.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

template <typename Answer>
Answer Asked(const TestStore& store, const std::string& text, const std::vector<Value>& params = {},
             Timestamp now = TestStore::kNow) {
  auto answer = store.Ask(text, params, now);
  INFO(RenderError(text, answer.status()));
  REQUIRE(answer.ok());
  REQUIRE(std::holds_alternative<Answer>(*answer));
  return std::get<Answer>(*std::move(answer));
}

std::string Said(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return StrCat(*number);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return StrCat(decimal->unscaled, "c");
  if (const auto* list = std::get_if<TextList>(&value)) {
    std::string said = "[";
    for (const std::string& one : *list) said += one + ";";
    return said + "]";
  }
  return IsMissing(value) ? "-" : "?";
}

// Rows as "a b | c d".
std::string Rows(const TestStore& store, const std::string& text,
                 const std::vector<Value>& params = {}) {
  std::string said;
  for (const auto& row : Asked<TableAnswer>(store, text, params).rows) {
    if (!said.empty()) said += " | ";
    for (const Value& value : row) said += (&value == &row.front() ? "" : " ") + Said(value);
  }
  return said;
}

std::string ErrorOf(const TestStore& store, const std::string& text) {
  const auto answer = store.Ask(text);
  REQUIRE(!answer.ok());
  return StrCat(ErrorCodeName(ErrorCodeOf(answer.status())), " ",
                StdView(answer.status().message()));
}

TestStore Shop() {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.Trait("name", ValueType::kText);
  store.Namespace("email");
  store.Namespace("phone");
  for (const char* event : {"view", "cart", "order"}) {
    store.Event(event);
    store.Property(event, "product", ValueType::kText);
  }
  store.Property("order", "total", ValueType::kDecimal, 2);
  const ProfileId jo = store.Profile({{"country", "NL"}, {"name", "Jo Smith"}});
  const ProfileId jane = store.Profile({{"country", "NL"}, {"name", "Jane Jonson"}});
  const ProfileId bo = store.Profile({{"country", "BE"}, {"name", "Bo"}});
  store.Profile();
  store.Identity(jo, "email", "jo@x.nl");
  store.Identity(jane, "phone", "+31612345678");
  store.Did(jo, "view", Ago(9 * kDayMs), {{"product", "a"}});
  store.Did(jo, "cart", Ago(8 * kDayMs), {{"product", "b"}});
  store.Did(jo, "order", Ago(kDayMs), {{"product", "a"}, {"total", Decimal{1000, 2}}});
  store.Did(jane, "view", Ago(3 * kDayMs), {{"product", "a"}});
  store.Did(jane, "cart", Ago(2 * kDayMs), {{"product", "a"}});
  store.Did(jane, "order", Ago(kDayMs), {{"product", "a"}, {"total", Decimal{250, 2}}});
  store.Did(jane, "order", Ago(kHourMs), {{"product", "c"}, {"total", Decimal{500, 2}}});
  store.Did(bo, "cart", Ago(2 * kDayMs), {{"product", "a"}});
  store.Did(bo, "view", Ago(kDayMs), {{"product", "a"}});
  store.Define(kComputed, "spent", "define trait `spent` as sum(\"order\".`total`)");
  store.Define(kComputed, "usual", "define trait `usual` as avg(\"order\".`total`)");
  store.Define(kComputed, "orders", "define trait `orders` as count(\"order\")");
  store.Define(kComputed, "last_order",
               "define trait `orders` as max(\"order\".`total`) within last 7 days");
  store.Define(kViews, "list", "define view \"list\" as `id`, `spent` order by `spent` desc");
  store.Define(kSegments, "buyers", "define segment \"buyers\" as `orders` >= 1");
  store.Define(kSegments, "fresh",
               "define segment \"fresh\" as did \"order\" at least 1 times within last 7 days and "
               "`country` = \"NL\"");
  return store;
}

// --- Computed traits and views ---

TEST_CASE("computed traits are compared as if they were kept") {
  const TestStore store = Shop();
  CHECK(store.Count("count where spent = 10") == 1);
  CHECK(store.Count("count where spent > 7.499") == 2);
  CHECK(store.Count("count where spent between 7.5 and 10") == 2);
  CHECK(store.Count("count where spent in (0, 7.5)") == 3);
  CHECK(store.Count("count where spent not in (0, 7.5)") == 1);
  CHECK(store.Count("count where spent is set") == 4);
  CHECK(store.Count("count where usual is set") == 2);
  CHECK(store.Count("count where usual is missing") == 2);
  CHECK(store.Count("count where usual = 3.75") == 1);
  CHECK(store.Count("count where orders >= 1 and not orders > 1") == 1);
  CHECK(store.Count("count where in segment buyers") == 2);
  CHECK(ErrorOf(store, "count where spent contains \"x\"") ==
        "TYPE `spent` is computed; compare it, or ask whether it `is set`");
  CHECK(ErrorOf(store, "count where spent > \"x\"") == "TYPE expected a number, found a text");
  CHECK(ErrorOf(store, "count where spend > 1") ==
        "NOTRAIT unknown trait `spend`; did you mean `spent`?");
}

TEST_CASE("columns may be computed, and results are ordered by them") {
  const TestStore store = Shop();
  CHECK(Rows(store, "find id, spent, usual, orders where country is set order by spent desc") ==
        "p1 1000c 10 1 | p2 750c 3.75 2 | p3 0c - 0");
  CHECK(Rows(store, "find id order by usual") == "p2 | p1 | p3 | p4");
  CHECK(Rows(store, "find id order by usual desc, id desc") == "p1 | p2 | p4 | p3");
  CHECK(Rows(store, "find view \"list\" where country is set") == "p1 1000c | p2 750c | p3 0c");
  CHECK(Rows(store, "find view \"list\" where country is set order by id desc limit 1") == "p3 0c");
  CHECK(ErrorOf(store, "find view \"lits\"") ==
        "NOTRAIT unknown view `lits`; did you mean `list`?");
  CHECK(ErrorOf(store, "count by spent") ==
        "TYPE `spent` is computed; count by traits that are kept");
}

TEST_CASE("labels, goals, status and engagement are columns") {
  TestStore store = Shop();
  store.Define(kGoals, "bought", "define goal \"bought\" as \"order\"");
  store.Define(kEngagement, "engagement",
               "define engagement as \"order\" 1 points levels \"low\" 0, \"high\" 2");
  store.Record({1}, kLabelRecords, Ago(5), {{"label", "vip"}, {"added", true}});
  store.Archive({3});
  CHECK(Rows(store, "find id, labels, goals, status, engagement including archived order by id") ==
        "p1 [vip;] [bought;] active low | p2 [] [bought;] active high | p3 [] [] archived low | "
        "p4 [] [] active low");
  CHECK(ErrorOf(store, "find id order by labels") == "TYPE a list has no order");
}

// --- Funnels ---

TEST_CASE("a funnel counts who came to each step") {
  const TestStore store = Shop();
  CHECK(Rows(store, "funnel view then cart then order overall within 30 days") ==
        "1 view 3 1 - | 2 cart 2 0.666667 0.666667 | 3 order 2 0.666667 1");
  CHECK(Rows(store, "funnel view then cart then order each within 2 days") ==
        "1 view 3 1 - | 2 cart 2 0.666667 0.666667 | 3 order 1 0.333333 0.5");
  CHECK(Rows(store, "funnel view then cart then order overall within 30 days same product") ==
        "1 view 3 1 - | 2 cart 1 0.333333 0.333333 | 3 order 1 0.333333 1");
  CHECK(Rows(store,
             "funnel view then order where total > 5 overall within 30 days where country "
             "= \"NL\"") == "1 view 2 1 - | 2 order 1 0.5 0.5");
  CHECK(Rows(store, "funnel view then cart each within 30 days by country") ==
        "BE 1 view 1 1 - | BE 2 cart 0 0 0 | NL 1 view 2 1 - | NL 2 cart 2 1 1");
  CHECK(Rows(store, "funnel order then view each within 1 day where country = \"XX\"") ==
        "1 order 0 - - | 2 view 0 - -");
  CHECK(Rows(store, "funnel view within last 4 days then cart each within 30 days") ==
        "1 view 2 1 - | 2 cart 1 0.5 0.5");
  CHECK(Rows(store, "funnel view then any event overall within 1 day") ==
        "1 view 3 1 - | 2 any event 2 0.666667 0.666667");
  CHECK(ErrorOf(store, "funnel view then not cart each within 1 day") ==
        "PARSE a funnel counts who came to a step; `then not` is for sequences");
  CHECK(ErrorOf(store, "funnel view then cart within 1 day each within 1 day") ==
        "PARSE one limit holds for all steps: `each within` or `overall within`");
}

// How far some chain goes: every way is tried.
size_t Furthest(const std::vector<std::pair<int64_t, int>>& events, size_t from, int step,
                int64_t since, int64_t limit, bool overall) {
  size_t furthest = 0;
  for (size_t i = from; i < events.size(); ++i) {
    const auto& [time, type] = events[i];
    if (type != step || (step > 0 && time > since + limit)) continue;
    const int64_t next = overall && step > 0 ? since : time;
    furthest = std::max(furthest, 1 + Furthest(events, i + 1, step + 1, next, limit, overall));
  }
  return furthest;
}

TEST_CASE("a funnel finds the furthest chain of all") {
  std::mt19937 random(7);
  const char* const names[] = {"view", "cart", "order"};
  for (int round = 0; round < 40; ++round) {
    TestStore store;
    for (const char* name : names) store.Event(name);
    const bool overall = round % 2 == 0;
    const int64_t limit = 1 + static_cast<int64_t>(random() % 8);
    std::vector<int64_t> expected(3);
    for (int p = 0; p < 20; ++p) {
      const ProfileId id = store.Profile();
      std::vector<std::pair<int64_t, int>> events;
      for (int e = 0; e < 8; ++e) {
        const auto time = static_cast<int64_t>(random() % 12);
        const int type = static_cast<int>(random() % 3);
        store.Did(id, names[type], Ago(20 - time));
        events.emplace_back(time, type);
      }
      // Of one time by their ids, which ascend.
      std::stable_sort(events.begin(), events.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      const size_t furthest = Furthest(events, 0, 0, 0, limit, overall);
      for (size_t step = 0; step < furthest; ++step) ++expected[step];
    }
    const auto table =
        Asked<TableAnswer>(store, StrCat("funnel view then cart then order ",
                                         overall ? "overall" : "each", " within ", limit, " ms"));
    for (size_t step = 0; step < 3; ++step) {
      CHECK(std::get<int64_t>(table.rows[step][2]) == expected[step]);
    }
  }
}

// The last days of January all end with February.
TEST_CASE("months leave the chain more time that ends later, not the one that began later") {
  TestStore store;
  store.Event("view");
  store.Event("order");
  const ProfileId id = store.Profile();
  const auto at = [](int64_t hours) {  // after 2026-01-30T00:00Z
    return Timestamp{1'769'731'200'000 + hours * kHourMs};
  };
  store.Did(id, "view", at(23));    // until 28 February 23:00
  store.Did(id, "view", at(25));    // until 28 February 01:00
  store.Did(id, "order", at(708));  // 28 February 12:00
  CHECK(store.Count("count where did view then order within 1 month") == 1);
  CHECK(Rows(store, "funnel view then order each within 1 month") ==
        "1 view 1 1 - | 2 order 1 1 1");
  CHECK(Rows(store, "funnel view then order overall within 1 month") ==
        "1 view 1 1 - | 2 order 1 1 1");
}

// --- Search ---

TEST_CASE("search ranks exact before prefix before substring") {
  const TestStore store = Shop();
  CHECK(Rows(store, "search \"jo\"") == "p1 3 [name;] | p2 2 [name;]");
  CHECK(Rows(store, "search \"SMITH jo\"") == "p1 6 [name;]");
  CHECK(Rows(store, "search \"jo sm\"") == "p1 5 [name;]");
  CHECK(Rows(store, "search \"jo nl\"") == "p1 6 [name;email;]");
  CHECK(Rows(store, "search \"345\"") == "p2 1 [phone;]");
  CHECK(Rows(store, "search \"bo\"") == "p3 4 [name;]");
  CHECK(Rows(store, "search \"Jö\" where country = \"NL\" limit 1") == "p1 3 [name;]");
  CHECK(Rows(store, "search $1", {"nobody"}).empty());
  CHECK(ErrorOf(store, "search \"  \"") == "TYPE a search needs a word");
}

// --- Pages ---

TEST_CASE("what follows a profile in an order is each profile once") {
  const TestStore store = Shop();
  const std::string text = "find id order by country limit 1";
  const auto statement = Parse(text);
  REQUIRE(statement.ok());
  const ReadView view = store.View();
  std::string ids;
  QueryOptions options;
  for (int page = 0; page < 9; ++page) {
    const auto answer = Run(*statement, text, {}, options, view,
                            SchemaCatalog(view.schema(), &*view->definitions), {});
    REQUIRE(answer.ok());
    const auto& table = std::get<TableAnswer>(*answer);
    REQUIRE(table.rows.size() == 1);
    ids += Said(table.rows[0][0]);
    options.after = table.next_after;
    if (!options.after) break;
  }
  CHECK(ids == "p3p1p2p4");
}

// Of several chunks, so that the first rows are known before the last ones are asked; so many names
// that they are not asked when it is planned.
TEST_CASE("what an order does not want is not asked, and every page is as the whole order says") {
  TestStore store;
  store.Trait("name", ValueType::kText);
  store.Trait("score", ValueType::kInteger);
  for (int64_t i = 0; i < 40'000; ++i) {
    Fields fields = {{"name", std::to_string(i % 5'000)}};
    if (i % 11 != 0) fields.push_back({"score", i * 7'919 % 1'000});
    store.Profile(fields);
  }
  const ReadView view = store.View();
  for (const std::string order : {"score desc", "score", "name"}) {
    const std::string text =
        "find id where name contains \"77\" and score != 3 order by " + order + " limit ";
    const auto whole = Asked<TableAnswer>(store, text + "30000").rows;
    REQUIRE(whole.size() > 500);
    CHECK(Asked<TableAnswer>(store, text + "7").rows ==
          std::vector<std::vector<Value>>(whole.begin(), whole.begin() + 7));
    QueryOptions options;
    std::vector<std::vector<Value>> paged;
    for (int page = 0; page < 3; ++page) {
      const auto answer = Run(*Parse(text + "100"), text + "100", {}, options, view,
                              SchemaCatalog(view.schema(), &*view->definitions), {});
      REQUIRE(answer.ok());
      const auto& table = std::get<TableAnswer>(*answer);
      paged.insert(paged.end(), table.rows.begin(), table.rows.end());
      options.after = table.next_after;
    }
    CHECK(paged == std::vector<std::vector<Value>>(whole.begin(), whole.begin() + 300));
  }
}

// --- Explain ---

TEST_CASE("explain shows the parts of a plan, what they read and how many rows they leave") {
  const TestStore store = Shop();
  const auto plan =
      Asked<PlanAnswer>(store, "explain find id where did order and country = \"NL\" limit 1").plan;
  CHECK(plan.what.find("find `id` order by `last_seen` desc limit 1") == 0);
  CHECK(plan.estimated_rows == 1);
  REQUIRE(plan.children.size() == 1);
  const PlanNode& both = plan.children[0];
  CHECK(both.what == "and");
  CHECK(both.estimated_rows == 1);  // half of a half, as if one told nothing of the other
  CHECK(!both.measures);
  REQUIRE(both.children.size() == 2);
  // The column first: it is the cheaper one.
  CHECK(both.children[0].reads == std::vector<std::string>{"column `country`"});
  CHECK(both.children[1].reads == std::vector<std::string>{"events \"order\" (3)"});
  const auto all = Asked<PlanAnswer>(store, "explain count").plan;
  CHECK(all.children[0].what == "all profiles");
  CHECK(all.children[0].estimated_rows == 4);
}

TEST_CASE("explain analyze runs the statement and says what each part saw") {
  const TestStore store = Shop();
  const auto plan =
      Asked<PlanAnswer>(store, "explain analyze count where not (did order or country = \"NL\")")
          .plan;
  REQUIRE(plan.measures);
  CHECK(plan.measures->rows == 1);
  CHECK(plan.measures->rows_in == 2);
  const PlanNode& negation = plan.children[0];
  CHECK(negation.what == "not");
  CHECK(negation.measures->rows_in == 4);
  CHECK(negation.measures->rows == 2);
  const PlanNode& either = negation.children[0];
  CHECK(either.measures->rows == 2);
  CHECK(either.children[0].measures->rows_in == 4);
  // What the first part let pass the second one does not look at.
  CHECK(either.children[1].measures->rows_in == 2);
  CHECK(either.children[0].measures->bytes > 0);
}

TEST_CASE("explain analyze counts once what a find asks, whichever way it goes") {
  TestStore store;
  store.Trait("name", ValueType::kText);
  store.Trait("score", ValueType::kInteger);
  for (int64_t i = 0; i < 40'000; ++i) {
    store.Profile({{"name", std::to_string(i % 5'000)}, {"score", i * 7'919 % 1'000}});
  }
  // One in four has it, and hardly anybody.
  for (const std::string part : {"7", "777"}) {
    const auto plan =
        Asked<PlanAnswer>(store, "explain analyze find id where name contains \"" + part +
                                     "\" and score != 3 order by score limit 9")
            .plan;
    INFO(part);
    const PlanNode& both = plan.children[0];
    CHECK(both.measures->rows_in == 40'000);
    REQUIRE(both.children.size() == 2);
    CHECK(both.children[0].measures->rows_in == 40'000);
    CHECK(both.children[0].measures->rows == 40'000 - 40);
    CHECK(both.children[1].measures->rows == both.measures->rows);
    CHECK(both.children[1].measures->took_us <= both.measures->took_us);
  }
  // It gives up, and asks all: hardly as many have it.
  for (const std::string order : {"score", "last_seen desc"}) {
    const auto plan =
        Asked<PlanAnswer>(store, "explain analyze find id where name contains \"777\" order by " +
                                     order + " limit 50");
    CHECK(plan.plan.children[0].measures->rows_in == 40'000);
  }
}

// --- Why ---

TEST_CASE("why says which part holds, and when that changes") {
  const TestStore store = Shop();
  const auto why = Asked<WhyAnswer>(store, "why \"p1\" in segment fresh");
  CHECK(why.profile.value == 1);
  CHECK(why.root.holds);
  REQUIRE(why.root.flips_at);
  CHECK(why.root.flips_at->ms == Ago(kDayMs).ms + 7 * kDayMs);
  CHECK(Asked<WhyAnswer>(store, "why $1 in segment fresh", {"email:jo@x.nl"}).profile.value == 1);
  const auto not_in = Asked<WhyAnswer>(store, "why \"p3\" in segment fresh");
  CHECK(!not_in.root.holds);
  CHECK(!not_in.root.flips_at);
  CHECK(ErrorOf(store, "why \"p99\" in segment fresh") == "NOPROFILE no such profile");
  CHECK(ErrorOf(store, "why \"mail:x\" in segment fresh") ==
        "NOTRAIT unknown namespace `mail`; did you mean `email`?");
  CHECK(ErrorOf(store, "why \"jo\" in segment fresh") ==
        "PARSE a profile is named \"p12\" or \"email:jo@example.com\"");
  CHECK(ErrorOf(store, "why \"p1\" in segment frsh") ==
        "NOTRAIT unknown segment `frsh`; did you mean `fresh`?");
}

TEST_CASE("why looks on where a part changes and the whole does not") {
  TestStore store = Shop();
  store.Define(kSegments, "either",
               "define segment \"either\" as did \"order\" at least 1 times within last 7 days or "
               "did \"view\" at least 1 times within last 20 days");
  const auto why = Asked<WhyAnswer>(store, "why \"p1\" in segment either");
  REQUIRE(why.root.flips_at);
  CHECK(why.root.flips_at->ms == Ago(9 * kDayMs).ms + 20 * kDayMs);
}

TEST_CASE("members of a static segment stay whatever becomes of them") {
  TestStore store = Shop();
  store.Define(kSegments, "chosen",
               "define static segment \"chosen\" from (\"p1\", \"p3\", \"p77\")");
  store.Define(kSegments, "nobody", "define static segment \"nobody\" from ()");
  CHECK(Rows(store, "find id where in segment chosen order by id") == "p1 | p3");
  CHECK(store.Count("count where not in segment chosen") == 2);
  CHECK(store.Count("count where in segment nobody") == 0);
  CHECK(Asked<WhyAnswer>(store, "why \"p3\" in segment chosen").root.holds);
  store.Archive({3});
  CHECK(store.Count("count including archived where in segment chosen") == 1);
  // Whoever a member was merged into answers for it.
  store.Merge({1}, {2});
  CHECK(Rows(store, "find id where in segment chosen") == "p2");
}

// --- As of another time ---

TEST_CASE("as of a time traits, events and who was there are as they were") {
  TestStore store;
  store.Trait("plan", ValueType::kText);
  store.Trait("joined", ValueType::kDate);
  store.Trait("tags", ValueType::kTextList);
  store.Event("order");
  store.KeepHistory("plan");
  const ProfileId jo = store.Profile({{"plan", "free"}}, Ago(20 * kDayMs));
  store.Set(jo, "plan", "pro", Ago(5 * kDayMs));
  store.Did(jo, "order", Ago(12 * kDayMs));
  store.Did(jo, "order", Ago(2 * kDayMs));
  store.Profile({{"plan", "free"}}, Ago(3 * kDayMs));
  store.Define(kComputed, "orders", "define trait `orders` as count(\"order\")");
  store.Define(kSegments, "free", "define segment \"free\" as `plan` = \"free\"");
  const std::string then = " as of 2026-06-05T12:00:00Z";  // ten days ago
  CHECK(store.Count("count where plan = \"free\"") == 1);
  CHECK(store.Count("count where plan = \"free\"" + then) == 1);
  CHECK(store.Count("count where plan = \"pro\"" + then) == 0);
  CHECK(store.Count("count where in segment free" + then) == 1);
  CHECK(store.Count("count" + then) == 1);
  CHECK(store.Count("count as of 2026-05-01") == 0);
  CHECK(store.Count("count where did order exactly 1 times" + then) == 1);
  CHECK(store.Count("count where did order within last 3 days" + then) == 1);
  CHECK(store.Count("count where not plan is set or plan != \"free\"" + then) == 0);
  CHECK(Rows(store, "find id, plan, orders" + then) == "p1 free 1");
  CHECK(Rows(store, "find id, plan, orders order by orders desc") == "p1 pro 2 | p2 free 0");
  CHECK(Rows(store, "funnel order then order overall within 30 days" + then) ==
        "1 order 1 1 - | 2 order 0 0 0");
  CHECK(ErrorOf(store, "count as of 2027-01-01") == "TYPE `as of` asks about the past");
  CHECK(ErrorOf(store, "find labels" + then) ==
        "NOHISTORY as of another time nothing is known of `labels` as a column");
  CHECK(ErrorOf(store, "count where last_seen is set" + then) ==
        "NOHISTORY as of another time nothing is known of `last_seen`");
  CHECK(ErrorOf(store, "count by plan" + then) == "TYPE `as of` does not stand with `by`");
  CHECK(ErrorOf(store, "search \"jo\"" + then) ==
        "TYPE `as of` stands with `count`, `find` and `funnel`");
  store.Define(kRetentions, "history", "retain history 3 days");
  CHECK(ErrorOf(store, "count" + then) ==
        "NOHISTORY the history of traits does not reach so far back");
}

TEST_CASE("as of a time nobody knew what was said of sessions later") {
  TestStore store;
  const ProfileId jo = store.Profile({}, Ago(20 * kDayMs));
  store.Record(jo, kSessionRecords, Ago(12 * kDayMs), {{"id", "s1"}, {"kind", "visit"}});
  store.Record(jo, kSessionRecords, Ago(2 * kDayMs), {{"id", "s1"}, {"kind", "chat"}});
  store.Record(jo, kSessionRecords, Ago(2 * kDayMs),
               {{"id", "s2"}, {"start", Ago(15 * kDayMs)}, {"end", Ago(14 * kDayMs)}});
  const std::string then = " as of 2026-06-05T12:00:00Z";  // ten days ago
  CHECK(store.Count("count where any session (kind = \"chat\")") == 1);
  CHECK(store.Count("count where any session (kind = \"chat\")" + then) == 0);
  CHECK(store.Count("count where all sessions (id = \"s1\" and kind = \"visit\")" + then) == 1);
  CHECK(store.Count("count where any session (duration = 1 day)") == 1);
  CHECK(store.Count("count where any session (duration = 1 day)" + then) == 0);
}

TEST_CASE("diff needs memberships that were logged") {
  const TestStore store = Shop();
  CHECK(ErrorOf(store, "diff segment fresh from 2026-01-01 to 2026-02-01")
            .find("NOHISTORY of `fresh` no memberships were logged") == 0);
}

TEST_CASE("as of a time before retention nothing that shows events is answered") {
  TestStore store;
  store.Trait("plan", ValueType::kText);
  store.Event("order");
  const ProfileId jo = store.Profile({}, Ago(50 * kDayMs));
  store.Did(jo, "order", Ago(40 * kDayMs));
  store.Define(kGoals, "g", "define goal \"g\" as \"order\"");
  store.Define(kEngagement, "engagement",
               "define engagement as \"order\" 1 points levels \"low\" 0, \"high\" 1");
  store.Define(kComputed, "nn", "define trait `nn` as count(\"order\")");
  CHECK(ErrorOf(store, "count where engagement = ~\"LOW\"") ==
        "TYPE a level is written as it was defined; leave `~` out");
  store.Retain("order", 30 * kDayMs);
  const std::string then = " as of 2026-05-10";
  const std::string gone = "NOHISTORY events `order` are not kept for so long";
  CHECK(ErrorOf(store, "find id, goals" + then) == gone);
  CHECK(ErrorOf(store, "find id, engagement" + then) == gone);
  CHECK(ErrorOf(store, "find id, nn" + then) == gone);
  CHECK(ErrorOf(store, "find id order by nn" + then) == gone);
  CHECK(ErrorOf(store, "count where any session (events >= 1)" + then) == gone);
  CHECK(ErrorOf(store, "count where completed goal g" + then) == gone);
  CHECK(Rows(store, "find id, plan" + then) == "p1 -");
}

TEST_CASE("what is computed is asked about outside of sessions") {
  TestStore store;
  store.Event("order");
  store.Define(kComputed, "spent", "define trait `spent` as count(\"order\")");
  CHECK(ErrorOf(store, "count where any session (profile.spent > 5)") ==
        "TYPE `spent` is computed of all that somebody did; ask about it outside of the session's "
        "parentheses");
  CHECK(store.Count("count where any session (events > 5) and spent > 5") == 0);
}

TEST_CASE("a sum of numbers beyond a double is an error, not nothing") {
  TestStore store;
  store.Event("order");
  store.Property("order", "total", ValueType::kNumber);
  const ProfileId id = store.Profile();
  for (int i = 0; i < 2; ++i) store.Did(id, "order", Ago(i), {{"total", 1e308}});
  store.Define(kComputed, "tot", "define trait `tot` as sum(\"order\".`total`)");
  CHECK(ErrorOf(store, "find tot") == "TYPE a sum is beyond what a number holds");
}

}  // namespace
}  // namespace roster::query
