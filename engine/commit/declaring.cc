// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/declaring.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/asking/members.h"
#include "engine/commit/check_item.h"
#include "engine/limits.h"
#include "engine/normalise.h"
#include "query/bind/bind.h"
#include "query/declarations/declaration.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/declarations/retention.h"
#include "query/declarations/uses.h"
#include "query/errors.h"
#include "query/lexer.h"
#include "query/schema_catalog.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/trait_policy.h"

namespace roster {
namespace {

namespace ast = query::ast;

// What filters and columns call the profile's id: no trait can have the name.
constexpr std::string_view kProfileIdName = "id";

NamespaceInfo DefaultOf(const std::string& name, NamespaceKind kind) {
  switch (kind) {
    case NamespaceKind::kPerson:
      return {name, kind, 3, 5};
    case NamespaceKind::kContact:
      return {name, kind, 4, 10};
    case NamespaceKind::kDevice:
      return {name, kind, 5, 50};
    case NamespaceKind::kAnonymous:
      break;
  }
  return {name, kind, 6, 100};
}

std::string_view KindName(ast::Defined kind) {
  switch (kind) {
    case ast::Defined::kSegment:
      return query::kSegments;
    case ast::Defined::kGoal:
      return query::kGoals;
    case ast::Defined::kInterest:
      return query::kInterests;
    case ast::Defined::kEngagement:
      return query::kEngagement;
    case ast::Defined::kCarry:
      return query::kCarries;
    case ast::Defined::kTrait:
      return query::kComputed;
    case ast::Defined::kView:
      return query::kViews;
    case ast::Defined::kRule:
      break;
  }
  return query::kRules;
}

// One statement being done: first everything that can be refused, then the effects.
class Declarer {
 public:
  Declarer(const Declare& item, Effects* effects)
      : item_(item),
        effects_(effects),
        catalog_(effects->schema(), &*effects->state().definitions) {}

  absl::Status Run() {
    ROSTER_ASSIGN_OR_RETURN(declaration_, query::ParseDeclaration(item_.statement));
    ROSTER_RETURN_IF_ERROR(query::ZoneOf(declaration_.time_zone, Context()).status());
    if (!declaration_.time_zone && item_.time_zone != "UTC") {
      declaration_.time_zone = ast::Literal{item_.time_zone, {}};
    }
    return std::visit([&](const auto& what) { return Do(what); }, declaration_.what);
  }

 private:
  const Schema& schema() const { return effects_->schema(); }
  query::BindContext Context() const {
    query::BindContext context{.text = item_.statement, .catalog = &catalog_, .params = {}};
    context.time_zone = declaration_.time_zone
                            ? std::get<std::string>(declaration_.time_zone->value)
                            : std::string_view(item_.time_zone);
    return context;
  }

  absl::Status Error(ErrorCode code, ast::Span span, std::string_view message) const {
    return query::ErrorAt(code, item_.statement, span, message);
  }
  absl::Status Unknown(std::string_view kind, const ast::Name& name,
                       const std::vector<std::string_view>& candidates) const {
    return Error(
        ErrorCode::kNoTrait, name.span,
        StrCat("unknown ", kind, " `", name.text, "`", query::DidYouMean(name.text, candidates)));
  }
  absl::Status NewName(std::string_view kind, const ast::Name& name) const {
    const absl::Status fits = CheckName(kind, name.text);
    return fits.ok() ? fits : Error(ErrorCodeOf(fits), name.span, StdView(fits.message()));
  }
  absl::Status OtherType(std::string_view kind, const ast::Name& name, query::ValueInfo is,
                         query::ValueInfo said, ast::Span span) const {
    return Error(
        ErrorCode::kConflict, span,
        StrCat(kind, " `", name.text, "` is ", ast::ToText(is), ", not ", ast::ToText(said)));
  }

  // --- Traits ---

  absl::Status CheckOptions(const ast::TraitOptions& options, const ast::Name& name,
                            query::ValueInfo type, bool system) const {
    if (options.display && options.display->size() > kMaxNameBytes) {
      return Error(ErrorCode::kLimit, name.span,
                   StrCat("a display name is longer than ", kMaxNameBytes, " bytes"));
    }
    if (!options.policy) return absl::OkStatus();
    if (system) {
      return Error(ErrorCode::kType, options.policy_span,
                   StrCat("`", name.text, "` is kept by the store and has no policy"));
    }
    if (PolicyFits(*options.policy, type.type)) return absl::OkStatus();
    return Error(ErrorCode::kType, options.policy_span,
                 StrCat("`", ast::Spelling(*options.policy), "` is for ",
                        *options.policy == TraitPolicy::kSum ? "numbers" : "lists", "; `",
                        name.text, "` is ", ast::ToText(type)));
  }

  void Alter(TraitId trait, const ast::TraitOptions& options) {
    if (options == ast::TraitOptions()) return;
    AlterTrait altered{trait, schema().trait(trait)};
    if (options.display) altered.info.display = *options.display;
    if (options.searchable) altered.info.searchable = *options.searchable;
    if (options.indexed) altered.info.indexed = *options.indexed;
    if (options.policy) altered.info.policy = *options.policy;
    effects_->Do(altered);
  }

  // What is kept would hide what is computed.
  absl::Status NotComputed(const ast::Name& name) const {
    if (!catalog_.FindDefinition(query::kComputed, name.text)) return absl::OkStatus();
    return Error(ErrorCode::kExists, name.span,
                 StrCat("`", name.text, "` is computed; `drop trait` it first"));
  }

  absl::Status Do(const ast::DeclareTrait& made) {
    ROSTER_RETURN_IF_ERROR(NewName("trait", made.name));
    if (made.name.text == kProfileIdName) {
      return Error(ErrorCode::kExists, made.name.span, "`id` is the profile's own id");
    }
    ROSTER_RETURN_IF_ERROR(NotComputed(made.name));
    std::optional<TraitId> trait = schema().FindTrait(made.name.text);
    if (trait) {
      const TraitInfo& info = schema().trait(*trait);
      const query::ValueInfo is{info.type, info.scale};
      if (is != made.type) return OtherType("trait", made.name, is, made.type, made.type_span);
    } else if (schema().traits().size() >= kMaxTraits) {
      return Error(ErrorCode::kLimit, made.name.span, StrCat("more than ", kMaxTraits, " traits"));
    }
    const bool system = trait && schema().trait(*trait).system;
    ROSTER_RETURN_IF_ERROR(CheckOptions(made.options, made.name, made.type, system));
    trait = effects_->Trait(made.name.text, made.type.type, made.type.scale);
    Alter(*trait, made.options);
    return absl::OkStatus();
  }

  absl::Status Do(const ast::AlterTrait& made) {
    const std::optional<TraitId> trait = catalog_.FindTrait(made.name.text);
    if (!trait || IsOwnName(made.name.text)) {
      return Unknown("trait", made.name, catalog_.TraitNames());
    }
    const TraitInfo& info = schema().trait(*trait);
    ROSTER_RETURN_IF_ERROR(
        CheckOptions(made.options, made.name, {info.type, info.scale}, info.system));
    Alter(*trait, made.options);
    return absl::OkStatus();
  }

  // --- Events ---

  absl::Status Do(const ast::DeclareEvent& made) {
    ROSTER_RETURN_IF_ERROR(NewName("event", made.name));
    const std::optional<EventTypeId> known = schema().FindEvent(made.name.text);
    if (!known && schema().events().size() >= kMaxEventTypes) {
      return Error(ErrorCode::kLimit, made.name.span,
                   StrCat("more than ", kMaxEventTypes, " event types"));
    }
    size_t num_properties = known ? schema().event(*known).properties.size() : 1;
    for (const ast::DeclaredProperty& property : made.properties) {
      ROSTER_ASSIGN_OR_RETURN(const bool is_new, IsNewProperty(made, known, property));
      num_properties += is_new;
      if (num_properties > kMaxProperties) {
        return Error(ErrorCode::kLimit, property.name.span,
                     StrCat("more than ", kMaxProperties, " properties of an event"));
      }
    }
    const EventTypeId event = effects_->Event(made.name.text);
    for (const ast::DeclaredProperty& property : made.properties) {
      effects_->Property(event, property.name.text, property.type.type, property.type.scale);
    }
    return absl::OkStatus();
  }

  // Whether a property is neither known nor said before in the statement.
  absl::StatusOr<bool> IsNewProperty(const ast::DeclareEvent& made,
                                     std::optional<EventTypeId> event,
                                     const ast::DeclaredProperty& property) const {
    ROSTER_RETURN_IF_ERROR(NewName("property", property.name));
    std::optional<query::ValueInfo> is;
    if (event) {
      const std::optional<PropertyId> known = catalog_.FindProperty(*event, property.name.text);
      if (known) is = catalog_.PropertyType(*event, *known);
    }
    for (const ast::DeclaredProperty* p = made.properties.data(); !is && p != &property; ++p) {
      if (p->name == property.name) is = p->type;
    }
    if (is && *is != property.type) {
      return OtherType("property", property.name, *is, property.type, property.type_span);
    }
    return !is;
  }

  // --- Namespaces ---

  absl::Status CheckNumber(std::string_view what, int64_t number, int64_t max,
                           ast::Span span) const {
    if (number >= 1 && number <= max) return absl::OkStatus();
    return Error(ErrorCode::kLimit, span, StrCat(what, " is between 1 and ", max));
  }

  // As it is, or as a new one of its kind is where nothing is said.
  absl::StatusOr<NamespaceInfo> InfoOf(const ast::DeclareNamespace& made,
                                       std::optional<NamespaceId> known) const {
    if (!known) {
      if (schema().namespaces().size() < kMaxNamespaces)
        return DefaultOf(made.name.text, made.kind);
      return Error(ErrorCode::kLimit, made.name.span,
                   StrCat("more than ", kMaxNamespaces, " namespaces"));
    }
    const NamespaceInfo& info = schema().name_space(*known);
    if (info.kind != made.kind) {
      return Error(ErrorCode::kConflict, made.kind_span,
                   StrCat("namespace `", made.name.text, "` is of kind ", ast::Spelling(info.kind),
                          ", not ", ast::Spelling(made.kind)));
    }
    if (made.rank && *made.rank != info.rank) {
      return Error(
          ErrorCode::kConflict, made.rank_span,
          StrCat("namespace `", made.name.text, "` has rank ", info.rank, ", not ", *made.rank));
    }
    return info;
  }

  absl::Status Do(const ast::DeclareNamespace& made) {
    ROSTER_RETURN_IF_ERROR(NewName("namespace", made.name));
    ROSTER_RETURN_IF_ERROR(NotComputed(made.name));
    const std::optional<NamespaceId> known = schema().FindNamespace(made.name.text);
    ROSTER_ASSIGN_OR_RETURN(NamespaceInfo info, InfoOf(made, known));
    if (made.rank) {
      constexpr int64_t kMaxRank = 254;  // 255 is of what has no origin
      ROSTER_RETURN_IF_ERROR(CheckNumber("a rank", *made.rank, kMaxRank, made.rank_span));
      info.rank = static_cast<uint8_t>(*made.rank);
    }
    if (made.limit) {
      ROSTER_RETURN_IF_ERROR(
          CheckNumber("a limit", *made.limit, kMaxProfileIdentities, made.limit_span));
      info.limit = static_cast<uint32_t>(*made.limit);
    }
    if (made.immutable && made.limit.value_or(1) != 1) {
      return Error(ErrorCode::kType, made.limit_span, "an immutable identity is the only one");
    }
    if (made.immutable) info.limit = 1;
    ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> blocked, CheckBlocked(made));
    if (known) {
      effects_->Do(AlterNamespace{*known, info});
    } else {
      effects_->Do(DeclareNamespace{info});
    }
    if (!made.blocked.empty()) Block(made.name.text, blocked);
    return absl::OkStatus();
  }

  // The names of the definitions that block what a statement says, which replaces what was blocked.
  absl::StatusOr<std::vector<std::string>> CheckBlocked(const ast::DeclareNamespace& made) const {
    std::vector<std::string> names;
    for (const ast::Literal& literal : made.blocked) {
      const auto& value = std::get<std::string>(literal.value);
      if (value.size() > kMaxIdentityBytes) {
        return Error(ErrorCode::kLimit, literal.span,
                     StrCat("an identity is at most ", kMaxIdentityBytes, " bytes"));
      }
      names.push_back(query::BlockedName(
          made.name.text,
          NormaliseIdentity(made.name.text, value, effects_->state().default_region)));
    }
    if (NumDefinitions(query::kBlocked) + names.size() > kMaxBlocked) {
      return Error(ErrorCode::kLimit, made.name.span,
                   StrCat("more than ", kMaxBlocked, " blocked values"));
    }
    return names;
  }

  void Block(std::string_view name_space, const std::vector<std::string>& names) {
    std::vector<std::string> before;
    for (const auto& [name, text] : *effects_->state().definitions) {
      if (name.starts_with(query::BlockedName(name_space, ""))) before.push_back(name);
    }
    std::sort(before.begin(), before.end());
    for (const std::string& name : before) effects_->Do(Define{name, ""});
    for (const std::string& name : names) effects_->Do(Define{name, "blocked"});
  }

  // The name of an event that never came may be said.
  absl::Status Do(const ast::DeclareAnonymous& made) {
    for (const ast::Name& event : made.events) {
      ROSTER_RETURN_IF_ERROR(NewName("event", event));
    }
    if (made.when != ast::DeclareAnonymous::When::kAlways) {
      return Keep(query::kAnonymousProfiles, "", {});
    }
    if (effects_->state().definitions->contains(query::kAnonymousProfiles)) {
      effects_->Do(Define{std::string(query::kAnonymousProfiles), ""});
    }
    return absl::OkStatus();
  }

  absl::Status Do(const ast::AlterNamespace& made) {
    const std::optional<NamespaceId> known = schema().FindNamespace(made.name.text);
    if (!known) return Unknown("namespace", made.name, catalog_.NamespaceNames());
    ROSTER_RETURN_IF_ERROR(
        CheckNumber("a limit", made.limit, kMaxProfileIdentities, made.limit_span));
    AlterNamespace altered{*known, schema().name_space(*known)};
    altered.info.limit = static_cast<uint32_t>(made.limit);
    effects_->Do(altered);
    return absl::OkStatus();
  }

  // --- Definitions ---

  size_t NumDefinitions(std::string_view kind) const {
    const TextMap<std::string>& known = *effects_->state().definitions;
    const auto of_kind = [&](const auto& entry) { return entry.first.starts_with(kind); };
    return static_cast<size_t>(std::count_if(known.begin(), known.end(), of_kind));
  }

  // Keeps the statement under a name.
  absl::Status Keep(std::string_view kind, std::string_view name, ast::Span span) {
    const TextMap<std::string>& known = *effects_->state().definitions;
    const std::string key = StrCat(kind, name);
    const size_t num_definitions = known.size() - NumDefinitions(query::kBlocked);
    if (num_definitions >= kMaxDefinitions && !known.contains(key)) {
      return Error(ErrorCode::kLimit, span, StrCat("more than ", kMaxDefinitions, " definitions"));
    }
    std::string text = query::StoredText(declaration_);
    if (text.size() > query::kMaxStatementBytes) {
      return Error(ErrorCode::kLimit, span,
                   StrCat("a definition is longer than ", query::kMaxStatementBytes,
                          " bytes with every name quoted"));
    }
    // With every parenthesis written out it may be nested too deep to be read again.
    const absl::Status readable = query::ParseStored(text).status();
    if (!readable.ok()) {
      return Error(ErrorCodeOf(readable), span,
                   StrCat("with every parenthesis written out: ", StdView(readable.message())));
    }
    effects_->Do(Define{key, std::move(text)});
    return absl::OkStatus();
  }

  // Kept as `define`, however it came. In itself it is not found, or refused.
  absl::Status Do(const ast::DefineSegment& made) {
    ROSTER_RETURN_IF_ERROR(NewName("segment", made.name));
    const std::string& name = made.name.text;
    if (made.altered && !catalog_.FindDefinition(query::kSegments, name)) {
      return Unknown("segment", made.name, catalog_.DefinitionNames(query::kSegments));
    }
    query::BindContext context = Context();
    const std::vector<std::string> inside = {name};
    context.segments = inside;
    ROSTER_RETURN_IF_ERROR(query::BindFilter(made.filter, context).status());
    const ast::Span span = made.name.span;
    std::get<ast::DefineSegment>(declaration_.what).altered = false;
    return Keep(query::kSegments, name, span);
  }

  // Kept by their ids, which lead through merges to whoever answers for a member.
  absl::Status Do(const ast::DefineStatic& made) {
    ROSTER_RETURN_IF_ERROR(NewName("segment", made.name));
    ROSTER_ASSIGN_OR_RETURN(
        std::vector<std::string> ids,
        MembersOf(made, Context(), effects_->store().TakeView(effects_->clock()),
                  effects_->stopwatch()));
    const ast::Span span = made.name.span;
    const std::string name = made.name.text;
    auto& kept = std::get<ast::DefineStatic>(declaration_.what);
    kept.from.clear();
    kept.members.clear();
    for (std::string& id : ids) kept.members.push_back({std::move(id), {}});
    return Keep(query::kSegments, name, span);
  }

  // A name of its own: what is kept goes before what is computed.
  absl::Status Do(const ast::DefineTrait& made) {
    ROSTER_RETURN_IF_ERROR(NewName("trait", made.name));
    const std::string& name = made.name.text;
    if (name == kProfileIdName || schema().FindTrait(name) || schema().FindNamespace(name)) {
      return Error(ErrorCode::kExists, made.name.span,
                   StrCat("`", name, "` is there; give what is computed another name"));
    }
    ROSTER_RETURN_IF_ERROR(query::BindAggregate(made.aggregate, Context()).status());
    return Keep(query::kComputed, name, made.name.span);
  }

  absl::Status Do(const ast::DefineView& made) {
    ROSTER_RETURN_IF_ERROR(NewName("view", made.name));
    ROSTER_RETURN_IF_ERROR(query::CheckShape(made.shape, Context()));
    return Keep(query::kViews, made.name.text, made.name.span);
  }

  // Kept, and shown. Who becomes what is known from the day on which segments are live.
  absl::Status Do(const ast::DefineRule& made) {
    ROSTER_RETURN_IF_ERROR(NewName("rule", made.name));
    ROSTER_RETURN_IF_ERROR(query::BindFilter(made.when, Context()).status());
    for (const auto* actions : {&made.then, &made.otherwise}) {
      for (const ast::Action& action : *actions) ROSTER_RETURN_IF_ERROR(CheckAction(action));
    }
    return Keep(query::kRules, made.name.text, made.name.span);
  }

  absl::Status CheckAction(const ast::Action& action) const {
    if (action.what != ast::Action::What::kSet) {
      return NewName("text", {std::get<std::string>(action.text.value), action.text.span});
    }
    const std::optional<TraitId> trait = catalog_.FindTrait(action.trait.text);
    if (!trait) return Unknown("trait", action.trait, catalog_.TraitNames());
    if (schema().trait(*trait).system) {
      return Error(ErrorCode::kType, action.trait.span,
                   StrCat("`", action.trait.text, "` is kept by the store; no rule sets it"));
    }
    // What can be compared with the trait can be its value.
    const ast::Test test{action.trait, ast::Compare{query::ast::CompareOp::kEq, action.value}};
    return query::BindFilter({test, action.value.span}, Context()).status();
  }

  absl::Status Do(const ast::DefineGoal& made) {
    ROSTER_RETURN_IF_ERROR(NewName("goal", made.name));
    for (const ast::Events& events : made.any_of) {
      ROSTER_RETURN_IF_ERROR(query::BindEvents(events, Context()).status());
    }
    return Keep(query::kGoals, made.name.text, made.name.span);
  }

  absl::Status Do(const ast::DefineInterest& made) {
    ROSTER_RETURN_IF_ERROR(NewName("interest", made.name));
    for (const ast::EventProperty& of : made.properties) {
      ROSTER_ASSIGN_OR_RETURN(const query::BoundEventProperty bound,
                              query::BindProperty(of.event, of.property, Context()));
      if (bound.info.type == ValueType::kText || bound.info.type == ValueType::kTextList) continue;
      return Error(
          ErrorCode::kType, of.property.span,
          StrCat("an interest is in texts; `", of.property.text, "` is ", ast::ToText(bound.info)));
    }
    if (made.half_life && made.half_life->amount == 0) {
      return Error(ErrorCode::kType, made.name.span, "a half life is longer than 0");
    }
    return Keep(query::kInterests, made.name.text, made.name.span);
  }

  absl::Status Do(const ast::DefineEngagement& made) {
    for (const ast::Points& points : made.points) {
      const ast::Events events{points.event, {}, points.window};
      ROSTER_RETURN_IF_ERROR(query::BindEvents(events, Context()).status());
      ROSTER_RETURN_IF_ERROR(CheckPoints(points.each, points.each_span));
      if (points.cap) ROSTER_RETURN_IF_ERROR(CheckPoints(*points.cap, points.cap_span));
    }
    std::vector<std::string_view> names;
    double below = 0;
    for (const ast::Level& level : made.levels) {
      const std::string& name = std::get<std::string>(level.name.value);
      ROSTER_RETURN_IF_ERROR(NewName("level", {name, level.name.span}));
      const double from = level.from.ToDouble();
      ROSTER_RETURN_IF_ERROR(CheckPoints(level.from, level.from_span));
      if (names.empty() && from != 0) {
        return Error(ErrorCode::kType, level.from_span, "the lowest level begins at 0");
      }
      if (!names.empty() && from <= below) {
        return Error(ErrorCode::kType, level.from_span, "levels stand in ascending order");
      }
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        return Error(ErrorCode::kType, level.name.span, "a level has a name of its own");
      }
      names.push_back(name);
      below = from;
    }
    return Keep(query::kEngagement, "engagement", {});
  }

  absl::Status Do(const ast::DefineCarry& made) {
    ROSTER_RETURN_IF_ERROR(NewName("rule", made.name));
    ROSTER_RETURN_IF_ERROR(NewName("property", made.property));
    const std::optional<TraitId> trait = catalog_.FindTrait(made.trait.text);
    if (!trait || IsOwnName(made.trait.text)) {
      return Unknown("trait", made.trait, catalog_.TraitNames());
    }
    if (!schema().trait(*trait).system) {
      return Keep(query::kCarries, made.name.text, made.name.span);
    }
    return Error(ErrorCode::kType, made.trait.span,
                 StrCat("`", made.trait.text, "` is kept by the store; nothing is carried to it"));
  }

  absl::Status CheckPoints(const query::ExactNumber& points, ast::Span span) const {
    constexpr double kMaxPoints = 1e15;
    const double number = points.ToDouble();
    if (number >= 0 && number <= kMaxPoints) return absl::OkStatus();
    return Error(ErrorCode::kType, span, "points are between 0 and 1e15");
  }

  absl::Status Do(const ast::Drop& made) {
    const std::string_view kind = KindName(made.kind);
    const TextMap<std::string>& known = *effects_->state().definitions;
    const std::string key = StrCat(kind, made.name.text);
    if (!known.contains(key)) {
      return Unknown(ast::Spelling(made.kind), made.name, catalog_.DefinitionNames(kind));
    }
    std::string users;
    for (const std::string& user : query::UsersOf(made.kind, made.name.text, catalog_)) {
      users += StrCat(users.empty() ? "" : ", ", user);
    }
    if (!users.empty()) {
      return Error(
          ErrorCode::kConflict, made.name.span,
          StrCat(ast::Spelling(made.kind), " `", made.name.text, "` is in use by ", users));
    }
    effects_->Do(Define{key, ""});
    return absl::OkStatus();
  }

  // --- Retention ---

  absl::StatusOr<int64_t> KeepMs(const ast::Retain& made) const {
    if (!made.keep) return 0;
    const std::optional<int64_t> keep_ms = query::RetentionMs(*made.keep);
    if (keep_ms) return *keep_ms;
    return Error(ErrorCode::kLimit, made.keep_span, "a retention is at most 10,000 years");
  }

  absl::Status Do(const ast::Retain& made) {
    ROSTER_ASSIGN_OR_RETURN(const int64_t keep_ms, KeepMs(made));
    if (made.what == ast::Retain::What::kEvents) {
      const std::optional<EventTypeId> event = schema().FindEvent(made.event.text);
      if (!event || schema().event(*event).own) {
        return Unknown("event", made.event, catalog_.EventNames());
      }
      effects_->Do(SetRetention{*event, keep_ms});
      return absl::OkStatus();
    }
    const bool history = made.what == ast::Retain::What::kHistory;
    const std::string_view name = history ? query::kHistoryRetention : query::kAnonymousRetention;
    if (keep_ms != 0) {
      ROSTER_RETURN_IF_ERROR(Keep(name, "", made.keep_span));
    } else if (effects_->state().definitions->contains(name)) {
      effects_->Do(Define{std::string(name), ""});
    }
    if (!history) return absl::OkStatus();
    for (size_t e = 0; e < schema().events().size(); ++e) {
      const EventTypeId event{static_cast<uint16_t>(e)};
      if (!schema().event(event).name.starts_with(kTraitRecords)) continue;
      effects_->Do(SetRetention{event, keep_ms});
    }
    return absl::OkStatus();
  }

  const Declare& item_;
  Effects* const effects_;
  const query::SchemaCatalog catalog_;
  ast::Declaration declaration_;
};

}  // namespace

absl::Status DoDeclare(const Declare& item, Effects* effects) {
  return Declarer(item, effects).Run();
}

}  // namespace roster
