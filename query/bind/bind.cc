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

// Logic goes by the way with the smallest frames: the depth of a filter multiplies them.
absl::StatusOr<BoundFilter> Binder::BindFilter(const ast::Filter& filter, const NameScope& scope) {
  if (++*num_nodes_ > kMaxNodes) return TooMany(filter);
  if (const auto* logic = std::get_if<ast::Logic>(&filter.node)) {
    if (depth_ >= kMaxDepth) return TooDeep(filter.span);
    return BindLogic(*logic, scope);
  }
  return BindLeaf(filter, scope);
}

absl::StatusOr<BoundFilter> Binder::BindLeaf(const ast::Filter& filter, const NameScope& scope) {
  return std::visit([&](const auto& node) { return BindIn(scope, node, filter); }, filter.node);
}

absl::Status Binder::TooMany(const ast::Filter& filter) const {
  return values_.Error(ErrorCode::kLimit, filter.span,
                       StrCat("a filter has more than ", kMaxNodes, " conditions"));
}

absl::Status Binder::TooDeep(ast::Span span) const {
  return values_.Error(ErrorCode::kLimit, span,
                       StrCat("a filter with its segments is deeper than ", kMaxDepth, " levels"));
}

absl::StatusOr<BoundFilter> Binder::BindLogic(const ast::Logic& logic, const NameScope& scope) {
  BoundLogic bound{logic.op, {}};
  bound.children.reserve(logic.children.size());
  ++depth_;
  absl::Status status;
  for (const ast::Filter& child : logic.children) {
    status = BindInto(child, scope, &bound.children);
    if (!status.ok()) break;
  }
  --depth_;
  if (!status.ok()) return status;
  return absl::StatusOr<BoundFilter>(absl::in_place, BoundFilter{std::move(bound)});
}

absl::Status Binder::BindInto(const ast::Filter& filter, const NameScope& scope,
                              std::vector<BoundFilter>* filters) {
  absl::StatusOr<BoundFilter> one = BindFilter(filter, scope);
  ROSTER_RETURN_IF_ERROR(one.status());
  filters->push_back(*std::move(one));
  return absl::OkStatus();
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
