// SPDX-License-Identifier: Apache-2.0
#include "query/grammar/rules.h"

namespace roster::query::grammar {
namespace {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)

const Valued<ast::TimeUnit> unit(ReadUnit, kUnit);
const Valued<ast::TimeUnit> calendar_unit(ReadCalendarUnit, "`day`, `week`, `month` or `year`");

// `between 90 and 30 days ago`; nullopt when the ends are not numbers with a unit.
std::optional<ast::Window> AgoWindow(const RawBetween& ends) {
  const auto amount = [](const BetweenEnd& end) -> std::optional<int64_t> {
    return ReadWhole({.kind = TokenKind::kLiteral,
                      .span = {},
                      .raw = {},
                      .text = {},
                      .literal = end.value.value});
  };
  const auto low = amount(ends.low);
  const auto high = amount(ends.high);
  if (!low || !high || !ends.high.unit) return std::nullopt;
  ast::Window made;
  made.kind = ast::Window::Kind::kBetweenAgo;
  made.first = {*low, ends.low.unit.value_or(*ends.high.unit)};
  made.second = {*high, *ends.high.unit};
  return made;
}

using Kind = ast::Window::Kind;

auto Is(Kind kind) { return Set(&ast::Window::kind, kind); }
const auto kFirst = Put(&ast::Window::first);

bool AtThis(Cursor at) { return AtWord(at, "this") && ReadCalendarUnit(at[1]).has_value(); }

}  // namespace

std::optional<ast::Window> WindowOf(RawBetween* ends, Expectations* expected, bool* pass) {
  const bool has_unit = ends->low.unit || ends->high.unit;
  *pass = true;
  if (!ends->ago && !has_unit) return std::nullopt;
  std::optional<ast::Window> made = AgoWindow(*ends);
  if (made && ends->ago) return made;
  expected->Refuse({ends->low.value.span.begin, ends->high.value.span.end},
                   "a time ago is written `between 90 and 30 days ago`");
  *pass = false;
  return std::nullopt;
}

const auto duration_def = whole[Put(&ast::Duration::amount)] > unit[Put(&ast::Duration::unit)];

const Rule<struct EndId, BetweenEnd> between_end = "between_end";
const auto between_end_def = literal[Put(&BetweenEnd::value)] >> -unit[Put(&BetweenEnd::unit)];

const auto between_def = between_end[Put(&RawBetween::low)] >
                         Word("and", "`and`") > between_end[Put(&RawBetween::high)] >
                         -Word("ago", "`ago`")[Set(&RawBetween::ago, true)];

const Rule<struct WithinId, ast::Window> within = "within";
const auto within_def = (Word("last", "`last`")[Is(Kind::kWithinLast)] > duration[kFirst]) |
                        (Word("next", "`next`")[Is(Kind::kWithinNext)] > duration[kFirst]) |
                        (duration[kFirst] > Word("of", kOfFirstSeen) >
                         KeywordPair("first", "seen", "`first seen`")[Is(Kind::kOfFirstSeen)]);

const auto calendar_days = Do([](ast::Window& made, int64_t days) {
  made.first = {days, ast::TimeUnit::kDay};
});
const auto one_of = Do([](ast::Window& made, ast::TimeUnit of) { made.first = {1, of}; });

const auto plain_window_def = Spanned(
    (Word("within", kWindow) > within[kSame]) |
    (Word("more", kWindow)[Is(Kind::kMoreThanAgo)] > Word("than", "`than`") > duration[kFirst] >
     Word("ago", "`ago`")) |
    (Word("before", kWindow)[Is(Kind::kBefore)] > literal[Put(&ast::Window::low)]) |
    (Word("after", kWindow)[Is(Kind::kAfter)] > literal[Put(&ast::Window::low)]) |
    (KeywordPair("in", "last", kWindow)[Is(Kind::kLastDays)] > whole[calendar_days] >
     Word("calendar", kCalendarDays) > (Word("days", "`days`") | Word("day", "`days`"))) |
    (Ahead(AtThis, kWindow) >> Word("this", kWindow)[Is(Kind::kThis)] >> calendar_unit[one_of]));

const auto window_def =
    Spanned(plain_window[kSame] | (Word("between", kWindow) > between[([](auto& context) {
                                     RawBetween& ends = x3::_attr(context);
                                     ast::Window& made = x3::_val(context);
                                     std::optional<ast::Window> ago =
                                         WindowOf(&ends, &x3::get<ExpectationsTag>(context),
                                                  &x3::_pass(context));
                                     if (ago) {
                                       made = *std::move(ago);
                                       return;
                                     }
                                     made.kind = Kind::kBetweenTimes;
                                     made.low = std::move(ends.low.value);
                                     made.high = std::move(ends.high.value);
                                   })]));

BOOST_SPIRIT_DEFINE(duration, between_end, between, within, plain_window, window)
BOOST_SPIRIT_INSTANTIATE(decltype(duration), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(between), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(plain_window), Cursor, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(window), Cursor, Context)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

}  // namespace roster::query::grammar
