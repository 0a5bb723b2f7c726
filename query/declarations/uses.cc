// SPDX-License-Identifier: Apache-2.0
#include "query/declarations/uses.h"

#include <algorithm>

#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

// Looks for one name.
class Uses {
 public:
  Uses(ast::Defined kind, std::string_view name) : kind_(kind), name_(name) {}

  bool In(const ast::Filter& filter) const {
    return std::visit([&](const auto& node) { return In(node); }, filter.node);
  }
  bool In(const ast::DefineSegment& segment) const { return In(segment.filter); }
  bool In(const ast::DefineTrait& trait) const { return In(trait.aggregate); }
  bool In(const ast::DefineRule& rule) const { return In(rule.when); }
  bool In(const ast::DefineView& view) const {
    const auto& columns = view.shape.columns;
    const auto& order = view.shape.order;
    return std::any_of(columns.begin(), columns.end(),
                       [&](const ast::Name& column) { return IsTrait(column.text); }) ||
           std::any_of(order.begin(), order.end(),
                       [&](const ast::OrderBy& by) { return IsTrait(by.column.text); });
  }
  template <typename T>
  bool In(const T&) const {
    return false;
  }

 private:
  bool In(const ast::InSegment& in) const {
    return kind_ == ast::Defined::kSegment && in.segment.text == name_;
  }
  bool In(const ast::Test& test) const {
    const std::string_view name = test.name.text;
    return IsTrait(name) || (!in_session_ && kind_ == ast::Defined::kEngagement && name == name_);
  }
  bool In(const ast::InterestIn& in) const {
    const bool is =
        !in.interest || in.interest->text == name_;  // the only one has no need of a name
    return kind_ == ast::Defined::kInterest && is;
  }
  bool In(const ast::Logic& logic) const { return InAny(logic.children); }
  bool In(const ast::Sessions& sessions) const {
    Uses inside = *this;
    inside.in_session_ = true;
    return inside.InAny(sessions.condition);
  }

  bool In(const ast::Did& did) const { return In(did.events); }
  bool In(const ast::Nth& nth) const { return In(nth.events); }
  bool In(const ast::Paused& paused) const { return In(paused.events); }
  bool In(const ast::AggregateOf& of) const { return In(of.events); }
  bool In(const ast::Aggregate& aggregate) const {
    const auto* right = std::get_if<ast::AggregateOf>(&aggregate.right);
    return In(aggregate.left) || (right != nullptr && In(*right));
  }
  bool In(const ast::Sequence& sequence) const {
    return std::any_of(sequence.steps.begin(), sequence.steps.end(),
                       [&](const ast::Step& step) { return In(step.events); });
  }
  bool In(const ast::Events& events) const {
    const bool is_goal = events.kind == ast::EventKind::kGoal && events.event.text == name_;
    return kind_ == ast::Defined::kGoal && is_goal;
  }
  bool InAny(const std::vector<ast::Filter>& filters) const {
    return std::any_of(filters.begin(), filters.end(),
                       [&](const ast::Filter& one) { return In(one); });
  }
  // Inside a session's condition the person's are named with a prefix.
  bool IsTrait(std::string_view name) const {
    return kind_ == ast::Defined::kTrait && name == StrCat(in_session_ ? "profile." : "", name_);
  }

  ast::Defined kind_;
  std::string_view name_;
  bool in_session_ = false;
};

}  // namespace

std::vector<std::string> UsersOf(ast::Defined kind, std::string_view name, const Catalog& catalog) {
  const Uses uses(kind, name);
  std::vector<std::string> users;
  const auto look = [&](std::string_view of, ast::Defined spelled) {
    for (const std::string_view other : catalog.DefinitionNames(of)) {
      const auto declaration = ParseStored(*catalog.FindDefinition(of, other));
      if (!declaration.ok()) continue;
      const bool is =
          std::visit([&](const auto& what) { return uses.In(what); }, declaration->what);
      if (is) users.push_back(StrCat(ast::Spelling(spelled), " `", other, "`"));
    }
  };
  look(kSegments, ast::Defined::kSegment);
  look(kComputed, ast::Defined::kTrait);
  look(kViews, ast::Defined::kView);
  look(kRules, ast::Defined::kRule);
  return users;
}

}  // namespace roster::query
