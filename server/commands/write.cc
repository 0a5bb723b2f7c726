// SPDX-License-Identifier: Apache-2.0
//
// IDENTIFY, TRACK, PAGE, SCREEN, GROUP, ALIAS and BATCH: the Segment specification's JSON into
// writes.
#include <memory>
#include <utility>

#include "roster/json.h"
#include "server/commands/commands.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

Reply ItemError(const absl::Status& status) {
  const ErrorReply error = ToErrorReply(status);
  Reply::Map inner{{"code", Reply::Text(error.code)}, {"message", Reply::Text(error.message)}};
  return Reply(Reply::Map{{"error", Reply(std::move(inner))}});
}

Reply ItemReply(ItemResult item, bool command_repeated) {
  Reply::Array warnings;
  for (std::string& warning : item.warnings) warnings.push_back(Reply::Text(std::move(warning)));
  Reply::Map map;  // not by an initializer list, whose elements are copied
  map.reserve(4);
  map.emplace_back("profile", Reply::Text(FormatProfileId(item.profile)));
  map.emplace_back("created", Reply::Boolean(item.created));
  map.emplace_back("duplicate", Reply::Boolean(item.duplicate || command_repeated));
  map.emplace_back("warnings", Reply(std::move(warnings)));
  return Reply(std::move(map));
}

Reply SingleReply(WriteResult result) {
  if (result.items.size() != 1) return Reply::Error("ERR", "the store gave no result");
  if (!result.items[0].status.ok()) return Reply::Error(result.items[0].status);
  return ItemReply(std::move(result.items[0]), result.duplicate);
}

absl::StatusOr<PreparedWrite> PrepareSingle(const Session& session, const Request& request,
                                            std::string_view type) {
  absl::StatusOr<WriteItem> item = ParseWriteJson(request.body, type);
  if (!item.ok()) return InLine(item.status(), request.body_offset);
  PreparedWrite write;
  write.batch.items.push_back(*std::move(item));
  write.batch.options = {.request_id = request.request_id, .actor = session.name};
  write.make_reply = SingleReply;
  return write;
}

// One call of the Segment specification, whose name is the verb.
absl::StatusOr<PreparedWrite> Call(const Session& session, const Request& request) {
  return PrepareSingle(session, request, ToLower(request.verb));
}

// Puts the results of the items that went to the store and the errors of those that could not be
// read back into the order of the list.
Reply BatchReply(const ParsedBatch& parsed, WriteResult result) {
  if (result.duplicate) {  // of the first outcome the store keeps the LSN and the first profile
    return Reply(Reply::Map{{"duplicate", Reply::Boolean(true)},
                            {"profile", Reply::Text(FormatProfileId(result.items[0].profile))}});
  }
  std::vector<Reply> items(parsed.num_items);
  int64_t num_ok = 0;
  int64_t num_duplicates = 0;
  for (const auto& [position, status] : parsed.item_errors) items[position] = ItemError(status);
  for (size_t i = 0; i < result.items.size() && i < parsed.positions.size(); ++i) {
    ItemResult& item = result.items[i];
    num_ok += item.status.ok();
    num_duplicates += item.status.ok() && item.duplicate;
    items[parsed.positions[i]] =
        item.status.ok() ? ItemReply(std::move(item), false) : ItemError(item.status);
  }
  const auto total = static_cast<int64_t>(parsed.num_items);
  return Reply(Reply::Map{{"ok", Reply::Integer(num_ok)},
                          {"duplicates", Reply::Integer(num_duplicates)},
                          {"failed", Reply::Integer(total - num_ok)},
                          {"items", Reply(std::move(items))}});
}

absl::StatusOr<PreparedWrite> PrepareBatch(const Session& session, const Request& request) {
  absl::StatusOr<ParsedBatch> read = ParseBatchJson(request.body);
  if (!read.ok()) return InLine(read.status(), request.body_offset);
  if (read->batch.atomic && !read->item_errors.empty()) {
    const auto& [position, status] = read->item_errors.front();
    const ErrorReply error = ToErrorReply(status);
    return MakeError(ErrorCodeOf(status),
                     error.message + " (item " + std::to_string(position + 1) + ")");
  }
  PreparedWrite write;
  write.batch = std::move(read->batch);
  write.batch.options = {.request_id = request.request_id, .actor = session.name};
  const auto parsed = std::make_shared<const ParsedBatch>(*std::move(read));
  write.make_reply = [parsed](WriteResult result) {
    return BatchReply(*parsed, std::move(result));
  };
  return write;
}

}  // namespace

void AddWriteCommands(CommandTable* table) {
  constexpr std::pair<std::string_view, std::string_view> kCalls[] = {
      {"IDENTIFY", "Says who somebody is and what is known of them"},
      {"TRACK", "Says what somebody did"},
      {"PAGE", "Says which page somebody saw: an event page_view"},
      {"SCREEN", "Says which screen somebody saw: an event screen_view"},
      {"GROUP", "Says what group somebody is of: an event group, and traits group.…"},
      {"ALIAS", "Says what somebody was called before"}};
  for (const auto& [name, summary] : kCalls) {
    table->Add({.name = name,
                .usage = "json [IDEM key]",
                .group = "write",
                .summary = summary,
                .arity = -2,
                .style = ArgStyle::kJson,
                .size = RequestSize::kJson,
                .handler = &Call});
  }
  table->Add({.name = "BATCH",
              .usage = "json [IDEM key]",
              .group = "write",
              .summary = "Writes a list of calls as one commit, each with its own result",
              .arity = -2,
              .style = ArgStyle::kJson,
              .size = RequestSize::kBatch,
              .handler = &PrepareBatch});
}

}  // namespace roster::server
