// SPDX-License-Identifier: Apache-2.0
//
// People as plain lists of all that was ever said of them, kept beside the store while both are
// filled: what the naive evaluator looks at. Thread rule: plain values. Source: LANGUAGE.md.
#ifndef ROSTER_TESTS_QUERY_NAIVE_PEOPLE_H_
#define ROSTER_TESTS_QUERY_NAIVE_PEOPLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "roster/value.h"

namespace roster::query::naive {

// A missing value cleared it.
struct Write {
  int64_t time_ms = 0;
  Value value;
};
// `home`: the profile of which it was said, before any merge.
struct LabelWord {
  int64_t time_ms = 0;
  std::string label;
  bool added = true;
  uint64_t home = 0;
};
struct ConsentWord {
  int64_t time_ms = 0;
  std::string channel;
  ast::ConsentState state = ast::ConsentState::kUnknown;
  std::string address;
  std::string policy;
  uint64_t home = 0;
};
// `names_a_person`: by the kind of its namespace.
struct Held {
  std::string name_space;
  std::string value;
  bool names_a_person = false;
  bool former = false;
};
struct Happened {
  int64_t time_ms = 0;
  uint64_t id = 0;
  std::string type;
  std::map<std::string, Value> properties;
  std::string origin;  // the identity by which it came
};
// A call that is no event.
struct Called {
  int64_t time_ms = 0;
  std::string channel;
};
// What a client said of a session.
struct SessionWord {
  int64_t time_ms = 0;
  std::string id;
  std::map<std::string, Value> said;
};

struct Person {
  std::vector<uint64_t> ids;  // the profile's, then of all that were merged into it
  int64_t made_ms = 0;
  std::string via;
  std::map<std::string, std::vector<Write>> traits;
  std::vector<Held> identities;
  std::vector<LabelWord> labels;
  std::vector<ConsentWord> consent;
  std::vector<Happened> events;  // in no order
  std::vector<Called> calls;
  std::vector<SessionWord> sessions;
  bool sampled = false;  // by the one sample that is asked for: no page says which these are

  void Take(Person other);
};

inline constexpr char kArchivedTrait[] = "archived";

enum class Policy : uint8_t { kLatest, kEarliest, kNonEmpty, kMax, kMin, kSum, kUnion };

// What definitions say, by name.
struct Segment {
  std::optional<ast::Filter> filter;  // none: a static one
  std::vector<uint64_t> members;
  std::string zone;
};
struct Completed {
  std::string event;
  std::optional<ast::Filter> where;
};
struct Interest {
  std::vector<std::pair<std::string, std::string>> shown;  // event and property
  std::optional<ast::Duration> half_life;
};
struct Points {
  std::string event;
  double each = 0;
  std::optional<double> cap;
  std::optional<ast::Duration> within_last;
};
struct Computed {
  ast::AggregateOf of;
  std::string zone;
};

struct Definitions {
  std::map<std::string, Segment> segments;
  std::map<std::string, std::vector<Completed>> goals;
  std::map<std::string, Interest> interests;
  std::vector<Points> engagement;
  std::vector<std::pair<std::string, double>> levels;  // ascending
  std::map<std::string, Computed> computed;
  std::map<std::string, Policy> policies;  // of traits; else the latest
};

struct People {
  std::vector<Person> persons;
  Definitions definitions;
};

}  // namespace roster::query::naive

#endif  // ROSTER_TESTS_QUERY_NAIVE_PEOPLE_H_
