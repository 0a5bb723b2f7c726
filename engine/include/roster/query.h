// SPDX-License-Identifier: Apache-2.0
//
// What a statement of the query language gives back. Thread rule: plain values.
// Source: query/LANGUAGE.md.
#ifndef ROSTER_QUERY_H_
#define ROSTER_QUERY_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "roster/value.h"

namespace roster {

struct ExecuteOptions {
  // Units: milliseconds from the call; 0 is the store's default. Answered by TIMEOUT.
  int64_t timeout_ms = 0;
  // The time zone that the client asks for, by IANA name, unless the statement names one.
  std::string time_zone = "UTC";
};

// `count`.
struct Count {
  uint64_t count = 0;
};

// `find`: Shape: each row has as many values as there are columns.
struct Table {
  struct Column {
    std::string name;
    ValueType type = ValueType::kNone;
  };
  std::vector<Column> columns;
  std::vector<std::vector<Value>> rows;
};

struct QueryResult {
  Lsn lsn;          // the statement saw every commit up to here and none after
  Timestamp clock;  // `now` of the statement
  // Time from text to answer, without waiting for the log. Units: microseconds.
  int64_t took_us = 0;
  // The log has failed: what was seen may not survive a restart.
  bool durable = true;
  std::variant<Count, Table> data;
};

}  // namespace roster

#endif  // ROSTER_QUERY_H_
