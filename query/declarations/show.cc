// SPDX-License-Identifier: Apache-2.0
#include "query/declarations/show.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/declarations/declaration.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

constexpr int64_t kDayMs = 86'400'000;

TableAnswer ShowTraits(const Schema& schema) {
  TableAnswer table{{{"name", ValueType::kText},
                     {"type", ValueType::kText},
                     {"display", ValueType::kText},
                     {"policy", ValueType::kText},
                     {"searchable", ValueType::kBoolean},
                     {"indexed", ValueType::kBoolean},
                     {"system", ValueType::kBoolean}},
                    {},
                    {}};
  for (const TraitInfo& trait : schema.traits()) {
    if (IsOwnName(trait.name)) continue;
    const std::string& display = trait.display.empty() ? trait.name : trait.display;
    table.rows.push_back({trait.name, ast::ToText(ValueInfo{trait.type, trait.scale}), display,
                          std::string(ast::Spelling(trait.policy)), trait.searchable, trait.indexed,
                          trait.system});
  }
  return table;
}

// "400 days" or, where it is no number of days, "1000 ms".
std::string KeepText(int64_t keep_ms) {
  const bool days = keep_ms % kDayMs == 0;
  return ast::ToText(ast::Duration{days ? keep_ms / kDayMs : keep_ms,
                                   days ? ast::TimeUnit::kDay : ast::TimeUnit::kMillisecond});
}

TableAnswer ShowEvents(const Schema& schema) {
  TableAnswer table{{{"name", ValueType::kText},
                     {"properties", ValueType::kTextList},
                     {"retention", ValueType::kText}},
                    {},
                    {}};
  for (const EventTypeInfo& event : schema.events()) {
    if (event.own) continue;
    TextList properties;
    for (const PropertyInfo& property : event.properties) {
      if (property.name.empty() || IsOwnName(property.name)) continue;
      const std::string type = ast::ToText(ValueInfo{property.type, property.scale});
      properties.push_back(StrCat(ast::QuoteName(property.name), " ", type));
    }
    std::vector<Value>& row = table.rows.emplace_back();
    row.push_back(event.name);
    row.push_back(std::move(properties));
    row.push_back(event.keep_ms == 0 ? "forever" : KeepText(event.keep_ms));
  }
  return table;
}

// The definitions of a kind, by name.
std::map<std::string_view, std::string_view> DefinitionsOf(std::string_view kind,
                                                           const ReadView& view) {
  std::map<std::string_view, std::string_view> found;
  for (const auto& [name, text] : *view->definitions) {
    if (!name.starts_with(kind)) continue;
    found.emplace(std::string_view(name).substr(kind.size()), CanonicalText(text));
  }
  return found;
}

TableAnswer ShowNamespaces(const ReadView& view) {
  TableAnswer table{{{"name", ValueType::kText},
                     {"kind", ValueType::kText},
                     {"rank", ValueType::kInteger},
                     {"limit", ValueType::kInteger},
                     {"blocked", ValueType::kTextList},
                     {"immutable", ValueType::kBoolean}},
                    {},
                    {}};
  for (const NamespaceInfo& space : view.schema().namespaces()) {
    TextList blocked;
    for (const auto& [name, text] : *view->definitions) {
      const std::string begin = BlockedName(space.name, "");
      if (name.starts_with(begin)) blocked.push_back(name.substr(begin.size()));
    }
    std::sort(blocked.begin(), blocked.end());
    table.rows.push_back({space.name, std::string(ast::Spelling(space.kind)), int64_t{space.rank},
                          int64_t{space.limit}, std::move(blocked), space.limit == 1});
  }
  return table;
}

TableAnswer ShowDefinitions(std::string_view kind, const ReadView& view) {
  TableAnswer table{{{"name", ValueType::kText}, {"definition", ValueType::kText}}, {}};
  for (const auto& [name, text] : DefinitionsOf(kind, view)) {
    table.rows.push_back({std::string(name), std::string(text)});
  }
  return table;
}

TableAnswer ShowRetention(const ReadView& view) {
  TableAnswer table = ShowDefinitions(kRetentions, view);
  for (const EventTypeInfo& event : view.schema().events()) {
    if (event.own || event.keep_ms == 0) continue;
    const std::string text =
        StrCat("retain ", ast::QuoteText(event.name), " ", KeepText(event.keep_ms));
    table.rows.push_back({event.name, text});
  }
  return table;
}

}  // namespace

TableAnswer ShowDeclared(ast::Shown what, const ReadView& view) {
  switch (what) {
    case ast::Shown::kTraits:
      return ShowTraits(view.schema());
    case ast::Shown::kEvents:
      return ShowEvents(view.schema());
    case ast::Shown::kNamespaces:
      return ShowNamespaces(view);
    case ast::Shown::kSegments:
      return ShowDefinitions(kSegments, view);
    case ast::Shown::kGoals:
      return ShowDefinitions(kGoals, view);
    case ast::Shown::kInterests:
      return ShowDefinitions(kInterests, view);
    case ast::Shown::kEngagement:
      return ShowDefinitions(kEngagement, view);
    case ast::Shown::kCarries:
      return ShowDefinitions(kCarries, view);
    case ast::Shown::kRetention:
      return ShowRetention(view);
    case ast::Shown::kSettings:
      return ShowDefinitions(kSettings, view);
    case ast::Shown::kRules:
      return ShowDefinitions(kRules, view);
    case ast::Shown::kViews:
      return ShowDefinitions(kViews, view);
  }
  return {};
}

}  // namespace roster::query
