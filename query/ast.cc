// SPDX-License-Identifier: Apache-2.0
#include "query/ast.h"

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "storage/base/text.h"

namespace roster::query::ast {
namespace {

constexpr int64_t kDayMs = 86'400'000;

const char* Spelling(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillisecond:
      return "ms";
    case TimeUnit::kSecond:
      return "seconds";
    case TimeUnit::kMinute:
      return "minutes";
    case TimeUnit::kHour:
      return "hours";
    case TimeUnit::kDay:
      return "days";
    case TimeUnit::kWeek:
      return "weeks";
    case TimeUnit::kMonth:
      return "months";
    case TimeUnit::kYear:
      return "years";
  }
  return "";
}

std::string DayText(int64_t days) {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string ClockText(int64_t civil_ms) {
  int64_t days = civil_ms / kDayMs;
  int64_t ms = civil_ms % kDayMs;
  if (ms < 0) {
    ms += kDayMs;
    --days;
  }
  const int64_t seconds = ms / 1000;
  std::string text = StrCat(DayText(days), absl::StrFormat("T%02d:%02d:%02d", seconds / 3600,
                                                           seconds / 60 % 60, seconds % 60));
  if (ms % 1000 != 0) text += absl::StrFormat(".%03d", ms % 1000);
  return text;
}

// Writes a statement piece by piece.
class Printer {
 public:
  std::string Take() { return std::move(out_); }

  template <typename... Parts>
  void Add(const Parts&... parts) {
    out_ += StrCat(parts...);
  }

  // Parenthesised when it binds less tightly than its place asks for.
  void Child(const Filter& filter, LogicOp parent) {
    const auto* logic = std::get_if<Logic>(&filter.node);
    const bool loose = logic != nullptr && (parent == LogicOp::kNot || logic->op != LogicOp::kNot);
    if (loose) Add("(");
    Print(filter);
    if (loose) Add(")");
  }

  void Print(const Filter& filter) {
    std::visit([&](const auto& node) { Print(node); }, filter.node);
  }

  void Print(const Logic& logic) {
    if (logic.op == LogicOp::kNot) {
      Add("not ");
      return Child(logic.children[0], logic.op);
    }
    for (size_t i = 0; i < logic.children.size(); ++i) {
      if (i > 0) Add(logic.op == LogicOp::kAnd ? " and " : " or ");
      Child(logic.children[i], logic.op);
    }
  }

  void Print(const Test& test) {
    Add(QuoteName(test.name.text), " ");
    std::visit([&](const auto& what) { Print(what); }, test.what);
  }

  void Print(const Compare& compare) { Add(Spelling(compare.op), " ", ToText(compare.value)); }
  void Print(const In& in) {
    Add(in.negated ? "not in (" : "in (");
    for (size_t i = 0; i < in.values.size(); ++i) {
      Add(i > 0 ? ", " : "", ToText(in.values[i]));
    }
    Add(")");
  }
  void Print(const Between& between) {
    Add("between ", ToText(between.low), " and ", ToText(between.high));
  }
  void Print(const Presence& presence) { Add(presence.is_set ? "is set" : "is missing"); }
  void Print(const TextMatch& match) { Add(Spelling(match.op), " ", ToText(match.text)); }
  void Print(const Has& has) { Add("has ", ToText(has.element)); }

  void Print(const Window& window) {
    switch (window.kind) {
      case Window::Kind::kWithinLast:
        return Add("within last ", ToText(window.first));
      case Window::Kind::kMoreThanAgo:
        return Add("more than ", ToText(window.first), " ago");
      case Window::Kind::kBetweenAgo:
        return Add("between ", ToText(window.first), " and ", ToText(window.second), " ago");
      case Window::Kind::kBetweenTimes:
        return Add("between ", ToText(window.low), " and ", ToText(window.high));
      case Window::Kind::kBefore:
        return Add("before ", ToText(window.low));
      case Window::Kind::kAfter:
        return Add("after ", ToText(window.low));
    }
  }

  void Where(const Events& events) {
    if (events.where.empty()) return;
    Add(" where (");
    Print(events.where[0]);
    Add(")");
  }

  void Print(const Did& did) {
    Add("did ", QuoteText(did.events.event.text));
    Where(did.events);
    const char* const op = did.op == CountOp::kAtLeast  ? " at least "
                           : did.op == CountOp::kAtMost ? " at most "
                                                        : " exactly ";
    Add(op, did.times, " times");
    if (did.events.window) {
      Add(" ");
      Print(*did.events.window);
    }
  }

  void Print(const Aggregate& aggregate) {
    Add(Spelling(aggregate.op), "(", QuoteText(aggregate.events.event.text));
    if (aggregate.property) Add(".", QuoteName(aggregate.property->text));
    Where(aggregate.events);
    Add(")");
    if (aggregate.events.window) {
      Add(" ");
      Print(*aggregate.events.window);
    }
    Add(" ");
    Print(aggregate.compare);
  }

  void Print(const Find& find, Scope scope, const std::optional<Filter>& where) {
    Add("find");
    for (size_t i = 0; i < find.columns.size(); ++i) {
      Add(i > 0 ? ", " : " ", QuoteName(find.columns[i].text));
    }
    PrintWhere(scope, where);
    for (size_t i = 0; i < find.order.size(); ++i) {
      Add(i > 0 ? ", " : " order by ", QuoteName(find.order[i].column.text),
          find.order[i].descending ? " desc" : "");
    }
    if (find.limit) Add(" limit ", *find.limit);
    if (find.offset != 0) Add(" offset ", find.offset);
  }

  void PrintWhere(Scope scope, const std::optional<Filter>& where) {
    if (scope == Scope::kIncludingArchived) Add(" including archived");
    if (scope == Scope::kOnlyArchived) Add(" only archived");
    if (!where) return;
    Add(" where ");
    Print(*where);
  }

  void Print(const Statement& statement) {
    if (const auto* find = std::get_if<Find>(&statement.verb)) {
      Print(*find, statement.scope, statement.where);
    } else if (const auto* show = std::get_if<Show>(&statement.verb)) {
      Add("show ", Spelling(show->what));
    } else {
      Add("count");
      PrintWhere(statement.scope, statement.where);
    }
    if (statement.time_zone) Add(" at time zone ", ToText(*statement.time_zone));
  }

 private:
  std::string out_;
};

template <typename T>
std::string Printed(const T& what) {
  Printer printer;
  printer.Print(what);
  return printer.Take();
}

std::string ConstantText(const std::string& text) { return QuoteText(text); }
std::string ConstantText(const ExactNumber& number) { return number.ToText(); }
std::string ConstantText(bool value) { return value ? "true" : "false"; }
std::string ConstantText(Date date) { return DayText(date.days); }
std::string ConstantText(Timestamp time) { return StrCat(ClockText(time.ms), "Z"); }
std::string ConstantText(LocalTime time) { return ClockText(time.civil_ms); }
std::string ConstantText(Param param) { return StrCat("$", param.number); }

}  // namespace

// Written out: Clang 14 crashes on defaulted ones of types that hold each other.
bool Logic::operator==(const Logic& other) const {
  return op == other.op && children == other.children;
}
bool Events::operator==(const Events& other) const {
  return event == other.event && where == other.where && window == other.window;
}
bool Filter::operator==(const Filter& other) const { return node == other.node; }

const char* Spelling(CompareOp op) {
  static constexpr const char* kSpellings[] = {"=", "!=", "<", "<=", ">", ">="};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(TextOp op) {
  static constexpr const char* kSpellings[] = {"contains", "starts with", "ends with"};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(AggregateOp op) {
  static constexpr const char* kSpellings[] = {"sum", "avg", "min", "max", "count"};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(Shown shown) {
  static constexpr const char* kSpellings[] = {"traits",  "events",    "namespaces",
                                               "goals",   "interests", "engagement",
                                               "carries", "retention", "settings"};
  return kSpellings[static_cast<size_t>(shown)];
}

std::string QuoteText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += absl::StrFormat("\\u{%x}", c);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string QuoteName(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + "`";
}

std::string ToText(const Statement& statement) { return Printed(statement); }
std::string ToText(const Filter& filter) { return Printed(filter); }
std::string ToText(const Window& window) { return Printed(window); }

std::string ToText(const Literal& literal) {
  return std::visit([](const auto& value) { return ConstantText(value); }, literal.value);
}

std::string ToText(Duration duration) {
  return StrCat(duration.amount, " ", Spelling(duration.unit));
}

}  // namespace roster::query::ast
