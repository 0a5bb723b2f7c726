// SPDX-License-Identifier: Apache-2.0
//
// DECLARE, DEFINE, ALTER, DROP and RETAIN: the statement goes to the engine as it came, verb
// included.
#include <utility>

#include "server/commands/commands.h"

namespace roster::server {
namespace {

Reply DeclareReply(WriteResult result) {
  if (result.items.size() != 1) return Reply::Error("ERR", "the store gave no result");
  if (!result.items[0].status.ok()) return Reply::Error(result.items[0].status);
  return Reply(Reply::Map());
}

absl::StatusOr<PreparedWrite> PrepareDeclare(const Session& session, const Request& request) {
  if (!request.params.empty()) {
    return MakeError(ErrorCode::kParse, "what is declared has no parameters");
  }
  PreparedWrite write;
  write.batch.items.emplace_back(
      Declare{.statement = request.statement, .time_zone = session.time_zone});
  write.batch.options.request_id = request.request_id;
  write.batch.options.actor = session.name;
  write.make_reply = DeclareReply;
  return write;
}

}  // namespace

void AddDeclareCommands(CommandTable* table) {
  const auto add = [table](std::string_view name, std::string_view usage,
                           std::string_view summary) {
    table->Add({.name = name,
                .usage = usage,
                .group = "declare",
                .summary = summary,
                .arity = -2,
                .style = ArgStyle::kStatement,
                .handler = &PrepareDeclare});
  };
  add("DECLARE", "trait|event|namespace name ... | anonymous profiles ...",
      "States that a trait, event or namespace exists, of which type, with which options");
  add("DEFINE", "segment|trait|view|rule|goal|interest|engagement|carry [name] as ...",
      "Gives a name to a filter, to columns, to something computed from events, or to a rule");
  add("ALTER", "trait|segment|namespace name ...", "Changes a trait, a segment or a namespace");
  add("DROP", "segment|trait|view|rule|goal|interest|engagement|carry [name]",
      "Takes a definition back");
  add("RETAIN", "\"event\"|history|anonymous n days|forever",
      "Keeps events, history or anonymous profiles for so long");
}

}  // namespace roster::server
