// SPDX-License-Identifier: Apache-2.0
//
// COUNT, FIND and the other statements that ask: the statement goes to the engine as it came, verb
// included.
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
  Reply::Map map{{"columns", Reply(std::move(columns))}, {"rows", Reply(std::move(rows))}};
  if (!table.cursor.empty()) map.emplace_back("cursor", Reply::Text(std::move(table.cursor)));
  return Reply(std::move(map));
}

Reply TreeOf(const PlanPart& part) {
  Reply::Array reads;
  for (const std::string& one : part.reads) reads.push_back(Reply::Text(one));
  Reply::Array children;
  for (const PlanPart& child : part.children) children.push_back(TreeOf(child));
  Reply::Map map{{"what", Reply::Text(part.what)},
                 {"estimated_rows", Reply::Unsigned(part.estimated_rows)}};
  if (!reads.empty()) map.emplace_back("reads", Reply(std::move(reads)));
  if (part.measures) {
    map.emplace_back("rows_in", Reply::Unsigned(part.measures->rows_in));
    map.emplace_back("rows", Reply::Unsigned(part.measures->rows));
    map.emplace_back("took_us", Reply::Integer(part.measures->took_us));
    map.emplace_back("bytes", Reply::Unsigned(part.measures->bytes));
  }
  if (!children.empty()) map.emplace_back("parts", Reply(std::move(children)));
  return Reply(std::move(map));
}

Reply ToReply(const Explanation& explanation) {
  Reply::Map map{{"plan", TreeOf(explanation.plan)}};
  Reply::Map stages;
  for (const auto& [name, took_us] : explanation.stages) {
    stages.emplace_back(name + "_us", Reply::Integer(took_us));
  }
  if (!stages.empty()) map.emplace_back("stages", Reply(std::move(stages)));
  map.emplace_back("text", Reply::Text(explanation.text));
  Reply tree(std::move(map));
  return Reply(Reply::Report{explanation.text, std::make_shared<const Reply>(std::move(tree))});
}

Reply TreeOf(const WhyPart& part) {
  Reply::Map map{{"what", Reply::Text(part.what)}, {"holds", Reply(Reply::Node(part.holds))}};
  if (part.flips_at) map.emplace_back("flips_at", Reply::FromTime(*part.flips_at));
  Reply::Array parts;
  for (const WhyPart& child : part.children) parts.push_back(TreeOf(child));
  if (!parts.empty()) map.emplace_back("parts", Reply(std::move(parts)));
  return Reply(std::move(map));
}

Reply ToReply(const Reasons& reasons) {
  return Reply(Reply::Map{{"profile", Reply::Text(FormatProfileId(reasons.profile))},
                          {"segment", Reply::Text(reasons.segment)},
                          {"why", TreeOf(reasons.root)}});
}

Outcome RunStatement(const Services& services, const Session& session, const Request& request) {
  ExecuteOptions options{.timeout_ms = request.timeout_ms, .time_zone = session.time_zone};
  if (session.cancellation != nullptr) options.cancelled = &session.cancellation->cancelled;
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
  const auto add = [table](std::string_view name, int arity, std::string_view usage,
                           std::string_view summary) {
    table->Add({.name = name,
                .usage = usage,
                .group = "query",
                .summary = summary,
                .arity = arity,
                .style = ArgStyle::kStatement,
                .handler = &RunStatement});
  };
  add("COUNT", -1,
      "[including archived | only archived] [where filter] [by trait] [having count >= n] "
      "[as of time] [PARAMS json-list] [TIMEOUT ms]",
      "Counts the profiles for which a filter is true");
  add("FIND", -1,
      "[columns | view \"name\"] [including archived | only archived] [where filter] "
      "[order by column] [limit n] [offset n] [after \"cursor\"] [as of time] "
      "[PARAMS json-list] [TIMEOUT ms]",
      "Shows columns of the profiles for which a filter is true");
  add("SEARCH", -2,
      "\"words\" [including archived | only archived] [where filter] [limit n] "
      "[PARAMS json-list] [TIMEOUT ms]",
      "Shows the profiles that words name, the best first");
  add("FUNNEL", -2,
      "\"event\" then \"event\" ... each|overall within n days [where filter] [by trait]",
      "Counts how many profiles came to each step");
  add("EXPLAIN", -2, "[analyze | sql dialect duckdb|clickhouse] statement",
      "Shows how a statement is answered, and what it takes");
  add("WHY", -2, "\"email:jo@example.com\" in segment name",
      "Shows why a profile is in a segment or not, and until when");
  add("DIFF", -2, "segment name from time to time", "Shows who came to a segment and who left it");
  add("SHOW", -2,
      "traits|events|namespaces|segments|goals|interests|engagement|carries|rules|views|retention|"
      "settings",
      "Shows what is declared and defined");
}

}  // namespace roster::server
