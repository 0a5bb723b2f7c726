// SPDX-License-Identifier: Apache-2.0
#include "tests/query/naive/questions.h"

#include "query/ast.h"
#include "tests/query/naive/calendar.h"

namespace roster::query::naive {

std::string Questions::Word(std::initializer_list<const char*> words) {
  return *(words.begin() + Below(words.size()));
}

std::string Questions::Maybe(uint64_t one_in, const std::string& text) {
  return OneIn(one_in) ? " " + text : "";
}

// --- Parts ---

std::string Questions::Instant() {
  const int64_t ms = world_->RandomTime();
  if (OneIn(3)) return ast::ToText(ast::Literal{ast::LocalTime{ms}, {}});
  return ast::ToText(ast::Literal{Timestamp{ms}, {}});
}

std::string Questions::Day() {
  if (OneIn(8)) return Word({"2024-02-29", "2028-02-29", "2026-03-29", "2026-10-25", "2027-03-28"});
  const Clock utc{0, absl::UTCTimeZone()};
  const auto days = utc.Day(world_->RandomTime()) - absl::CivilDay(1970, 1, 1);
  return ast::ToText(ast::Literal{Date{static_cast<int32_t>(days)}, {}});
}

std::string Questions::Duration() {
  if (OneIn(5)) return Word({"30 minutes", "1 day", "24 hours", "1 month", "1 year", "31 days"});
  return std::to_string(Below(9)) + " " +
         Word({"ms", "s", "minutes", "hours", "days", "weeks", "months", "years"});
}

std::string Questions::Window() {
  switch (Below(10)) {
    case 0:
      return "between " + Instant() + " and " + Instant();
    case 1:
      return "between " + Day() + " and " + Day();
    case 2:
      return "between " + std::to_string(1 + Below(9)) + " and " + std::to_string(Below(4)) +
             Word({" hours", " days", " months", " years"}) + " ago";
    case 3:
      return Word({"before ", "after "}) + (OneIn(2) ? Day() : Instant());
    case 4:
      return Word({"this day", "this week", "this month", "this year"});
    case 5:
      return "in last " + std::to_string(1 + Below(12)) + " calendar days";
    case 6:
      return "more than " + Duration() + " ago";
    case 7:
      return "within next " + Duration();
    default:
      return "within last " + Duration();
  }
}

// Without an instant.
std::string Questions::WindowOfDays() {
  for (;;) {
    std::string window = Window();
    if (window.find(':') == std::string::npos) return window;
  }
}

std::string Questions::Text() { return ast::QuoteText(Of(Texts())); }
std::string Questions::Small() { return std::to_string(static_cast<int64_t>(Below(9)) - 4); }
std::string Questions::Comparison() { return Word({" = ", " != ", " < ", " <= ", " > ", " >= "}); }

std::string Questions::Where() {
  switch (Below(7)) {
    case 0:
      return " where text" + Comparison() + Text();
    case 1:
      return " where (not int > 0 or text is missing)";
    case 2:
      return " where (time " + Window() + ")";
    case 3:
      return " where flag = true";
    default:
      return "";
  }
}

std::string Questions::Event() { return ast::QuoteText(Of(DeclaredEvents())); }
std::string Questions::Events() { return (OneIn(6) ? "any event" : Event()) + Where(); }
std::string Questions::Same() {
  return Maybe(3, "same " + Word({"text", "flag", "int", "session", "text same flag"})) +
         Maybe(5, "in the same session");
}

// --- Predicates ---

std::string Questions::Sequence() {
  std::string text = "did " + Word({"", "", "", "first ", "last ", "every ", "nth 2 "}) + Events() +
                     Maybe(3, Window());
  const uint64_t num_steps = 1 + Below(3);
  for (uint64_t i = 0; i < num_steps; ++i) {
    const bool never = i + 1 == num_steps && OneIn(2);
    text += never ? " then not " : " then ";
    text += Events() + (never || OneIn(2) ? " within " + Duration() : "");
  }
  return text + Same();
}

std::string Questions::Funnel() {
  std::string text = "funnel " + Events() + Maybe(3, Window());
  for (uint64_t i = 1 + Below(3); i > 0; --i) text += " then " + Events();
  return text + Word({" each", " overall"}) + " within " + Duration() + Same();
}

std::string Questions::Paused() {
  if (OneIn(2)) return "stopped " + Event() + Where() + " for " + Duration();
  return "resumed " + Event() + Where() + " after " + Duration() + Maybe(2, Window());
}

std::string Questions::Chosen() {
  return Word({"first ", "last ", "nth 2 ", "nth 3 ", "nth 5 "}) + Events() + Maybe(2, Window());
}

std::string Questions::Counted() {
  std::string text = "did " + Events();
  if (OneIn(4)) text = "completed goal bought" + Where();
  if (OneIn(4)) {
    text = "touched campaign " + Word({"web", "app"}) + Word({"", " sent", " seen", " clicked"}) +
           Where();
  }
  const std::string count = Word({" at least ", " at most ", " exactly "});
  if (OneIn(3)) {
    text +=
        " on" + count + std::to_string(Below(4)) + Word({" days", " weeks", " months", " years"});
  } else if (OneIn(2)) {
    text += count + std::to_string(Below(4)) + " times";
  }
  return text + (OneIn(5) ? " within " + Duration() + " of first seen" : Maybe(2, Window()));
}

std::string Questions::History() {
  const bool number = OneIn(2);
  const std::string trait =
      number ? Word({"int", "`top`"}) : Word({"text", "`low`", "`first`", "`kept`"});
  const auto value = [&] { return number ? Small() : Text(); };
  switch (Below(3)) {
    case 0:
      return trait + " was " + value() + Maybe(2, Window());
    case 1:
      return trait + Comparison() + value() + " for " + Duration();
    default:
      return trait + " changed" + Maybe(3, "from " + value()) + Maybe(3, "to " + value()) +
             Maybe(2, Window());
  }
}

std::string Questions::Dated() {
  switch (Below(8)) {
    case 0:
      return "day between " + Day() + " and " + Day();
    case 1:
      return "day" + Word({" in (", " not in ("}) + Day() + ", " + Day() + ")";
    case 2:
      return "time between " + Instant() + " and " + Instant();
    case 3:
      return "time between " + Day() + " and " + Day();
    case 4:
      return "time" + Comparison() + (OneIn(2) ? Day() : Instant());
    case 5:
      return "anniversary of " + Word({"day ", "time ", "created_at "}) + Window();
    case 6:
      if (OneIn(3)) return "day " + WindowOfDays();
      return Word({"time ", "created_at ", "first_seen "}) + Window();
    default:
      return Word({"created_at", "first_seen"}) + Comparison() + Instant();
  }
}

std::string Questions::Computed() {
  const std::string name = Word({"spent", "mean", "times"});
  switch (Below(5)) {
    case 0:
      return name + " between " + Small() + " and " + Small();
    case 1:
      return name + Word({" in (", " not in ("}) + Small() + ", 0.5)";
    case 2:
      return Of(DeclaredComputed()) + Word({" is set", " is missing"});
    case 3:
      return "newest" + Comparison() + (OneIn(2) ? Day() : Instant());
    default:
      return name + Comparison() + (OneIn(2) ? Small() : "0.75");
  }
}

std::string Questions::Aggregate() {
  const auto one = [&] {
    const std::string event = Word({"order", "login", "`page view`"});
    const std::string quoted = event == "`page view`" ? "\"page view\"" : "\"" + event + "\"";
    if (OneIn(5)) return "count(" + quoted + Where() + ")" + Maybe(2, Window());
    return Word({"sum", "avg", "min", "max", "count", "distinct"}) + "(" + quoted + "." +
           Word({"int", "num", "dec", "big"}) + Where() + ")" + Maybe(2, Window());
  };
  if (OneIn(6)) {
    return Word({"min", "max"}) + "(order." + Word({"day", "time"}) + ")" + Comparison() + Day();
  }
  if (OneIn(6)) return "distinct(order.text" + Where() + ")" + Comparison() + Small();
  const std::string left = one();
  return left + Comparison() + (OneIn(2) ? one() : OneIn(2) ? Small() : "0.25");
}

std::string Questions::Standing() {
  switch (Below(7)) {
    case 0:
      return "in segment " + ast::QuoteText(Of(DeclaredSegments()));
    case 1:
      return "has channel " + Word({"\"web\"", "\"app\""});
    case 2:
      return "created via " + Word({"\"import\"", "\"test\""});
    case 3:
      return "`paid`" + Comparison() + Small();
    case 4:
      return "`all` has any (" + Text() + ", " + Text() + ")";
    case 5:
      return "status in (\"archived\")";
    default:
      return Word({"`top`", "`kept`", "`first`", "`low`"}) + Word({" is set", " is missing"});
  }
}

std::string Questions::Session(int depth) {
  if (depth > 0 && OneIn(2)) {
    return "(" + Session(depth - 1) + Word({" and ", " or "}) + Session(depth - 1) + ")";
  }
  switch (Below(9)) {
    case 0:
      return Counted();
    case 1:
      return "start " + Window();
    case 2:
      return "end " + Window();
    case 3:
      return "duration" + Comparison() + Word({"0 s", "30 minutes", "1 hour", "1 day"});
    case 4:
      return "events" + Comparison() + std::to_string(Below(4));
    case 5:
      return Word({"name", "platform", "channel", "kind"}) + Word({" is set", " is missing"});
    case 6:
      return "profile.text" + Comparison() + Text();
    case 7:
      return "not " + Word({"kind = \"chat\"", "channel != \"web\"", "agent_takeover = true"});
    default:
      return "name" + Comparison() + Text();
  }
}

std::string Questions::Sessions() {
  const std::string word = Word({"any session (", "all sessions (", "no session ("});
  std::string text = word + Session(1) + ")";
  if (word == "any session (" && OneIn(2)) {
    text += Word({" at least ", " at most ", " exactly "}) + std::to_string(Below(4)) + " times";
  }
  return text + Maybe(2, Window());
}

std::string Questions::Leaf() {
  if (OneIn(3)) return plain_.Leaf();
  switch (Below(12)) {
    case 0:
    case 1:
    case 2:
      return Sequence();
    case 3:
      return Paused();
    case 4:
      return Chosen();
    case 5:
      return Counted();
    case 6:
      return History();
    case 7:
      return Dated();
    case 8:
      return Computed();
    case 9:
      return Aggregate();
    case 10:
      return Standing();
    default:
      return Sessions();
  }
}

std::string Questions::LeafOfThen() {
  switch (Below(7)) {
    case 0:
      return Sequence();
    case 1:
      return Counted();
    case 2:
      return Aggregate();
    case 3:
      return History();
    case 4:
      return Dated();
    case 5:
      return Word({"text", "`kept`", "`low`"}) + Comparison() + Text();
    default:
      return Leaf();
  }
}

std::string Questions::Filter(int depth) {
  if (depth > 0 && !OneIn(4)) {
    const std::string both =
        "(" + Filter(depth - 1) + Word({" and ", " or "}) + Filter(depth - 1) + ")";
    return OneIn(4) ? "not " + both : both;
  }
  return Leaf();
}

std::string Questions::Zone() {
  return Word({"Europe/Amsterdam", "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
               "Pacific/Apia"});
}

}  // namespace roster::query::naive
