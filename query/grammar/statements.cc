// SPDX-License-Identifier: Apache-2.0
//
// The logic of filters, and statements as a whole.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "query/grammar/grammar.h"
#include "query/grammar/rules.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster::query::grammar {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
namespace {

constexpr std::string_view kVerb = "`count`, `find` or `show`";

const Valued<ast::Name> column(ReadName, "a column");
const Valued<ast::Shown> shown(
    ReadShown,
    "`traits`, `events`, `namespaces`, `segments`, `goals`, `interests`, `engagement`, "
    "`carries`, `retention` or `settings`");

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

}  // namespace

const auto condition_def =
    (open > disjunction[kSame] > close) | Spanned(size[kNode] | plain_test[kNode]);

const Rule<struct LeafId, ast::Filter> leaf = "leaf";
const auto leaf_def =
    behaviour[kSame] | standing[kSame] | Spanned(size[kNode] | anniversary[kNode] | test[kNode]);

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
const auto kByOf = Do([](ast::Statement& of, ast::Name& read) {
  std::get<ast::Count>(of.verb).by.push_back(std::move(read));
});
const auto kHavingOf = Do([](ast::Statement& of, ast::Compare& read) {
  std::get<ast::Count>(of.verb).having = std::move(read);
});
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
    ((Word("count", kVerb) > where >
      -(Word("by", "`by`") > (column[kByOf] % comma) >
        -(Word("having", "`having`") > Word("count", "`count`") > threshold[kHavingOf]))) |
     (Word("find", kVerb)[kIsFind] >
      -(Ahead(AtColumn, "") >> column[kColumnOf] >> *(comma > column[kColumnOf])) > where >
      -(KeywordPair("order", "by", "`order by`") > (order[kOrderOf] % comma)) >
      -(Word("limit", "`limit`") > whole[kLimitOf]) >
      -((Ahead(AtOffset, "`offset`") >> Word("offset", "`offset`")) > whole[kOffsetOf])) |
     (Word("show", kVerb) > shown[kShowOf])) > -(KeywordPair("at", "time", "`at time zone`") >
                                                 Word("zone", "`zone`") > quoted[zone_of]) > End();

BOOST_SPIRIT_DEFINE(condition, leaf, nots, operand, conjunction, disjunction, order, statement)
BOOST_SPIRIT_INSTANTIATE(decltype(condition), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(disjunction), Cursor, Context)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

namespace {

template <typename Id, typename T>
bool Take(const Rule<Id, T>& rule, Cursor* first, Cursor last, Expectations* expected, T* taken) {
  const Context context = x3::make_context<ExpectationsTag>(*expected);
  try {
    return rule.parse(*first, last, context, x3::unused, *taken);
  } catch (const x3::expectation_failure<Cursor>&) {
    return false;  // what was expected is in `expected`
  }
}

}  // namespace
}  // namespace roster::query::grammar

namespace roster::query {

absl::StatusOr<ast::Statement> Parse(std::string_view text) {
  ROSTER_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(text));
  Expectations expectations;
  ast::Statement parsed;
  const Token* first = tokens.data();
  const Token* const end = first + tokens.size();
  if (grammar::Take(grammar::statement, &first, end, &expectations, &parsed)) return parsed;
  return expectations.ToStatus(text);
}

bool TakeCondition(const Token** at, const Token* end, Expectations* expected, ast::Filter* taken) {
  return grammar::Take(grammar::condition, at, end, expected, taken);
}

bool TakeFilter(const Token** at, const Token* end, Expectations* expected, ast::Filter* taken) {
  return grammar::Take(grammar::disjunction, at, end, expected, taken);
}

}  // namespace roster::query
