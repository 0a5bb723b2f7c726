// SPDX-License-Identifier: Apache-2.0
//
// Which events are meant, and questions about how many, which day, which one.
#include <limits>

#include "query/sql/emitter.h"
#include "query/sql/tables.h"
#include "storage/base/text.h"

namespace roster::query {

// --- Which events ---

// Who was never seen first has no event near that.
std::string Emitter::JoinOf(const BoundEvents& events) {
  if (!events.after_first_seen) return "";
  const std::string seen =
      StrCat("SELECT _profile, first_seen FROM ", kProfilesTable, " WHERE first_seen IS NOT NULL");
  return StrCat(" JOIN (",
                WithLimit(seen, "first_seen", events.after_first_seen->duration,
                          events.after_first_seen->zone),
                ") f ON f._profile = e._profile");
}

std::string Emitter::Condition(EventTypeId event, const BoundFilter& filter) {
  if (const auto* property = std::get_if<BoundProperty>(&filter.node)) {
    return Cell(PropertyOf(event, property->property), property->predicate);
  }
  if (const auto* logic = std::get_if<BoundLogic>(&filter.node)) {
    return Logic(*logic, [&](const BoundFilter& child) { return Condition(event, child); });
  }
  return "FALSE";
}

std::string Emitter::IsMeant(const BoundEvents& events) {
  const TimeRange range = events.window.UntilNow(now_);
  std::string meant = StrCat("(", InRange("e._time", {range.low, range.high}), ")");
  if (events.after_first_seen) {
    meant += " AND f.first_seen <= e._time AND e._time <= f._limit";
  }
  for (const BoundFilter& where : events.where) {
    meant += StrCat(" AND ", Condition(events.event, where));
  }
  return meant;
}

std::string Emitter::Select(const BoundEvents& events, const std::string& columns) {
  return StrCat("SELECT ", columns, " FROM ", TableOfEvent(events.event), " e", JoinOf(events),
                " WHERE ", IsMeant(events));
}

std::string Emitter::SelectAll(const BoundEventSet& events, const std::string& columns) {
  std::string all;
  for (const BoundEvents& one : events) {
    all += StrCat(all.empty() ? "" : " UNION ALL ", Select(one, columns));
  }
  return all;
}

// Chosen among all that have come, whatever is asked of them.
std::string Emitter::SelectChosen(const BoundEventSet& events, int64_t place,
                                  const std::vector<std::string>& columns,
                                  const std::string& names) {
  std::string all;
  for (size_t i = 0; i < events.size(); ++i) {
    const BoundEvents& one = events[i];
    all += StrCat(all.empty() ? "" : " UNION ALL ", "SELECT ", columns[i], ", (", IsMeant(one),
                  ") AS _meant FROM ", TableOfEvent(one.event), " e", JoinOf(one),
                  " WHERE e._time <= ", sql_.Integer(now_.ms));
  }
  const char* const order = place < 0 ? "_time DESC, _id DESC, _type DESC" : "_time, _id, _type";
  return StrCat("SELECT ", names, " FROM (SELECT ", names,
                ", _meant, row_number() OVER (PARTITION BY _profile ORDER BY ", order,
                ") AS _place FROM (", all, ") a) b WHERE _place = ", place < 0 ? 1 : place,
                " AND _meant");
}

// --- How many ---

std::string Emitter::Among(const Key& key, const std::string& rows, const std::string& test,
                           bool of_none) const {
  return StrCat(key.row, of_none ? " NOT IN" : " IN", " (SELECT ", key.column, " FROM (", rows,
                ") g GROUP BY ", key.column, " HAVING ", of_none ? "NOT " : "", "(", test, "))");
}

std::string Emitter::DidOf(const BoundDid& did, const Key& key) {
  const auto passes = [&](int64_t count) {
    return (did.min <= count && count <= did.max) != did.negated;
  };
  if (did.events.empty()) return passes(0) ? "TRUE" : "FALSE";
  std::string columns = StrCat("e.", key.column, " AS ", key.column);
  if (did.on) columns += StrCat(", ", LocalDay("e._time", did.on->zone), " AS _day");
  std::string rows = SelectAll(did.events, columns);
  if (key.may_miss) {
    rows = StrCat("SELECT * FROM (", rows, ") h WHERE ", key.column, " IS NOT NULL");
  }
  const bool any = did.min == 1 && did.max == std::numeric_limits<int64_t>::max();
  if (any && !did.on) {
    return StrCat(key.row, did.negated ? " NOT IN" : " IN", " (", rows, ")");
  }
  const std::string count =
      did.on ? sql_.CountDistinct(NumberOfUnit("_day", did.on->unit)) : "count(*)";
  const std::string range =
      InRange(count, {did.min <= 0 ? std::numeric_limits<int64_t>::min() : did.min, did.max});
  return Among(key, rows, did.negated ? StrCat("NOT (", range, ")") : range, passes(0));
}

std::string Emitter::Node(const BoundDid& did) { return DidOf(did, kProfile); }

std::string Emitter::Node(const BoundNth& nth) {
  if (nth.events.empty()) return "FALSE";
  std::vector<std::string> columns;
  for (const BoundEvents& one : nth.events) columns.push_back(PlaceColumns(one.event));
  return StrCat("p._profile IN (", SelectChosen(nth.events, nth.place, columns, "_profile"), ")");
}

// By which events are in order.
std::string Emitter::PlaceColumns(EventTypeId event) {
  return StrCat("e._profile AS _profile, e._time AS _time, e._id AS _id, ", event.value,
                " AS _type");
}

// The window is of the later event, the silence before it of any.
std::string Emitter::Node(const BoundResumed& resumed) {
  const TimeRange range = resumed.window.UntilNow(now_);
  const std::string order = "PARTITION BY _profile ORDER BY _time, _id";
  const std::string silences =
      StrCat("SELECT _profile, _time, row_number() OVER (", order, ") AS _place, max(_time) OVER (",
             order, " ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS _before FROM (",
             Select(resumed.events, PlaceColumns(resumed.events.event)), ") h");
  return StrCat("p._profile IN (SELECT _profile FROM (",
                WithLimit(silences, "_before", resumed.silence, resumed.zone),
                ") r WHERE _place > 1 AND _limit <= _time AND (",
                InRange("_time", {range.low, range.high}), "))");
}

}  // namespace roster::query
