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
  // Inside a session's condition the person's are named with a prefix.
  bool In(const ast::Test& test) const {
    return IsTrait(test.name.text) || IsTrait(test.name.text, "profile.");
  }
  bool In(const ast::Logic& logic) const { return InAny(logic.children); }
  bool In(const ast::Sessions& sessions) const { return InAny(sessions.condition); }
  bool InAny(const std::vector<ast::Filter>& filters) const {
    return std::any_of(filters.begin(), filters.end(),
                       [&](const ast::Filter& one) { return In(one); });
  }
  bool IsTrait(std::string_view name, std::string_view prefix = "") const {
    return kind_ == ast::Defined::kTrait && name == StrCat(prefix, name_);
  }

  const ast::Defined kind_;
  const std::string_view name_;
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
  look(kViews, ast::Defined::kView);
  look(kRules, ast::Defined::kRule);
  return users;
}

}  // namespace roster::query
