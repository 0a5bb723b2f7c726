// SPDX-License-Identifier: Apache-2.0
#include "query/bind/bind.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "query/bind/binder.h"
#include "query/errors.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/schema.h"

namespace roster::query {
namespace {

bool HasOrder(ValueType type) { return type != ValueType::kTextList && type != ValueType::kJson; }

}  // namespace

BoundFilter Nobody() { return {BoundNever{}}; }

BoundFilter Negation(BoundFilter filter) {
  BoundLogic negation{ast::LogicOp::kNot, {}};
  negation.children.push_back(std::move(filter));
  return {std::move(negation)};
}

BoundFilter Both(BoundFilter first, BoundFilter second) {
  BoundLogic both{ast::LogicOp::kAnd, {}};
  both.children.push_back(std::move(first));
  both.children.push_back(std::move(second));
  return {std::move(both)};
}

BoundFilter Archived(const Catalog& catalog) {
  const std::optional<TraitId> archived = catalog.ArchivedTrait();
  if (!archived) return Nobody();
  return {BoundTrait{*archived, {ValueType::kBoolean}, {IntRange{1, 1}}}};
}

absl::StatusOr<BoundStatement> Binder::Bind(const ast::Statement& statement) {
  BoundStatement bound;
  if (const auto* find = std::get_if<ast::Find>(&statement.verb)) {
    ROSTER_ASSIGN_OR_RETURN(bound.find, BindFind(*find));
  }
  if (const auto* show = std::get_if<ast::Show>(&statement.verb)) bound.show = show->what;
  const auto* count = std::get_if<ast::Count>(&statement.verb);
  if (count != nullptr && !count->by.empty()) {
    ROSTER_ASSIGN_OR_RETURN(bound.breakdown, BindBreakdown(*count));
  }
  if (statement.where) {
    ROSTER_ASSIGN_OR_RETURN(bound.where, BindFilter(*statement.where, {}));
  }
  return bound;
}

absl::StatusOr<BoundEvents> Binder::Bind(const ast::Events& events) {
  ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(events.event));
  return BindEvents(events, event, false);
}

absl::StatusOr<BoundEventProperty> Binder::Bind(const ast::Name& event,
                                                const ast::Name& property) const {
  BoundEventProperty bound;
  ROSTER_ASSIGN_OR_RETURN(bound.event, FindEvent(event));
  ROSTER_ASSIGN_OR_RETURN(bound.property, FindProperty(bound.event, property));
  bound.info = catalog_.PropertyType(bound.event, bound.property);
  return bound;
}

// --- Filters ---

absl::StatusOr<BoundFilter> Binder::BindFilter(const ast::Filter& filter, const NameScope& scope) {
  if (++*num_nodes_ > kMaxNodes) {
    return values_.Error(ErrorCode::kLimit, filter.span,
                         StrCat("a filter has more than ", kMaxNodes, " conditions"));
  }
  return std::visit([&](const auto& node) { return BindIn(scope, node, filter); }, filter.node);
}

absl::StatusOr<BoundFilter> Binder::BindLogic(const ast::Logic& logic, const NameScope& scope) {
  BoundLogic bound{logic.op, {}};
  bound.children.reserve(logic.children.size());
  for (const ast::Filter& child : logic.children) {
    ROSTER_ASSIGN_OR_RETURN(BoundFilter one, BindFilter(child, scope));
    bound.children.push_back(std::move(one));
  }
  return BoundFilter{std::move(bound)};
}

absl::Status Binder::OutOfPlace(const NameScope& scope, const ast::Filter& at) const {
  if (scope.kind == NameScope::Kind::kEvent) {
    return values_.Error(ErrorCode::kType, at.span,
                         "the condition on an event asks about its properties only");
  }
  return values_.Error(ErrorCode::kType, at.span,
                       "the condition on a session asks about its properties and events only");
}

// --- Names ---

absl::Status Binder::Unknown(std::string_view kind, const ast::Name& name,
                             const std::vector<std::string_view>& candidates) const {
  return values_.Error(
      ErrorCode::kNoTrait, name.span,
      StrCat("unknown ", kind, " `", name.text, "`", DidYouMean(name.text, candidates)));
}

absl::StatusOr<EventTypeId> Binder::FindEvent(const ast::Name& name) const {
  const std::optional<EventTypeId> event = catalog_.FindEvent(name.text);
  if (!event) return Unknown("event", name, catalog_.EventNames());
  return *event;
}

absl::StatusOr<PropertyId> Binder::FindProperty(EventTypeId event, const ast::Name& name) const {
  const std::optional<PropertyId> property = catalog_.FindProperty(event, name.text);
  if (!property) return Unknown("property", name, catalog_.PropertyNames(event));
  return *property;
}

std::vector<std::string_view> Binder::ColumnNames() const {
  std::vector<std::string_view> names = {kIdColumn};
  for (const std::string_view name : catalog_.NamespaceNames()) {
    if (!catalog_.FindTrait(name)) names.push_back(name);
  }
  const std::vector<std::string_view> traits = catalog_.TraitNames();
  names.insert(names.end(), traits.begin(), traits.end());
  return names;
}

// A column, or what a filter asks about: a trait, else a namespace, else the id.
absl::StatusOr<BoundColumn> Binder::FindColumn(const ast::Name& name) const {
  BoundColumn column;
  column.name = name.text;
  if (const auto trait = catalog_.FindTrait(name.text)) {
    column.source = BoundColumn::Source::kTrait;
    column.trait = *trait;
    column.info = catalog_.TraitType(*trait);
    return column;
  }
  column.info = {ValueType::kText, 0};
  if (const auto name_space = catalog_.FindNamespace(name.text)) {
    column.source = BoundColumn::Source::kIdentity;
    column.name_space = *name_space;
    return column;
  }
  if (name.text == kIdColumn) return column;
  return Unknown("trait", name, ColumnNames());
}

absl::StatusOr<BoundBreakdown> Binder::BindBreakdown(const ast::Count& count) const {
  BoundBreakdown bound;
  for (const ast::Name& name : count.by) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, FindColumn(name));
    if (column.source != BoundColumn::Source::kTrait || !HasOrder(column.info.type)) {
      const bool trait = column.source == BoundColumn::Source::kTrait;
      return values_.Error(ErrorCode::kType, name.span,
                           trait ? StrCat("nothing is counted by ", TypeWords(column.info.type))
                                 : StrCat("`", name.text, "` is an identity; count by traits"));
    }
    bound.by.push_back({std::move(column), false});
  }
  if (count.having) {
    ROSTER_ASSIGN_OR_RETURN(bound.having, values_.Bind({ValueType::kInteger, 0}, *count.having));
  }
  return bound;
}

absl::StatusOr<BoundFind> Binder::BindFind(const ast::Find& find) const {
  BoundFind bound;
  std::vector<ast::Name> columns = find.columns;
  if (columns.empty()) {
    for (const std::string_view name : ColumnNames()) columns.push_back({std::string(name), {}});
  }
  for (const ast::Name& name : columns) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, FindColumn(name));
    bound.columns.push_back(std::move(column));
  }
  std::vector<ast::OrderBy> order = find.order;
  if (order.empty()) order.push_back({{"last_seen", {}}, true});
  for (const ast::OrderBy& by : order) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, FindColumn(by.column));
    if (!HasOrder(column.info.type)) {
      return values_.Error(ErrorCode::kType, by.column.span,
                           StrCat(TypeWords(column.info.type), " has no order"));
    }
    bound.order.push_back({std::move(column), by.descending});
  }
  if (find.limit) bound.limit = static_cast<uint64_t>(*find.limit);
  bound.offset = static_cast<uint64_t>(find.offset);
  return bound;
}

// --- Time zones ---

namespace {

using ZoneNames = std::set<std::string, std::less<>>;

// The zones that are installed; empty when there is no list of them.
ZoneNames ReadZoneNames() {
  // Debian's tzdata has this list beside the zones: "Z name ..." and "L target name".
  std::ifstream list("/usr/share/zoneinfo/tzdata.zi");
  ZoneNames names;
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    std::string kind;
    std::string name;
    words >> kind >> name;
    if (kind == "L") words >> name;
    if (kind == "L" || kind == "Z") names.insert(name);
  }
  return names;
}

// Whether a name may go to Abseil, which opens the file of any path (`file:` before it, too) and
// keeps for ever what it knows of each name that it was ever asked.
bool IsZoneName(std::string_view name) {
  constexpr size_t kMaxLength = 64;
  const auto is_sign = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  if (name.empty() || name.size() > kMaxLength || name[0] == '/') return false;
  if (!std::all_of(name.begin(), name.end(), is_sign)) return false;
  if (name == "localtime") return false;  // the machine's, which no other machine shares
  static const ZoneNames installed = ReadZoneNames();
  return name == "UTC" || installed.empty() || installed.contains(name);
}

}  // namespace

absl::StatusOr<absl::TimeZone> LoadTimeZone(std::string_view name) {
  absl::TimeZone zone;
  if (IsZoneName(name) && absl::LoadTimeZone(AbslView(name), &zone)) return zone;
  return MakeError(ErrorCode::kType,
                   "unknown time zone; write an IANA name such as Europe/Amsterdam or UTC");
}

absl::StatusOr<absl::TimeZone> ZoneOf(const std::optional<ast::Literal>& named,
                                      const BindContext& context) {
  std::string_view name = context.time_zone;
  if (named) name = std::get<std::string>(named->value);
  absl::StatusOr<absl::TimeZone> zone = LoadTimeZone(name);
  if (zone.ok() || !named) return zone;
  return ErrorAt(ErrorCode::kType, context.text, named->span, StdView(zone.status().message()));
}

namespace {

// The scope as one more condition on who is looked at.
void Narrow(ast::Scope scope, const Catalog& catalog, BoundStatement* statement) {
  if (scope == ast::Scope::kIncludingArchived || statement->show) return;
  // Nobody ever was.
  if (!catalog.ArchivedTrait() && scope == ast::Scope::kActive) return;
  BoundFilter condition = Archived(catalog);
  if (scope == ast::Scope::kActive) condition = Negation(std::move(condition));
  if (statement->where) {
    condition = Both(std::move(condition), *std::move(statement->where));
  }
  statement->where = std::move(condition);
}

}  // namespace

absl::StatusOr<BoundStatement> Bind(const ast::Statement& statement, const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(statement.time_zone, context));
  ROSTER_ASSIGN_OR_RETURN(BoundStatement bound, Binder(context, zone).Bind(statement));
  Narrow(statement.scope, *context.catalog, &bound);
  return bound;
}

absl::StatusOr<BoundFilter> BindFilter(const ast::Filter& filter, const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(context.time_zone));
  return Binder(context, zone).Bind(filter);
}

absl::StatusOr<BoundEvents> BindEvents(const ast::Events& events, const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(context.time_zone));
  return Binder(context, zone).Bind(events);
}

absl::StatusOr<BoundEventProperty> BindProperty(const ast::Name& event, const ast::Name& property,
                                                const BindContext& context) {
  return Binder(context, absl::UTCTimeZone()).Bind(event, property);
}

}  // namespace roster::query
