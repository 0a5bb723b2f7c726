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

constexpr int64_t kDayMs = 86'400'000;

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
  return {value,
          array ? StrCat(alias, ".", sql_.Name(IsSetColumn(name))) : StrCat(value, " IS NOT NULL"),
          info};
}

std::string Emitter::IfSet(const SqlValue& cell) {
  const bool array = !sql_.is_duckdb() && cell.info.type == ValueType::kTextList;
  return array ? Refuse("a list that may be missing, as a column") : cell.value;
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

std::string Emitter::After(const std::string& time, ast::Duration duration) {
  constexpr int64_t kMaxMs = int64_t{1} << 60;  // beyond all times that there are
  const int64_t length = FixedLength(duration.unit);
  if (length == 0) return Refuse("months or years after an event");
  const auto ms = Int128{duration.amount} * length;
  return StrCat(time, " + ", static_cast<int64_t>(std::min<Int128>(ms, kMaxMs)));
}

// The offsets of the zone as they were until now.
std::string Emitter::LocalDay(const std::string& time, absl::TimeZone zone) const {
  const auto offset_at = [&](absl::Time at) { return int64_t{zone.At(at).offset} * 1000; };
  absl::Time last = absl::InfinitePast();
  absl::TimeZone::CivilTransition change;
  std::string cases;
  int64_t offset = offset_at(absl::FromUnixMillis(now_.ms));
  for (bool first = true; zone.NextTransition(last, &change); first = false) {
    const absl::TimeZone::TimeInfo info = zone.At(change.to);
    const absl::Time at = info.kind == absl::TimeZone::TimeInfo::UNIQUE ? info.pre : info.trans;
    if (at <= last || at > absl::FromUnixMillis(now_.ms)) break;
    last = at;
    cases += StrCat(first ? "CASE" : "", " WHEN ", time, " < ", absl::ToUnixMillis(at), " THEN ",
                    offset_at(at - absl::Milliseconds(1)));
  }
  const std::string shift =
      cases.empty() ? StrCat(offset) : StrCat(cases, " ELSE ", offset, " END");
  const std::string days =
      sql_.Divide(StrCat(time, " + ", kShiftDays * kDayMs, " + ", shift), StrCat(kDayMs));
  return StrCat("(", days, " - ", kShiftDays, ")");
}

std::string Emitter::NumberOfUnit(const std::string& local_day, ast::TimeUnit unit) const {
  return CalendarNumberOf(local_day, unit, sql_);
}

}  // namespace roster::query
