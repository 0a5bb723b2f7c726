// SPDX-License-Identifier: Apache-2.0
#include "query/sql/sql.h"

#include "query/sql/emitter.h"
#include "query/sql/tables.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

class Statements {
 public:
  Statements(const BoundStatement& statement, Emitter* emitter)
      : statement_(statement), emitter_(*emitter) {}

  std::string Emit() {
    if (statement_.as_of) return emitter_.Refuse("`as of`");
    return std::visit([&](const auto& verb) { return Verb(verb); }, statement_.verb);
  }

 private:
  std::string Verb(const BoundCount&) { return StrCat("SELECT count(*) AS count", FromWhere()); }
  std::string Verb(const BoundFunnel&) { return emitter_.Refuse("`funnel`"); }
  std::string Verb(const BoundSearch&) { return emitter_.Refuse("`search`"); }
  std::string Verb(const BoundWhy&) { return emitter_.Refuse("`why`"); }
  std::string Verb(const ast::Shown&) { return emitter_.Refuse("`show`"); }

  std::string FromWhere() {
    std::string from = StrCat(" FROM ", kProfilesTable, " p");
    if (statement_.where) from += StrCat(" WHERE ", emitter_.Filter(*statement_.where));
    return from;
  }

  SqlValue ColumnOf(const BoundColumn& column) {
    if (column.source == BoundColumn::Source::kTrait) return emitter_.TraitOf(column.trait);
    if (column.source == BoundColumn::Source::kIdentity) {
      return emitter_.IdentityOf(column.name_space);
    }
    if (column.source != BoundColumn::Source::kId) {
      emitter_.Refuse(StrCat("the column `", column.name, "`, which is computed"));
    }
    return {"p._profile", "TRUE", {ValueType::kInteger, 0}};
  }

  // A ClickHouse array is never missing: beside it stands whether there is one.
  std::string Shown(const BoundColumn& column) {
    const Spelling& spelling = emitter_.spelling();
    const bool is_id = column.source == BoundColumn::Source::kId;
    const SqlValue value = ColumnOf(column);
    std::string shown =
        StrCat(is_id ? "concat('p', p._profile)" : value.value, " AS ", spelling.Name(column.name));
    if (!spelling.is_duckdb() && value.info.type == ValueType::kTextList) {
      shown += StrCat(", ", value.present, " AS ", spelling.Name(IsSetColumn(column.name)));
    }
    return shown;
  }

  std::string OrderOf(const BoundOrder& order) {
    return StrCat(ColumnOf(order.column).value, order.descending ? " DESC" : "", " NULLS LAST");
  }

  std::string Verb(const BoundFind& find) {
    if (find.after) return emitter_.Refuse("`after`");
    std::string columns;
    for (const BoundColumn& column : find.columns) {
      columns += StrCat(columns.empty() ? "" : ", ", Shown(column));
    }
    std::string order;
    for (const BoundOrder& by : find.order) order += StrCat(OrderOf(by), ", ");
    std::string text = StrCat("SELECT ", columns, FromWhere(), " ORDER BY ", order, "p._profile");
    if (find.limit) text += StrCat(" LIMIT ", *find.limit);
    if (find.offset != 0) text += StrCat(" OFFSET ", find.offset);
    return text;
  }

  // Groups by values of which -0 is 0.
  std::string Verb(const BoundBreakdown& breakdown) {
    std::string columns;
    std::string groups;
    std::string order;
    for (const BoundOrder& by : breakdown.by) {
      const std::string value = emitter_.SameNumber(ColumnOf(by.column));
      columns += StrCat(value, " AS ", emitter_.spelling().Name(by.column.name), ", ");
      groups += StrCat(groups.empty() ? "" : ", ", value);
      order += StrCat(order.empty() ? "" : ", ", value, " NULLS LAST");
    }
    std::string having;
    if (breakdown.having) {
      const SqlValue count{"count(*)", "TRUE", {ValueType::kInteger, 0}};
      having = StrCat(" HAVING ", emitter_.Cell(count, *breakdown.having));
    }
    return StrCat("SELECT ", columns, "count(*) AS count", FromWhere(), " GROUP BY ", groups,
                  having, " ORDER BY ", order);
  }

  const BoundStatement& statement_;
  Emitter& emitter_;
};

}  // namespace

std::optional<SqlDialect> FindSqlDialect(std::string_view name) {
  if (name == "duckdb") return SqlDialect::kDuckDb;
  if (name == "clickhouse") return SqlDialect::kClickHouse;
  return std::nullopt;
}

std::string_view NameOf(SqlDialect dialect) {
  return dialect == SqlDialect::kDuckDb ? "DuckDB" : "ClickHouse";
}

absl::StatusOr<std::string> EmitSql(const BoundStatement& statement, const Schema& schema,
                                    SqlDialect dialect, Timestamp now) {
  Emitter emitter(schema, dialect, now);
  std::string text = Statements(statement, &emitter).Emit();
  if (!emitter.status().ok()) return emitter.status();
  return text;
}

}  // namespace roster::query
