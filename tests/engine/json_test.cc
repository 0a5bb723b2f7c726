// SPDX-License-Identifier: Apache-2.0
#include "roster/json.h"

#include <catch2/catch.hpp>

#include "roster/error.h"

namespace roster {
namespace {

Value FieldValue(const std::vector<Field>& fields, const std::string& key) {
  for (const Field& field : fields) {
    if (field.key == key) return field.value;
  }
  return {};
}

TEST_CASE("the Segment specification's identify", "[json]") {
  const auto item = ParseWriteJson(R"({
    "anonymousId": "507f191e810c19729de860ea", "userId": "97980cfea0067",
    "context": {"ip": "8.8.8.8", "integration": {"name": "mailchimp"}},
    "messageId": "022bb90c", "timestamp": "2015-02-23T22:28:55.111Z",
    "traits": {"name": "Peter Gibbons", "email": "peter@example.com", "logins": 5, "vip": true,
               "address": {"city": "Austin", "geo": {"lat": 30.25}}, "tags": ["a", "b"],
               "mixed": [1, "x", true], "orders": [{"id": 1}], "left": null}})",
                                   "identify");
  INFO(item.status().ToString());
  REQUIRE(item.ok());
  const auto& identify = std::get<Identify>(*item);
  CHECK(identify.identities ==
        std::vector<IdentityRef>{{"external_id", "97980cfea0067"},
                                 {"anonymous_id", "507f191e810c19729de860ea"},
                                 {"email", "peter@example.com"}});
  CHECK(identify.time == Timestamp{1'424'730'535'111});
  CHECK(identify.source == "integration: mailchimp");
  CHECK(FieldValue(identify.traits, "name") == Value("Peter Gibbons"));
  CHECK(FieldValue(identify.traits, "logins") == Value(5.0));
  CHECK(FieldValue(identify.traits, "vip") == Value(true));
  CHECK(FieldValue(identify.traits, "address.city") == Value("Austin"));
  CHECK(FieldValue(identify.traits, "address.geo.lat") == Value(30.25));
  CHECK(FieldValue(identify.traits, "tags") == Value(TextList{"a", "b"}));
  CHECK(FieldValue(identify.traits, "mixed") == Value(TextList{"1", "x", "true"}));
  CHECK(FieldValue(identify.traits, "orders") == Value(Json{R"([{"id":1}])"}));
  CHECK(IsMissing(FieldValue(identify.traits, "left")));
}

TEST_CASE("track, other namespaces and numeric ids", "[json]") {
  const auto item = ParseWriteJson(
      R"({"type":"track","userId":42,"identities":{"whatsapp":"+31 6"},"event":"Order",
          "properties":{"total":9007199254740993}})",
      "");
  REQUIRE(item.ok());
  const auto& track = std::get<Track>(*item);
  CHECK(track.identities == std::vector<IdentityRef>{{"external_id", "42"}, {"whatsapp", "+31 6"}});
  CHECK(FieldValue(track.properties, "total") == Value(int64_t{9007199254740993}));
}

TEST_CASE("what is not a call is refused with the reason", "[json]") {
  const auto code = [](const char* json) {
    return ErrorCodeOf(ParseWriteJson(json, "track").status());
  };
  CHECK(code("") == ErrorCode::kParse);
  CHECK(code("{") == ErrorCode::kParse);
  CHECK(code("[]") == ErrorCode::kParse);
  CHECK(code(R"({"userId":"u"})") == ErrorCode::kParse);  // no event
  CHECK(code(R"({"userId":{},"event":"e"})") == ErrorCode::kType);
  CHECK(code(R"({"userId":"u","event":7})") == ErrorCode::kType);
  CHECK(code(R"({"userId":"u","event":"e","properties":[]})") == ErrorCode::kType);
  CHECK(code(R"({"userId":"u","event":"e","timestamp":"yesterday"})") == ErrorCode::kType);
  CHECK(code(R"({"type":"sing","userId":"u","event":"e"})") == ErrorCode::kParse);
}

TEST_CASE("text that is not JSON is refused where it stops being it", "[json]") {
  const auto offset = [](const char* json) {
    const auto at = ErrorPositionOf(ParseWriteJson(json, "track").status());
    return at ? static_cast<int>(at->offset) : -1;
  };
  CHECK(offset(R"({"userId":"u","event":"e",})") == 26);
  CHECK(offset(R"({"userId" "u"})") == 10);
  CHECK(offset(R"({"a":[1,2)") == 9);
  CHECK(offset(R"({"a":'x'})") == 5);
  CHECK(offset(R"({"a":01})") == 5);
  CHECK(offset(R"({"a":1.})") == 7);
  CHECK(offset(R"({"a":"x\q"})") == 7);
  CHECK(offset(R"({"a":"x)") == 7);
  CHECK(offset(R"({"a":1} x)") == 8);
  CHECK(offset("{\"a\":\xff}") == 5);
  CHECK(offset(R"({"userId":"u","a":[{},[],"",-1.5e3,null]})") == -1);  // JSON, no call
  const auto at = ErrorPositionOf(ParseWriteJson("{\"é\":1,\n  x}", "track").status());
  REQUIRE(at);
  CHECK(at->line == 2);
  CHECK(at->column == 3);
}

TEST_CASE("a misspelt member is refused, a foreign one is passed over", "[json]") {
  const auto status = [](const char* json) { return ParseWriteJson(json, "identify").status(); };
  CHECK(status(R"({"userId":"u","trait":{"age":5}})").message() ==
        "unknown member `trait`; did you mean `traits`?");
  CHECK_FALSE(status(R"({"userid":"u"})").ok());
  CHECK(status(R"({"userId":"u","id":"r1","version":2,"channel":"web","writeKey":"k"})").ok());
}

TEST_CASE("nested names cannot multiply", "[json][limits]") {
  std::string json = R"({"userId":"u","event":"e","properties":)";
  const std::string key(100, 'k');
  for (int depth = 0; depth < 200; ++depth) json += "{\"" + key + "\":";
  json += "1" + std::string(201, '}');
  CHECK(ErrorCodeOf(ParseWriteJson(json, "track").status()) == ErrorCode::kLimit);
  std::string wide = R"({"userId":"u","event":"e","properties":{"a":0)";
  for (int i = 0; i < 1000; ++i) wide += ",\"p" + std::to_string(i) + "\":1";
  CHECK(ErrorCodeOf(ParseWriteJson(wide + "}}", "track").status()) == ErrorCode::kLimit);
}

TEST_CASE("a batch keeps the place of its wrong items", "[json]") {
  const auto parsed = ParseBatchJson(
      R"({"atomic":true,"batch":[{"type":"identify","userId":"a"},7,{"type":"track","userId":"b"},
          {"type":"track","userId":"c","event":"e"}]})");
  REQUIRE(parsed.ok());
  CHECK(parsed->batch.atomic);
  CHECK(parsed->num_items == 4);
  CHECK(parsed->positions == std::vector<size_t>{0, 3});
  REQUIRE(parsed->item_errors.size() == 2);
  CHECK(parsed->item_errors[0].first == 1);
  CHECK(parsed->item_errors[1].first == 2);
  CHECK(ParseBatchJson("[]").ok());
  CHECK_FALSE(ParseBatchJson("{}").ok());
  CHECK_FALSE(ParseBatchJson("7").ok());
}

TEST_CASE("times in every form that clients write", "[time]") {
  const auto ms = [](const char* text) { return ParseTimestamp(text).value_or(Timestamp{-1}).ms; };
  CHECK(ms("1970-01-02") == 86'400'000);
  CHECK(ms("1970-01-01T00:00:01Z") == 1000);
  CHECK(ms("1970-01-01 00:00:01") == 1000);
  CHECK(ms("1970-01-01T01:00:00+01:00") == 0);
  CHECK(ms("1970-01-01T00:00:00.1234567Z") == 123);
  CHECK(ms("1970-01-01T00:00-0030") == 1'800'000);
  for (const char* wrong : {"", "1970", "1970-13-01", "1970-02-30", "1970-01-01T25:00:00Z",
                            "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx", "-970-01-01"}) {
    CHECK_FALSE(ParseTimestamp(wrong).ok());
  }
  CHECK(FormatTimestamp({1'424'730'535'111}) == "2015-02-23T22:28:55.111Z");
  CHECK(FormatTimestamp({-1}) == "1969-12-31T23:59:59.999Z");
  CHECK(FormatTimestamp({0}) == "1970-01-01T00:00:00Z");
}

TEST_CASE("decimals keep all their digits", "[decimal]") {
  CHECK(ParseDecimal("11.77") == Decimal{1177, 2});
  CHECK(ParseDecimal("-0.05") == Decimal{-5, 2});
  CHECK(ParseDecimal("+7") == Decimal{7, 0});
  CHECK(ParseDecimal(".5") == Decimal{5, 1});
  CHECK(ParseDecimal("-9223372036854775808") == Decimal{INT64_MIN, 0});
  for (const char* wrong :
       {"", "-", ".", "1.", "1e5", "1.0000000001", "9223372036854775808", "--1", "1,5", " 1"}) {
    CHECK_FALSE(ParseDecimal(wrong).has_value());
  }
  CHECK(FormatDecimal({-5, 2}) == "-0.05");
  CHECK(FormatDecimal({1177, 2}) == "11.77");
  CHECK(FormatDecimal({INT64_MIN, 0}) == "-9223372036854775808");
}

TEST_CASE("values as JSON", "[json]") {
  const auto json = [](const Value& value) {
    std::string out;
    AppendJson(value, &out);
    return out;
  };
  CHECK(json(std::string("a\"\\\n\x01é")) == "\"a\\\"\\\\\\n\\u0001é\"");
  CHECK(json(0.1) == "0.1");
  CHECK(json(TextList{}) == "[]");
  CHECK(json(TextList{"a", "b"}) == R"(["a","b"])");
  CHECK(json(Decimal{1250, 2}) == "12.50");
  CHECK(json(Value()) == "null");
  CHECK(json(Date{0}) == "\"1970-01-01\"");
}

}  // namespace
}  // namespace roster
