// SPDX-License-Identifier: Apache-2.0
#include "tests/query/random_filter.h"

#include "query/ast.h"
#include "query/declarations/names.h"
#include "query/window.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

const std::vector<std::string> kTexts = {"", "a", "b", "ab", "ba", "é", "zzz", "A"};
const std::vector<std::string> kEvents = {"order", "login", "page view"};
const std::vector<std::string> kUnits = {"ms", "s", "minutes", "hours", "days", "weeks", "months"};
const std::vector<std::string> kCompare = {"=", "!=", "<", "<=", ">", ">="};

struct Typed {
  const char* name;
  ValueType type;
  uint8_t scale;
};
const std::vector<Typed> kFields = {
    {"text", ValueType::kText, 0},      {"int", ValueType::kInteger, 0},
    {"num", ValueType::kNumber, 0},     {"dec", ValueType::kDecimal, 2},
    {"flag", ValueType::kBoolean, 0},   {"day", ValueType::kDate, 0},
    {"time", ValueType::kTimestamp, 0}, {"list", ValueType::kTextList, 0},
    {"big", ValueType::kInteger, 0},
};
// Of events, and asked about by predicates of their own.
const std::vector<std::string> kSpecial = {"session", "channel", "campaign"};
const std::vector<std::string> kSessions = {"s1", "s2"};
const std::vector<std::string> kChannels = {"web", "app"};
const std::vector<std::string> kLabels = {"vip", "new", "é"};

}  // namespace

// Around now, in steps that meet the ends of windows.
int64_t RandomFilter::RandomTime() {
  const std::vector<int64_t> steps = {1, 1000, kHourMs, kDayMs, 7 * kDayMs, 31 * kDayMs};
  const int64_t step = Of(steps);
  const auto count = static_cast<int64_t>(Below(8)) - 1;
  return now_.ms - step * count + static_cast<int64_t>(Below(3)) - 1;
}

Timestamp RandomFilter::Now() { return {now_.ms + static_cast<int64_t>(Below(5)) - 2}; }

Fields RandomFilter::RandomFields() {
  Fields fields;
  const auto add = [&](const char* name, Value value) {
    if (!OneIn(3)) fields.emplace_back(name, std::move(value));
  };
  const auto small = [&] { return static_cast<int64_t>(Below(9)) - 4; };
  const auto one = [&] { return Of(kTexts); };
  add("text", one());
  add("int", small());
  add("num", static_cast<double>(small()) / 4);
  add("dec", Decimal{small() * 25, 2});
  add("flag", OneIn(2));
  // The 29th of February among them.
  const Date leap{12'112 + 1461 * static_cast<int32_t>(Below(8))};
  add("day", OneIn(4) ? leap : Date{DayOf(RandomTime(), absl::UTCTimeZone())});
  add("time", Timestamp{RandomTime()});
  add("list", OneIn(4) ? TextList{} : OneIn(2) ? TextList{one()} : TextList{one(), one()});
  add("session", Of(kSessions));
  add("channel", Of(kChannels));
  add("campaign", Of(kChannels));
  // Wide and narrow cells in one column.
  add("big", static_cast<int64_t>(random_() >> Below(64)) * (OneIn(2) ? 1 : -1));
  return fields;
}

TestStore RandomFilter::Store(int num_profiles) {
  TestStore store;
  for (const std::string& event : kEvents) store.Event(event);
  for (const Typed& field : kFields) {
    store.Trait(field.name, field.type, field.scale);
    store.KeepHistory(field.name);
    for (const std::string& event : kEvents) {
      store.Property(event, field.name, field.type, field.scale);
    }
  }
  for (const std::string& name : kSpecial) {
    store.Trait(name, ValueType::kText);
    for (const std::string& event : kEvents) store.Property(event, name, ValueType::kText);
  }
  store.Namespace("email");
  store.Namespace("device_id", NamespaceKind::kDevice);
  store.Define(kGoals, "bought",
               "define goal \"bought\" as \"order\" where (`int` > 0), \"login\", \"order\" where "
               "(`flag` = true)");
  store.Define(kInterests, "topic",
               "define interest \"topic\" as \"order\".`text`, \"login\".`list` half life 3 days");
  store.Define(kInterests, "shown",
               "define interest \"shown\" as \"order\".`text`, \"login\".`list`");
  store.Define(
      kEngagement, "engagement",
      "define engagement as \"order\" 2 points cap 6 within last 7 days, \"login\" 1 points "
      "levels \"low\" 0, \"mid\" 2, \"high\" 5");
  store.Define(kSegments, "few", "define segment \"few\" as `int` > 0 and did \"order\"");
  store.Define(kSegments, "fewer",
               "define segment \"fewer\" as in segment \"few\" and `day` this month at time zone "
               "\"Asia/Tokyo\"");
  for (int i = 0; i < num_profiles; ++i) {
    const ProfileId id = store.Profile(RandomFields(), {RandomTime()});
    AddStandings(id, &store);
    for (uint64_t n = Below(3); n > 0; --n) {
      store.Identity(id, "email", Of(kTexts) + std::to_string(i) + "-" + std::to_string(n));
    }
  }
  const auto any = [&] { return ProfileId{1 + Below(static_cast<uint64_t>(num_profiles))}; };
  const int num_events = num_profiles * 5;
  for (int i = 0; i < num_events; ++i) {
    // Some have many.
    const ProfileId id = OneIn(3) ? ProfileId{1 + Below(3)} : any();
    store.Did(id, OneIn(4) ? Of(kEvents) : kEvents[0], {RandomTime()}, RandomFields());
  }
  for (int i = 0; i < num_profiles / 10; ++i) {
    const ProfileId loser = any();
    const ProfileId survivor = any();
    if (store.state().FindProfile(loser) != store.state().FindProfile(survivor)) {
      store.Merge(loser, survivor);
    }
  }
  return store;
}

void RandomFilter::AddStandings(ProfileId id, TestStore* store) {
  for (uint64_t n = Below(4); n > 0; --n) {
    store->Set(id, "text", OneIn(5) ? Value() : Value(Of(kTexts)), {RandomTime()});
    store->Set(id, "int", static_cast<int64_t>(Below(4)), {RandomTime()});
  }
  if (OneIn(4)) {
    store->Record(id, kSessionRecords, {RandomTime()},
                  {{"id", Of(kSessions)}, {"kind", OneIn(2) ? "chat" : "visit"}, {"name", "n"}});
  }
  if (OneIn(8)) store->Archive(id);
  if (OneIn(3)) {
    const std::string device = "d" + std::to_string(id.value);
    store->Identity(id, "device_id", device);
    if (OneIn(4)) store->SetStanding(id, "device_id", device, IdentityStanding::kFormer);
  }
  for (uint64_t n = Below(4); n > 0; --n) {
    store->Record(id, kLabelRecords, {RandomTime()},
                  {{"label", Of(kLabels)}, {"added", !OneIn(3)}});
  }
  for (uint64_t n = Below(3); n > 0; --n) {
    store->Record(id, kConsentRecords, {RandomTime()},
                  {{"channel", Of(kChannels)},
                   {"decision", static_cast<int64_t>(Below(3))},
                   {"address", OneIn(2) ? std::string() : "a" + std::to_string(Below(2))},
                   {"policy", OneIn(2) ? "p1" : "p2"}});
  }
}

std::string RandomFilter::Number() {
  const std::vector<std::string> odd = {"0",
                                        "-0.5",
                                        "2.675",
                                        "1e-9",
                                        "-1e300",
                                        "99999999999999999999",
                                        "0.75",
                                        "1.0",
                                        "-3",
                                        "1e18",
                                        "9223372036854775807"};
  return OneIn(3) ? Of(odd) : std::to_string(static_cast<int64_t>(Below(9)) - 4);
}

std::string RandomFilter::Text() { return ast::QuoteText(Of(kTexts)); }

std::string RandomFilter::Time() {
  const int64_t ms = RandomTime();
  if (OneIn(2)) return ast::ToText(ast::Literal{Timestamp{ms}, {}});
  if (OneIn(2)) return ast::ToText(ast::Literal{ast::LocalTime{ms}, {}});
  return ast::ToText(ast::Literal{DayOf(ms, absl::UTCTimeZone()), {}});
}

std::string RandomFilter::Duration() { return std::to_string(Below(9)) + " " + Of(kUnits); }

std::string RandomFilter::Window() {
  const auto date = [&] {
    return ast::ToText(ast::Literal{DayOf(RandomTime(), absl::UTCTimeZone()), {}});
  };
  const std::vector<std::string> units = {"day", "week", "month", "year"};
  switch (Below(10)) {
    case 0:
    case 1:
      return "within last " + Duration();
    case 7:
      return "within next " + Duration();
    case 8:
      return "in last " + std::to_string(1 + Below(40)) + " calendar days";
    case 9:
      return "this " + Of(units);
    case 2:
      return "more than " + Duration() + " ago";
    case 3:
      return "between " + Duration() + " and " + Duration() + " ago";
    case 4:
      return "between " + date() + " and " + date();
    case 5:
      return "before " + Time();
    default:
      return "after " + Time();
  }
}

std::string RandomFilter::Compare(const std::string& value) { return Of(kCompare) + " " + value; }

std::string RandomFilter::Test(bool windows) {
  const Typed& field = Of(kFields);
  const std::string name = std::string(field.name) + " ";
  if (OneIn(6)) return name + (OneIn(2) ? "is set" : "is missing");
  const std::string in = OneIn(2) ? "in (" : "not in (";
  switch (field.type) {
    case ValueType::kText: {
      const std::vector<std::string> words = {"contains ", "starts with ", "ends with ", "< ",
                                              "!= "};
      if (OneIn(4)) return name + in + Text() + ", " + Text() + ", " + Text() + ")";
      if (OneIn(5)) return name + "between " + Text() + " and " + Text();
      if (OneIn(6)) return name + "is empty";
      if (OneIn(5)) {
        const std::vector<std::string> folded = {"= ~", "!= ~", "contains ~", "starts with ~",
                                                 "ends with ~"};
        return name + Of(folded) + Text();
      }
      const std::vector<std::string> regexes = {"/^a/", "/A/i", "/.b$|é/", "/^$/", "/[^a-z]/"};
      if (OneIn(5)) return name + "matches " + Of(regexes);
      return name + (OneIn(3) ? Compare(Text()) : Of(words) + Text());
    }
    case ValueType::kBoolean:
      return name + (OneIn(2) ? "= " : "!= ") + (OneIn(2) ? "true" : "false");
    case ValueType::kDate: {
      if (windows && OneIn(3)) return "anniversary of day " + Window();
      const std::string day =
          ast::ToText(ast::Literal{DayOf(RandomTime(), absl::UTCTimeZone()), {}});
      return name + (windows && OneIn(2) ? Window() : Compare(day));
    }
    case ValueType::kTimestamp:
      return name + (windows && OneIn(2) ? Window() : Compare(Time()));
    case ValueType::kTextList: {
      const std::vector<std::string> words = {"has any ", "has all ", "has none "};
      if (OneIn(3)) return "size(list) " + Compare(std::to_string(Below(3)));
      if (OneIn(4)) return name + "is empty";
      if (OneIn(2)) return name + Of(words) + "(" + Text() + ", " + Text() + ")";
      return name + "has " + Text();
    }
    default:
      if (OneIn(8)) {  // so many, and apart, that they are looked up in a table
        std::string many = std::to_string(Below(2));
        for (uint64_t number = 2; number < 40; number += 2) many += ", " + std::to_string(number);
        return name + in + many + ")";
      }
      if (OneIn(4)) return name + in + Number() + ", " + Number() + ")";
      if (OneIn(4)) return name + "between " + Number() + " and " + Number();
      return name + Compare(Number());
  }
}

std::string RandomFilter::Condition(int depth) {
  if (depth == 0 || OneIn(2)) return (OneIn(4) ? "not " : "") + Test(true);
  return "(" + Condition(depth - 1) + (OneIn(2) ? " and " : " or ") + Condition(depth - 1) + ")";
}

std::string RandomFilter::Where() {
  if (OneIn(3)) return " where " + Test(false);
  if (OneIn(3)) return " where (" + Condition(2) + ")";
  return "";
}

std::string RandomFilter::Events() {
  if (OneIn(6)) return "any event" + Where();
  return ast::QuoteText(Of(kEvents)) + Where();
}

std::string RandomFilter::Count() {
  const std::vector<std::string> counts = {"at least ", "at most ", "exactly "};
  const std::vector<std::string> units = {" days", " weeks", " months"};
  std::string text = "did " + Events();
  if (OneIn(8)) text = "completed goal bought" + Where();
  if (OneIn(8)) text = std::string("touched campaign web") + (OneIn(3) ? " clicked" : "") + Where();
  if (OneIn(4)) {
    text += " on " + Of(counts) + std::to_string(Below(4)) + Of(units);
  } else if (OneIn(2)) {
    text += " " + Of(counts) + std::to_string(Below(5)) + " times";
  }
  if (OneIn(6)) return text + " within " + Duration() + " of first seen";
  return text + (OneIn(2) ? " " + Window() : "");
}

std::string RandomFilter::Chosen() {
  const std::vector<std::string> places = {"first ", "last ", "nth 2 ", "nth 3 "};
  return Of(places) + Events() + (OneIn(2) ? " " + Window() : "");
}

std::string RandomFilter::AggregateOf() {
  const std::vector<std::string> ops = {"sum", "avg", "min", "max", "count", "distinct"};
  const std::vector<std::string> properties = {"int", "num", "dec", "big"};
  const std::string window = OneIn(2) ? " " + Window() : "";
  const std::string event = ast::QuoteText(Of(kEvents));
  if (OneIn(5)) return "count(" + event + Where() + ")" + window;
  return Of(ops) + "(" + event + "." + Of(properties) + Where() + ")" + window;
}

std::string RandomFilter::Aggregate() {
  if (OneIn(5)) {
    const std::string left = "max(order.time" + Where() + ") ";
    return left + (OneIn(2) ? Compare(Time()) : Compare("min(login.time)"));
  }
  return AggregateOf() + " " + Compare(OneIn(3) ? AggregateOf() : Number());
}

std::string RandomFilter::Sequence() {
  const std::vector<std::string> starts = {"", "", "first ", "last ", "every ", "nth 2 "};
  std::string text = "did " + Of(starts) + Events() + (OneIn(3) ? " " + Window() : "");
  const uint64_t num_steps = 1 + Below(3);
  for (uint64_t i = 0; i < num_steps; ++i) {
    const bool never = i + 1 == num_steps && OneIn(3);
    text += never ? " then not " : " then ";
    text += Events() + (never || OneIn(2) ? " within " + Duration() : "");
  }
  if (OneIn(4)) text += " same flag";
  return text + (OneIn(5) ? " in the same session" : "");
}

std::string RandomFilter::Session(int depth) {
  if (depth > 0 && OneIn(2)) {
    return "(" + Session(depth - 1) + (OneIn(2) ? " and " : " or ") + Session(depth - 1) + ")";
  }
  const std::vector<std::string> plain = {
      "channel = \"web\"",   "not kind = \"chat\"",  "duration > 60 s",
      "duration <= 2 hours", "events >= 2",          "agent_takeover = false",
      "name is missing",     "id starts with \"s\"", "profile.int > 0"};
  if (OneIn(3)) return Count();
  return OneIn(4) ? "start " + Window() : Of(plain);
}

std::string RandomFilter::Sessions() {
  const std::vector<std::string> words = {"any session (", "all sessions (", "no session ("};
  const std::string word = Of(words);
  std::string text = word + Session(1) + ")";
  if (word == words[0] && OneIn(3)) text += " at least 2 times";
  return text + (OneIn(2) ? " " + Window() : "");
}

std::string RandomFilter::History() {
  const std::string window = OneIn(2) ? " " + Window() : "";
  if (OneIn(3)) return "text was " + Text() + window;
  if (OneIn(3)) return "int " + Compare(Number()) + " for " + Duration();
  return "text changed" + (OneIn(2) ? " from " + Text() : "") + (OneIn(2) ? " to " + Text() : "") +
         window;
}

std::string RandomFilter::Behaviour() {
  if (OneIn(5)) return Sequence();
  if (OneIn(8)) return Sessions();
  if (OneIn(8)) return History();
  if (OneIn(8)) return "resumed " + ast::QuoteText(Of(kEvents)) + " after " + Duration();
  if (OneIn(5)) return Chosen();
  return OneIn(2) ? Count() : Aggregate();
}

std::string RandomFilter::Standing() {
  const std::vector<std::string> plain = {"is identified",          "is anonymous",
                                          "has no identity",        "has identity email",
                                          "has identity device_id", "created via \"test\"",
                                          "status = \"archived\"",  "status != \"archived\"",
                                          "in segment few",         "in segment \"fewer\"",
                                          "sample 30% seed \"x\"",  "has channel \"web\"",
                                          "engagement >= \"mid\"",  "engagement in (\"low\")",
                                          "engagement < \"high\""};
  const auto label = [&] { return ast::QuoteText(Of(kLabels)); };
  if (OneIn(10)) {
    const std::vector<std::string> shares = {"0", "0.25", "0.3", "0.5", "1"};
    const std::string interest = OneIn(4) ? "interest topic " : "interest shown ";
    return interest + Text() + " " + Compare(Of(shares));
  }
  switch (Below(5)) {
    case 0:
      return "has label " + label();
    case 1:
      return "has any label (" + label() + ", " + label() + ")";
    case 2:
      return "known for " + Duration();
    case 3: {
      const std::vector<std::string> states = {" granted", " withdrawn", " unknown"};
      const std::string state = Of(states);
      std::string text = "consent " + Of(kChannels) + state;
      if (state == " unknown") return text;
      if (OneIn(3)) text += " since " + Time();
      return text + (OneIn(3) ? " policy \"p1\"" : "");
    }
    default:
      return Of(plain);
  }
}

std::string RandomFilter::Leaf() {
  if (OneIn(8)) {
    const std::vector<std::string> asks = {"= ", "!= ", "contains ", "< "};
    return OneIn(4) ? "email is set" : "email " + Of(asks) + ast::QuoteText(Of(kTexts) + "7-1");
  }
  if (OneIn(4)) return Standing();
  return OneIn(2) ? Behaviour() : Test(true);
}

std::string RandomFilter::Filter(int depth) {
  if (depth > 0 && !OneIn(4)) {
    const char* const op = OneIn(2) ? " and " : " or ";
    const std::string both = "(" + Filter(depth - 1) + op + Filter(depth - 1) + ")";
    return OneIn(4) ? "not " + both : both;
  }
  return Leaf();
}

}  // namespace roster::query
