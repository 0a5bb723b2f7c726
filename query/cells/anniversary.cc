// SPDX-License-Identifier: Apache-2.0
#include "query/cells/anniversary.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "query/cells/compare.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

absl::CivilDay DayOfCell(const CellType& type, int64_t cell, absl::TimeZone zone) {
  const int64_t days = type.type == ValueType::kDate ? cell : DayOf(cell, zone).days;
  return absl::CivilDay(1970, 1, 1) + days;
}

absl::CivilDay InYear(absl::CivilDay day, absl::civil_year_t year) {
  const absl::CivilDay same(year, day.month(), day.day());
  // What the year does not have spills over into March.
  return same.month() == day.month() ? same : absl::CivilDay(year, 2, 28);
}

int64_t StartOf(absl::CivilDay day, absl::TimeZone zone) {
  return StartOfDay({static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1))}, zone);
}

// Calls f(the first moment of an anniversary) for those near a range or the first ones behind it,
// until it gives true: all of them where the range holds less than a year, else as many as lie in
// one.
template <typename F>
bool AnyAnniversary(absl::CivilDay day, TimeRange range, absl::TimeZone zone, F&& f) {
  constexpr int64_t kFarMs = 250'000'000'000'000;  // about 8,000 years
  const auto year_of = [&](int64_t ms) {
    return absl::ToCivilDay(absl::FromUnixMillis(std::clamp(ms, -kFarMs, kFarMs)), zone).year();
  };
  const absl::civil_year_t first = std::max(day.year() + 1, year_of(range.low) - 1);
  for (absl::civil_year_t year = first; year <= first + 4; ++year) {
    if (f(StartOf(InYear(day, year), zone))) return true;
  }
  return false;
}

}  // namespace

bool Holds(const AnniversaryIn& test, const CellType& type, int64_t cell, Timestamp now) {
  const absl::TimeZone zone = test.window.zone();
  const TimeRange range = test.window.At(now);
  return AnyAnniversary(DayOfCell(type, cell, zone), range, zone,
                        [&](int64_t ms) { return range.Contains(ms); });
}

CellFilter Prepare(const AnniversaryIn& test, const CellType& type, Preparation* preparation) {
  const Timestamp now = preparation->now();
  return CellFilter(
      CellFunction{[test, type, now](int64_t cell) { return Holds(test, type, cell, now); },
                   preparation->limits()});
}

std::optional<Timestamp> NextChange(const AnniversaryIn& test, const CellType& type, int64_t cell,
                                    Timestamp now) {
  constexpr int64_t kDayMs = 86'400'000;
  constexpr int64_t kSlackMs = 5 * kDayMs;  // more than an end of a window ever goes back
  const absl::TimeZone zone = test.window.zone();
  const TimeRange range = test.window.At(now);
  // Once there is one in it, a window of more than a year always has one.
  const Int128 length_ms = Int128{range.high} - range.low;
  const bool keeps = test.window.high().ago && length_ms > 366 * kDayMs + 2 * kSlackMs;
  std::optional<Timestamp> next;
  AnyAnniversary(DayOfCell(type, cell, zone), range, zone, [&](int64_t ms) {
    const bool inside = ms >= range.low && Int128{ms} + kSlackMs <= range.high;
    if (keeps && inside) return true;
    // One that both ends have left behind stays there; behind the window it is the first that
    // comes.
    const bool over = Int128{ms} + kSlackMs < std::min(range.low, range.high);
    if (!over) next = Earlier(next, test.window.NextChange(now, ms));
    return !over && Int128{ms} > Int128{std::max(range.low, range.high)} + kSlackMs;
  });
  return next;
}

std::string Describe(const AnniversaryIn& test, ValueInfo) {
  return StrCat("has its anniversary ", Describe(test.window));
}

}  // namespace roster::query
