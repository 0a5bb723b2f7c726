// SPDX-License-Identifier: Apache-2.0
//
// Statements: what they show, in which order, of whom.
#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "query/bind/binder.h"
#include "query/cells/cell_test.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/errors.h"
#include "query/habits.h"
#include "query/operators/aggregate.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/schema.h"

namespace roster::query {
namespace {

using Source = BoundColumn::Source;

// Columns that everybody has, where no trait is called so.
constexpr std::string_view kLabelsColumn = "labels";
constexpr std::string_view kStatusColumn = "status";
constexpr std::string_view kGoalsColumn = "goals";
constexpr std::string_view kEngagementColumn = "engagement";

bool HasOrder(const BoundColumn& column) {
  if (column.source == Source::kTraitThen) return false;
  if (column.source == Source::kStatus || column.source == Source::kEngagementLevel) return false;
  return column.info.type != ValueType::kTextList && column.info.type != ValueType::kJson;
}

}  // namespace

std::optional<ProfileId> ReadProfileId(std::string_view text) {
  ProfileId id;
  if (text.size() < 2 || text[0] != 'p') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), id.value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

// --- As of another time ---

absl::Status Binder::NoHistory(ast::Span span, std::string_view what) const {
  return values_.Error(ErrorCode::kNoHistory, span,
                       StrCat("as of another time nothing is known of ", what));
}

BoundFilter Binder::ThenIs(TraitId trait, ValueInfo info, std::string_view name,
                           CellPredicate predicate) const {
  BoundHistory is;
  is.kind = BoundHistory::Kind::kIs;
  is.trait = trait;
  is.info = info;
  is.said = StrCat(Describe(predicate, name, info), " as of then");
  is.to = std::move(predicate);
  return {std::move(is)};
}

BoundFilter Binder::ArchivedThen() const {
  const std::optional<TraitId> archived = catalog_.ArchivedTrait();
  if (!context_.as_of || !archived) return Archived(catalog_);
  return ThenIs(*archived, {ValueType::kBoolean}, "archived", {IntRange{1, 1}});
}

absl::Status Binder::CheckAsOf(const ast::Statement& statement) const {
  const bool fits = std::holds_alternative<ast::Count>(statement.verb) ||
                    std::holds_alternative<ast::Find>(statement.verb) ||
                    std::holds_alternative<ast::Funnel>(statement.verb);
  if (!statement.as_of || fits) return absl::OkStatus();
  return values_.Error(ErrorCode::kType, statement.as_of->span,
                       "`as of` stands with `count`, `find` and `funnel`");
}

void Binder::Narrow(ast::Scope scope, BoundStatement* statement) const {
  const bool of_profiles = !std::holds_alternative<ast::Shown>(statement->verb) &&
                           !std::holds_alternative<BoundWhy>(statement->verb);
  if (!of_profiles) return;
  const auto narrow = [&](BoundFilter condition) {
    if (statement->where) condition = Both(std::move(condition), *std::move(statement->where));
    statement->where = std::move(condition);
  };
  if (context_.as_of) {
    narrow({BoundTrait{kCreatedAt,
                       {ValueType::kTimestamp},
                       {IntRange{std::numeric_limits<int64_t>::min(), context_.as_of->ms}}}});
  }
  if (scope == ast::Scope::kOnlyArchived) return narrow(ArchivedThen());
  // Else nobody ever was.
  const bool some = catalog_.ArchivedTrait().has_value();
  if (scope == ast::Scope::kActive && some) narrow(Negation(ArchivedThen()));
}

absl::StatusOr<BoundStatement> Binder::Bind(const ast::Statement& statement) {
  BoundStatement bound;
  ROSTER_RETURN_IF_ERROR(CheckAsOf(statement));
  bound.as_of = context_.as_of;
  bound.explained = statement.explained;
  if (statement.where) {
    ROSTER_ASSIGN_OR_RETURN(bound.where, BindFilter(*statement.where, {}));
  }
  const auto bind = [&](const auto& verb) { return BindVerb(verb, &bound); };
  ROSTER_RETURN_IF_ERROR(std::visit(bind, statement.verb));
  Narrow(statement.scope, &bound);
  return bound;
}

// --- Columns ---

std::vector<std::string_view> Binder::ColumnNames() const {
  std::vector<std::string_view> names = {kIdColumn};
  for (const std::string_view name : catalog_.NamespaceNames()) {
    if (!catalog_.FindTrait(name)) names.push_back(name);
  }
  const std::vector<std::string_view> traits = catalog_.TraitNames();
  names.insert(names.end(), traits.begin(), traits.end());
  return names;
}

// A column, or what a filter asks about: a trait, else a namespace, else what is computed, else the
// id.
absl::StatusOr<BoundColumn> Binder::FindColumn(const ast::Name& name) const {
  BoundColumn column;
  column.name = name.text;
  if (const auto trait = catalog_.FindTrait(name.text)) {
    column.source = Source::kTrait;
    column.trait = *trait;
    column.info = catalog_.TraitType(*trait);
    if (!context_.as_of) return column;
    if (!catalog_.IsSystem(*trait)) column.source = Source::kTraitThen;
    if (*trait == kLastSeen) return NoHistory(name.span, "`last_seen`");
    return column;
  }
  column.info = {ValueType::kText, 0};
  if (const auto name_space = catalog_.FindNamespace(name.text)) {
    column.source = Source::kIdentity;
    column.name_space = *name_space;
    return column;
  }
  if (const auto stored = catalog_.FindDefinition(kComputed, name.text)) {
    ROSTER_ASSIGN_OR_RETURN(BoundAggregateOf aggregate, BindComputed(*stored, name));
    column.source = Source::kComputedTrait;
    column.info = ResultInfo(aggregate);
    column.aggregate = std::make_shared<const BoundAggregateOf>(std::move(aggregate));
    return column;
  }
  if (name.text == kIdColumn) return column;
  if (const std::string advice = AdviceOnName(name.text); !advice.empty()) {
    return values_.Error(ErrorCode::kNoTrait, name.span,
                         StrCat("unknown trait `", name.text, "`", advice));
  }
  std::vector<std::string_view> names = ColumnNames();
  const std::vector<std::string_view> computed = catalog_.DefinitionNames(kComputed);
  names.insert(names.end(), computed.begin(), computed.end());
  return Unknown("trait", name, names);
}

// What is known under a name that is no trait.
std::string Binder::AdviceOnName(std::string_view name) const {
  std::string habit = AdviceForName(name);
  if (!habit.empty()) return habit;
  const size_t dot = name.find('.');
  const std::string_view event = name.substr(0, dot);
  if (catalog_.FindEvent(event)) {
    const std::string asked =
        dot == std::string_view::npos ? "" : StrCat(" where ", name.substr(dot + 1), " = ...");
    return StrCat("; `", event, "` is an event: write `did \"", event, "\"", asked, "`");
  }
  for (const std::string_view other : catalog_.EventNames()) {
    if (!catalog_.FindProperty(*catalog_.FindEvent(other), name)) continue;
    return StrCat("; events have it: write `did \"", other, "\" where ", name, " = ...`");
  }
  return "";
}

// What `find` shows: also what nobody declares.
absl::StatusOr<BoundColumn> Binder::ShownColumn(const ast::Name& name) const {
  if (catalog_.FindTrait(name.text) || catalog_.FindNamespace(name.text) ||
      catalog_.FindDefinition(kComputed, name.text)) {
    return FindColumn(name);
  }
  BoundColumn column;
  column.name = name.text;
  column.info = {ValueType::kText, 0};
  if (context_.as_of && (name.text == kStatusColumn || name.text == kLabelsColumn)) {
    return NoHistory(name.span, StrCat("`", name.text, "` as a column"));
  }
  if (name.text == kStatusColumn) {
    column.source = Source::kStatus;
    return column;
  }
  if (name.text == kLabelsColumn) {
    column.source = Source::kLabels;
    column.info = {ValueType::kTextList, 0};
    return column;
  }
  if (name.text == kGoalsColumn) {
    column.source = Source::kCompletedGoals;
    column.info = {ValueType::kTextList, 0};
    auto goals = std::make_shared<std::vector<BoundColumn::Goal>>();
    for (const std::string_view goal : catalog_.DefinitionNames(kGoals)) {
      ast::Events events{{std::string(goal), name.span}, {}, {}, ast::EventKind::kGoal};
      ROSTER_ASSIGN_OR_RETURN(BoundEventSet bound, Binder(context_, zone_).BindEventSet(events));
      goals->push_back({std::string(goal), std::move(bound)});
    }
    column.goals = std::move(goals);
    return column;
  }
  const auto stored = name.text == kEngagementColumn
                          ? catalog_.FindDefinition(kEngagement, kEngagementColumn)
                          : std::nullopt;
  if (!stored) return FindColumn(name);
  const absl::StatusOr<ast::Declaration> declaration = ParseStored(*stored);
  const auto* made =
      declaration.ok() ? std::get_if<ast::DefineEngagement>(&declaration->what) : nullptr;
  if (made == nullptr) return FindColumn(name);
  column.source = Source::kEngagementLevel;
  column.engagement = std::make_shared<const EngagementDefinition>(
      query::BindEngagement(*made, ContextOf(*stored, *declaration)));
  return column;
}

// A computed trait's aggregate, in the time zone in which it was defined.
absl::StatusOr<BoundAggregateOf> Binder::BindComputed(std::string_view stored,
                                                      const ast::Name& name) const {
  const absl::StatusOr<ast::Declaration> declaration = ParseStored(stored);
  const auto* made = declaration.ok() ? std::get_if<ast::DefineTrait>(&declaration->what) : nullptr;
  if (made == nullptr) {
    return values_.Error(ErrorCode::kType, name.span,
                         StrCat("the definition of `", name.text, "` is of a later version"));
  }
  absl::StatusOr<BoundAggregateOf> bound =
      query::BindAggregate(made->aggregate, ContextOf(stored, *declaration));
  if (bound.ok()) return bound;
  return values_.Error(ErrorCodeOf(bound.status()), name.span,
                       StrCat("in trait `", name.text, "`: ", StdView(bound.status().message())));
}

// --- Verbs ---

absl::Status Binder::BindVerb(const ast::Show& show, BoundStatement* bound) {
  bound->verb = show.what;
  return absl::OkStatus();
}

absl::Status Binder::BindVerb(const ast::Count& count, BoundStatement* bound) {
  bound->verb = BoundCount();
  if (count.by.empty()) return absl::OkStatus();
  BoundBreakdown breakdown;
  for (const ast::Name& name : count.by) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, ColumnToCountBy(name));
    breakdown.by.push_back({std::move(column), false});
  }
  if (count.having) {
    ROSTER_ASSIGN_OR_RETURN(breakdown.having,
                            values_.Bind({ValueType::kInteger, 0}, *count.having));
  }
  bound->verb = std::move(breakdown);
  return absl::OkStatus();
}

absl::StatusOr<BoundColumn> Binder::ColumnToCountBy(const ast::Name& name) const {
  ROSTER_ASSIGN_OR_RETURN(BoundColumn column, FindColumn(name));
  if (column.source == Source::kComputedTrait) {
    return values_.Error(ErrorCode::kType, name.span,
                         StrCat("`", name.text, "` is computed; count by traits that are kept"));
  }
  if (column.source == Source::kTraitThen) {
    return values_.Error(ErrorCode::kType, name.span, "`as of` does not stand with `by`");
  }
  if (column.source != Source::kTrait) {
    return values_.Error(ErrorCode::kType, name.span,
                         StrCat("`", name.text, "` is an identity; count by traits"));
  }
  if (HasOrder(column)) return column;
  return values_.Error(ErrorCode::kType, name.span,
                       StrCat("nothing is counted by ", TypeWords(column.info.type)));
}

absl::Status Binder::AddColumns(const std::vector<ast::Name>& names, BoundFind* bound) const {
  for (const ast::Name& name : names) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, ShownColumn(name));
    bound->columns.push_back(std::move(column));
  }
  return absl::OkStatus();
}

absl::Status Binder::AddOrder(const std::vector<ast::OrderBy>& order, BoundFind* bound) const {
  for (const ast::OrderBy& by : order) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, ShownColumn(by.column));
    if (!HasOrder(column)) {
      const bool is_list = column.info.type != ValueType::kText;
      if (column.source == Source::kTraitThen) {
        return values_.Error(ErrorCode::kType, by.column.span,
                             "as of another time only `id` and what is computed is an order");
      }
      const std::string what = is_list ? std::string(TypeWords(column.info.type))
                                       : StrCat("`", by.column.text, "`, which is computed,");
      return values_.Error(ErrorCode::kType, by.column.span, StrCat(what, " has no order"));
    }
    bound->order.push_back({std::move(column), by.descending});
  }
  return absl::OkStatus();
}

// The columns of a view, and its order where the statement has none.
absl::Status Binder::AddView(const ast::Find& find, BoundFind* bound) const {
  const ast::Name& name = *find.view;
  const auto stored = catalog_.FindDefinition(kViews, name.text);
  if (!stored) return Unknown("view", name, catalog_.DefinitionNames(kViews));
  const absl::StatusOr<ast::Declaration> declaration = ParseStored(*stored);
  const auto* made = declaration.ok() ? std::get_if<ast::DefineView>(&declaration->what) : nullptr;
  if (made == nullptr) {
    return values_.Error(ErrorCode::kType, name.span,
                         StrCat("the definition of `", name.text, "` is of a later version"));
  }
  const BindContext context = ContextOf(*stored, *declaration);
  const Binder inside(context, zone_);
  absl::Status added = inside.AddColumns(made->shape.columns, bound);
  if (added.ok() && find.order.empty()) added = inside.AddOrder(made->shape.order, bound);
  if (added.ok()) return added;
  return values_.Error(ErrorCodeOf(added), name.span,
                       StrCat("in view `", name.text, "`: ", StdView(added.message())));
}

absl::Status Binder::BindVerb(const ast::Find& find, BoundStatement* bound) {
  BoundFind made;
  if (find.view) {
    ROSTER_RETURN_IF_ERROR(AddView(find, &made));
  } else if (find.columns.empty()) {
    std::vector<ast::Name> columns;
    for (const std::string_view name : ColumnNames()) {
      const bool known = !context_.as_of || catalog_.FindTrait(name) != kLastSeen;
      if (known) columns.push_back({std::string(name), {}});
    }
    ROSTER_RETURN_IF_ERROR(AddColumns(columns, &made));
  } else {
    ROSTER_RETURN_IF_ERROR(AddColumns(find.columns, &made));
  }
  ROSTER_RETURN_IF_ERROR(AddOrder(find.order, &made));
  if (made.order.empty()) {
    // Who was active last is not known as of another time.
    const bool then = context_.as_of.has_value();
    ROSTER_RETURN_IF_ERROR(AddOrder({{{then ? "id" : "last_seen", {}}, !then}}, &made));
  }
  if (find.limit) made.limit = static_cast<uint64_t>(*find.limit);
  made.offset = static_cast<uint64_t>(find.offset);
  bound->verb = std::move(made);
  return absl::OkStatus();
}

absl::Status Binder::BindVerb(const ast::Funnel& funnel, BoundStatement* bound) {
  const ast::Span span = {funnel.steps.front().span.begin, funnel.steps.back().span.end};
  ast::Sequence chain{ast::Start::kSome, 1, funnel.steps, funnel.same, funnel.same_session};
  for (size_t step = 1; step < chain.steps.size(); ++step) chain.steps[step].within = funnel.each;
  BoundFunnel made;
  ROSTER_ASSIGN_OR_RETURN(made.chain, BindChain(chain, span));
  made.overall = funnel.overall;
  for (const ast::Step& step : funnel.steps) {
    made.names.push_back(step.events.kind == ast::EventKind::kAny ? "any event"
                                                                  : step.events.event.text);
  }
  if (funnel.by) {
    ROSTER_ASSIGN_OR_RETURN(BoundColumn column, ColumnToCountBy(*funnel.by));
    made.by.push_back({std::move(column), false});
  }
  bound->verb = std::move(made);
  return absl::OkStatus();
}

absl::Status Binder::BindVerb(const ast::Search& search, BoundStatement* bound) {
  constexpr size_t kMaxWords = 16;
  constexpr size_t kMaxBytes = 1024;
  ROSTER_ASSIGN_OR_RETURN(const std::string text, values_.BindText(search.words));
  if (text.size() > kMaxBytes) {
    return values_.Error(ErrorCode::kLimit, search.words.span,
                         StrCat("a search is longer than ", kMaxBytes, " bytes"));
  }
  BoundSearch made;
  std::string word;
  for (const char c : Fold(text) + " ") {
    if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      made.words.push_back(std::exchange(word, {}));
    }
  }
  if (made.words.empty()) {
    return values_.Error(ErrorCode::kType, search.words.span, "a search needs a word");
  }
  if (made.words.size() > kMaxWords) {
    return values_.Error(ErrorCode::kLimit, search.words.span,
                         StrCat("a search has more than ", kMaxWords, " words"));
  }
  if (search.limit) made.limit = static_cast<uint64_t>(*search.limit);
  bound->verb = std::move(made);
  return absl::OkStatus();
}

absl::StatusOr<BoundProfile> Binder::BindProfile(std::string_view text, ast::Span span) const {
  if (const std::optional<ProfileId> id = ReadProfileId(text)) return BoundProfile(*id);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return values_.Error(ErrorCode::kParse, span,
                         "a profile is named \"p12\" or \"email:jo@example.com\"");
  }
  const ast::Name name{std::string(text.substr(0, colon)), span};
  const auto name_space = catalog_.FindNamespace(name.text);
  if (!name_space) return Unknown("namespace", name, catalog_.NamespaceNames());
  return BoundProfile(
      BoundIdentityName{*name_space, catalog_.NormalIdentity(*name_space, text.substr(colon + 1))});
}

absl::Status Binder::BindVerb(const ast::Why& why, BoundStatement* bound) {
  BoundWhy made;
  made.segment = why.segment.text;
  ROSTER_ASSIGN_OR_RETURN(const std::string text, values_.BindText(why.profile));
  ROSTER_ASSIGN_OR_RETURN(made.profile, BindProfile(text, why.profile.span));
  const ast::Filter in{ast::InSegment{why.segment}, why.segment.span};
  ROSTER_ASSIGN_OR_RETURN(bound->where, BindFilter(in, {}));
  bound->verb = std::move(made);
  return absl::OkStatus();
}

// Only live segments log who comes and goes.
absl::Status Binder::BindVerb(const ast::Diff& diff, BoundStatement*) {
  if (!catalog_.FindDefinition(kSegments, diff.segment.text)) {
    return Unknown("segment", diff.segment, catalog_.DefinitionNames(kSegments));
  }
  return values_.Error(ErrorCode::kNoHistory, diff.segment.span,
                       StrCat("of `", diff.segment.text,
                              "` no memberships were logged; compare two counts `as of` instead"));
}

absl::StatusOr<BoundStatement> Bind(const ast::Statement& statement, const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(statement.time_zone, context));
  BindContext then = context;
  if (statement.as_of) {
    const ValueBinder values(context.text, context.params, zone);
    ROSTER_ASSIGN_OR_RETURN(then.as_of, values.BindMoment(*statement.as_of));
  }
  return Binder(then, zone).Bind(statement);
}

absl::StatusOr<BoundAggregateOf> BindAggregate(const ast::AggregateOf& aggregate,
                                               const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(context.time_zone));
  return Binder(context, zone).Bind(aggregate);
}

absl::StatusOr<BoundProfile> BindProfile(const ast::Literal& named, const BindContext& context) {
  const Binder binder(context, absl::UTCTimeZone());
  return binder.BindProfile(std::get<std::string>(named.value), named.span);
}

absl::Status CheckShape(const ast::Find& shape, const BindContext& context) {
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(context.time_zone));
  ast::Statement statement{shape};
  return Binder(context, zone).Bind(statement).status();
}

}  // namespace roster::query
