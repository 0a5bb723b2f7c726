// SPDX-License-Identifier: Apache-2.0
//
// What a command answers, before it is bytes: a small tree that either codec encodes. Commands
// build it once for both dialects. Thread rule: plain values.
// Source: PROTOCOL.md "Replies".
#ifndef ROSTER_SERVER_REPLY_H_
#define ROSTER_SERVER_REPLY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "roster/error.h"
#include "roster/value.h"

namespace roster::server {

// An error as the wire shows it. Invariant: `code` is upper-case letters, `message` one line.
struct ErrorReply {
  std::string code;
  std::string message;
  std::optional<ErrorPosition> position;
};

// One node of a reply.
class Reply {
 public:
  struct Null {};
  struct Status {  // "OK", "PONG": a simple string in RESP
    std::string text;
  };
  struct Digits {  // an exact number as text: a number in JSON, a bulk string in RESP
    std::string text;
  };
  struct RawJson {  // JSON text: itself in JSON, a bulk string in RESP
    std::string text;
  };
  using Array = std::vector<Reply>;
  using Map = std::vector<std::pair<std::string, Reply>>;
  // Text for people in RESP, a tree in JSON (INFO, HELP).
  struct Report {
    std::string text;
    std::shared_ptr<const Reply> tree;
  };
  using Node = std::variant<Null, Status, std::string, int64_t, double, bool, Digits, RawJson,
                            Array, Map, ErrorReply, Report>;

  Reply() : node_(Null{}) {}
  Reply(Node node) : node_(std::move(node)) {}  // NOLINT(google-explicit-constructor)

  static Reply Ok() { return Reply(Node(Status{"OK"})); }
  static Reply Simple(std::string_view text) { return Reply(Node(Status{std::string(text)})); }
  static Reply Text(std::string_view text) { return Reply(Node(std::string(text))); }
  static Reply Text(const char* text) { return Reply(Node(std::string(text))); }
  static Reply Text(std::string&& text) { return Reply(Node(std::move(text))); }
  static Reply Integer(int64_t value) { return Reply(Node(value)); }
  // Counts above 2^63 do not occur.
  static Reply Unsigned(uint64_t value) { return Reply(Node(static_cast<int64_t>(value))); }
  static Reply Number(double value) { return Reply(Node(value)); }
  static Reply Boolean(bool value) { return Reply(Node(value)); }
  static Reply Error(std::string_view code, std::string_view message) {
    return Reply(Node(ErrorReply{std::string(code), std::string(message), std::nullopt}));
  }
  // Requires: !status.ok().
  static Reply Error(const absl::Status& status);
  static Reply FromValue(Value value);
  static Reply FromTime(Timestamp time);

  const Node& node() const { return node_; }
  bool IsError() const { return std::holds_alternative<ErrorReply>(node_); }

 private:
  Node node_;
};

// `status` as the wire shows it; control characters of the message become blanks.
// Requires: !status.ok().
ErrorReply ToErrorReply(const absl::Status& status);

// What a command answers: the tree and what the line dialect puts beside it.
struct Outcome {
  Outcome() = default;
  Outcome(Reply r) : reply(std::move(r)) {}  // NOLINT(google-explicit-constructor)

  Reply reply;
  std::optional<uint64_t> lsn;
  std::optional<int64_t> took_us;
  bool durable = true;        // false: what is shown may not survive a restart
  bool json_payload = false;  // with OUTPUT json RESP sends the tree as JSON text
  bool close_after = false;   // the connection ends after this reply
};

// "p12"
std::string FormatProfileId(ProfileId id);

}  // namespace roster::server

#endif  // ROSTER_SERVER_REPLY_H_
