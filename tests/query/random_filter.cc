// SPDX-License-Identifier: Apache-2.0
#include "tests/query/random_filter.h"

#include "query/ast.h"
#include "query/window.h"

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

}  // namespace

// Around now, in steps that meet the ends of windows.
int64_t RandomFilter::RandomTime() {
  const std::vector<int64_t> steps = {1, 1000, kHourMs, kDayMs, 7 * kDayMs, 31 * kDayMs};
  const int64_t step = Of(steps);
  const auto count = static_cast<int64_t>(Below(8)) - 1;
  return TestStore::kNow.ms - step * count + static_cast<int64_t>(Below(3)) - 1;
}

Timestamp RandomFilter::Now() { return {TestStore::kNow.ms + static_cast<int64_t>(Below(5)) - 2}; }

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
  add("day", Date{DayOf(RandomTime(), absl::UTCTimeZone())});
  add("time", Timestamp{RandomTime()});
  add("list", OneIn(4) ? TextList{} : OneIn(2) ? TextList{one()} : TextList{one(), one()});
  // Wide and narrow cells in one column.
  add("big", static_cast<int64_t>(random_() >> Below(64)) * (OneIn(2) ? 1 : -1));
  return fields;
}

TestStore RandomFilter::Store(int num_profiles) {
  TestStore store;
  for (const std::string& event : kEvents) store.Event(event);
  for (const Typed& field : kFields) {
    store.Trait(field.name, field.type, field.scale);
    for (const std::string& event : kEvents) {
      store.Property(event, field.name, field.type, field.scale);
    }
  }
  store.Namespace("email");
  for (int i = 0; i < num_profiles; ++i) {
    const ProfileId id = store.Profile(RandomFields(), {RandomTime()});
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
  switch (Below(7)) {
    case 0:
    case 1:
      return "within last " + Duration();
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
      return name + (OneIn(3) ? Compare(Text()) : Of(words) + Text());
    }
    case ValueType::kBoolean:
      return name + (OneIn(2) ? "= " : "!= ") + (OneIn(2) ? "true" : "false");
    case ValueType::kDate: {
      const std::string day =
          ast::ToText(ast::Literal{DayOf(RandomTime(), absl::UTCTimeZone()), {}});
      return name + (windows && OneIn(2) ? Window() : Compare(day));
    }
    case ValueType::kTimestamp:
      return name + (windows && OneIn(2) ? Window() : Compare(Time()));
    case ValueType::kTextList:
      return name + "has " + Text();
    default:
      if (OneIn(4)) return name + in + Number() + ", " + Number() + ")";
      if (OneIn(4)) return name + "between " + Number() + " and " + Number();
      return name + Compare(Number());
  }
}

std::string RandomFilter::Condition(int depth) {
  if (depth == 0 || OneIn(2)) return (OneIn(4) ? "not " : "") + Test(true);
  return "(" + Condition(depth - 1) + (OneIn(2) ? " and " : " or ") + Condition(depth - 1) + ")";
}

std::string RandomFilter::Behaviour() {
  const std::string event = ast::QuoteText(Of(kEvents));
  std::string where;
  if (OneIn(3)) where = " where " + Test(false);
  if (OneIn(3)) where = " where (" + Condition(2) + ")";
  const std::string window = OneIn(2) ? " " + Window() : "";
  if (OneIn(2)) {
    const std::vector<std::string> counts = {" at least ", " at most ", " exactly "};
    const std::string times = OneIn(2) ? Of(counts) + std::to_string(Below(5)) + " times" : "";
    return "did " + event + where + times + window;
  }
  if (OneIn(5)) return "count(" + event + where + ")" + window + " " + Compare(Number());
  const std::vector<std::string> ops = {"sum", "avg", "min", "max", "count"};
  const std::vector<std::string> properties = {"int", "num", "dec", "big"};
  if (OneIn(5)) return "max(" + event + ".time" + where + ")" + window + " " + Compare(Time());
  return Of(ops) + "(" + event + "." + Of(properties) + where + ")" + window + " " +
         Compare(Number());
}

std::string RandomFilter::Filter(int depth) {
  if (depth > 0 && !OneIn(4)) {
    const char* const op = OneIn(2) ? " and " : " or ";
    const std::string both = "(" + Filter(depth - 1) + op + Filter(depth - 1) + ")";
    return OneIn(4) ? "not " + both : both;
  }
  if (OneIn(8)) {
    const std::vector<std::string> asks = {"= ", "!= ", "contains ", "< "};
    return OneIn(4) ? "email is set" : "email " + Of(asks) + ast::QuoteText(Of(kTexts) + "7-1");
  }
  return OneIn(2) ? Behaviour() : Test(true);
}

}  // namespace roster::query
