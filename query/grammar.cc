// SPDX-License-Identifier: Apache-2.0
//
// The grammar, in Boost.Spirit X3 over tokens. Each choice is made by the next token or two, and
// what follows a choice is an expectation point (`>`), so time is linear. Every rule builds its
// own value by semantic actions; a rule that fails leaves nothing behind.
#include "query/grammar.h"

#include <algorithm>
#include <array>
#include <boost/spirit/home/x3.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

namespace x3 = boost::spirit::x3;

using Cursor = const Token*;

struct ExpectationsTag;

// --- Words for what was expected ---

constexpr std::string_view kVerb = "`count`, `find` or `show`";
constexpr std::string_view kCondition = "a condition";
constexpr std::string_view kOperator = "an operator such as `=`, `in` or `is set`";
constexpr std::string_view kComparison = "a comparison such as `>=`";
constexpr std::string_view kValue = "a value";
constexpr std::string_view kWindow = "a window such as `within last 30 days`";
constexpr std::string_view kTimes = "`at least`, `at most` or `exactly`";
constexpr std::string_view kUnit = "a unit of time such as `days`";

// --- Terminals: each takes one or more tokens, or notes what it would have taken ---

bool AtWord(Cursor at, std::string_view word) {
  return at->kind == TokenKind::kWord && IsWord(at->raw, word);
}
bool AtSymbol(Cursor at, std::string_view symbol) {
  return at->kind == TokenKind::kSymbol && at->raw == symbol;
}

// A terminal without a value. `Derived::Take(Cursor)` gives the token after it, or null.
// Spirit dictates has_attribute, and rules are named as in the grammar; actions take attributes by
// value to move them.
// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
template <typename Derived>
struct Mark : x3::parser<Derived> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  constexpr explicit Mark(std::string_view said) : words(said) {}

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(Cursor& first, const Cursor&, const Context& context, RuleContext&, Attribute&) const {
    const Cursor after = this->derived().Take(first);
    if (after != nullptr) {
      first = after;
      return true;
    }
    if (!words.empty()) x3::get<ExpectationsTag>(context).get().Note(first, words);
    return false;
  }

  std::string_view words;
};

// One keyword.
struct Keyword : Mark<Keyword> {
  constexpr Keyword(std::string_view keyword, std::string_view said) : Mark(said), word(keyword) {}
  Cursor Take(Cursor at) const { return AtWord(at, word) ? at + 1 : nullptr; }
  std::string_view word;
};

// Two keywords that only together mean something: alone the first may be a name.
struct KeywordPair : Mark<KeywordPair> {
  constexpr KeywordPair(std::string_view first, std::string_view second, std::string_view said)
      : Mark(said), words_of{first, second} {}
  Cursor Take(Cursor at) const {
    return AtWord(at, words_of[0]) && AtWord(at + 1, words_of[1]) ? at + 2 : nullptr;
  }
  std::array<std::string_view, 2> words_of;
};

struct Symbol : Mark<Symbol> {
  constexpr Symbol(std::string_view sign, std::string_view said) : Mark(said), symbol(sign) {}
  Cursor Take(Cursor at) const { return AtSymbol(at, symbol) ? at + 1 : nullptr; }
  std::string_view symbol;
};

struct End : Mark<End> {
  constexpr End() : Mark("the end of the statement") {}
  Cursor Take(Cursor at) const { return at->kind == TokenKind::kEnd ? at + 1 : nullptr; }
};

// Looks at what comes and takes nothing.
struct Ahead : Mark<Ahead> {
  constexpr Ahead(bool (*ahead)(Cursor), std::string_view said) : Mark(said), test(ahead) {}
  Cursor Take(Cursor at) const { return test(at) ? at : nullptr; }
  bool (*test)(Cursor);
};

// A terminal of one token with a value, when `read` finds one in it.
template <typename T>
struct Valued : x3::parser<Valued<T>> {
  using attribute_type = T;
  static constexpr bool has_attribute = true;
  using Read = std::optional<T> (*)(const Token&);

  constexpr Valued(Read reader, std::string_view said) : read(reader), words(said) {}

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(Cursor& first, const Cursor&, const Context& context, RuleContext&,
             Attribute& attribute) const {
    std::optional<T> value = read(*first);
    if (!value) {
      x3::get<ExpectationsTag>(context).get().Note(first, words);
      return false;
    }
    if constexpr (!std::is_same_v<std::remove_const_t<Attribute>, x3::unused_type>) {
      attribute = *std::move(value);
    }
    ++first;
    return true;
  }

  Read read;
  std::string_view words;
};

// --- What makes a contextual keyword out of a word that may also be a name ---

// `did` and an event; `did = 3` and `did is set` ask about a trait of that name.
bool AtDid(Cursor at) {
  static constexpr std::array<std::string_view, 10> kOperators = {
      "is", "in", "between", "contains", "starts", "ends", "has", "within", "before", "after"};
  if (!AtWord(at, "did")) return false;
  const Token& next = at[1];
  if (next.kind == TokenKind::kLiteral) return true;
  if (!ReadName(next)) return false;
  return next.kind == TokenKind::kQuotedName ||
         std::none_of(kOperators.begin(), kOperators.end(),
                      [&](std::string_view word) { return IsWord(next.raw, word); });
}
bool AtAggregate(Cursor at) { return ReadAggregateOp(*at).has_value() && AtSymbol(at + 1, "("); }
bool AtScope(Cursor at) {
  return (AtWord(at, "including") || AtWord(at, "only")) && AtWord(at + 1, "archived");
}
bool AtColumn(Cursor at) {
  if (AtScope(at)) return false;
  if (AtWord(at, "order") && AtWord(at + 1, "by")) return false;
  if (AtWord(at, "offset") && at[1].kind == TokenKind::kLiteral) return false;
  return !(AtWord(at, "at") && AtWord(at + 1, "time"));
}
bool AtOffset(Cursor at) { return AtWord(at, "offset") && at[1].kind == TokenKind::kLiteral; }

// --- Semantic actions ---

// Calls f(value of the rule, value just read).
template <typename F>
auto Do(F f) {
  return [f](auto& context) { f(x3::_val(context), x3::_attr(context)); };
}
// Moves what was read to a member of the rule's value.
template <typename T, typename M>
auto Put(M T::*member) {
  return [member](auto& context) { x3::_val(context).*member = std::move(x3::_attr(context)); };
}
// Sets a member of the rule's value.
template <typename T, typename M>
auto Set(M T::*member, M value) {
  return [member, value](auto& context) { x3::_val(context).*member = value; };
}
// Makes what was read the rule's value, or the alternative of it that Test::what holds.
const auto kWhat = [](auto& context) { x3::_val(context).what = std::move(x3::_attr(context)); };

void Join(ast::LogicOp op, ast::Filter* left, ast::Filter right) {
  auto* logic = std::get_if<ast::Logic>(&left->node);
  if (logic == nullptr || logic->op != op) {
    ast::Filter joined{ast::Logic{op, {}}, left->span};
    logic = &std::get<ast::Logic>(joined.node);
    logic->children.push_back(std::move(*left));
    *left = std::move(joined);
    logic = &std::get<ast::Logic>(left->node);
  }
  left->span.end = right.span.end;
  auto* same = std::get_if<ast::Logic>(&right.node);
  if (same == nullptr || same->op != op) {
    logic->children.push_back(std::move(right));
    return;
  }
  std::move(same->children.begin(), same->children.end(), std::back_inserter(logic->children));
}

ast::Filter Negated(ast::Filter filter) {
  auto* logic = std::get_if<ast::Logic>(&filter.node);
  if (logic != nullptr && logic->op == ast::LogicOp::kNot) {
    return ast::Filter(std::move(logic->children[0]));
  }
  const ast::Span span = filter.span;
  ast::Logic negation{ast::LogicOp::kNot, {}};
  negation.children.push_back(std::move(filter));
  return {std::move(negation), span};
}

// `between` before it is known whether its ends are values or times ago.
struct BetweenEnd {
  ast::Literal value;
  std::optional<ast::TimeUnit> unit;
};
struct RawBetween {
  BetweenEnd low;
  BetweenEnd high;
  bool ago = false;
};

// `between 90 and 30 days ago`; nullopt when the ends are not numbers with a unit.
std::optional<ast::Window> AgoWindow(const RawBetween& between) {
  const auto amount = [](const BetweenEnd& end) -> std::optional<int64_t> {
    return ReadWhole({.kind = TokenKind::kLiteral,
                      .span = {},
                      .raw = {},
                      .text = {},
                      .literal = end.value.value});
  };
  const auto low = amount(between.low);
  const auto high = amount(between.high);
  if (!low || !high || !between.high.unit) return std::nullopt;
  ast::Window window;
  window.kind = ast::Window::Kind::kBetweenAgo;
  window.first = {*low, between.low.unit.value_or(*between.high.unit)};
  window.second = {*high, *between.high.unit};
  return window;
}

// Ends a `between`: hands on the window, or the two values, or refuses the mixture.
template <typename Context, typename OnWindow, typename OnValues>
void Settle(Context& context, RawBetween& between, OnWindow on_window, OnValues on_values) {
  const bool has_unit = between.low.unit || between.high.unit;
  if (!between.ago && !has_unit) {
    return on_values(ast::Between{std::move(between.low.value), std::move(between.high.value)});
  }
  std::optional<ast::Window> window = AgoWindow(between);
  if (window && between.ago) return on_window(*std::move(window));
  x3::get<ExpectationsTag>(context).get().Refuse(
      {between.low.value.span.begin, between.high.value.span.end},
      "a time ago is written `between 90 and 30 days ago`");
  x3::_pass(context) = false;
}

// Parses its subject and sets the span of the rule's value.
template <typename Subject>
struct Spanning : x3::unary_parser<Subject, Spanning<Subject>> {
  using x3::unary_parser<Subject, Spanning<Subject>>::unary_parser;

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(Cursor& first, const Cursor& last, const Context& context, RuleContext& made,
             Attribute& attribute) const {
    const Cursor begin = first;
    if (!this->subject.parse(first, last, context, made, attribute)) return false;
    made.span = {begin->span.begin, first[-1].span.end};
    return true;
  }
};
template <typename Subject>
auto Spanned(const Subject& subject) {
  return Spanning<Subject>(subject);
}

// --- Rules ---

constexpr Keyword Word(std::string_view word, std::string_view words) { return {word, words}; }
constexpr Symbol Sign(std::string_view sign, std::string_view words) { return {sign, words}; }

const Valued<ast::Name> name(ReadName, kCondition);
const Valued<ast::Name> column(ReadName, "a column");
const Valued<ast::Name> property(ReadName, "a property");
const Valued<ast::Name> event(ReadEvent, "an event");
const Valued<Token> dotted(ReadDotted, "an event");
const Valued<ast::Literal> literal(ReadLiteral, kValue);
const Valued<ast::Literal> quoted(ReadText, "a text in double quotes");
const Valued<int64_t> whole(ReadWhole, "a whole number");
const Valued<ast::TimeUnit> unit(ReadUnit, kUnit);
const Valued<ast::CompareOp> compare_op(ReadCompareOp, kOperator);
const Valued<ast::CompareOp> threshold_op(ReadCompareOp, kComparison);
const Valued<ast::AggregateOp> aggregate_op(ReadAggregateOp, kCondition);
const Valued<ast::Shown> shown(
    ReadShown,
    "`traits`, `events`, `namespaces`, `goals`, `interests`, `engagement`, `carries`, "
    "`retention` or `settings`");
const Symbol open("(", "`(`");
const Symbol close(")", "`)`");
const Symbol comma(",", "`,`");

template <typename Id, typename T>
using Rule = x3::rule<Id, T>;

const Rule<struct DurationId, ast::Duration> duration = "duration";
const auto duration_def = whole[Put(&ast::Duration::amount)] > unit[Put(&ast::Duration::unit)];

const Rule<struct EndId, BetweenEnd> between_end = "between_end";
const auto between_end_def = literal[Put(&BetweenEnd::value)] >> -unit[Put(&BetweenEnd::unit)];

const Rule<struct BetweenId, RawBetween> between = "between";
const auto between_def = between_end[Put(&RawBetween::low)] >
                         Word("and", "`and`") > between_end[Put(&RawBetween::high)] >
                         -Word("ago", "`ago`")[Set(&RawBetween::ago, true)];

// A window that begins with a word of its own; `between` is settled where it stands.
const Rule<struct PlainWindowId, ast::Window> plain_window = "plain_window";
const auto plain_window_def =
    Spanned((Word("within", kWindow)[Set(&ast::Window::kind, ast::Window::Kind::kWithinLast)] >
             Word("last", "`last`") > duration[Put(&ast::Window::first)]) |
            (Word("more", kWindow)[Set(&ast::Window::kind, ast::Window::Kind::kMoreThanAgo)] >
             Word("than", "`than`") > duration[Put(&ast::Window::first)] > Word("ago", "`ago`")) |
            (Word("before", kWindow)[Set(&ast::Window::kind, ast::Window::Kind::kBefore)] >
             literal[Put(&ast::Window::low)]) |
            (Word("after", kWindow)[Set(&ast::Window::kind, ast::Window::Kind::kAfter)] >
             literal[Put(&ast::Window::low)]));

const Rule<struct WindowId, ast::Window> window = "window";
const auto window_def =
    Spanned(plain_window[Do([](ast::Window& all, ast::Window& plain) { all = std::move(plain); })] |
            (Word("between", kWindow) > between[([](auto& context) {
               ast::Window& made = x3::_val(context);
               Settle(
                   context, x3::_attr(context), [&](ast::Window ago) { made = std::move(ago); },
                   [&](ast::Between times) {
                     made.kind = ast::Window::Kind::kBetweenTimes;
                     made.low = std::move(times.low);
                     made.high = std::move(times.high);
                   });
             })]));

const Rule<struct CompareId, ast::Compare> compare = "compare";
const auto compare_def = compare_op[Put(&ast::Compare::op)] > literal[Put(&ast::Compare::value)];

const Rule<struct ThresholdId, ast::Compare> threshold = "threshold";
const auto threshold_def =
    threshold_op[Put(&ast::Compare::op)] > literal[Put(&ast::Compare::value)];

const auto add_value = Do([](ast::In& in, ast::Literal& v) { in.values.push_back(std::move(v)); });
const Rule<struct InId, ast::In> in_list = "in_list";
const auto in_list_def = (-(Word("not", kOperator)[Set(&ast::In::negated, true)]) >>
                          Word("in", kOperator)) > open > (literal[add_value] % comma) > close;

const Rule<struct PresenceId, ast::Presence> presence = "presence";
const auto presence_def = Word("is", kOperator) >
                          (Word("set", "`set`") |
                           Word("missing", "`missing`")[Set(&ast::Presence::is_set, false)]);

const Rule<struct TextMatchId, ast::TextMatch> text_match = "text_match";
const auto text_match_def =
    (Word("contains", kOperator) |
     (Word("starts", kOperator)[Set(&ast::TextMatch::op, ast::TextOp::kStartsWith)] >
      Word("with", "`with`")) |
     (Word("ends", kOperator)[Set(&ast::TextMatch::op, ast::TextOp::kEndsWith)] >
      Word("with", "`with`"))) > literal[Put(&ast::TextMatch::text)];

const Rule<struct HasId, ast::Has> has = "has";
const auto has_def = Word("has", kOperator) > literal[Put(&ast::Has::element)];

// A test that may stand without parentheses after `where` of an event: without a window, which
// would be taken for the event's.
const Rule<struct PlainTestId, ast::Test> plain_test = "plain_test";
const auto plain_test_def =
    name[Put(&ast::Test::name)] >
    (compare[kWhat] | in_list[kWhat] | presence[kWhat] | text_match[kWhat] | has[kWhat] |
     (Word("between", kOperator) > between[([](auto& context) {
        Settle(
            context, x3::_attr(context),
            [&](ast::Window) {
              x3::get<ExpectationsTag>(context).get().Refuse(
                  x3::_val(context).name.span,
                  "a condition with a window of its own stands in parentheses");
              x3::_pass(context) = false;
            },
            [&](ast::Between values) { x3::_val(context).what = std::move(values); });
      })]));

const Rule<struct TestId, ast::Test> test = "test";
const auto test_def = name[Put(&ast::Test::name)] >
                      (compare[kWhat] | in_list[kWhat] | presence[kWhat] | text_match[kWhat] |
                       has[kWhat] |
                       (Word("between", kOperator) > between[([](auto& context) {
                          ast::Test& made = x3::_val(context);
                          Settle(
                              context, x3::_attr(context),
                              [&](ast::Window ago) { made.what = std::move(ago); },
                              [&](ast::Between values) { made.what = std::move(values); });
                        })]) |
                       plain_window[kWhat]);

const Rule<struct DisjunctionId, ast::Filter> disjunction = "disjunction";

// Makes what was read the node of a filter.
const auto kNode = [](auto& context) { x3::_val(context).node = std::move(x3::_attr(context)); };
const auto kSame = [](auto& context) { x3::_val(context) = std::move(x3::_attr(context)); };

// What stands after `where` of an event.
const Rule<struct ConditionId, ast::Filter> condition = "condition";
const auto condition_def = (open > disjunction[kSame] > close) | Spanned(plain_test[kNode]);

const auto kWhere =
    Do([](auto& of, ast::Filter& where) { of.events.where.push_back(std::move(where)); });
const auto kInWindow = Do([](auto& of, ast::Window& in) { of.events.window = std::move(in); });
const auto kEvent = Do([](auto& of, ast::Name& type) { of.events.event = std::move(type); });

const Rule<struct DidId, ast::Did> did = "did";
const auto did_def = (Ahead(AtDid, kCondition) >> Word("did", kCondition)) > event[kEvent] >
                     -(Word("where", "`where`") > condition[kWhere]) >
                     -((KeywordPair("at", "least", kTimes) |
                        KeywordPair("at", "most",
                                    kTimes)[Set(&ast::Did::op, ast::CountOp::kAtMost)] |
                        Word("exactly", kTimes)[Set(&ast::Did::op, ast::CountOp::kExactly)]) >
                       whole[Put(&ast::Did::times)] >
                       (Word("times", "`times`") | Word("time", "`times`"))) > -window[kInWindow];

// event.property, as one word or as two that may be quoted.
const auto kDotted = Do([](ast::Aggregate& of, Token& both) {
  const size_t dot = both.raw.find('.');
  const auto middle = both.span.begin + static_cast<uint32_t>(dot);
  of.events.event = {std::string(both.raw.substr(0, dot)), {both.span.begin, middle}};
  of.property = ast::Name{std::string(both.raw.substr(dot + 1)), {middle + 1, both.span.end}};
});

const Rule<struct AggregateId, ast::Aggregate> aggregate = "aggregate";
const auto aggregate_def =
    (Ahead(AtAggregate, kCondition) >> aggregate_op[Put(&ast::Aggregate::op)]) > open >
    (dotted[kDotted] |
     (event[kEvent] > -(Sign(".", "`.`") > property[Put(&ast::Aggregate::property)]))) >
    -(Word("where", "`where`") > condition[kWhere]) > close >
    -window[kInWindow] > threshold[Put(&ast::Aggregate::compare)];

const Rule<struct LeafId, ast::Filter> leaf = "leaf";
const auto leaf_def = Spanned(did[kNode] | aggregate[kNode] | test[kNode]);

// Any number of `not`: two cancel each other.
const Rule<struct NotsId, bool> nots = "nots";
const auto nots_def =
    x3::eps[([](auto& context) { x3::_val(context) = false; })] >>
    *Word("not", kCondition)[([](auto& context) { x3::_val(context) = !x3::_val(context); })];

struct Operand : ast::Filter {
  bool negated = false;
};
const auto kOperand = [](auto& context) {
  Operand& made = x3::_val(context);
  ast::Filter read = std::move(x3::_attr(context));
  static_cast<ast::Filter&>(made) = made.negated ? Negated(std::move(read)) : std::move(read);
};
const Rule<struct OperandId, Operand> operand = "operand";
const auto operand_def = Spanned(nots[Put(&Operand::negated)] >>
                                 ((open > disjunction[kOperand] > close) | leaf[kOperand]));

const auto join = [](ast::LogicOp op) {
  return Do([op](ast::Filter& left, ast::Filter& right) { Join(op, &left, std::move(right)); });
};

const Rule<struct ConjunctionId, ast::Filter> conjunction = "conjunction";
const auto conjunction_def = operand[kSame] >>
                             *(Word("and", "`and`") > operand[join(ast::LogicOp::kAnd)]);
const auto disjunction_def = conjunction[kSame] >>
                             *(Word("or", "`or`") > conjunction[join(ast::LogicOp::kOr)]);

const Rule<struct OrderId, ast::OrderBy> order = "order";
const auto order_def = column[Put(&ast::OrderBy::column)] >>
                       -(Word("desc", "`desc`")[Set(&ast::OrderBy::descending, true)] |
                         Word("asc", "`asc`"));

// The verb with all that stands before and after its filter.
const auto filter_of = Do([](ast::Statement& of, ast::Filter& f) { of.where = std::move(f); });
const auto zone_of = Do([](ast::Statement& of, ast::Literal& zone) { of.time_zone = zone; });
template <typename F>
auto ToFind(F f) {
  return Do([f](ast::Statement& of, auto& read) { f(std::get<ast::Find>(of.verb), read); });
}
const auto kColumnOf =
    ToFind([](ast::Find& find, ast::Name& read) { find.columns.push_back(std::move(read)); });
const auto kOrderOf =
    ToFind([](ast::Find& find, ast::OrderBy& read) { find.order.push_back(std::move(read)); });
const auto kLimitOf = ToFind([](ast::Find& find, int64_t read) { find.limit = read; });
const auto kOffsetOf = ToFind([](ast::Find& find, int64_t read) { find.offset = read; });
const auto kShowOf = Do([](ast::Statement& of, ast::Shown read) { of.verb = ast::Show{read}; });
const auto kIsFind = [](auto& context) { x3::_val(context).verb = ast::Find(); };

const auto scope = -((KeywordPair("including", "archived", "`including archived`") >>
                      x3::attr(ast::Scope::kIncludingArchived))[Put(&ast::Statement::scope)] |
                     (KeywordPair("only", "archived", "`only archived`") >>
                      x3::attr(ast::Scope::kOnlyArchived))[Put(&ast::Statement::scope)]);
const auto where = scope > -(Word("where", "`where`") > disjunction[filter_of]);

const Rule<struct StatementId, ast::Statement> statement = "statement";
const auto statement_def =
    ((Word("count", kVerb) > where) |
     (Word("find", kVerb)[kIsFind] >
      -(Ahead(AtColumn, "") >> column[kColumnOf] >> *(comma > column[kColumnOf])) > where >
      -(KeywordPair("order", "by", "`order by`") > (order[kOrderOf] % comma)) >
      -(Word("limit", "`limit`") > whole[kLimitOf]) >
      -((Ahead(AtOffset, "`offset`") >> Word("offset", "`offset`")) > whole[kOffsetOf])) |
     (Word("show", kVerb) > shown[kShowOf])) > -(KeywordPair("at", "time", "`at time zone`") >
                                                 Word("zone", "`zone`") > quoted[zone_of]) > End();

BOOST_SPIRIT_DEFINE(duration, between_end, between, plain_window, window, compare, threshold,
                    in_list, presence, text_match, has, plain_test, test, condition, did, aggregate,
                    leaf, nots, operand, conjunction, disjunction, order, statement)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

template <typename Id, typename T>
bool Take(const Rule<Id, T>& rule, Cursor* first, Cursor last, Expectations* expected, T* taken) {
  try {
    return x3::parse(*first, last, x3::with<ExpectationsTag>(std::ref(*expected))[rule], *taken);
  } catch (const x3::expectation_failure<Cursor>&) {
    return false;  // what was expected is in `expected`
  }
}

}  // namespace

absl::StatusOr<ast::Statement> Parse(std::string_view text) {
  ROSTER_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(text));
  Expectations expectations;
  ast::Statement parsed;
  Cursor first = tokens.data();
  if (Take(statement, &first, first + tokens.size(), &expectations, &parsed)) return parsed;
  return expectations.ToStatus(text);
}

bool TakeCondition(const Token** at, const Token* end, Expectations* expected, ast::Filter* taken) {
  return Take(condition, at, end, expected, taken);
}

}  // namespace roster::query
