// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "query/ast.h"
#include "storage/base/text.h"

namespace roster::query::ast {
namespace {

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

  // --- One value ---

  void Print(const Test& test) {
    Add(QuoteName(test.name.text), " ");
    std::visit([&](const auto& what) { Print(what); }, test.what);
  }
  void Print(const Size& size) {
    Add("size(", QuoteName(size.name.text), ") ");
    Print(size.compare);
  }
  void Print(const Anniversary& of) {
    Add("anniversary of ", QuoteName(of.name.text), " ", ToText(of.window));
  }

  void Print(const Compare& compare) {
    Add(Spelling(compare.op), compare.folded ? " ~" : " ", ToText(compare.value));
  }
  void Print(const In& in) {
    Add(in.negated ? "not in " : "in ");
    List(in.values);
  }
  void List(const std::vector<Literal>& values) {
    for (size_t i = 0; i < values.size(); ++i) Add(i > 0 ? ", " : "(", ToText(values[i]));
    Add(")");
  }
  void Print(const Between& between) {
    Add("between ", ToText(between.low), " and ", ToText(between.high));
  }
  void Print(const Presence& presence) {
    static constexpr const char* kWords[] = {"is set", "is missing", "is empty"};
    Add(kWords[static_cast<size_t>(presence.op)]);
  }
  void Print(const TextMatch& match) {
    Add(Spelling(match.op), match.folded ? " ~" : " ", ToText(match.text));
  }
  void Print(const Pattern& pattern) {
    Add("matches /", pattern.regex, pattern.any_case ? "/i" : "/");
  }
  void Print(const Has& has) {
    Add(Spelling(has.op), " ");
    if (has.op != ListOp::kHas) return List(has.elements);
    Add(ToText(has.elements[0]));
  }
  void Print(const Window& window) { Add(ToText(window)); }
  void Print(const std::optional<Window>& window) {
    if (window) Add(" ", ToText(*window));
  }

  void Print(const Was& was) {
    Add("was ", ToText(was.value));
    Print(was.window);
  }
  void Print(const Changed& changed) {
    Add("changed");
    if (changed.from) Add(" from ", ToText(*changed.from));
    if (changed.to) Add(" to ", ToText(*changed.to));
    Print(changed.window);
  }
  void Print(const StaysFor& stays) {
    Print(stays.compare);
    Add(" for ", ToText(stays.duration));
  }

  // --- Who somebody is ---

  void Print(const HasLabel& label) {
    Add(label.any ? "has any label " : "has label ");
    if (label.any) return List(label.labels);
    Add(ToText(label.labels[0]));
  }
  void Print(const IsIdentified& is) { Add(is.identified ? "is identified" : "is anonymous"); }
  void Print(const HasIdentity& has) {
    if (!has.name_space) return Add("has no identity");
    Add("has identity ", QuoteName(has.name_space->text));
  }
  void Print(const HasChannel& has) { Add("has channel ", ToText(has.channel)); }
  void Print(const CreatedVia& created) { Add("created via ", ToText(created.via)); }
  void Print(const KnownFor& known) { Add("known for ", ToText(known.duration)); }
  void Print(const Consent& consent) {
    Add("consent ", QuoteText(consent.channel.text), " ", Spelling(consent.state));
    if (consent.since) Add(" since ", ToText(*consent.since));
    if (consent.policy) Add(" policy ", ToText(*consent.policy));
  }
  void Print(const InSegment& in) { Add("in segment ", QuoteText(in.segment.text)); }
  void Print(const InterestIn& in) {
    Add("interest ");
    if (in.interest) Add(QuoteName(in.interest->text), " ");
    Add(ToText(in.value), " ", Spelling(in.op), " ", ToText(in.share));
  }
  void Print(const Sample& sample) {
    Add("sample ", sample.percent.ToText(), "% seed ", ToText(sample.seed));
  }

  // --- What somebody did ---

  void What(const Events& events) {
    switch (events.kind) {
      case EventKind::kType:
        return Add(QuoteText(events.event.text));
      case EventKind::kAny:
        return Add("any event");
      case EventKind::kGoal:
        return Add("goal ", QuoteText(events.event.text));
      case EventKind::kCampaign:
        return Add("campaign ", QuoteText(events.event.text), Spelling(events.touch));
    }
  }
  void Where(const Events& events) {
    if (events.where.empty()) return;
    Add(" where (");
    Print(events.where[0]);
    Add(")");
  }
  void Times(CountOp op, int64_t times, std::string_view unit) {
    Add(" ", Spelling(op), " ", times, " ", unit);
  }

  void Print(const Did& did) {
    const char* const verb = did.events.kind == EventKind::kGoal       ? "completed "
                             : did.events.kind == EventKind::kCampaign ? "touched "
                                                                       : "did ";
    Add(verb);
    What(did.events);
    Where(did.events);
    if (did.on) Add(" on");
    Times(did.op, did.times, did.on ? Spelling(*did.on) : "times");
    Print(did.events.window);
  }

  void Place(int64_t place) {
    if (place == -1) return Add("last ");
    if (place == 1) return Add("first ");
    Add("nth ", place, " ");
  }
  void Print(const Nth& nth) {
    Place(nth.place);
    What(nth.events);
    Where(nth.events);
    Print(nth.events.window);
  }

  void Print(const AggregateOf& aggregate) {
    Add(Spelling(aggregate.op), "(");
    What(aggregate.events);
    if (aggregate.property) Add(".", QuoteName(aggregate.property->text));
    Where(aggregate.events);
    Add(")");
    Print(aggregate.events.window);
  }
  void Print(const Aggregate& aggregate) {
    Print(aggregate.left);
    Add(" ", Spelling(aggregate.op), " ");
    if (const auto* other = std::get_if<AggregateOf>(&aggregate.right)) return Print(*other);
    Add(ToText(std::get<Literal>(aggregate.right)));
  }

  void Print(const Sequence& sequence) {
    Add("did ");
    if (sequence.start == Start::kEvery) Add("every ");
    if (sequence.start == Start::kNth) Place(sequence.place);
    Steps(sequence.steps);
    Correlation(sequence.same, sequence.same_session);
  }
  void Steps(const std::vector<Step>& steps) {
    for (size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      if (i > 0) Add(step.negated ? " then not " : " then ");
      What(step.events);
      Where(step.events);
      Print(step.events.window);
      if (step.within) Add(" within ", ToText(*step.within));
    }
  }
  void Correlation(const std::vector<Name>& same, bool same_session) {
    for (const Name& name : same) Add(" same ", QuoteName(name.text));
    if (same_session) Add(" in the same session");
  }

  void Print(const Paused& paused) {
    Add(paused.resumed ? "resumed " : "stopped ");
    What(paused.events);
    Where(paused.events);
    Add(paused.resumed ? " after " : " for ", ToText(paused.duration));
  }

  void Print(const Sessions& sessions) {
    static constexpr const char* kWords[] = {"any session (", "all sessions (", "no session ("};
    Add(kWords[static_cast<size_t>(sessions.quantifier)]);
    Print(sessions.condition[0]);
    Add(")");
    if (sessions.quantifier == Quantifier::kAny) Times(sessions.op, sessions.times, "times");
    Print(sessions.window);
  }

  // --- Statements ---

  void PrintWhere(const Statement& of) {
    if (of.scope == Scope::kIncludingArchived) Add(" including archived");
    if (of.scope == Scope::kOnlyArchived) Add(" only archived");
    if (!of.where) return;
    Add(" where ");
    Print(*of.where);
  }
  void Names(std::string_view before, const std::vector<Name>& names) {
    for (const Name& name : names) {
      Add(&name == &names.front() ? before : ", ", QuoteName(name.text));
    }
  }

  void Print(const Count& count, const Statement& of) {
    Add("count");
    PrintWhere(of);
    Names(" by ", count.by);
    if (!count.having) return;
    Add(" having count ");
    Print(*count.having);
  }

  void Print(const Find& find, const Statement& of) {
    Add("find");
    Names(" ", find.columns);
    if (find.view) Add(" view ", QuoteText(find.view->text));
    PrintWhere(of);
    Order(find.order);
    if (find.limit) Add(" limit ", *find.limit);
    if (find.offset != 0) Add(" offset ", find.offset);
    if (find.after) Add(" after ", ToText(*find.after));
  }

  void Print(const Show& show, const Statement&) { Add("show ", Spelling(show.what)); }

  void Print(const Funnel& funnel, const Statement& of) {
    Add("funnel ");
    Steps(funnel.steps);
    if (funnel.each) Add(" each within ", ToText(*funnel.each));
    if (funnel.overall) Add(" overall within ", ToText(*funnel.overall));
    Correlation(funnel.same, funnel.same_session);
    PrintWhere(of);
    if (funnel.by) Add(" by ", QuoteName(funnel.by->text));
  }

  void Print(const Search& search, const Statement& of) {
    Add("search ", ToText(search.words));
    PrintWhere(of);
    if (search.limit) Add(" limit ", *search.limit);
  }

  void Print(const Why& why, const Statement&) {
    Add("why ", ToText(why.profile), " in segment ", QuoteText(why.segment.text));
  }

  void Print(const Diff& diff, const Statement&) {
    Add("diff segment ", QuoteText(diff.segment.text), " from ", ToText(diff.from), " to ",
        ToText(diff.to));
  }

  void Order(const std::vector<OrderBy>& order) {
    for (size_t i = 0; i < order.size(); ++i) {
      Add(i > 0 ? ", " : " order by ", QuoteName(order[i].column.text),
          order[i].descending ? " desc" : "");
    }
  }

  void Print(const Statement& statement) {
    if (statement.explained != Explained::kNo) Add("explain ");
    if (statement.explained == Explained::kAnalyzed) Add("analyze ");
    if (statement.explained == Explained::kAsDuckDb) Add("sql dialect duckdb ");
    if (statement.explained == Explained::kAsClickHouse) Add("sql dialect clickhouse ");
    std::visit([&](const auto& verb) { Print(verb, statement); }, statement.verb);
    if (statement.as_of) Add(" as of ", ToText(*statement.as_of));
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

}  // namespace

// Written out: Clang 14 crashes on defaulted ones of types that hold each other.
bool Logic::operator==(const Logic& other) const {
  return op == other.op && children == other.children;
}
bool Events::operator==(const Events& other) const {
  return event == other.event && where == other.where && window == other.window &&
         kind == other.kind && touch == other.touch;
}
bool Sessions::operator==(const Sessions& other) const {
  return quantifier == other.quantifier && condition == other.condition && op == other.op &&
         times == other.times && window == other.window;
}
bool Filter::operator==(const Filter& other) const { return node == other.node; }

const char* Spelling(TextOp op) {
  static constexpr const char* kSpellings[] = {"contains", "starts with", "ends with"};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(ListOp op) {
  static constexpr const char* kSpellings[] = {"has", "has any", "has all", "has none"};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(AggregateOp op) {
  static constexpr const char* kSpellings[] = {"sum", "avg", "min", "max", "count", "distinct"};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(Touch touch) {
  static constexpr const char* kSpellings[] = {"", " sent", " seen", " clicked"};
  return kSpellings[static_cast<size_t>(touch)];
}

const char* Spelling(CountOp op) {
  static constexpr const char* kSpellings[] = {"at least", "at most", "exactly"};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(ConsentState state) {
  static constexpr const char* kSpellings[] = {"granted", "withdrawn", "unknown"};
  return kSpellings[static_cast<size_t>(state)];
}

const char* Spelling(Shown shown) {
  static constexpr const char* kSpellings[] = {"traits",    "events",    "namespaces", "segments",
                                               "goals",     "interests", "engagement", "carries",
                                               "retention", "settings",  "rules",      "views"};
  return kSpellings[static_cast<size_t>(shown)];
}

std::string ToText(const Statement& statement) { return Printed(statement); }
std::string ToText(const Filter& filter) { return Printed(filter); }
std::string ToText(const AggregateOf& aggregate) { return Printed(aggregate); }
std::string ShapeText(const Find& find) {
  Printer printer;
  printer.Names("", find.columns);
  printer.Order(find.order);
  return printer.Take();
}

}  // namespace roster::query::ast
