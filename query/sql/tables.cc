// SPDX-License-Identifier: Apache-2.0
#include "query/sql/tables.h"

#include "query/sql/spelling.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

constexpr ValueInfo kText{ValueType::kText, 0};
constexpr ValueInfo kInteger{ValueType::kInteger, 0};
constexpr ValueInfo kTime{ValueType::kTimestamp, 0};
constexpr ValueInfo kBoolean{ValueType::kBoolean, 0};

class Tables {
 public:
  explicit Tables(SqlDialect dialect) : spelling_(dialect) {}

  void Begin(std::string name) { tables_.push_back({std::move(name), {}}); }
  void Own(std::string_view name, ValueInfo info) { Add(std::string(name), spelling_.Type(info)); }
  void OwnOrNone(std::string_view name, ValueInfo info) {
    Add(std::string(name), spelling_.NullableType(info));
  }
  void Number(std::string_view name) { Add(std::string(name), spelling_.UnsignedType()); }
  void NumberOrNone(std::string_view name) {
    const std::string type = spelling_.UnsignedType();
    Add(std::string(name), spelling_.is_duckdb() ? type : StrCat("Nullable(", type, ")"));
  }
  // Of a client's.
  void Value(std::string_view name, ValueInfo info) {
    Add(ValueColumn(name), spelling_.NullableType(info));
    const bool array = !spelling_.is_duckdb() && info.type == ValueType::kTextList;
    if (array) Add(IsSetColumn(name), spelling_.Type(kBoolean));
    if (info.type == ValueType::kText) Add(FoldedColumn(name), spelling_.NullableType(kText));
  }
  std::vector<SqlTable> Take() { return std::move(tables_); }

 private:
  void Add(std::string name, std::string type) {
    tables_.back().columns.push_back({std::move(name), std::move(type)});
  }

  Spelling spelling_;
  std::vector<SqlTable> tables_;
};

bool IsNameable(std::string_view name) { return !name.empty() && !IsOwnName(name); }

void AddProfiles(const Schema& schema, Tables* tables) {
  tables->Begin(std::string(kProfilesTable));
  tables->Number("_profile");
  for (const TraitInfo& trait : schema.traits()) {
    if (IsNameable(trait.name)) tables->Value(trait.name, {trait.type, trait.scale});
    if (trait.name == kArchived) tables->OwnOrNone("_archived", kBoolean);
  }
  for (const NamespaceInfo& space : schema.namespaces()) {
    tables->OwnOrNone(IdentityColumn(space.name), kText);
  }
}

void AddPeople(Tables* tables) {
  tables->Begin(std::string(kIdentitiesTable));
  tables->Number("_profile");
  for (const char* name : {"namespace", "kind", "value", "_folded_value"}) tables->Own(name, kText);
  tables->Begin(std::string(kLabelsTable));
  tables->Number("_profile");
  tables->Own("label", kText);
  tables->Begin(std::string(kConsentTable));
  tables->Number("_profile");
  for (const char* name : {"channel", "decision", "policy"}) tables->Own(name, kText);
  tables->Own("time", kTime);
  tables->Begin(std::string(kSessionsTable));
  tables->Number("_profile");
  tables->Number("_session");
  for (const char* name : {"id", "kind", "channel", "name", "platform"}) {
    tables->OwnOrNone(name, kText);
  }
  tables->OwnOrNone("start", kTime);
  tables->OwnOrNone("end", kTime);
  tables->Own("events", kInteger);
  tables->Own("agent_takeover", kBoolean);
}

void AddEvents(const Schema& schema, Tables* tables) {
  for (const EventTypeInfo& event : schema.events()) {
    const bool calls = event.name == kCallRecords;
    if (!calls && !IsNameable(event.name)) continue;
    tables->Begin(calls ? std::string(kCallsTable) : EventTable(event.name));
    tables->Number("_profile");
    tables->Own("_time", kTime);
    tables->Number("_id");
    tables->NumberOrNone("_session");
    for (const PropertyInfo& property : event.properties) {
      if (IsNameable(property.name)) {
        tables->Value(property.name, {property.type, property.scale});
      }
    }
  }
}

void AddHistories(const Schema& schema, Tables* tables) {
  for (const TraitInfo& trait : schema.traits()) {
    if (!IsNameable(trait.name)) continue;
    tables->Begin(HistoryTable(trait.name));
    tables->Number("_profile");
    tables->Own("_from", kTime);
    tables->OwnOrNone("_until", kTime);
    tables->Value("value", {trait.type, trait.scale});
  }
}

}  // namespace

std::string EventTable(std::string_view event) { return StrCat("event_", event); }
std::string HistoryTable(std::string_view trait) { return StrCat("history_", trait); }
std::string ValueColumn(std::string_view name) {
  return name.starts_with("_") ? StrCat("_", name) : std::string(name);
}
std::string IdentityColumn(std::string_view name_space) { return StrCat("_identity_", name_space); }
std::string FoldedColumn(std::string_view name) { return StrCat("_folded_", name); }
std::string IsSetColumn(std::string_view name) { return StrCat("_set_", name); }

std::vector<SqlTable> SqlTables(const Schema& schema, SqlDialect dialect) {
  Tables tables(dialect);
  AddProfiles(schema, &tables);
  AddPeople(&tables);
  AddEvents(schema, &tables);
  AddHistories(schema, &tables);
  return tables.Take();
}

std::string CreateTable(const SqlTable& table, SqlDialect dialect) {
  const Spelling spelling(dialect);
  std::string columns;
  for (const SqlColumn& column : table.columns) {
    columns += StrCat(columns.empty() ? "" : ", ", spelling.Name(column.name), " ", column.type);
  }
  return StrCat("CREATE TABLE ", spelling.Name(table.name), " (", columns, ")",
                spelling.is_duckdb() ? "" : " ENGINE = Memory");
}

}  // namespace roster::query
