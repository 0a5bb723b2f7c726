// SPDX-License-Identifier: Apache-2.0
//
// Names, literals and times of what is asked about.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "query/sql/calendar.h"
#include "query/sql/emitter.h"
#include "query/sql/tables.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

template <typename Info>
std::vector<std::string_view> NamesOf(const std::vector<Info>& infos) {
  std::vector<std::string_view> names;
  for (const Info& info : infos) names.push_back(info.name);
  return names;
}

}  // namespace

std::string Emitter::Refuse(std::string_view form) {
  if (status_.ok()) {
    status_ = MakeError(ErrorCode::kErr,
                        StrCat(NameOf(sql_.dialect()), " cannot say this exactly: ", form));
  }
  return "FALSE";
}

std::string Emitter::Text(std::string_view text) {
  if (!sql_.CanSay(text)) return Refuse("a text with a null character");
  return sql_.Text(text);
}

// --- Names ---

void Emitter::CheckCase(std::string_view name, const std::vector<std::string_view>& all) {
  if (!sql_.is_duckdb()) return;
  const auto same = [&](std::string_view other) {
    return other != name &&
           absl::AsciiStrToLower(AbslView(other)) == absl::AsciiStrToLower(AbslView(name));
  };
  if (std::any_of(all.begin(), all.end(), same)) Refuse("names that differ in case only");
}

SqlValue Emitter::ColumnOf(std::string_view alias, std::string_view name, ValueInfo info,
                           const std::vector<std::string_view>& all) {
  CheckCase(name, all);
  const std::string value = StrCat(alias, ".", sql_.Name(ValueColumn(name)));
  const bool array = !sql_.is_duckdb() && info.type == ValueType::kTextList;
  SqlValue column{value, StrCat(value, " IS NOT NULL"), info};
  if (array) column.present = StrCat(alias, ".", sql_.Name(IsSetColumn(name)));
  if (info.type == ValueType::kText) {
    column.folded = StrCat(alias, ".", sql_.Name(FoldedColumn(name)));
  }
  return column;
}

SqlValue Emitter::TraitOf(TraitId trait) {
  const TraitInfo& info = schema_.trait(trait);
  if (info.name == kArchived) {
    return {"p._archived", "p._archived IS NOT NULL", {ValueType::kBoolean, 0}};
  }
  return ColumnOf("p", info.name, {info.type, info.scale}, NamesOf(schema_.traits()));
}

SqlValue Emitter::IdentityOf(NamespaceId name_space) {
  const std::string& name = schema_.name_space(name_space).name;
  CheckCase(name, NamesOf(schema_.namespaces()));
  const std::string value = StrCat("p.", sql_.Name(IdentityColumn(name)));
  return {value, StrCat(value, " IS NOT NULL"), {ValueType::kText, 0}};
}

std::string Emitter::TableOfEvent(EventTypeId event) {
  const std::string& name = schema_.event(event).name;
  if (name == kCallRecords) return std::string(kCallsTable);
  CheckCase(name, NamesOf(schema_.events()));
  return sql_.Name(EventTable(name));
}

SqlValue Emitter::PropertyOf(EventTypeId event, PropertyId property) {
  const EventTypeInfo& info = schema_.event(event);
  const PropertyInfo& of = info.properties[property.value];
  return ColumnOf("e", of.name, {of.type, of.scale}, NamesOf(info.properties));
}

// --- Times ---

std::string Emitter::WithLimit(const std::string& rows, const std::string& time,
                               ast::Duration duration, absl::TimeZone zone) {
  constexpr int64_t kMaxMs = int64_t{1} << 60;  // beyond all times that there are
  const int64_t length = FixedLength(duration.unit);
  if (length == 0) {
    const int64_t months = duration.unit == ast::TimeUnit::kYear && CanSayMonths(duration.amount)
                               ? 12 * duration.amount
                               : duration.amount;
    if (!CanSayMonths(months)) return Refuse("more than a hundred years after an event");
    return WithMonthsAfter(rows, time, months, zone, now_, "_limit", sql_);
  }
  const Int128 ms = std::min<Int128>(Int128{duration.amount} * length, kMaxMs);
  return StrCat("SELECT *, ", time, " + ", static_cast<int64_t>(ms), " AS _limit FROM (", rows,
                ") m");
}

std::string Emitter::LocalDay(const std::string& time, absl::TimeZone zone) const {
  return LocalDayOf(time, zone, now_, sql_);
}

std::string Emitter::NumberOfUnit(const std::string& local_day, ast::TimeUnit unit) const {
  return CalendarNumberOf(local_day, unit, sql_);
}

}  // namespace roster::query
