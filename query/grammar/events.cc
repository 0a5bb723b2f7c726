// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "query/grammar/grammar.h"
#include "query/grammar/rules.h"

namespace roster::query::grammar {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
namespace {

const Valued<Token> dotted(ReadDotted, "an event");
const Valued<ast::AggregateOp> aggregate_op(ReadAggregateOp, kCondition);
const Valued<ast::TimeUnit> on_unit(ReadCalendarUnit, "`days`, `weeks` or `months`");

// --- What makes a contextual keyword out of a word that may also be a name ---

bool AtDid(Cursor at) { return AtWord(at, "did") && IsEventAt(at + 1); }
bool AtAggregate(Cursor at) { return ReadAggregateOp(*at).has_value() && AtSymbol(at + 1, "("); }
bool AtAnyEvent(Cursor at) { return AtWord(at, "any") && AtWord(at + 1, "event"); }
bool AtNth(Cursor at) {
  if (AtWord(at, "nth")) return ReadWhole(at[1]).has_value();
  return (AtWord(at, "first") || AtWord(at, "last")) && IsEventAt(at + 1);
}
bool AtEvery(Cursor at) { return AtWord(at, "every") && IsEventAt(at + 1); }
bool AtStopped(Cursor at) { return AtWord(at, "stopped") && IsEventAt(at + 1); }
bool AtResumed(Cursor at) { return AtWord(at, "resumed") && IsEventAt(at + 1); }
bool AtSessions(Cursor at) {
  const bool quantified = AtWord(at, "any") || AtWord(at, "all") || AtWord(at, "no");
  return quantified && (AtWord(at + 1, "session") || AtWord(at + 1, "sessions"));
}
bool AtSameSession(Cursor at) { return AtWord(at, "in") && AtWord(at + 1, "the"); }

// What a rule does stands behind `then` too.
bool AtNextStep(Cursor at) {
  if (!AtWord(at, "then")) return false;  // behind the end there is no token to look at
  const bool is_label = AtWord(at + 1, "add") || AtWord(at + 1, "remove");
  if (is_label && AtWord(at + 2, "label")) return false;
  if (AtWord(at + 1, "notify") && at[2].kind == TokenKind::kLiteral) return false;
  return !(AtWord(at + 1, "set") && ReadName(at[2]) && AtSymbol(at + 3, "="));
}

// `did ...` before it is known whether it is a count or a sequence.
struct RawDid {
  ast::Start start = ast::Start::kSome;
  int64_t place = 1;
  std::vector<ast::Step> steps{1};
  bool counted = false;
  ast::CountOp op = ast::CountOp::kAtLeast;
  int64_t times = 1;
  std::optional<ast::TimeUnit> on;
  std::vector<ast::Name> same;
  bool same_session = false;
  ast::Span span;
};

// What is wrong with it as a whole, if anything.
const char* Fault(const RawDid& raw) {
  if (raw.steps.size() == 1) {
    if (raw.start != ast::Start::kSome) {
      return "`every`, `first`, `last` and `nth` choose where a sequence begins; write `then`";
    }
    if (!raw.same.empty() || raw.same_session)
      return "`same` and `in` are for the steps of a sequence; write `then`";
    return nullptr;
  }
  if (raw.counted) return "a sequence has no count";
  for (size_t i = 0; i < raw.steps.size(); ++i) {
    const ast::Step& step = raw.steps[i];
    if (step.negated && i + 1 < raw.steps.size()) return "`then not` comes last";
    if (step.negated && !step.within)
      return "`then not` needs a time: `then not \"order\" within 1 day`";
  }
  return nullptr;
}

ast::Filter Settled(RawDid raw) {
  const ast::Span span = raw.span;
  if (raw.steps.size() == 1) {
    return {ast::Did{std::move(raw.steps[0].events), raw.op, raw.times, raw.on}, span};
  }
  return {ast::Sequence{raw.start, raw.place, std::move(raw.steps), std::move(raw.same),
                        raw.same_session},
          span};
}

ast::Events& LastOf(RawDid& raw) { return raw.steps.back().events; }

// What is said of events: of the last step of a `did`, or of a value that has them.
ast::Events& EventsOf(RawDid& raw) { return LastOf(raw); }
ast::Events& EventsOf(ast::Funnel& of) { return of.steps.back().events; }
template <typename T>
ast::Events& EventsOf(T& of) {
  return of.events;
}

const auto kWhere =
    Do([](auto& of, ast::Filter& where) { EventsOf(of).where.push_back(std::move(where)); });
const auto kInWindow = Do([](auto& of, ast::Window& in) { EventsOf(of).window = std::move(in); });
const auto kEvent = Do([](auto& of, ast::Name& type) { EventsOf(of).event = std::move(type); });
auto KindIs(ast::EventKind kind) {
  return [kind](auto& context) { EventsOf(x3::_val(context)).kind = kind; };
}
auto TouchIs(ast::Touch touch) {
  return [touch](auto& context) { EventsOf(x3::_val(context)).touch = touch; };
}

// Pieces that stand in several rules.
const auto kMeant =
    (Ahead(AtAnyEvent, "") >> KeywordPair("any", "event", "")[KindIs(ast::EventKind::kAny)]) |
    event[kEvent];
const auto kMayWhere = -(Word("where", "`where`") > condition[kWhere]);
const auto kCount =
    KeywordPair("at", "least", kTimes) |
    KeywordPair("at", "most",
                kTimes)[([](auto& context) { x3::_val(context).op = ast::CountOp::kAtMost; })] |
    Word("exactly", kTimes)[([](auto& context) { x3::_val(context).op = ast::CountOp::kExactly; })];
const auto kIsCounted = [](auto& context) { x3::_val(context).counted = true; };
const auto kTimesOf = Do([](auto& of, int64_t times) { of.times = times; });
const auto kMayCountOrOn =
    -(((kCount > whole[kTimesOf] > (Word("times", "`times`") | Word("time", "`times`"))) |
       (Word("on", "`on`") > kCount > whole[kTimesOf] > on_unit[Put(&RawDid::on)])) >
      x3::eps[kIsCounted]);
const auto kMayWindow = -window[kInWindow];
const auto kPlaced = Do([](auto& of, int64_t place) { of.place = place; });
auto PlaceIs(int64_t place) {
  return [place](auto& context) { x3::_val(context).place = place; };
}
const auto kPlace = (Word("first", "")[PlaceIs(1)] | Word("last", "")[PlaceIs(-1)] |
                     (Word("nth", "") > whole[kPlaced]));

}  // namespace

const Rule<struct StepId, ast::Step> step = "step";
const auto step_def =
    Spanned(-Word("not", "`not`")[Set(&ast::Step::negated, true)] > kMeant > kMayWhere >
            -(Word("within", "`within`") > duration[Put(&ast::Step::within)]));
const auto add_step = Do([](RawDid& raw, ast::Step& one) { raw.steps.push_back(std::move(one)); });
const auto add_same = Do([](RawDid& raw, ast::Name& one) { raw.same.push_back(std::move(one)); });

const Rule<struct DidId, RawDid> did = "did";
const auto did_def =
    Spanned((Ahead(AtDid, kCondition) >> Word("did", kCondition)) >
            -((Ahead(AtNth, "") >> kPlace[Set(&RawDid::start, ast::Start::kNth)]) |
              (Ahead(AtEvery, "") >> Word("every", "")[Set(&RawDid::start, ast::Start::kEvery)])) >
            kMeant > kMayWhere > kMayCountOrOn > kMayWindow >
            *((Ahead(AtNextStep, "`then`") >> Word("then", "`then`")) > step[add_step]) >
            *(Word("same", "`same`") > property[add_same]) >
            -((Ahead(AtSameSession, "`in the same session`") >> KeywordPair("in", "the", "")) >
              KeywordPair("same", "session", "`same session`")[Set(&RawDid::same_session, true)]));

const Rule<struct GoalId, RawDid> goal = "goal";
const auto goal_def =
    Spanned(KeywordPair("completed", "goal", kCondition)[KindIs(ast::EventKind::kGoal)] >
            event[kEvent] > kMayWhere > kMayCountOrOn > kMayWindow);

const Rule<struct CampaignId, RawDid> campaign = "campaign";
const auto campaign_def =
    Spanned(KeywordPair("touched", "campaign", kCondition)[KindIs(ast::EventKind::kCampaign)] >
            event[kEvent] > -(Word("sent", "")[TouchIs(ast::Touch::kSent)] |
                              Word("seen", "")[TouchIs(ast::Touch::kSeen)] |
                              Word("clicked", "`clicked`")[TouchIs(ast::Touch::kClicked)]) >
            kMayWhere > kMayCountOrOn > kMayWindow);

const Rule<struct NthId, ast::Nth> nth = "nth";
const auto nth_def = (Ahead(AtNth, kCondition) >> kPlace) > kMeant > kMayWhere > kMayWindow;

// event.property, as one word or as two that may be quoted.
const auto kDotted = Do([](ast::AggregateOf& of, Token& both) {
  const size_t dot = both.raw.find('.');
  const auto middle = both.span.begin + static_cast<uint32_t>(dot);
  of.events.event = {std::string(both.raw.substr(0, dot)), {both.span.begin, middle}};
  of.property = ast::Name{std::string(both.raw.substr(dot + 1)), {middle + 1, both.span.end}};
});

const Rule<struct AggregateOfId, ast::AggregateOf> aggregate_of = "aggregate_of";
const auto aggregate_of_def =
    Spanned((Ahead(AtAggregate, kCondition) >> aggregate_op[Put(&ast::AggregateOf::op)]) > open >
            (dotted[kDotted] |
             (event[kEvent] > -(Sign(".", "`.`") > property[Put(&ast::AggregateOf::property)]))) >
            kMayWhere > close > kMayWindow);

const auto right_is = [](auto& context) {
  x3::_val(context).right = std::move(x3::_attr(context));
};
const Rule<struct AggregateId, ast::Aggregate> aggregate = "aggregate";
const auto aggregate_def = aggregate_of[Put(&ast::Aggregate::left)] >
                           threshold_op[Put(&ast::Aggregate::op)] >
                           (aggregate_of[right_is] | literal[right_is]);

const Rule<struct PausedId, ast::Paused> paused = "paused";
const auto paused_def =
    ((Ahead(AtStopped, kCondition) >> Word("stopped", kCondition)) > event[kEvent] > kMayWhere >
     Word("for", "`for`") > duration[Put(&ast::Paused::duration)]) |
    ((Ahead(AtResumed, kCondition) >>
      Word("resumed", kCondition)[Set(&ast::Paused::resumed, true)]) > event[kEvent] > kMayWhere >
     Word("after", "`after`") > duration[Put(&ast::Paused::duration)] > kMayWindow);

const auto quantifier_is = [](ast::Quantifier quantifier) {
  return Set(&ast::Sessions::quantifier, quantifier);
};
const auto kSessionCondition =
    Do([](ast::Sessions& of, ast::Filter& asked) { of.condition.push_back(std::move(asked)); });
const Rule<struct SessionsId, ast::Sessions> sessions = "sessions";
const auto sessions_def = (Ahead(AtSessions, kCondition) >>
                           (Word("any", "") |
                            Word("all", "")[quantifier_is(ast::Quantifier::kAll)] |
                            Word("no", "")[quantifier_is(ast::Quantifier::kNo)])) >
                          (Word("session", "`session`") | Word("sessions", "`sessions`")) > open
                          > disjunction[kSessionCondition] > close >
                          -(kCount > whole[kTimesOf] >
                            (Word("times", "`times`") | Word("time", "`times`"))) >
                          -window[Put(&ast::Sessions::window)];

const auto settle = [](auto& context) {
  RawDid& raw = x3::_attr(context);
  if (const char* const fault = Fault(raw)) return Refuse(context, raw.span, fault);
  x3::_val(context) = Settled(std::move(raw));
};
const auto behaviour_def = did[settle] | goal[settle] | campaign[settle] |
                           Spanned(nth[kNode] | aggregate[kNode] | paused[kNode] | sessions[kNode]);

// --- Funnels ---

const char* FaultInFunnel(const ast::Step& one) {
  if (one.negated) return "a funnel counts who came to a step; `then not` is for sequences";
  return one.within ? "one limit holds for all steps: `each within` or `overall within`" : nullptr;
}
const auto kFirstStep = [](auto& context) { x3::_val(context).steps.resize(1); };
const auto kNextStep = [](auto& context) {
  ast::Step& read = x3::_attr(context);
  if (const char* const fault = FaultInFunnel(read)) return Refuse(context, read.span, fault);
  x3::_val(context).steps.push_back(std::move(read));
};
const auto kSameOf = Do([](ast::Funnel& of, ast::Name& one) { of.same.push_back(std::move(one)); });
const auto funnel_def =
    x3::eps[kFirstStep] > kMeant > kMayWhere > kMayWindow >
    +(Word("then", "`then`") > step[kNextStep]) >
    ((Word("each", "`each within`") > Word("within", "`within`") >
      duration[Put(&ast::Funnel::each)]) |
     (Word("overall", "`overall within`") > Word("within", "`within`") >
      duration[Put(&ast::Funnel::overall)])) > *(Word("same", "`same`") > property[kSameOf]) >
    -((Ahead(AtSameSession, "`in the same session`") >> KeywordPair("in", "the", "")) >
      KeywordPair("same", "session", "`same session`")[Set(&ast::Funnel::same_session, true)]);

BOOST_SPIRIT_DEFINE(funnel, step, did, goal, campaign, nth, aggregate_of, aggregate, paused,
                    sessions, behaviour)
BOOST_SPIRIT_INSTANTIATE(decltype(behaviour), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(funnel), Cursor, Context)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

bool IsEventAt(Cursor at) {
  static constexpr std::array<std::string_view, 19> kOthers = {
      "is",     "in",     "between", "contains", "starts", "ends",    "has",
      "within", "before", "after",   "matches",  "was",    "changed", "at",
      "more",   "this",   "then",    "exactly",  "on"};
  if (at->kind == TokenKind::kLiteral) return true;
  if (!ReadName(*at)) return false;
  return at->kind == TokenKind::kQuotedName ||
         std::none_of(kOthers.begin(), kOthers.end(),
                      [&](std::string_view word) { return IsWord(at->raw, word); });
}

}  // namespace roster::query::grammar

namespace roster::query {

bool TakeAggregate(const Token** at, const Token* end, Expectations* expected,
                   ast::AggregateOf* taken) {
  return grammar::Take(grammar::aggregate_of, at, end, expected, taken);
}

}  // namespace roster::query
