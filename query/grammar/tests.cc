// SPDX-License-Identifier: Apache-2.0
#include "query/grammar/rules.h"

namespace roster::query::grammar {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
namespace {

const Valued<ast::CompareOp> compare_op(ReadCompareOp, kOperator);
const Valued<ast::Pattern> regex(ReadPattern, "a regular expression such as /^jan/i");
const Symbol folds("~", "");
const Valued<ast::TimeUnit> unit(ReadUnit, "");

bool AtSize(Cursor at) { return AtWord(at, "size") && AtSymbol(at + 1, "("); }
bool AtAnniversary(Cursor at) { return AtWord(at, "anniversary") && AtWord(at + 1, "of"); }

}  // namespace

const Rule<struct CompareId, ast::Compare> compare = "compare";
// `60 s` is a duration.
const auto in_unit = [](auto& context) {
  ast::Literal& value = x3::_val(context).value;
  const auto* number = std::get_if<ExactNumber>(&value.value);
  const std::optional<int64_t> amount = number != nullptr ? number->ToInteger() : std::nullopt;
  if (!amount || *amount < 0)
    return Refuse(context, value.span, "a duration is a whole number of a unit");
  value.value = ast::Duration{*amount, x3::_attr(context)};
};
const auto compare_def = compare_op[Put(&ast::Compare::op)] >
                         -folds[Set(&ast::Compare::folded, true)] >
                         literal[Put(&ast::Compare::value)] > -unit[in_unit];

const auto threshold_def =
    threshold_op[Put(&ast::Compare::op)] > literal[Put(&ast::Compare::value)];

const auto add_value = Do([](ast::In& in, ast::Literal& v) { in.values.push_back(std::move(v)); });
const Rule<struct InId, ast::In> in_list = "in_list";
const auto in_list_def = ((Word("not", kOperator)[Set(&ast::In::negated, true)] >
                           Word("in", "`in`") > open) |
                          (Word("in", kOperator) >> open)) > (literal[add_value] % comma) > close;

const auto presence_is = [](ast::PresenceOp op) { return Set(&ast::Presence::op, op); };
const Rule<struct PresenceId, ast::Presence> presence = "presence";
const auto presence_def = Spanned(
    Word("is", kOperator) >
    (Word("set", "`set`") | Word("missing", "`missing`")[presence_is(ast::PresenceOp::kMissing)] |
     Word("empty", "`empty`")[presence_is(ast::PresenceOp::kEmpty)]));

const Rule<struct TextMatchId, ast::TextMatch> text_match = "text_match";
const auto text_match_def =
    (Word("contains", kOperator) |
     (Word("starts", kOperator)[Set(&ast::TextMatch::op, ast::TextOp::kStartsWith)] >
      Word("with", "`with`")) |
     (Word("ends", kOperator)[Set(&ast::TextMatch::op, ast::TextOp::kEndsWith)] >
      Word("with", "`with`"))) > -folds[Set(&ast::TextMatch::folded, true)] >
    literal[Put(&ast::TextMatch::text)];

const auto add_element =
    Do([](ast::Has& has, ast::Literal& v) { has.elements.push_back(std::move(v)); });
const auto list_is = [](ast::ListOp op) { return Set(&ast::Has::op, op); };
const Rule<struct HasId, ast::Has> has = "has";
const auto has_def = Word("has", kOperator) > (((Word("any", "")[list_is(ast::ListOp::kHasAny)] |
                                                 Word("all", "")[list_is(ast::ListOp::kHasAll)] |
                                                 Word("none", "")[list_is(ast::ListOp::kHasNone)]) >
                                                open > (literal[add_element] % comma) > close) |
                                               literal[add_element]);

// What may stand everywhere: without a window and what may end in one.
const Rule<struct PlainWhatId, ast::Test> plain_what = "plain_what";
const auto plain_what_def = in_list[kWhat] | presence[kWhat] | text_match[kWhat] | has[kWhat] |
                            (Word("matches", kOperator) > regex[kWhat]);

const auto kName = Put(&ast::Test::name);
// What was read has the name that stood before it.
const auto kUnnamed = [](auto& context) {
  x3::_val(context).what = std::move(x3::_attr(context).what);
};
const auto kValues = [](ast::Test& made, RawBetween& ends) {
  made.what = ast::Between{std::move(ends.low.value), std::move(ends.high.value)};
};

const auto plain_test_def = name[kName] >
                            (compare[kWhat] | plain_what[kUnnamed] |
                             (Word("between", kOperator) > between[([](auto& context) {
                                const auto ago = WindowOf(&x3::_attr(context),
                                                          &x3::get<ExpectationsTag>(context),
                                                          &x3::_pass(context));
                                if (ago) {
                                  Refuse(
                                      context, x3::_val(context).name.span,
                                      "a condition with a window of its own stands in parentheses");
                                } else {
                                  kValues(x3::_val(context), x3::_attr(context));
                                }
                              })]));

const Rule<struct WasId, ast::Was> was = "was";
const auto was_def =
    Word("was", kOperator) > literal[Put(&ast::Was::value)] > -window[Put(&ast::Was::window)];

const Rule<struct ChangedId, ast::Changed> changed = "changed";
const auto changed_def = Word("changed", kOperator) >
                         -(Word("from", "`from`") > literal[Put(&ast::Changed::from)]) >
                         -(Word("to", "`to`") > literal[Put(&ast::Changed::to)]) >
                         -window[Put(&ast::Changed::window)];

const auto stays_for = Do([](ast::Test& made, ast::Duration& span) {
  made.what = ast::StaysFor{std::move(std::get<ast::Compare>(made.what)), span};
});
const auto test_def = name[kName] >
                      ((compare[kWhat] > -(Word("for", "`for`") > duration[stays_for])) |
                       plain_window[kWhat] | plain_what[kUnnamed] |
                       (Word("between", kOperator) > between[([](auto& context) {
                          auto ago =
                              WindowOf(&x3::_attr(context), &x3::get<ExpectationsTag>(context),
                                       &x3::_pass(context));
                          if (ago) {
                            x3::_val(context).what = *std::move(ago);
                          } else {
                            kValues(x3::_val(context), x3::_attr(context));
                          }
                        })]) |
                       was[kWhat] | changed[kWhat]);

const auto size_def = (Ahead(AtSize, kCondition) >> Word("size", kCondition)) > open >
                      name[Put(&ast::Size::name)] > close > threshold[Put(&ast::Size::compare)];

const auto anniversary_def =
    (Ahead(AtAnniversary, kCondition) >> KeywordPair("anniversary", "of", kCondition)) >
    name[Put(&ast::Anniversary::name)] > window[Put(&ast::Anniversary::window)];

BOOST_SPIRIT_DEFINE(compare, threshold, in_list, presence, text_match, has, plain_what, plain_test,
                    was, changed, test, size, anniversary)
BOOST_SPIRIT_INSTANTIATE(decltype(threshold), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(plain_test), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(test), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(size), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(anniversary), Cursor, Context)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

}  // namespace roster::query::grammar
