// SPDX-License-Identifier: Apache-2.0
//
// What a statement of the query language gives back. Thread rule: plain values.
// Source: query/LANGUAGE.md.
#ifndef ROSTER_QUERY_H_
#define ROSTER_QUERY_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "roster/value.h"

namespace roster {

struct ExecuteOptions {
  int64_t timeout_ms = 0;  // 0 is the store's default; answered by TIMEOUT
  // The time zone that the client asks for, by IANA name, unless the statement names one.
  std::string time_zone = "UTC";
  // Ends the statement with CANCELLED soon after any thread sets it; null: nobody.
  const std::atomic<bool>* cancelled = nullptr;
  bool second_thread = true;  // for a scan that takes long, when the store has one free
};

// `count`.
struct Count {
  uint64_t count = 0;
};

// `find`, `search`, `funnel`, `show`, `count … by`. Shape: each row has a value for each column.
struct Table {
  struct Column {
    std::string name;
    ValueType type = ValueType::kNone;
  };
  std::vector<Column> columns;
  std::vector<std::vector<Value>> rows;
  // Where more rows follow: the same `find` with `after` this shows them (Options::page_idle_ms).
  std::string cursor;
};

// A part of a plan. Units: bytes of the columns and events in the chunks that it looked at.
struct PlanPart {
  struct Measures {
    uint64_t rows_in = 0;  // candidates
    uint64_t rows = 0;     // that passed
    int64_t took_us = 0;   // its parts included; of two threads both
    uint64_t bytes = 0;
  };
  std::string what;
  std::vector<std::string> reads;
  uint64_t estimated_rows = 0;
  std::optional<Measures> measures;  // of `explain analyze`
  std::vector<PlanPart> children;
};

// `explain`.
struct Explanation {
  PlanPart plan;
  // Of `explain analyze`: parse, view, bind, plan, run, with the microseconds that each took.
  std::vector<std::pair<std::string, int64_t>> stages;
  std::string text;  // the same for people, a line for each part
};

// A part of a segment's filter, for one profile.
struct WhyPart {
  std::string what;
  bool holds = false;
  std::optional<Timestamp> flips_at;  // if nothing is written; none: never
  std::vector<WhyPart> children;
};

// `why`.
struct Reasons {
  ProfileId profile;
  std::string segment;
  WhyPart root;
};

struct QueryResult {
  Lsn lsn;          // the statement saw every commit up to here and none after
  Timestamp clock;  // `now` of the statement
  // Time from text to answer, without waiting for the log. Units: microseconds.
  int64_t took_us = 0;
  bool durable = true;  // false: the log has failed, what was seen may not survive a restart
  std::variant<Count, Table, Explanation, Reasons> data;
};

}  // namespace roster

#endif  // ROSTER_QUERY_H_
