// SPDX-License-Identifier: Apache-2.0
//
// How tools show replies, errors and reports.
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "server/tools/reply_text.h"
#include "server/tools/store.h"
#include "server/tools/tools.h"

namespace roster::server {

TEST_CASE("a table lines up its columns") {
  const ReplyText text = DescribeReply(
      R"({"ok":true,"result":{"columns":["email","n"],"rows":[["jo@example.com",1],["é",null]]}})",
      "find email, n");
  CHECK(text.exit_code == kExitOk);
  CHECK(text.text ==
        "email           n\n"
        "--------------  -\n"
        "jo@example.com  1\n"
        "é               \n"
        "(2 rows)\n");
}

TEST_CASE("a cell keeps the digits of a number and shows lists as they are") {
  const ReplyText text =
      DescribeReply(R"({"ok":true,"result":{"columns":["a","b","c"],"rows":[[0.00,["x","y"],true],)"
                    R"([12345678901234567.25,[],"a\nb"]]}})",
                    "find a, b, c");
  CHECK(text.text ==
        "a                     b          c\n"
        "--------------------  ---------  ----\n"
        "0.00                  [\"x\",\"y\"]  true\n"
        "12345678901234567.25  []         a b\n"
        "(2 rows)\n");
}

TEST_CASE("counts, texts and other results") {
  CHECK(DescribeReply(R"({"ok":true,"lsn":1,"result":{"count":7}})", "count").text == "7\n");
  CHECK(DescribeReply(R"({"ok":true,"result":"PONG"})", "ping").text == "PONG\n");
  CHECK(DescribeReply(R"({"ok":true,"result":{"a":[1]}})", "x").text == "{\"a\":[1]}\n");
  CHECK(DescribeReply(R"({"ok":true,"durable":false,"result":{"count":7}})", "count").text ==
        "7\n(not durable: the log has failed)\n");
}

TEST_CASE("an error shows the statement and a caret") {
  const ReplyText text = DescribeReply(
      R"({"ok":false,"error":{"code":"NOTRAIT","message":"unknown trait","line":1,"col":13}})",
      "count where contry = \"NL\"");
  CHECK(text.exit_code == kExitError);
  CHECK(text.error_code == "NOTRAIT");
  CHECK(text.text ==
        "count where contry = \"NL\"\n"
        "            ^^^^^^ unknown trait\n");
  CHECK(ErrorWithCaret("find é = \xe2\x82\xac\nwhere b", 2, 7, "m") == "where b\n      ^ m\n");
  CHECK(ErrorWithCaret("find é = x", 1, 10, "m") == "find é = x\n         ^ m\n");
  CHECK(ErrorWithCaret("count", 1, 6, "m") == "count\n     ^ m\n");
  CHECK(ErrorWithCaret("count", 9, 9, "m") == "\n^ m\n");
}

TEST_CASE("exit codes") {
  const auto code = [](const std::string& name) {
    return DescribeReply(R"({"ok":false,"error":{"code":")" + name + R"(","message":"m"}})",
                         "count")
        .exit_code;
  };
  CHECK(code("PARSE") == kExitError);
  CHECK(code("TIMEOUT") == kExitTimeout);
  CHECK(code("CORRUPT") == kExitDamaged);
  CHECK(DescribeReply("nonsense", "count").exit_code == kExitError);
  CHECK(ExitCodeFor(MakeError(ErrorCode::kCorrupt, "x")) == kExitDamaged);
  CHECK(ExitCodeFor(MakeError(ErrorCode::kLocked, "x")) == kExitError);
}

TEST_CASE("reports in words") {
  CHECK(WithCommas(0) == "0");
  CHECK(WithCommas(999) == "999");
  CHECK(WithCommas(1'234'567) == "1,234,567");
  RecoveryReport report{.num_commits = 1200, .torn_bytes = 0, .torn_file = "", .took_us = 34'500};
  CHECK(RecoveryText(report) == "recovered 1,200 commits in 34 ms");
  report.torn_bytes = 17;
  report.torn_file = "wal-000003.log";
  CHECK(RecoveryText(report) ==
        "recovered 1,200 commits in 34 ms; cut 17 bytes of a commit that was never acknowledged "
        "from the end of wal-000003.log");
}

}  // namespace roster::server
