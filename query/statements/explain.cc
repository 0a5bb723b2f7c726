// SPDX-License-Identifier: Apache-2.0
#include "query/statements/explain.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "query/operators/logic.h"
#include "query/statements/measured.h"
#include "query/statements/newest_first.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

// What a name of the store's own is for.
std::string Shown(std::string_view name) {
  return IsOwnName(name) ? StrCat("(", name.substr(1), ")") : ast::QuoteText(name);
}

std::vector<std::string> ReadsOf(const Operator& part, const ReadView& view) {
  Dependencies of;
  part.AddDependencies(&of);
  std::vector<std::string> reads;
  const auto add = [&](std::string what) {
    if (std::find(reads.begin(), reads.end(), what) == reads.end())
      reads.push_back(std::move(what));
  };
  for (const TraitId trait : of.traits) {
    const std::string& name = view.schema().trait(trait).name;
    add(StrCat("column ", ast::QuoteName(IsOwnName(name) ? name.substr(1) : name)));
  }
  for (const EventTypeId event : of.events) {
    add(StrCat("events ", Shown(view.schema().event(event).name), " (",
               view->partition(event).num_events(), ")"));
  }
  if (of.identities) add("identities");
  if (of.labels) add("labels");
  if (of.consent) add("consent");
  if (of.sessions) add("all events, as sessions");
  return reads;
}

PlanNode NodeOf(const Operator& part, const ReadView& view) {
  const auto* measured = dynamic_cast<const MeasuredOperator*>(&part);
  const Operator& inner = measured != nullptr ? measured->inner() : part;
  const auto* logic = dynamic_cast<const LogicOperator*>(&inner);
  // Nobody wrote an `and` of one: it says how its part is asked.
  if (logic != nullptr && logic->op() == ast::LogicOp::kAnd && logic->children().size() == 1) {
    return NodeOf(*logic->children()[0], view);
  }
  PlanNode node;
  node.estimated_rows = static_cast<uint64_t>(std::llround(part.estimated_rows()));
  if (measured != nullptr) node.measures = measured->measures();
  if (logic != nullptr) {
    static constexpr const char* kWords[] = {"and", "or", "not"};
    node.what = kWords[static_cast<size_t>(logic->op())];
    for (const auto& child : logic->children()) node.children.push_back(NodeOf(*child, view));
  } else {
    node.what = inner.Describe(view.schema());
    node.reads = ReadsOf(inner, view);
  }
  return node;
}

std::string OrderText(const std::vector<BoundOrder>& order) {
  std::string text;
  for (const BoundOrder& by : order) {
    text += StrCat(text.empty() ? " order by " : ", ", ast::QuoteName(by.column.name),
                   by.descending ? " desc" : "");
  }
  return text;
}
std::string ByText(const std::vector<BoundOrder>& by) {
  std::string text;
  for (const BoundOrder& one : by) {
    text += StrCat(text.empty() ? " by " : ", ", ast::QuoteName(one.column.name));
  }
  return text;
}

std::string Title(const BoundCount&) { return "count"; }
std::string Title(const BoundBreakdown& breakdown) { return "count" + ByText(breakdown.by); }
std::string Title(const BoundFind& find) {
  std::string text = "find";
  for (const BoundColumn& column : find.columns) {
    text += StrCat(&column == &find.columns.front() ? " " : ", ", ast::QuoteName(column.name));
  }
  text += OrderText(find.order);
  if (find.limit) text += StrCat(" limit ", *find.limit);
  if (find.offset != 0) text += StrCat(" offset ", find.offset);
  return text;
}
std::string Title(const BoundFunnel& funnel) {
  std::string text = "funnel ";
  for (const std::string& name : funnel.names) {
    text += StrCat(&name == &funnel.names.front() ? "" : " then ", ast::QuoteText(name));
  }
  return text + ByText(funnel.by);
}
std::string Title(const BoundSearch& search) {
  return StrCat("search ", search.words.size(), " words");
}
std::string Title(const BoundWhy&) { return "why"; }
std::string Title(ast::Shown shown) { return StrCat("show ", ast::Spelling(shown)); }

// What a statement shows of so many profiles.
uint64_t RowsOf(const BoundVerb& verb, uint64_t profiles) {
  if (const auto* find = std::get_if<BoundFind>(&verb)) {
    const uint64_t left = profiles - std::min(profiles, find->offset);
    return std::min(left, find->limit.value_or(left));
  }
  if (const auto* search = std::get_if<BoundSearch>(&verb)) {
    return std::min(profiles, search->limit.value_or(profiles));
  }
  if (const auto* funnel = std::get_if<BoundFunnel>(&verb)) return funnel->names.size();
  return std::holds_alternative<BoundCount>(verb) ? 1 : profiles;
}

}  // namespace

PlanNode ExplainPlan(const Plan& plan, const ReadView& view) {
  PlanNode root;
  root.what = std::visit([](const auto& verb) { return Title(verb); }, plan.verb);
  uint64_t profiles = view->num_profiles;
  if (plan.filter != nullptr) {
    root.children.push_back(NodeOf(*plan.filter, view));
    profiles = root.children.back().estimated_rows;
  } else {
    root.children.push_back({"all profiles", {}, profiles, {}, {}});
  }
  const auto* find = std::get_if<BoundFind>(&plan.verb);
  const auto newest_first = [&] {
    const uint64_t wanted = find->limit.value_or(view->num_rows());
    return TriesNewestFirst(plan.filter.get(), find->order, wanted + find->offset + 1, view);
  };
  if (find != nullptr && newest_first()) root.reads = {"rows by last_seen"};
  root.estimated_rows = RowsOf(plan.verb, profiles);
  return root;
}

}  // namespace roster::query
