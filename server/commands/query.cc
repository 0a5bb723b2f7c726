// SPDX-License-Identifier: Apache-2.0
//
// COUNT, FIND and SHOW: the statement goes to the engine as it came, verb included.
#include "server/commands/commands.h"

namespace roster::server {
namespace {

Reply ToReply(Count count) { return Reply(Reply::Map{{"count", Reply::Unsigned(count.count)}}); }

Reply ToReply(Table table) {
  Reply::Array columns;
  for (Table::Column& column : table.columns)
    columns.push_back(Reply::Text(std::move(column.name)));
  Reply::Array rows;
  rows.reserve(table.rows.size());
  for (std::vector<Value>& values : table.rows) {
    Reply::Array row;
    row.reserve(values.size());
    for (Value& value : values) row.push_back(Reply::FromValue(std::move(value)));
    rows.push_back(Reply(std::move(row)));
  }
  return Reply(
      Reply::Map{{"columns", Reply(std::move(columns))}, {"rows", Reply(std::move(rows))}});
}

Outcome RunStatement(const Services& services, const Session& session, const Request& request) {
  const ExecuteOptions options{.timeout_ms = request.timeout_ms, .time_zone = session.time_zone};
  absl::StatusOr<QueryResult> result =
      services.database->Execute(request.statement, request.params, options);
  if (!result.ok()) return Outcome(Reply::Error(result.status()));
  Outcome outcome(std::visit([](auto& data) { return ToReply(std::move(data)); }, result->data));
  outcome.lsn = result->lsn.value;
  outcome.took_us = result->took_us;
  outcome.durable = result->durable;
  outcome.json_payload = true;
  return outcome;
}

}  // namespace

void AddQueryCommands(CommandTable* table) {
  table->Add({.name = "COUNT",
              .usage = "[where filter] [PARAMS json-list] [TIMEOUT ms]",
              .group = "query",
              .summary = "Counts the profiles for which a filter is true",
              .arity = -1,
              .style = ArgStyle::kStatement,
              .handler = &RunStatement});
  table->Add({.name = "FIND",
              .usage = "[columns] [where filter] [order by column] [limit n] [PARAMS json-list] "
                       "[TIMEOUT ms]",
              .group = "query",
              .summary = "Shows columns of the profiles for which a filter is true",
              .arity = -1,
              .style = ArgStyle::kStatement,
              .handler = &RunStatement});
  table->Add(
      {.name = "SHOW",
       .usage = "traits|events|namespaces|goals|interests|engagement|carries|retention|settings",
       .group = "query",
       .summary = "Shows what is declared and defined",
       .arity = -2,
       .style = ArgStyle::kStatement,
       .handler = &RunStatement});
}

}  // namespace roster::server
