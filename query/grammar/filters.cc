// SPDX-License-Identifier: Apache-2.0
//
// The logic of filters.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "query/grammar/grammar.h"
#include "query/grammar/rules.h"

namespace roster::query::grammar {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
namespace {

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

BOOST_SPIRIT_DEFINE(condition, leaf, nots, operand, conjunction, disjunction)
BOOST_SPIRIT_INSTANTIATE(decltype(condition), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(disjunction), Cursor, Context)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

}  // namespace roster::query::grammar

namespace roster::query {

bool TakeCondition(const Token** at, const Token* end, Expectations* expected, ast::Filter* taken) {
  return grammar::Take(grammar::condition, at, end, expected, taken);
}

bool TakeFilter(const Token** at, const Token* end, Expectations* expected, ast::Filter* taken) {
  return grammar::Take(grammar::disjunction, at, end, expected, taken);
}

}  // namespace roster::query
