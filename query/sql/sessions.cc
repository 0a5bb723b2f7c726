// SPDX-License-Identifier: Apache-2.0
//
// How many sessions pass a condition, which is one on the row `s`.
#include <limits>

#include "query/sql/emitter.h"
#include "query/sql/tables.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

const char* SpelledColumn(SessionProperty property) {
  switch (property) {
    case SessionProperty::kId:
      return "s.id";
    case SessionProperty::kKind:
      return "s.kind";
    case SessionProperty::kChannel:
      return "s.channel";
    case SessionProperty::kName:
      return "s.name";
    case SessionProperty::kPlatform:
      return "s.platform";
    case SessionProperty::kStart:
      return "s.\"start\"";
    case SessionProperty::kEnd:
      return "s.\"end\"";
    case SessionProperty::kDuration:
      return "(s.\"end\" - s.\"start\")";
    case SessionProperty::kEvents:
      return "s.events";
    case SessionProperty::kAgentTakeover:
      return "s.agent_takeover";
  }
  return "";
}

}  // namespace

std::string Emitter::Node(const BoundSessionTest& test) {
  const std::string value = SpelledColumn(test.property);
  return Cell({value, StrCat(value, " IS NOT NULL"), test.info}, test.predicate);
}

std::string Emitter::InSession(const BoundFilter& filter) {
  if (const auto* logic = std::get_if<BoundLogic>(&filter.node)) {
    return Logic(*logic, [&](const BoundFilter& child) { return InSession(child); });
  }
  if (const auto* test = std::get_if<BoundSessionTest>(&filter.node)) return Node(*test);
  if (const auto* did = std::get_if<BoundDid>(&filter.node)) return DidOf(*did, kSession);
  return StrCat("s._profile IN (SELECT p._profile FROM ", kProfilesTable, " p WHERE ",
                Filter(filter), ")");
}

// One that has not begun is none.
std::string Emitter::Node(const BoundSessions& sessions) {
  const TimeRange range = sessions.window.UntilNow(now_);
  const std::string rows =
      StrCat("SELECT s._profile AS _profile FROM ", kSessionsTable, " s WHERE (",
             InRange("s.\"start\"", {range.low, range.high}), ")");
  const std::string passes = InSession(sessions.condition[0]);
  if (sessions.all) {
    return StrCat("(p._profile IN (", rows, ") AND p._profile NOT IN (", rows, " AND NOT ", passes,
                  "))");
  }
  const std::string passing = StrCat(rows, " AND ", passes);
  const bool any = sessions.min == 1 && sessions.max == std::numeric_limits<int64_t>::max();
  if (any) return StrCat("p._profile IN (", passing, ")");
  if (sessions.max == 0) return StrCat("p._profile NOT IN (", passing, ")");
  const bool of_none = sessions.min <= 0;
  const IntRange counts{of_none ? std::numeric_limits<int64_t>::min() : sessions.min, sessions.max};
  return Among(kProfile, passing, InRange("count(*)", counts), of_none);
}

}  // namespace roster::query
