// SPDX-License-Identifier: Apache-2.0
//
// Questions about the calendar alone, near the changes of clocks and the ends of February, where
// random stores seldom come: SQL over literals and what it has to give.
#ifndef ROSTER_TESTS_SQL_CALENDAR_PAIRS_H_
#define ROSTER_TESTS_SQL_CALENDAR_PAIRS_H_

#include <random>
#include <string>
#include <vector>

#include "query/sql/sql.h"

namespace roster::query {

struct CalendarPair {
  std::string text;
  std::vector<int64_t> rows;
  std::vector<std::string> sql;  // of each dialect
};

// Months after a moment, local days, weeks, months and years, anniversaries.
std::vector<CalendarPair> CalendarPairs(const std::vector<SqlDialect>& dialects,
                                        std::mt19937_64* random);

}  // namespace roster::query

#endif  // ROSTER_TESTS_SQL_CALENDAR_PAIRS_H_
