// SPDX-License-Identifier: Apache-2.0
//
// RESP without a connection: reading in pieces, limits, malformed input, and both versions of
// replies.
#include "server/resp_codec.h"

#include <catch2/catch.hpp>

#include "tests/server/simulation.h"

namespace roster::server {
namespace {

class FixedSizer : public RequestSizer {
 public:
  Limit LimitFor(std::string_view verb) const override {
    if (ToUpper(verb) == "BATCH") return {400, "batch_bytes"};
    return {100, "statement_bytes"};
  }
};

std::vector<Request> ReadAll(const std::vector<std::string_view>& pieces) {
  const FixedSizer sizer;
  RespReader reader(&sizer);
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

// The error that ends the connection, or empty.
std::string BrokenBy(std::string_view bytes) {
  const FixedSizer sizer;
  RespReader reader(&sizer);
  for (;;) {
    Request request;
    const ReadState state = reader.Next(&bytes, &request);
    if (state == ReadState::kBroken) return std::string(request.error.message());
    if (state != ReadState::kRequest) return "";
  }
}

std::string Encode(const Reply& reply, int version) {
  std::string out;
  REQUIRE(AppendResp(reply, version, 1 << 20, &out));
  return out;
}

}  // namespace

TEST_CASE("RESP requests cut at every byte read the same") {
  const std::string bytes =
      RespRequest({"COUNT", "where", "a b"}) + "*0\r\n" + RespRequest({"ECHO", ""});
  for (size_t i = 0; i <= bytes.size(); ++i) {
    for (size_t j = i; j <= bytes.size(); ++j) {
      const std::string_view view = bytes;
      const auto requests = ReadAll({view.substr(0, i), view.substr(i, j - i), view.substr(j)});
      REQUIRE(requests.size() == 2);
      CHECK(requests[0].verb == "COUNT");
      CHECK(requests[0].words == std::vector<std::string>{"where", "a b"});
      CHECK(requests[1].words == std::vector<std::string>{""});
    }
  }
}

TEST_CASE("malformed RESP says what is wrong") {
  CHECK(BrokenBy("*1\r\n:5\r\n") == "Protocol error: expected '$', got ':'");
  CHECK(BrokenBy("*x\r\n") == "Protocol error: invalid multibulk length");
  CHECK(BrokenBy("*2000000\r\n") == "Protocol error: invalid multibulk length");
  CHECK(BrokenBy("*1\r\n$-2\r\n") == "Protocol error: invalid bulk length");
  CHECK(BrokenBy("*1\r\n$99999999999\r\n") == "Protocol error: invalid bulk length");
  CHECK(BrokenBy("*1\r\n$2\r\nabc\r\n") == "Protocol error: a bulk string is longer than it said");
  CHECK(BrokenBy("*1\n") == "Protocol error: a line ends without CRLF");
  CHECK(BrokenBy("*" + std::string(100, '1')) == "Protocol error: too big mbulk count string");
  CHECK(BrokenBy(RespRequest({"PING"}) + "PING\r\n") == "Protocol error: expected '*', got 'P'");
  CHECK(BrokenBy(RespRequest({"PING"}) + "\x01") == "Protocol error: expected '*', got '?'");
}

TEST_CASE("a RESP request over its limit is refused, and the next one is read") {
  const std::string bytes =
      RespRequest({"COUNT", std::string(60, 'x'), std::string(60, 'y'), "z"}) +
      RespRequest({"PING"});
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const std::string_view view = bytes;
    const auto requests = ReadAll({view.substr(0, cut), view.substr(cut)});
    REQUIRE(requests.size() == 2);
    CHECK(ErrorCodeOf(requests[0].error) == ErrorCode::kTooLong);
    CHECK(requests[1].verb == "PING");
    CHECK(requests[1].error.ok());
  }
  CHECK(ReadAll({RespRequest({"batch", std::string(300, 'x')})}).at(0).error.ok());
}

TEST_CASE("a huge declared length takes no memory") {
  const FixedSizer sizer;
  RespReader reader(&sizer);
  std::string_view bytes = "*2\r\n$5\r\nCOUNT\r\n$500000000\r\n";
  Request request;
  CHECK(reader.Next(&bytes, &request) == ReadState::kMore);
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 50; ++i) {
    std::string_view view = piece;
    REQUIRE(reader.Next(&view, &request) == ReadState::kMore);
    REQUIRE(reader.BufferedBytes() < 1000);
  }
}

TEST_CASE("broken UTF-8 in a RESP word is an error of the request") {
  const auto requests = ReadAll({RespRequest({"COUNT", "a\xff"}) + RespRequest({"PING"})});
  REQUIRE(requests.size() == 2);
  CHECK(ErrorCodeOf(requests[0].error) == ErrorCode::kParse);
  CHECK(ErrorPositionOf(requests[0].error)->offset == 1);
  CHECK(requests[1].error.ok());
}

TEST_CASE("RESP2 and RESP3 differ where they must") {
  const Reply map(Reply::Map{{"a", Reply::Integer(1)}});
  CHECK(Encode(map, 2) == "*2\r\n$1\r\na\r\n:1\r\n");
  CHECK(Encode(map, 3) == "%1\r\n$1\r\na\r\n:1\r\n");
  CHECK(Encode(Reply::Number(1.5), 2) == "$3\r\n1.5\r\n");
  CHECK(Encode(Reply::Number(1.5), 3) == ",1.5\r\n");
  CHECK(Encode(Reply(), 2) == "$-1\r\n");
  CHECK(Encode(Reply(), 3) == "_\r\n");
  CHECK(Encode(Reply::Boolean(true), 2) == ":1\r\n");
  CHECK(Encode(Reply::Boolean(true), 3) == "#t\r\n");
  for (const int version : {2, 3}) {
    CHECK(Encode(Reply::Simple("PONG"), version) == "+PONG\r\n");
    CHECK(Encode(Reply::Text("a\r\nb"), version) == "$4\r\na\r\nb\r\n");
    CHECK(Encode(Reply::FromValue(Value(Decimal{-5, 2})), version) == "$5\r\n-0.05\r\n");
    CHECK(Encode(Reply(Reply::Array{Reply::Integer(1)}), version) == "*1\r\n:1\r\n");
    CHECK(Encode(Reply::Error("ERR", "no"), version) == "-ERR no\r\n");
  }
}

TEST_CASE("a RESP error has its position and one line") {
  const absl::Status error =
      MakeError(ErrorCode::kParse, "bad\r\nthing", ErrorPosition{1, 4, 3, 1});
  CHECK(Encode(Reply::Error(error), 2) == "-PARSE bad  thing at line 1 column 4\r\n");
}

}  // namespace roster::server
