// SPDX-License-Identifier: Apache-2.0
//
// The line dialect without a connection: reading in pieces, limits, and how replies look.
#include "server/line_codec.h"

#include <catch2/catch.hpp>

namespace roster::server {
namespace {

class FixedSizer : public RequestSizer {
 public:
  Limit LimitFor(std::string_view verb) const override {
    if (ToUpper(verb) == "BATCH") return {400, "batch_bytes"};
    if (ToUpper(verb) == "TRACK" || verb == "{") return {200, "json_bytes"};
    return {100, "statement_bytes"};
  }
};

// Reads all requests from `bytes`, given in pieces cut at `cuts`.
std::vector<Request> ReadAll(const std::vector<std::string_view>& pieces) {
  const FixedSizer sizer;
  LineReader reader(&sizer);
  std::vector<Request> requests;
  for (std::string_view piece : pieces) {
    for (;;) {
      Request request;
      if (reader.Next(&piece, &request) != ReadState::kRequest) break;
      requests.push_back(std::move(request));
    }
    REQUIRE(piece.empty());
  }
  return requests;
}

std::string ErrorName(const Request& request) {
  if (request.error.ok()) return "";
  return std::string(ErrorCodeName(ErrorCodeOf(request.error)));
}

}  // namespace

TEST_CASE("a line is a verb and the rest as it is") {
  const auto requests = ReadAll({"count  where a = \"x  y\" \r\nPING\n"});
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].verb == "count");
  CHECK(requests[0].rest == "  where a = \"x  y\" ");
  CHECK(requests[1].verb == "PING");
  CHECK(requests[1].rest.empty());
}

TEST_CASE("lines cut at every byte read the same") {
  const std::string bytes =
      "count where a\r\n{\"cmd\":\"find\",\"query\":\"x\",\"id\":7}\n\n  \ntrack {\"a\":1}\n";
  for (size_t i = 0; i <= bytes.size(); ++i) {
    for (size_t j = i; j <= bytes.size(); ++j) {
      const std::string_view view = bytes;
      const auto requests = ReadAll({view.substr(0, i), view.substr(i, j - i), view.substr(j)});
      REQUIRE(requests.size() == 3);
      CHECK(requests[0].rest == " where a");
      CHECK(requests[1].id == "7");
      CHECK(requests[1].rest == "x");
      CHECK(requests[2].rest == " {\"a\":1}");
    }
  }
}

TEST_CASE("an object carries the statement, parameters, id, idem and timeout") {
  const auto requests = ReadAll(
      {R"({"cmd":"find","query":"a where b = $1","params":["pro",3],"id":"r1","timeout_ms":200,)"
       R"("idem":"k"})"
       "\n"});
  REQUIRE(requests.size() == 1);
  const Request& request = requests[0];
  CHECK(request.error.ok());
  CHECK(request.verb == "find");
  CHECK(request.rest == "a where b = $1");
  CHECK(request.params_json == R"(["pro",3])");
  CHECK(request.id == R"("r1")");
  CHECK(request.timeout_ms == 200);
  CHECK(request.request_id == "k");
}

TEST_CASE("a wrong object is an error that keeps its id") {
  const auto read = [](const std::string& line) { return ReadAll({line + "\n"}).at(0); };
  CHECK(ErrorName(read("{\"cmd\":")) == "PARSE");
  CHECK(ErrorName(read("{}")) == "PARSE");
  CHECK(ErrorName(read(R"({"cmd":1})")) == "PARSE");
  CHECK(ErrorName(read(R"({"cmd":"find","timeout_ms":-1})")) == "PARSE");
  CHECK(ErrorName(read(R"({"cmd":"find","id":[1]})")) == "PARSE");
  const Request request = read(R"({"query":7,"cmd":"find","id":"r9"})");
  CHECK(ErrorName(request) == "PARSE");
  CHECK(request.id == R"("r9")");
}

TEST_CASE("a line over its limit is refused, and the next one is read") {
  const std::string long_count = "count " + std::string(100, 'x') + "\nping\n";
  const std::string long_track = "track " + std::string(190, 'x') + "\nping\n";
  const std::string longer_track = "track " + std::string(200, 'x') + "\nping\n";
  for (size_t cut = 0; cut < long_count.size(); ++cut) {
    const std::string_view view = long_count;
    const auto requests = ReadAll({view.substr(0, cut), view.substr(cut)});
    REQUIRE(requests.size() == 2);
    CHECK(ErrorName(requests[0]) == "TOOLONG");
    CHECK(std::string(requests[0].error.message()).find("statement_bytes") != std::string::npos);
    CHECK(requests[1].verb == "ping");
  }
  CHECK(ErrorName(ReadAll({long_track}).at(0)).empty());
  CHECK(ErrorName(ReadAll({longer_track}).at(0)) == "TOOLONG");
}

TEST_CASE("an object that begins with cmd batch may be as long as a batch") {
  const std::string text(250, 'x');
  const auto read = [&text](const std::string& start) {
    return ErrorName(ReadAll({start + ",\"t\":\"" + text + "\"}\n"}).at(0));
  };
  CHECK(read(R"({"cmd":"track")") == "TOOLONG");
  CHECK(read(R"({ "cmd" : "batch")").empty());
}

TEST_CASE("nothing of an over-long line is kept") {
  const FixedSizer sizer;
  LineReader reader(&sizer);
  const std::string piece(10'000, 'x');
  Request request;
  for (int i = 0; i < 100; ++i) {
    std::string_view view = piece;
    REQUIRE(reader.Next(&view, &request) == ReadState::kMore);
    REQUIRE(reader.BufferedBytes() < 1000);
    REQUIRE(reader.InRequest());
  }
}

TEST_CASE("broken UTF-8 is said with the byte") {
  const auto requests = ReadAll({"count \xc3\xa9 \xff x\nping\n"});
  REQUIRE(requests.size() == 2);
  CHECK(ErrorName(requests[0]) == "PARSE");
  const auto position = ErrorPositionOf(requests[0].error);
  REQUIRE(position.has_value());
  CHECK(position->offset == 9);
  CHECK(position->column == 9);
  CHECK(requests[1].verb == "ping");
}

TEST_CASE("UTF-8 is checked as RFC 3629 says") {
  const auto bad_at = [](std::string_view text) { return FindInvalidUtf8(text); };
  CHECK(bad_at("plain") == std::string_view::npos);
  CHECK(bad_at("\xf0\x9f\x98\x80") == std::string_view::npos);
  CHECK(bad_at("a\xc0\x80") == 1);
  CHECK(bad_at("ab\xed\xa0\x80") == 2);
  CHECK(bad_at("\xe2\x82") == 0);
  CHECK(bad_at("a\xf4\x90\x80\x80") == 1);
  CHECK(bad_at("a\x80") == 1);
}

TEST_CASE("HTTP is told by the whole first line, at any cut") {
  const auto first_state = [](std::string_view bytes, size_t cut) {
    const FixedSizer sizer;
    LineReader reader(&sizer);
    Request request;
    std::string_view piece = bytes.substr(0, cut);
    ReadState state = reader.Next(&piece, &request);
    piece = bytes.substr(cut);
    if (state == ReadState::kMore) state = reader.Next(&piece, &request);
    return state;
  };
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string long_post = "POST /" + std::string(500, 'x') + " HTTP/1.0\r\n";
  for (size_t cut = 0; cut <= get.size(); ++cut) {
    CHECK(first_state(get, cut) == ReadState::kForeign);
  }
  for (size_t cut = 0; cut <= long_post.size(); ++cut) {
    CHECK(first_state(long_post, cut) == ReadState::kForeign);
  }
  CHECK(first_state("Host: x\r\n", 3) == ReadState::kForeign);
  CHECK(first_state("GET p12\n", 0) == ReadState::kRequest);
}

TEST_CASE("a Host header is never a command, also later") {
  const FixedSizer sizer;
  LineReader reader(&sizer);
  std::string_view bytes = "ping\nhost: evil\ncount\n";
  Request request;
  CHECK(reader.Next(&bytes, &request) == ReadState::kRequest);
  CHECK(reader.Next(&bytes, &request) == ReadState::kForeign);
}

TEST_CASE("replies are one line of JSON") {
  const auto line = [](const Outcome& outcome, std::string_view id) {
    std::string out;
    REQUIRE(AppendLineReply(outcome, id, 1 << 20, &out));
    return out;
  };
  Outcome count(Reply(Reply::Map{{"count", Reply::Integer(3)}}));
  count.lsn = 9;
  count.took_us = 40;
  CHECK(line(count, "\"r1\"") ==
        "{\"ok\":true,\"id\":\"r1\",\"lsn\":9,\"took_us\":40,\"result\":{\"count\":3}}\n");
  count.durable = false;
  CHECK(line(count, "").find("\"durable\":false") != std::string::npos);
  const absl::Status error =
      MakeError(ErrorCode::kNoTrait, "unknown\ntrait \"x\"", ErrorPosition{2, 5, 9, 1});
  CHECK(line(Outcome(Reply::Error(error)), "7") ==
        "{\"ok\":false,\"id\":7,\"error\":{\"code\":\"NOTRAIT\",\"message\":\"unknown trait "
        "\\\"x\\\"\",\"line\":2,\"col\":5}}\n");
}

TEST_CASE("JSON of every kind of node") {
  const auto json = [](const Reply& reply) {
    std::string out;
    REQUIRE(AppendJson(reply, 1 << 20, &out));
    return out;
  };
  CHECK(json(Reply()) == "null");
  CHECK(json(Reply::Simple("PONG")) == "\"PONG\"");
  CHECK(json(Reply::Text("a\"\\\n\t\x01\xc3\xa9")) == "\"a\\\"\\\\\\n\\t\\u0001\xc3\xa9\"");
  CHECK(json(Reply::Number(0.1)) == "0.1");
  CHECK(json(Reply::Number(1e300)) == "1e+300");
  CHECK(json(Reply::Boolean(true)) == "true");
  CHECK(json(Reply::FromValue(Value(Decimal{1250, 2}))) == "12.50");
  CHECK(json(Reply::FromValue(Value(TextList{"a", "b"}))) == "[\"a\",\"b\"]");
  CHECK(json(Reply::FromValue(Value(Json{"{\"x\":[1]}"}))) == "{\"x\":[1]}");
  CHECK(json(Reply::FromValue(Value(Date{0}))) == "\"1970-01-01\"");
}

TEST_CASE("a reply stops at its limit") {
  const Reply reply(Reply::Array(1000, Reply::Text("0123456789")));
  std::string out;
  CHECK_FALSE(AppendJson(reply, 100, &out));
  CHECK(out.size() < 200);
}

}  // namespace roster::server
