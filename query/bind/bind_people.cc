// SPDX-License-Identifier: Apache-2.0
//
// Questions about who somebody is: labels, identities, channels, consent, segments.
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bind/binder.h"
#include "query/cells/cell_test.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/errors.h"
#include "query/lexer.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/found_events.h"

namespace roster::query {
namespace {

std::string TextOf(const ast::Literal& literal) { return std::get<std::string>(literal.value); }

}  // namespace

BindContext Binder::ContextOf(std::string_view stored, const ast::Declaration& declaration) const {
  BindContext context{.text = CanonicalText(stored), .catalog = &catalog_, .params = {}};
  context.as_of = context_.as_of;
  if (declaration.time_zone) {
    context.time_zone = std::get<std::string>(declaration.time_zone->value);
  }
  return context;
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::HasLabel& label, const ast::Filter&) {
  if (label.labels.size() > kMaxListValues) {
    return values_.Error(ErrorCode::kLimit, label.labels[kMaxListValues].span,
                         StrCat("a list holds more than ", kMaxListValues, " values"));
  }
  BoundLabel bound{{}, context_.as_of};
  for (const ast::Literal& one : label.labels) bound.labels.push_back(TextOf(one));
  std::sort(bound.labels.begin(), bound.labels.end());
  return BoundFilter{std::move(bound)};
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::IsIdentified& is, const ast::Filter&) {
  BoundFilter identified{BoundHasIdentity{std::nullopt, NamespaceKind::kPerson}};
  return is.identified ? std::move(identified) : Negation(std::move(identified));
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::HasIdentity& has, const ast::Filter&) {
  if (!has.name_space) return Negation({BoundHasIdentity{}});
  const auto name_space = catalog_.FindNamespace(has.name_space->text);
  if (!name_space) return Unknown("namespace", *has.name_space, catalog_.NamespaceNames());
  return BoundFilter{BoundHasIdentity{*name_space, std::nullopt}};
}

// By which something came, as the profile shows it.
absl::StatusOr<BoundFilter> Binder::BindNode(const ast::HasChannel& has, const ast::Filter& at) {
  BoundDid bound;
  bound.events = EventsWith(kChannelProperty, TextOf(has.channel), true, ast::Touch::kAny);
  if (bound.events.empty()) return Nobody();
  bound.said = ast::ToText(at);
  return BoundFilter{std::move(bound)};
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::CreatedVia& created, const ast::Filter&) {
  return BoundFilter{
      BoundTrait{kCreatedVia, {ValueType::kText, 0}, {TextSet{{TextOf(created.via)}}}}};
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::KnownFor& known, const ast::Filter&) {
  ast::Window window;
  window.kind = ast::Window::Kind::kMoreThanAgo;
  window.first = known.duration;
  ROSTER_ASSIGN_OR_RETURN(const Window bound, values_.BindWindow(window));
  return BoundFilter{BoundTrait{kCreatedAt, {ValueType::kTimestamp, 0}, {InWindow{bound}}}};
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Consent& consent, const ast::Filter&) {
  BoundConsent bound{consent.channel.text, consent.state, std::nullopt, std::nullopt,
                     context_.as_of};
  const bool unknown = consent.state == ast::ConsentState::kUnknown;
  if (unknown && (consent.since || consent.policy)) {
    const ast::Literal& said = consent.since ? *consent.since : *consent.policy;
    return values_.Error(ErrorCode::kType, said.span,
                         "nothing was said of what is unknown; leave `since` and `policy` out");
  }
  if (consent.since) {
    ROSTER_ASSIGN_OR_RETURN(const CellPredicate from,
                            values_.Bind({ValueType::kTimestamp, 0},
                                         ast::Compare{ast::CompareOp::kGe, *consent.since}));
    bound.since_ms = std::get<IntRange>(from.test).low;
  }
  if (consent.policy) bound.policy = TextOf(*consent.policy);
  return BoundFilter{std::move(bound)};
}

// By reference: the definition as it stands now, in its own time zone. Its members are active.
absl::StatusOr<BoundFilter> Binder::BindNode(const ast::InSegment& in, const ast::Filter&) {
  const std::string& name = in.segment.text;
  const auto stored = catalog_.FindDefinition(kSegments, name);
  if (!stored) return Unknown("segment", in.segment, catalog_.DefinitionNames(kSegments));
  const absl::Span<const std::string>& inside = context_.segments;
  if (std::find(inside.begin(), inside.end(), name) != inside.end()) {
    std::string path;
    for (const std::string& one : inside) path += StrCat("`", one, "` in ");
    return values_.Error(ErrorCode::kType, in.segment.span,
                         StrCat("a segment cannot be in itself: ", path, "`", name, "`"));
  }
  if (depth_ + kSegmentDepth > kMaxDepth) return TooDeep(in.segment.span);
  const auto declaration =
      std::make_unique<const absl::StatusOr<ast::Declaration>>(ParseStored(*stored));
  const ast::Declaration* const made = declaration->ok() ? &**declaration : nullptr;
  if (made != nullptr && std::holds_alternative<ast::DefineStatic>(made->what)) {
    BoundMembers members{{}, name};
    for (const ast::Literal& one : std::get<ast::DefineStatic>(made->what).members) {
      if (const auto id = ReadProfileId(TextOf(one))) members.ids.push_back(*id);
    }
    return Active({std::move(members)});
  }
  const auto* segment = made != nullptr ? std::get_if<ast::DefineSegment>(&made->what) : nullptr;
  if (segment == nullptr) {
    return values_.Error(ErrorCode::kType, in.segment.span,
                         StrCat("the definition of `", name, "` is of a later version"));
  }
  // Not on the stack, which segments in segments would multiply.
  struct Inside {
    std::vector<std::string> segments;
    BindContext context;
    std::optional<Binder> binder;
  };
  const auto of = std::make_unique<Inside>();
  of->segments.assign(inside.begin(), inside.end());
  of->segments.push_back(name);
  of->context = ContextOf(*stored, *made);
  of->context.segments = of->segments;
  of->context.depth = depth_ + kSegmentDepth;
  ROSTER_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(of->context.time_zone));
  of->binder.emplace(of->context, zone, num_nodes_);
  absl::StatusOr<BoundFilter> bound = of->binder->Bind(segment->filter);
  if (!bound.ok()) {
    return values_.Error(ErrorCodeOf(bound.status()), in.segment.span,
                         StrCat("in segment `", name, "`: ", StdView(bound.status().message())));
  }
  return Active(*std::move(bound));
}

// Who is archived is in no segment.
BoundFilter Binder::Active(BoundFilter members) const {
  if (!catalog_.ArchivedTrait()) return members;
  return Both(Negation(ArchivedThen()), std::move(members));
}

// --- What definitions compute ---

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::InterestIn& in, const ast::Filter& at) {
  const std::vector<std::string_view> names = catalog_.DefinitionNames(kInterests);
  if (!in.interest && names.size() != 1) {
    return values_.Error(ErrorCode::kNoTrait, in.span,
                         names.empty() ? "no interest is defined; see `define interest`"
                                       : StrCat("several interests are defined; name one, as in "
                                                "`interest ",
                                                names[0], " \"shoes\" >= 0.3`"));
  }
  const std::string_view name = in.interest ? std::string_view(in.interest->text) : names[0];
  const auto stored = catalog_.FindDefinition(kInterests, name);
  if (!stored) return Unknown("interest", *in.interest, names);
  BoundInterest bound{{}, TextOf(in.value), {}, ast::ToText(at)};
  ROSTER_ASSIGN_OR_RETURN(bound.share,
                          values_.Bind({ValueType::kNumber, 0}, ast::Compare{in.op, in.share}));
  const absl::StatusOr<ast::Declaration> declaration = ParseStored(*stored);
  const auto* made =
      declaration.ok() ? std::get_if<ast::DefineInterest>(&declaration->what) : nullptr;
  if (made == nullptr) return Nobody();
  bound.interest = BindInterest(*made, ContextOf(*stored, *declaration));
  return BoundFilter{std::move(bound)};
}

// A level, in their order.
absl::StatusOr<BoundFilter> Binder::BindEngagement(const ast::Test& test,
                                                   std::string_view stored) const {
  const absl::StatusOr<ast::Declaration> declaration = ParseStored(stored);
  const auto* made =
      declaration.ok() ? std::get_if<ast::DefineEngagement>(&declaration->what) : nullptr;
  if (made == nullptr) return Nobody();
  BoundEngagement bound{query::BindEngagement(*made, ContextOf(stored, *declaration)),
                        {},
                        ast::ToText(ast::Filter{test, {}})};
  const auto level_of = [&](const ast::Literal& literal) -> absl::StatusOr<int64_t> {
    std::vector<std::string_view> names;
    ROSTER_ASSIGN_OR_RETURN(const std::string name, values_.BindText(literal));
    for (const EngagementDefinition::Level& level : bound.engagement.levels) {
      if (level.name == name) return static_cast<int64_t>(names.size());
      names.push_back(level.name);
    }
    return values_.Error(ErrorCode::kType, literal.span,
                         StrCat("unknown level \"", name, "\"", DidYouMean(name, names)));
  };
  CellPredicate levels;
  if (const auto* compare = std::get_if<ast::Compare>(&test.what)) {
    if (compare->folded) {
      return values_.Error(ErrorCode::kType, compare->value.span,
                           "a level is written as it was defined; leave `~` out");
    }
    ROSTER_ASSIGN_OR_RETURN(const int64_t level, level_of(compare->value));
    const ast::Literal number{ExactNumber(level), compare->value.span};
    ROSTER_ASSIGN_OR_RETURN(
        levels, values_.Bind({ValueType::kInteger, 0}, ast::Compare{compare->op, number}));
  } else if (const auto* in = std::get_if<ast::In>(&test.what)) {
    ast::In numbers{in->negated, {}};
    for (const ast::Literal& literal : in->values) {
      ROSTER_ASSIGN_OR_RETURN(const int64_t level, level_of(literal));
      numbers.values.push_back({ExactNumber(level), literal.span});
    }
    ROSTER_ASSIGN_OR_RETURN(levels, values_.Bind({ValueType::kInteger, 0}, numbers));
  } else {
    return values_.Error(ErrorCode::kType, test.name.span,
                         "write `engagement >= \"high\"` or another comparison with a level");
  }
  for (size_t level = 0; level < bound.engagement.levels.size(); ++level) {
    const auto cell = static_cast<int64_t>(level);
    bound.passes.push_back(
        Holds(levels, {.type = ValueType::kInteger, .dictionary = {}}, cell, {}));
  }
  return BoundFilter{std::move(bound)};
}

InterestDefinition BindInterest(const ast::DefineInterest& made, const BindContext& context) {
  InterestDefinition interest{{}, made.half_life};
  for (const ast::EventProperty& of : made.properties) {
    const auto bound = BindProperty(of.event, of.property, context);
    if (bound.ok()) interest.properties.push_back(*bound);
  }
  return interest;
}

EngagementDefinition BindEngagement(const ast::DefineEngagement& made, const BindContext& context) {
  EngagementDefinition engagement;
  for (const ast::Points& points : made.points) {
    auto bound = BindEvents({points.event, {}, points.window}, context);
    if (!bound.ok()) continue;
    engagement.points.push_back({*std::move(bound), points.each.ToDouble(), {}});
    if (points.cap) engagement.points.back().cap = points.cap->ToDouble();
  }
  for (const ast::Level& level : made.levels) {
    engagement.levels.push_back({std::get<std::string>(level.name.value), level.from.ToDouble()});
  }
  return engagement;
}

// Of 2^64 numbers so many per cent, rounded down.
absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Sample& sample, const ast::Filter&) {
  constexpr uint8_t kDigits = 9;
  constexpr Int128 kHundred = Int128{100} * 1'000'000'000;
  const Int128 percent = sample.percent.ScaledTo(kDigits).floor;
  if (percent < 0 || percent > kHundred) {
    return values_.Error(ErrorCode::kType, sample.percent_span, "a sample is between 0% and 100%");
  }
  BoundSample bound{TextOf(sample.seed), sample.percent.ToText(), percent == kHundred, 0};
  // In two steps, so that no product is too large.
  if (!bound.all) {
    const Int128 high = percent * (Int128{1} << 32);
    const Int128 rest = (high % kHundred) * (Int128{1} << 32) / kHundred;
    bound.below = static_cast<uint64_t>(((high / kHundred) << 32) + rest);
  }
  return BoundFilter{std::move(bound)};
}

}  // namespace roster::query
