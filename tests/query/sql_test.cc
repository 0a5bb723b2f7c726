// SPDX-License-Identifier: Apache-2.0
//
// The text of emitted SQL for each group of the language, and what is refused. That it finds whom
// Roster finds is shown by the oracle (tests/sql).
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/sql/sql.h"
#include "query/sql/tables.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

constexpr SqlDialect kDuckDb = SqlDialect::kDuckDb;
constexpr SqlDialect kClickHouse = SqlDialect::kClickHouse;

TestStore Shop() {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.Trait("score", ValueType::kNumber);
  store.Trait("balance", ValueType::kDecimal, 2);
  store.Trait("vip", ValueType::kBoolean);
  store.Trait("birthday", ValueType::kDate);
  store.Trait("joined", ValueType::kTimestamp);
  store.Trait("interests", ValueType::kTextList);
  store.Namespace("email");
  for (const char* event : {"cart", "order", "page view"}) {
    store.Event(event);
    store.Property(event, "total", ValueType::kDecimal, 2);
    store.Property(event, "category", ValueType::kText);
    store.Property(event, "rate", ValueType::kNumber);
  }
  return store;
}

absl::StatusOr<std::string> Emitted(const TestStore& store, const std::string& text,
                                    SqlDialect dialect) {
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto statement = Parse(text);
  INFO(RenderError(text, statement.status()));
  REQUIRE(statement.ok());
  const auto bound = Bind(*statement, {.text = text, .catalog = &catalog});
  INFO(RenderError(text, bound.status()));
  REQUIRE(bound.ok());
  return EmitSql(*bound, view.schema(), dialect, view.clock());
}

// The condition of a filter.
std::string Where(const std::string& filter, SqlDialect dialect = kDuckDb) {
  const auto sql = Emitted(Shop(), "count where " + filter, dialect);
  if (!sql.ok()) return "error: " + std::string(sql.status().message());
  const std::string_view before = "SELECT count(*) AS count FROM profiles p WHERE ";
  REQUIRE(sql->starts_with(before));
  return sql->substr(before.size());
}

// What an event of `order` is, that has come; `columns` of it.
std::string Orders(const std::string& columns, const std::string& rest = "") {
  return "SELECT " + columns + " FROM \"event_order\" e WHERE (e._time <= 1781524800000)" + rest;
}

TEST_CASE("SQL of comparisons is never null") {
  CHECK(Where("country = \"NL\"") == "(p.\"country\" IS NOT NULL AND (p.\"country\" = 'NL'))");
  CHECK(Where("not country != \"NL\"") ==
        "NOT (p.\"country\" IS NOT NULL AND NOT (p.\"country\" = 'NL'))");
  CHECK(Where("age >= 18 and age in (1, 2)") ==
        "((p.\"age\" IS NOT NULL AND (p.\"age\" >= 18)) AND (p.\"age\" IS NOT NULL AND (p.\"age\" "
        "IN (1, 2))))");
  CHECK(Where("age = 40.5") == "(p.\"age\" IS NOT NULL AND (FALSE))");
  CHECK(Where("country is missing") == "NOT (p.\"country\" IS NOT NULL)");
  CHECK(Where("vip != true") == "(p.\"vip\" IS NOT NULL AND NOT (p.\"vip\"))");
}

TEST_CASE("SQL of numbers is exact") {
  CHECK(Where("balance > 19.995") ==
        "(p.\"balance\" IS NOT NULL AND (p.\"balance\" >= CAST('20.00' AS DECIMAL(19, 2))))");
  CHECK(Where("balance > 19.995", kClickHouse) ==
        "(p.\"balance\" IS NOT NULL AND (p.\"balance\" >= toDecimal128('20.00', 2)))");
  CHECK(Where("score >= 0.1") ==
        "(p.\"score\" IS NOT NULL AND (p.\"score\" >= CAST('0.10000000000000001' AS DOUBLE)))");
  CHECK(Where("score >= 0.1", kClickHouse) ==
        "(p.\"score\" IS NOT NULL AND (p.\"score\" >= toFloat64(0.10000000000000001)))");
}

TEST_CASE("SQL of texts") {
  CHECK(Where("country contains \"a'\\\\b\"") ==
        "(p.\"country\" IS NOT NULL AND (contains(p.\"country\", 'a''\\b')))");
  CHECK(Where("country contains \"a'\\\\b\"", kClickHouse) ==
        "(p.\"country\" IS NOT NULL AND (position(p.\"country\", 'a\\'\\\\b') > 0))");
  CHECK(Where("country ends with ~\"É\"") ==
        "(p.\"country\" IS NOT NULL AND (ends_with(p.\"_folded_country\", 'e')))");
  CHECK(Where("country matches /^n.l/i") ==
        "(p.\"country\" IS NOT NULL AND (regexp_matches(p.\"country\", '(?i-s)^n.l')))");
  CHECK(Where("country matches /^n.l/", kClickHouse) ==
        "(p.\"country\" IS NOT NULL AND (match(p.\"country\", '(?-s)^n.l')))");
}

TEST_CASE("SQL of lists") {
  CHECK(Where("interests has none (\"a\")") ==
        "(p.\"interests\" IS NOT NULL AND (NOT list_has_any(p.\"interests\", ['a'])))");
  CHECK(Where("interests has all (\"a\", \"b\")", kClickHouse) ==
        "(p.\"_set_interests\" AND (hasAll(p.\"interests\", ['a', 'b'])))");
  CHECK(Where("size(interests) >= 3") ==
        "(p.\"interests\" IS NOT NULL AND (len(p.\"interests\") >= 3))");
}

TEST_CASE("SQL of times has now in it") {
  CHECK(Where("joined within last 30 days") ==
        "(p.\"joined\" IS NOT NULL AND (p.\"joined\" >= 1778932800001 AND p.\"joined\" <= "
        "1781524800000))");
  CHECK(Where("birthday = 2000-02-29") ==
        "(p.\"birthday\" IS NOT NULL AND (p.\"birthday\" = 11016))");
  // So long that every day comes round in it; who is younger has none yet.
  CHECK(Where("anniversary of birthday between 2024-06-15 and 2026-06-15") ==
        "(p.\"birthday\" IS NOT NULL AND (p.\"birthday\" <= 20254))");
  const std::string soon = Where("anniversary of birthday within next 7 days");
  CHECK(soon.find("p.\"birthday\" < 20513 AND ") != std::string::npos);
  CHECK(soon.ends_with(" BETWEEN 107 AND 113)))"));
  // 28 February of a year without a 29th, the 366th day of one that begins in March.
  const std::string leap = Where("anniversary of birthday between 2027-02-28 and 2027-02-28");
  CHECK(leap.ends_with(" BETWEEN 364 AND 365)))"));
}

TEST_CASE("SQL of who somebody is") {
  CHECK(Where("has any label (\"x\", \"y\")") ==
        "p._profile IN (SELECT l._profile FROM labels l WHERE (l.label IN ('x', 'y')))");
  CHECK(Where("is anonymous") ==
        "NOT p._profile IN (SELECT i._profile FROM identities i WHERE i.kind = 'person')");
  CHECK(
      Where("email = \"a@b.nl\"") ==
      "p._profile IN (SELECT i._profile FROM identities i WHERE i.namespace = 'email' AND (i.value "
      "= 'a@b.nl'))");
  CHECK(Where("consent email unknown") ==
        "p._profile NOT IN (SELECT c._profile FROM consent c WHERE c.channel = 'email' AND "
        "c.decision <> 'unknown')");
  CHECK(Where("sample 10% seed \"x\"", kClickHouse) ==
        "xxh3(concat(toString(p._profile), '\nx')) < 1844674407370955161");
}

TEST_CASE("SQL of behaviour asks for sets of profiles") {
  const std::string profile = "e._profile AS _profile";
  CHECK(Where("did order") == "p._profile IN (" + Orders(profile) + ")");
  CHECK(Where("did order at least 2 times") == "p._profile IN (SELECT _profile FROM (" +
                                                   Orders(profile) +
                                                   ") g GROUP BY _profile HAVING (count(*) >= 2))");
  // Who did nothing is among them.
  CHECK(Where("did order at most 2 times") ==
        "p._profile NOT IN (SELECT _profile FROM (" + Orders(profile) +
            ") g GROUP BY _profile HAVING NOT (count(*) <= 2))");
  CHECK(Where("did order where total > 50") ==
        "p._profile IN (" +
            Orders(profile,
                   " AND (e.\"total\" IS NOT NULL AND (e.\"total\" >= CAST('50.01' AS "
                   "DECIMAL(19, 2))))") +
            ")");
  CHECK(Where("did order on at least 2 days") ==
        "p._profile IN (SELECT _profile FROM (" +
            Orders(profile +
                   ", (((e._time + 252455616000000000 + (0)) // 86400000) - 2921940000) AS _day") +
            ") g GROUP BY _profile HAVING (count(DISTINCT _day) >= 2))");
  CHECK(
      Where("last order") ==
      "p._profile IN (SELECT _profile FROM (SELECT _profile, _meant, row_number() OVER (PARTITION "
      "BY _profile ORDER BY _time DESC, _id DESC, _type DESC) AS _place FROM (SELECT e._profile AS "
      "_profile, e._time AS _time, e._id AS _id, 1 AS _type, ((e._time <= 1781524800000)) AS "
      "_meant FROM \"event_order\" e WHERE e._time <= 1781524800000) a) b WHERE _place = 1 AND "
      "_meant)");
}

TEST_CASE("SQL of aggregates counts in whole units") {
  const std::string rows =
      "p._profile IN (SELECT _profile FROM (" +
      Orders("e._profile AS _profile, e.\"total\" AS _value", " AND (e.\"total\" IS NOT NULL)") +
      ") g GROUP BY _profile HAVING (";
  CHECK(Where("sum(order.total) >= 500") == rows + "sum(CAST(_value * 100 AS HUGEINT)) >= 50000))");
  CHECK(Where("avg(order.total) < 19.999") ==
        rows +
            "(count(_value) > 0 AND sum(CAST(_value * 100 AS HUGEINT)) * 10 < CAST(count(*) AS "
            "HUGEINT) * 19999)))");
  CHECK(Where("avg(order.total) < 19.999", kClickHouse) ==
        rows +
            "(count(_value) > 0 AND sum(toInt256(_value * 100)) * 10 < toInt256(count(*)) * "
            "19999)))");
  CHECK(Where("sum(order.total) <= 500").find(" NOT IN ") != std::string::npos);
  const std::string two = Where("avg(order.total) > sum(cart.total)");
  CHECK(
      two.ends_with("HAVING ((count(_left) > 0 AND sum(CAST(_left * 100 AS HUGEINT)) > "
                    "coalesce(sum(CAST(_right * 100 AS HUGEINT)), CAST(0 AS HUGEINT)) * "
                    "CAST(count(_left) AS HUGEINT))))"));
}

TEST_CASE("SQL of sequences looks for the next event in a window") {
  const auto places = [](const std::string& event, int type, int rest) {
    return "SELECT _profile, _time, _id, _type, " + std::to_string(rest) +
           " AS _rest FROM (SELECT e._profile AS _profile, e._time AS _time, e._id AS _id, " +
           std::to_string(type) + " AS _type FROM \"event_" + event +
           "\" e WHERE (e._time <= 1781524800000))";
  };
  const std::string followed =
      "p._profile IN (SELECT _profile FROM (SELECT _profile, _time, _id, _type FROM (SELECT *, "
      "_time "
      "+ 86400000 AS _limit FROM (SELECT _profile, _time, _id, _type, _rest, min(CASE WHEN _rest = "
      "1 "
      "THEN _time END) OVER (PARTITION BY _profile ORDER BY _time, _id, _type, _rest DESC ROWS "
      "BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS _next FROM (" +
      places("cart", 0, 0) + " x UNION ALL " + places("order", 1, 1) +
      " y) u) m) v WHERE _rest = 0 AND ";
  CHECK(Where("did cart then order within 1 day") ==
        followed + "_next IS NOT NULL AND _next <= _limit) c)");
  CHECK(Where("did cart then not order within 1 day") ==
        followed + "_limit <= 1781524800000 AND (_next IS NULL OR _next > _limit)) c)");
  const std::string every = Where("did every cart then order same category in the same session");
  CHECK(every.find("(PARTITION BY _profile, _same0, _session ORDER BY") != std::string::npos);
  CHECK(every.ends_with("HAVING (sum(_holds) > 0 AND count(*) = 2 * sum(_holds)))"));
  CHECK(Where("did cart then order within 2 months").find("_months % 12") != std::string::npos);
}

TEST_CASE("SQL of sessions and histories") {
  CHECK(
      Where("all sessions (events >= 3)") ==
      "(p._profile IN (SELECT s._profile AS _profile FROM sessions s WHERE (s.\"start\" <= "
      "1781524800000)) AND p._profile NOT IN (SELECT s._profile AS _profile FROM sessions s WHERE "
      "(s.\"start\" <= 1781524800000) AND NOT (s.events IS NOT NULL AND (s.events >= 3))))");
  const std::string session = Where("any session (did order and profile.age > 1)");
  CHECK(session.find("s._session IN (SELECT * FROM (SELECT e._session AS _session FROM ") !=
        std::string::npos);
  CHECK(session.find("s._profile IN (SELECT p._profile FROM profiles p WHERE ") !=
        std::string::npos);
  CHECK(
      Where("country was \"NL\" within last 7 days") ==
      "p._profile IN (SELECT h._profile FROM \"history_country\" h WHERE h._from <= 1781524800000 "
      "AND (h._until IS NULL OR h._until > 1780920000001) AND (h.\"value\" IS NOT NULL AND "
      "(h.\"value\" = 'NL')))");
}

TEST_CASE("SQL of statements") {
  const auto sql = [](const std::string& text) { return *Emitted(Shop(), text, kDuckDb); };
  CHECK(sql("count") == "SELECT count(*) AS count FROM profiles p");
  CHECK(
      sql("find id, email, age order by age desc limit 3 offset 2") ==
      "SELECT concat('p', p._profile) AS \"id\", p.\"_identity_email\" AS \"email\", p.\"age\" AS "
      "\"age\" FROM profiles p ORDER BY p.\"age\" DESC NULLS LAST, p._profile LIMIT 3 OFFSET 2");
  CHECK(Emitted(Shop(), "find interests order by id", kClickHouse)
            ->starts_with("SELECT p.\"interests\" AS \"interests\", p.\"_set_interests\" AS "
                          "\"_set_interests\" FROM profiles p ORDER BY "));
  CHECK(
      sql("count where vip = true by score, country having count >= 2") ==
      "SELECT (p.\"score\" + 0.0) AS \"score\", p.\"country\" AS \"country\", count(*) AS count "
      "FROM profiles p WHERE (p.\"vip\" IS NOT NULL AND (p.\"vip\")) GROUP BY (p.\"score\" + 0.0), "
      "p.\"country\" HAVING (count(*) >= 2) ORDER BY (p.\"score\" + 0.0) NULLS LAST, "
      "p.\"country\" NULLS LAST");
}

TEST_CASE("what cannot be said exactly is refused by its name") {
  const auto refused = [](const std::string& filter, SqlDialect dialect, const char* form) {
    const std::string name(NameOf(dialect));
    CHECK(Where(filter, dialect) == "error: " + name + " cannot say this exactly: " + form);
  };
  refused("sample 10% seed \"x\"", kDuckDb, "`sample`, which goes by XXH3");
  for (const SqlDialect dialect : {kDuckDb, kClickHouse}) {
    refused("sum(order.rate) > 1", dialect, "a sum or average of numbers that are no integers");
    refused("max(order.rate) > sum(order.total)", dialect,
            "an integer or decimal compared as a number");
    refused("avg(order.total) > 1.0000000000000001", dialect,
            "an average compared with a number of so many digits");
    refused("did cart then order within 101 years", dialect,
            "more than a hundred years after an event");
    refused("any session (name = ~\"x\")", dialect,
            "`~` of what has no column without case and accents");
  }
  refused("country = \"\\u{0}\"", kDuckDb, "a text with a null character");
  TestStore store = Shop();
  store.Trait("Country", ValueType::kText);
  CHECK(!Emitted(store, "count where country = \"x\"", kDuckDb).ok());
  CHECK(Emitted(store, "count where country = \"x\"", kClickHouse).ok());
}

TEST_CASE("names that look like columns of our own do not meet them") {
  TestStore store;
  store.Trait("_profile", ValueType::kText);
  store.Trait("a\"b\\", ValueType::kText);
  const std::string text = "count where _profile = \"x\" and `a\"b\\` = \"y\"";
  CHECK(Emitted(store, text, kDuckDb)
            ->ends_with("((p.\"__profile\" IS NOT NULL AND (p.\"__profile\" = 'x')) AND "
                        "(p.\"a\"\"b\\\" IS NOT NULL "
                        "AND (p.\"a\"\"b\\\" = 'y')))"));
  CHECK(Emitted(store, text, kClickHouse)->find("p.\"a\\\"b\\\\\" = 'y'") != std::string::npos);
}

}  // namespace
}  // namespace roster::query
