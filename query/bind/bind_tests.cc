// SPDX-License-Identifier: Apache-2.0
//
// Questions about one value: of a trait, an identity, a property of an event or a session.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <variant>

#include "query/bind/binder.h"
#include "query/declarations/names.h"
#include "query/errors.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

// `status` where no trait is called so: whether somebody is archived.
constexpr std::string_view kStatus = "status";
// The same, where it is defined.
constexpr std::string_view kEngagementName = "engagement";

// `is missing` is the negation of `is set`.
BoundFilter MaybeMissing(const ast::Test& test, BoundFilter any) {
  const auto* presence = std::get_if<ast::Presence>(&test.what);
  if (presence == nullptr || presence->op != ast::PresenceOp::kMissing) return any;
  return Negation(std::move(any));
}

bool IsOfHistory(const ast::What& what) {
  return std::holds_alternative<ast::Was>(what) || std::holds_alternative<ast::Changed>(what) ||
         std::holds_alternative<ast::StaysFor>(what);
}

}  // namespace

absl::StatusOr<BoundFilter> Binder::BindOn(const ast::Name& name, const NameScope& scope,
                                           const BindCell& bind) {
  if (scope.kind == NameScope::Kind::kSession) return BindOfSession(name, bind);
  if (scope.kind == NameScope::Kind::kEvent) {
    if (scope.lenient && !catalog_.FindProperty(scope.event, name.text)) return Nobody();
    ROSTER_ASSIGN_OR_RETURN(const PropertyId property, FindProperty(scope.event, name));
    const ValueInfo info = catalog_.PropertyType(scope.event, property);
    ROSTER_ASSIGN_OR_RETURN(CellPredicate predicate, bind(info));
    return BoundFilter{BoundProperty{property, info, std::move(predicate)}};
  }
  ROSTER_ASSIGN_OR_RETURN(const BoundColumn column, FindColumn(name));
  if (column.source == BoundColumn::Source::kId) {
    return values_.Error(ErrorCode::kType, name.span,
                         "`id` is a column only; a filter asks about traits and identities");
  }
  if (column.source == BoundColumn::Source::kComputedTrait) {
    return values_.Error(ErrorCode::kType, name.span,
                         StrCat("`", name.text, "` is computed; compare it with a value"));
  }
  ROSTER_ASSIGN_OR_RETURN(CellPredicate predicate, bind(column.info));
  if (column.source == BoundColumn::Source::kTraitThen) {
    const bool kept = column.info.type != ValueType::kTextList ||
                      std::holds_alternative<AnyValue>(predicate.test);
    if (!kept) return NoHistory(name.span, "what is in a list");
    return ThenIs(column.trait, column.info, name.text, std::move(predicate));
  }
  if (column.source == BoundColumn::Source::kTrait) {
    return BoundFilter{BoundTrait{column.trait, column.info, std::move(predicate)}};
  }
  if (auto* set = std::get_if<TextSet>(&predicate.test)) {
    for (std::string& text : set->texts) text = catalog_.NormalIdentity(column.name_space, text);
    std::sort(set->texts.begin(), set->texts.end());
  }
  return BoundFilter{BoundIdentity{column.name_space, std::move(predicate)}};
}

absl::StatusOr<BoundFilter> Binder::BindTest(const ast::Test& test, const NameScope& scope) {
  if (IsOfHistory(test.what)) {
    if (scope.kind == NameScope::Kind::kProfile) return BindHistory(test);
    return values_.Error(ErrorCode::kType, test.name.span,
                         StrCat("only a trait changes, and `", test.name.text, "` is none here"));
  }
  if (scope.kind == NameScope::Kind::kProfile && test.name.text == kStatus &&
      !catalog_.FindTrait(kStatus) && !catalog_.FindNamespace(kStatus)) {
    return BindStatus(test);
  }
  if (scope.kind == NameScope::Kind::kProfile && test.name.text == kEngagementName &&
      !catalog_.FindTrait(kEngagementName) && !catalog_.FindNamespace(kEngagementName)) {
    const auto stored = catalog_.FindDefinition(kEngagement, kEngagementName);
    if (stored) return BindEngagement(test, *stored);
  }
  if (scope.kind == NameScope::Kind::kProfile && !catalog_.FindTrait(test.name.text) &&
      !catalog_.FindNamespace(test.name.text)) {
    const auto stored = catalog_.FindDefinition(kComputed, test.name.text);
    if (stored) return BindTestOfComputed(test, *stored);
  }
  const bool is_length =
      scope.kind == NameScope::Kind::kSession && test.name.text == kSessionDuration;
  const auto* compare = std::get_if<ast::Compare>(&test.what);
  ROSTER_ASSIGN_OR_RETURN(BoundFilter bound, BindOn(test.name, scope, [&](ValueInfo info) {
                            return is_length && compare != nullptr ? values_.BindDuration(*compare)
                                                                   : BindWhat(info, test);
                          }));
  return MaybeMissing(test, std::move(bound));
}

// A text, `active` or `archived`: everybody has one.
absl::StatusOr<BoundFilter> Binder::BindStatus(const ast::Test& test) {
  const auto* compare = std::get_if<ast::Compare>(&test.what);
  const auto* in = std::get_if<ast::In>(&test.what);
  const bool equal = compare != nullptr && !compare->folded &&
                     (compare->op == ast::CompareOp::kEq || compare->op == ast::CompareOp::kNe);
  if (!equal && in == nullptr) {
    return values_.Error(ErrorCode::kType, test.name.span,
                         "write `status = \"archived\"` or `status = \"active\"`");
  }
  ROSTER_ASSIGN_OR_RETURN(const CellPredicate predicate, BindWhat({ValueType::kText, 0}, test));
  const std::vector<std::string>& texts = std::get<TextSet>(predicate.test).texts;
  bool active = false;
  bool archived = false;
  for (const std::string& text : texts) {
    active |= text == "active";
    archived |= text == "archived";
    if (text == "active" || text == "archived") continue;
    const ast::Span span = compare != nullptr ? compare->value.span : in->values[0].span;
    return values_.Error(ErrorCode::kType, span, "a status is \"active\" or \"archived\"");
  }
  if (predicate.negated) {
    active = !active;
    archived = !archived;
  }
  if (active == archived) return active ? Negation(Nobody()) : Nobody();
  return archived ? ArchivedThen() : Negation(ArchivedThen());
}

absl::StatusOr<BoundFilter> Binder::BindSize(const ast::Size& size, const NameScope& scope) {
  return BindOn(size.name, scope, [&](ValueInfo info) -> absl::StatusOr<CellPredicate> {
    if (info.type != ValueType::kTextList) {
      return values_.Error(ErrorCode::kType, size.name.span,
                           StrCat("`size` asks about a list, not about ", TypeWords(info.type)));
    }
    ROSTER_ASSIGN_OR_RETURN(const CellPredicate count,
                            values_.Bind({ValueType::kInteger, 0}, size.compare));
    return CellPredicate{ListSize{std::get<IntRange>(count.test), count.negated}};
  });
}

absl::StatusOr<BoundFilter> Binder::BindAnniversary(const ast::Anniversary& of,
                                                    const NameScope& scope) {
  return BindOn(of.name, scope, [&](ValueInfo info) -> absl::StatusOr<CellPredicate> {
    if (info.type != ValueType::kDate && info.type != ValueType::kTimestamp) {
      return values_.Error(ErrorCode::kType, of.name.span,
                           StrCat(TypeWords(info.type), " has no anniversary"));
    }
    ROSTER_ASSIGN_OR_RETURN(const Window window, values_.BindWindow(of.window));
    return CellPredicate{AnniversaryIn{window}};
  });
}

absl::StatusOr<CellPredicate> Binder::BindWhat(ValueInfo info, const ast::Test& test) const {
  if (const auto* presence = std::get_if<ast::Presence>(&test.what)) {
    if (presence->op != ast::PresenceOp::kEmpty) return CellPredicate{AnyValue{}};
    if (info.type == ValueType::kText) return CellPredicate{TextSet{{""}}};
    if (info.type == ValueType::kTextList) return CellPredicate{ListSize{{0, 0}}};
    return values_.Error(ErrorCode::kType, presence->span,
                         StrCat("a text or a list can be empty, not ", TypeWords(info.type),
                                "; write `is missing`"));
  }
  if (const auto* window = std::get_if<ast::Window>(&test.what)) {
    if (info.type != ValueType::kTimestamp && info.type != ValueType::kDate) {
      return values_.Error(ErrorCode::kType, window->span,
                           StrCat("a window asks about a time, not about ", TypeWords(info.type)));
    }
    ROSTER_ASSIGN_OR_RETURN(const Window bound, values_.BindWindow(*window));
    return CellPredicate{InWindow{bound}};
  }
  if (const auto* one = std::get_if<ast::Compare>(&test.what)) return values_.Bind(info, *one);
  if (const auto* in = std::get_if<ast::In>(&test.what)) return values_.Bind(info, *in);
  if (const auto* ends = std::get_if<ast::Between>(&test.what)) return values_.Bind(info, *ends);
  if (const auto* match = std::get_if<ast::TextMatch>(&test.what)) {
    return values_.Bind(info, *match);
  }
  if (const auto* pattern = std::get_if<ast::Pattern>(&test.what)) {
    return values_.Bind(info, *pattern);
  }
  return values_.Bind(info, std::get<ast::Has>(test.what));
}

absl::StatusOr<BoundFilter> Binder::BindHistory(const ast::Test& test) {
  ROSTER_ASSIGN_OR_RETURN(const BoundColumn column, FindColumn(test.name));
  const bool is_trait = column.source == BoundColumn::Source::kTrait ||
                        column.source == BoundColumn::Source::kTraitThen;
  if (!is_trait || catalog_.IsSystem(column.trait)) {
    return values_.Error(ErrorCode::kType, test.name.span,
                         StrCat("of `", test.name.text, "` no history is kept; ask about a trait"));
  }
  BoundHistory bound;
  bound.trait = column.trait;
  bound.info = column.info;
  bound.said = ast::ToText(ast::Filter{test, {}});
  const auto equal = [&](const ast::Literal& value) {
    return values_.Bind(column.info, ast::Compare{ast::CompareOp::kEq, value});
  };
  if (const auto* was = std::get_if<ast::Was>(&test.what)) {
    ROSTER_ASSIGN_OR_RETURN(bound.to, equal(was->value));
    if (was->window) {
      ROSTER_ASSIGN_OR_RETURN(bound.window, values_.BindWindow(*was->window));
    }
  } else if (const auto* changed = std::get_if<ast::Changed>(&test.what)) {
    bound.kind = BoundHistory::Kind::kChanged;
    if (changed->from) {
      ROSTER_ASSIGN_OR_RETURN(bound.from, equal(*changed->from));
    }
    if (changed->to) {
      ROSTER_ASSIGN_OR_RETURN(bound.to, equal(*changed->to));
    }
    if (changed->window) {
      ROSTER_ASSIGN_OR_RETURN(bound.window, values_.BindWindow(*changed->window));
    }
  } else {
    const auto& stays = std::get<ast::StaysFor>(test.what);
    bound.kind = BoundHistory::Kind::kStays;
    ROSTER_ASSIGN_OR_RETURN(bound.to, values_.Bind(column.info, stays.compare));
    ast::Window since;
    since.kind = ast::Window::Kind::kMoreThanAgo;
    since.first = stays.duration;
    ROSTER_ASSIGN_OR_RETURN(bound.window, values_.BindWindow(since));
  }
  return BoundFilter{std::move(bound)};
}

}  // namespace roster::query
