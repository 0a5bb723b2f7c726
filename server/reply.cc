// SPDX-License-Identifier: Apache-2.0
//
// Makes reply nodes from what the engine gives.
#include "server/reply.h"

#include "roster/json.h"

namespace roster::server {
namespace {

struct ToNode {
  Reply::Node operator()(std::monostate) const { return Reply::Null{}; }
  Reply::Node operator()(std::string&& text) const { return std::move(text); }
  Reply::Node operator()(int64_t value) const { return value; }
  Reply::Node operator()(double value) const { return value; }
  Reply::Node operator()(bool value) const { return value; }
  Reply::Node operator()(Date date) const { return FormatDate(date); }
  Reply::Node operator()(Timestamp time) const { return FormatTimestamp(time); }
  Reply::Node operator()(Decimal decimal) const { return Reply::Digits{FormatDecimal(decimal)}; }
  Reply::Node operator()(TextList&& list) const {
    Reply::Array array;
    array.reserve(list.size());
    for (std::string& text : list) array.push_back(Reply::Text(std::move(text)));
    return array;
  }
  Reply::Node operator()(Json&& json) const { return Reply::RawJson{std::move(json.text)}; }
};

}  // namespace

Reply Reply::Error(const absl::Status& status) { return Reply(Node(ToErrorReply(status))); }

Reply Reply::FromValue(Value value) { return Reply(std::visit(ToNode{}, std::move(value))); }

Reply Reply::FromTime(Timestamp time) { return Text(FormatTimestamp(time)); }

ErrorReply ToErrorReply(const absl::Status& status) {
  ErrorReply error;
  error.code = std::string(ErrorCodeName(ErrorCodeOf(status)));
  error.message.assign(status.message().data(), status.message().size());
  for (char& c : error.message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  error.position = ErrorPositionOf(status);
  return error;
}

std::string FormatProfileId(ProfileId id) { return "p" + std::to_string(id.value); }

}  // namespace roster::server
