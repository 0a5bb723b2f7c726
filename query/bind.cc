// SPDX-License-Identifier: Apache-2.0
#include "query/bind.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "query/bind_values.h"
#include "query/errors.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/schema.h"

namespace roster::query {
namespace {

constexpr std::string_view kIdColumn = "id";

bool CanSum(ValueType type) {
  return type == ValueType::kInteger || type == ValueType::kDecimal || type == ValueType::kNumber;
}
bool HasLeast(ValueType type) {
  return CanSum(type) || type == ValueType::kDate || type == ValueType::kTimestamp;
}
bool HasOrder(ValueType type) { return type != ValueType::kTextList && type != ValueType::kJson; }

class Binder {
 public:
  Binder(const BindContext& context, absl::TimeZone zone)
      : catalog_(*context.catalog), values_(context.text, context.params, zone) {}

  absl::StatusOr<BoundStatement> Bind(const ast::Statement& statement) {
    BoundStatement bound;
    if (const auto* find = std::get_if<ast::Find>(&statement.verb)) {
      ROSTER_ASSIGN_OR_RETURN(bound.find, BindFind(*find));
    }
    if (const auto* show = std::get_if<ast::Show>(&statement.verb)) bound.show = show->what;
    if (statement.where) {
      ROSTER_ASSIGN_OR_RETURN(bound.where, BindFilter(*statement.where, nullptr));
    }
    return bound;
  }

  absl::StatusOr<BoundEvents> Bind(const ast::Events& events) {
    ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(events.event));
    return BindEvents(events, event);
  }

  absl::StatusOr<BoundEventProperty> Bind(const ast::Name& event, const ast::Name& property) const {
    BoundEventProperty bound;
    ROSTER_ASSIGN_OR_RETURN(bound.event, FindEvent(event));
    ROSTER_ASSIGN_OR_RETURN(bound.property, FindProperty(bound.event, property));
    bound.info = catalog_.PropertyType(bound.event, bound.property);
    return bound;
  }

 private:
  // The event in whose condition a name stands; null: names are traits.
  using Scope = const EventTypeId*;

  absl::StatusOr<BoundFilter> BindFilter(const ast::Filter& filter, Scope scope) {
    if (++num_nodes_ > kMaxNodes) {
      return values_.Error(ErrorCode::kLimit, filter.span,
                           StrCat("a filter has more than ", kMaxNodes, " conditions"));
    }
    if (const auto* logic = std::get_if<ast::Logic>(&filter.node)) return BindLogic(*logic, scope);
    if (const auto* test = std::get_if<ast::Test>(&filter.node)) return BindTest(*test, scope);
    if (scope != nullptr) {
      return values_.Error(ErrorCode::kType, filter.span,
                           "the condition on an event asks about its properties only");
    }
    if (const auto* did = std::get_if<ast::Did>(&filter.node)) return BindDid(*did);
    return BindAggregate(std::get<ast::Aggregate>(filter.node));
  }

  absl::StatusOr<BoundFilter> BindLogic(const ast::Logic& logic, Scope scope) {
    BoundLogic bound{logic.op, {}};
    bound.children.reserve(logic.children.size());
    for (const ast::Filter& child : logic.children) {
      ROSTER_ASSIGN_OR_RETURN(BoundFilter one, BindFilter(child, scope));
      bound.children.push_back(std::move(one));
    }
    return BoundFilter{std::move(bound)};
  }

  // --- Names ---

  absl::Status Unknown(std::string_view kind, const ast::Name& name,
                       const std::vector<std::string_view>& candidates) const {
    return values_.Error(
        ErrorCode::kNoTrait, name.span,
        StrCat("unknown ", kind, " `", name.text, "`", DidYouMean(name.text, candidates)));
  }

  absl::StatusOr<EventTypeId> FindEvent(const ast::Name& name) const {
    const std::optional<EventTypeId> event = catalog_.FindEvent(name.text);
    if (!event) return Unknown("event", name, catalog_.EventNames());
    return *event;
  }

  absl::StatusOr<PropertyId> FindProperty(EventTypeId event, const ast::Name& name) const {
    const std::optional<PropertyId> property = catalog_.FindProperty(event, name.text);
    if (!property) return Unknown("property", name, catalog_.PropertyNames(event));
    return *property;
  }

  std::vector<std::string_view> ColumnNames() const {
    std::vector<std::string_view> names = {kIdColumn};
    for (const std::string_view name : catalog_.NamespaceNames()) {
      if (!catalog_.FindTrait(name)) names.push_back(name);
    }
    const std::vector<std::string_view> traits = catalog_.TraitNames();
    names.insert(names.end(), traits.begin(), traits.end());
    return names;
  }

  // A column, or what a filter asks about: a trait, else a namespace, else the id.
  absl::StatusOr<BoundColumn> FindColumn(const ast::Name& name) const {
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

  // --- Tests ---

  absl::StatusOr<BoundFilter> BindTest(const ast::Test& test, Scope scope) {
    if (scope != nullptr) {
      ROSTER_ASSIGN_OR_RETURN(const PropertyId property, FindProperty(*scope, test.name));
      const ValueInfo info = catalog_.PropertyType(*scope, property);
      ROSTER_ASSIGN_OR_RETURN(CellPredicate predicate, BindWhat(info, test));
      return Missing(test, {BoundProperty{property, info, std::move(predicate)}});
    }
    ROSTER_ASSIGN_OR_RETURN(const BoundColumn column, FindColumn(test.name));
    if (column.source == BoundColumn::Source::kId) {
      return values_.Error(ErrorCode::kType, test.name.span,
                           "`id` is a column only; a filter asks about traits and identities");
    }
    ROSTER_ASSIGN_OR_RETURN(CellPredicate predicate, BindWhat(column.info, test));
    if (column.source == BoundColumn::Source::kTrait) {
      return Missing(test, {BoundTrait{column.trait, column.info, std::move(predicate)}});
    }
    if (auto* set = std::get_if<TextSet>(&predicate.test)) {
      for (std::string& text : set->texts) text = catalog_.NormalIdentity(column.name_space, text);
      std::sort(set->texts.begin(), set->texts.end());
    }
    return Missing(test, {BoundIdentity{column.name_space, std::move(predicate)}});
  }

  // `is missing` is the negation of `is set`.
  static BoundFilter Missing(const ast::Test& test, BoundFilter any) {
    const auto* presence = std::get_if<ast::Presence>(&test.what);
    if (presence == nullptr || presence->is_set) return any;
    BoundLogic negation{ast::LogicOp::kNot, {}};
    negation.children.push_back(std::move(any));
    return BoundFilter{std::move(negation)};
  }

  absl::StatusOr<CellPredicate> BindWhat(ValueInfo info, const ast::Test& test) {
    if (std::holds_alternative<ast::Presence>(test.what)) return CellPredicate{AnyValue{}};
    if (const auto* window = std::get_if<ast::Window>(&test.what)) {
      return BindTraitWindow(info, *window);
    }
    if (const auto* compare = std::get_if<ast::Compare>(&test.what)) {
      return values_.Bind(info, *compare);
    }
    if (const auto* in = std::get_if<ast::In>(&test.what)) return values_.Bind(info, *in);
    if (const auto* between = std::get_if<ast::Between>(&test.what)) {
      return values_.Bind(info, *between);
    }
    if (const auto* match = std::get_if<ast::TextMatch>(&test.what)) {
      return values_.Bind(info, *match);
    }
    return values_.Bind(info, std::get<ast::Has>(test.what));
  }

  absl::StatusOr<CellPredicate> BindTraitWindow(ValueInfo info, const ast::Window& window) {
    if (info.type != ValueType::kTimestamp && info.type != ValueType::kDate) {
      return values_.Error(ErrorCode::kType, window.span,
                           StrCat("a window asks about a time, not about ", TypeWords(info.type)));
    }
    ROSTER_ASSIGN_OR_RETURN(const Window bound, values_.BindWindow(window));
    return CellPredicate{InWindow{bound}};
  }

  // --- Behaviour ---

  absl::StatusOr<BoundEvents> BindEvents(const ast::Events& events, EventTypeId event) {
    BoundEvents bound{event, {}, {}};
    for (const ast::Filter& where : events.where) {
      ROSTER_ASSIGN_OR_RETURN(BoundFilter condition, BindFilter(where, &event));
      bound.where.push_back(std::move(condition));
    }
    if (events.window) {
      ROSTER_ASSIGN_OR_RETURN(bound.window, values_.BindWindow(*events.window));
    }
    return bound;
  }

  absl::StatusOr<BoundFilter> BindDid(const ast::Did& did) {
    ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(did.events.event));
    BoundDid bound;
    ROSTER_ASSIGN_OR_RETURN(bound.events, BindEvents(did.events, event));
    bound.min = did.op == ast::CountOp::kAtMost ? 0 : did.times;
    if (did.op != ast::CountOp::kAtLeast) bound.max = did.times;
    return BoundFilter{std::move(bound)};
  }

  absl::StatusOr<BoundFilter> BindAggregate(const ast::Aggregate& aggregate) {
    ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(aggregate.events.event));
    if (aggregate.op == ast::AggregateOp::kCount) return BindCount(aggregate, event);
    if (!aggregate.property) {
      const std::string_view op = ast::Spelling(aggregate.op);
      return values_.Error(ErrorCode::kType, aggregate.events.event.span,
                           StrCat("`", op, "` needs a property: ", op, "(order.total)"));
    }
    BoundAggregate bound;
    bound.op = aggregate.op;
    ROSTER_ASSIGN_OR_RETURN(bound.property, FindProperty(event, *aggregate.property));
    bound.info = catalog_.PropertyType(event, bound.property);
    const bool of_order =
        aggregate.op == ast::AggregateOp::kMin || aggregate.op == ast::AggregateOp::kMax;
    if (of_order ? !HasLeast(bound.info.type) : !CanSum(bound.info.type)) {
      return values_.Error(ErrorCode::kType, aggregate.property->span,
                           StrCat("`", ast::Spelling(aggregate.op), "` cannot be taken of ",
                                  TypeWords(bound.info.type)));
    }
    ROSTER_ASSIGN_OR_RETURN(bound.events, BindEvents(aggregate.events, event));
    if (of_order || bound.info.type == ValueType::kNumber) {
      ROSTER_ASSIGN_OR_RETURN(bound.test, values_.Bind(bound.info, aggregate.compare));
    } else {
      ROSTER_ASSIGN_OR_RETURN(ExactNumber number, values_.BindNumber(aggregate.compare.value));
      bound.test =
          ExactCompare{aggregate.compare.op, ExactThreshold(std::move(number), bound.info.scale)};
    }
    return BoundFilter{std::move(bound)};
  }

  // count(e.p where C) compares the number of events that have p and pass C.
  absl::StatusOr<BoundFilter> BindCount(const ast::Aggregate& aggregate, EventTypeId event) {
    BoundDid bound;
    ROSTER_ASSIGN_OR_RETURN(bound.events, BindEvents(aggregate.events, event));
    if (aggregate.property) {
      ROSTER_ASSIGN_OR_RETURN(const PropertyId property, FindProperty(event, *aggregate.property));
      const ValueInfo info = catalog_.PropertyType(event, property);
      BoundFilter has{BoundProperty{property, info, {AnyValue{}}}};
      std::vector<BoundFilter>& where = bound.events.where;
      where.insert(where.begin(), std::move(has));
      if (where.size() == 2) {
        BoundLogic both{ast::LogicOp::kAnd, std::exchange(where, {})};
        where.push_back(BoundFilter{std::move(both)});
      }
    }
    ROSTER_ASSIGN_OR_RETURN(const CellPredicate count,
                            values_.Bind({ValueType::kInteger, 0}, aggregate.compare));
    const IntRange range = std::get<IntRange>(count.test);
    bound.min = range.low;
    bound.max = range.high;
    bound.negated = count.negated;
    return BoundFilter{std::move(bound)};
  }

  // --- find ---

  absl::StatusOr<BoundFind> BindFind(const ast::Find& find) const {
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

  const Catalog& catalog_;
  ValueBinder values_;
  size_t num_nodes_ = 0;
};

// --- Time zones ---

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
  const std::optional<TraitId> archived = catalog.ArchivedTrait();
  if (!archived && scope == ast::Scope::kActive) return;  // nobody ever was
  BoundFilter condition{BoundTrait{kCreatedAt, {ValueType::kTimestamp}, {IntRange{1, 0}}}};  // none
  if (archived) {
    condition = {BoundTrait{*archived, {ValueType::kBoolean}, {IntRange{1, 1}}}};
  }
  if (scope == ast::Scope::kActive) {
    condition = {BoundLogic{ast::LogicOp::kNot, {std::move(condition)}}};
  }
  if (!statement->where) {
    statement->where = std::move(condition);
    return;
  }
  BoundLogic both{ast::LogicOp::kAnd, {}};
  both.children.push_back(std::move(condition));
  both.children.push_back(*std::move(statement->where));
  statement->where = BoundFilter{std::move(both)};
}

}  // namespace

absl::StatusOr<BoundStatement> Bind(const ast::Statement& statement, const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(statement.time_zone, context));
  ROSTER_ASSIGN_OR_RETURN(BoundStatement bound, Binder(context, zone).Bind(statement));
  Narrow(statement.scope, *context.catalog, &bound);
  return bound;
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
