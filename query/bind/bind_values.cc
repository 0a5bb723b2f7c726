// SPDX-License-Identifier: Apache-2.0
#include "query/bind/bind_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <re2/re2.h>

#include "query/errors.h"
#include "query/lexer.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster::query {
namespace {

using ast::CompareOp;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The form in which constants of several types are resolved.
ValueType KindOf(ValueType type) {
  switch (type) {
    case ValueType::kInteger:
    case ValueType::kDecimal:
      return ValueType::kNumber;
    case ValueType::kDate:
      return ValueType::kTimestamp;
    default:
      return type;
  }
}

IntRange ToCells(Int128 low, Int128 high) {
  if (low > high || low > kMax || high < kMin) return {1, 0};
  return {static_cast<int64_t>(std::max<Int128>(low, kMin)),
          static_cast<int64_t>(std::min<Int128>(high, kMax))};
}

double Below(double x) { return std::nextafter(x, -kInfinity); }
double Above(double x) { return std::nextafter(x, kInfinity); }

CellPredicate TextCompare(CompareOp op, std::string text) {
  switch (op) {
    case CompareOp::kEq:
    case CompareOp::kNe:
      return {TextSet{{std::move(text)}}, op == CompareOp::kNe};
    case CompareOp::kLt:
    case CompareOp::kLe:
      return {TextRange{.low = {}, .high = std::move(text), .high_open = op == CompareOp::kLt}};
    case CompareOp::kGt:
    case CompareOp::kGe:
      return {TextRange{.low = std::move(text), .high = {}, .low_open = op == CompareOp::kGt}};
  }
  return {};
}

template <typename T>
void SortUnique(std::vector<T>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

}  // namespace

std::string_view TypeWords(ValueType type) {
  switch (type) {
    case ValueType::kText:
      return "a text";
    case ValueType::kInteger:
      return "an integer";
    case ValueType::kNumber:
      return "a number";
    case ValueType::kBoolean:
      return "true or false";
    case ValueType::kDate:
      return "a date";
    case ValueType::kTimestamp:
      return "a time";
    case ValueType::kDecimal:
      return "a decimal";
    case ValueType::kTextList:
      return "a list";
    case ValueType::kJson:
      return "JSON";
    case ValueType::kNone:
      break;
  }
  return "no value";
}

absl::Status ValueBinder::Error(ErrorCode code, ast::Span span, std::string_view message) const {
  return ErrorAt(code, text_, span, message);
}

namespace {

// What to write instead of a literal of another type.
std::string AdviceOnMismatch(ValueType type, std::string_view said) {
  if (said.starts_with('$')) return "";
  const bool quoted = said.starts_with('"');
  if (type == ValueType::kBoolean) return "; write `true` or `false`, without quotes";
  if (type == ValueType::kText)
    return quoted ? "" : StrCat("; a text stands in double quotes: \"", said, "\"");
  const std::string_view inside = quoted ? said.substr(1) : std::string_view();
  const bool begins_number =
      !inside.empty() && (inside[0] == '-' || (inside[0] >= '0' && inside[0] <= '9'));
  return begins_number ? "; write it without quotes" : "";
}

}  // namespace

absl::Status ValueBinder::Mismatch(ValueType type, const Constant& found, ast::Span span) const {
  static constexpr ValueType kFound[] = {ValueType::kText, ValueType::kNumber, ValueType::kBoolean,
                                         ValueType::kDate, ValueType::kTimestamp};
  return Error(ErrorCode::kType, span,
               StrCat("expected ", TypeWords(type), ", found ", TypeWords(kFound[found.index()]),
                      AdviceOnMismatch(type, text_.substr(span.begin, span.end - span.begin))));
}

absl::StatusOr<ValueBinder::Constant> ValueBinder::TimeOfText(std::string_view time,
                                                              ast::Span span) const {
  const absl::StatusOr<ast::Constant> read = ReadTime(time);
  if (!read.ok()) return Error(ErrorCode::kType, span, StdView(read.status().message()));
  if (const auto* date = std::get_if<Date>(&*read)) return *date;
  if (const auto* instant = std::get_if<Timestamp>(&*read)) return *instant;
  return Timestamp{ToInstant(std::get<ast::LocalTime>(*read), zone_)};
}

// A text parameter where a time is asked for is read as one: JSON has no times.
absl::StatusOr<ValueBinder::Constant> ValueBinder::ResolveParam(ast::Param param, ast::Span span,
                                                                ValueType type) const {
  if (param.number > params_.size()) {
    return Error(ErrorCode::kParse, span, StrCat("parameter $", param.number, " was not given"));
  }
  const Value& value = params_[param.number - 1];
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (KindOf(type) == ValueType::kTimestamp) return TimeOfText(*text, span);
    if (FindInvalidUtf8(*text)) return Error(ErrorCode::kType, span, "a parameter is not UTF-8");
    return ToNfc(*text);
  }
  if (const auto* integer = std::get_if<int64_t>(&value)) return ExactNumber(*integer);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return ExactNumber(*decimal);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean;
  if (const auto* date = std::get_if<Date>(&value)) return *date;
  if (const auto* instant = std::get_if<Timestamp>(&value)) return *instant;
  const auto* number = std::get_if<double>(&value);
  if (number != nullptr && std::isfinite(*number)) return ExactNumber(*number);
  return Error(ErrorCode::kType, span,
               StrCat("a parameter that cannot be compared: ", TypeWords(TypeOf(value))));
}

// Resolves a literal to the alternative of Constant that a value of the type is compared with.
absl::StatusOr<ValueBinder::Constant> ValueBinder::Resolve(const ast::Literal& literal,
                                                           ValueType type) const {
  Constant constant;
  if (const auto* param = std::get_if<ast::Param>(&literal.value)) {
    ROSTER_ASSIGN_OR_RETURN(constant, ResolveParam(*param, literal.span, type));
  } else if (const auto* local = std::get_if<ast::LocalTime>(&literal.value)) {
    constant = Timestamp{ToInstant(*local, zone_)};
  } else if (const auto* text = std::get_if<std::string>(&literal.value)) {
    constant = *text;
  } else if (const auto* number = std::get_if<ExactNumber>(&literal.value)) {
    constant = *number;
  } else if (const auto* boolean = std::get_if<bool>(&literal.value)) {
    constant = *boolean;
  } else if (const auto* date = std::get_if<Date>(&literal.value)) {
    constant = *date;
  } else if (std::holds_alternative<ast::Duration>(literal.value)) {
    return Error(ErrorCode::kType, literal.span,
                 StrCat("expected ", TypeWords(type), ", found a duration; leave the unit out"));
  } else {
    constant = std::get<Timestamp>(literal.value);
  }
  bool fits = false;
  switch (KindOf(type)) {
    case ValueType::kText:
      fits = std::holds_alternative<std::string>(constant);
      break;
    case ValueType::kNumber:
      fits = std::holds_alternative<ExactNumber>(constant);
      break;
    case ValueType::kBoolean:
      fits = std::holds_alternative<bool>(constant);
      break;
    default:
      fits = std::holds_alternative<Date>(constant) ||
             (type == ValueType::kTimestamp && std::holds_alternative<Timestamp>(constant));
  }
  if (!fits) return Mismatch(type, constant, literal.span);
  return constant;
}

absl::StatusOr<std::string> ValueBinder::TextOf(const ast::Literal& literal) const {
  ROSTER_ASSIGN_OR_RETURN(Constant constant, Resolve(literal, ValueType::kText));
  return std::get<std::string>(std::move(constant));
}

absl::StatusOr<Timestamp> ValueBinder::BindMoment(const ast::Literal& literal) const {
  ROSTER_ASSIGN_OR_RETURN(const Constant constant, Resolve(literal, ValueType::kTimestamp));
  const auto* date = std::get_if<Date>(&constant);
  return date != nullptr ? Timestamp{StartOfDay(*date, zone_)} : std::get<Timestamp>(constant);
}

absl::StatusOr<ExactNumber> ValueBinder::BindNumber(const ast::Literal& literal) const {
  ROSTER_ASSIGN_OR_RETURN(Constant constant, Resolve(literal, ValueType::kNumber));
  return std::get<ExactNumber>(std::move(constant));
}

// A number with a point means the double that it denotes, an integer itself: beyond 2^53 it may lie
// between two doubles.
absl::StatusOr<ValueBinder::NumberPlace> ValueBinder::NumberPlaceOf(
    const ast::Literal& literal) const {
  ROSTER_ASSIGN_OR_RETURN(const ExactNumber number, BindNumber(literal));
  const double nearest = number.ToDouble();
  const std::optional<int64_t> integer = number.ToInteger();
  if (!integer) return NumberPlace{nearest, nearest};
  const auto rounded = static_cast<Int128>(nearest);
  if (rounded > *integer) return NumberPlace{nearest, Below(nearest)};
  if (rounded < *integer) return NumberPlace{Above(nearest), nearest};
  return NumberPlace{nearest, nearest};
}

absl::StatusOr<ValueBinder::Place> ValueBinder::MomentsOf(const ast::Literal& literal) const {
  ROSTER_ASSIGN_OR_RETURN(const Constant constant, Resolve(literal, ValueType::kTimestamp));
  if (const auto* instant = std::get_if<Timestamp>(&constant)) {
    return Place{instant->ms, instant->ms};
  }
  const Date day = std::get<Date>(constant);
  return Place{StartOfDay(day, zone_), StartOfDay({day.days + 1}, zone_) - 1};
}

absl::StatusOr<ValueBinder::Place> ValueBinder::PlaceOf(ValueInfo info,
                                                        const ast::Literal& literal) const {
  if (info.type == ValueType::kTimestamp) return MomentsOf(literal);
  ROSTER_ASSIGN_OR_RETURN(const Constant constant, Resolve(literal, info.type));
  if (const auto* boolean = std::get_if<bool>(&constant)) return Place{*boolean, *boolean};
  if (const auto* date = std::get_if<Date>(&constant)) return Place{date->days, date->days};
  const auto scaled = std::get<ExactNumber>(constant).ScaledTo(info.scale);
  return Place{scaled.exact ? scaled.floor : scaled.floor + 1, scaled.floor};
}

absl::StatusOr<CellPredicate> ValueBinder::Bind(ValueInfo info, const ast::Compare& compare) const {
  const CompareOp op = compare.op;
  if (compare.folded) {
    if (op != CompareOp::kEq && op != CompareOp::kNe) {
      return Error(ErrorCode::kType, compare.value.span,
                   "texts are ordered by their characters; `~` is for `=` and `!=`");
    }
    ROSTER_ASSIGN_OR_RETURN(CellPredicate equal, BindFolded(info, std::nullopt, compare.value));
    equal.negated = op == CompareOp::kNe;
    return equal;
  }
  const bool negated = op == CompareOp::kNe;
  const bool has_low = op != CompareOp::kLt && op != CompareOp::kLe;
  const bool has_high = op != CompareOp::kGt && op != CompareOp::kGe;
  if (info.type == ValueType::kText) {
    ROSTER_ASSIGN_OR_RETURN(std::string text, TextOf(compare.value));
    return TextCompare(op, std::move(text));
  }
  if (info.type == ValueType::kTextList || info.type == ValueType::kJson) {
    return Error(ErrorCode::kType, compare.value.span,
                 info.type == ValueType::kJson
                     ? "JSON is kept and shown, but cannot be compared"
                     : "a list cannot be compared; write `has` and a text");
  }
  if (info.type == ValueType::kBoolean && op != CompareOp::kEq && op != CompareOp::kNe) {
    return Error(ErrorCode::kType, compare.value.span, "true and false have no order; write `=`");
  }
  if (info.type == ValueType::kNumber) {
    ROSTER_ASSIGN_OR_RETURN(const NumberPlace place, NumberPlaceOf(compare.value));
    const double low = op == CompareOp::kGt ? Above(place.high) : place.low;
    const double high = op == CompareOp::kLt ? Below(place.low) : place.high;
    return CellPredicate{NumberRange{has_low ? low : -kInfinity, has_high ? high : kInfinity},
                         negated};
  }
  ROSTER_ASSIGN_OR_RETURN(const Place place, PlaceOf(info, compare.value));
  const Int128 low = op == CompareOp::kGt ? place.high + 1 : place.low;
  const Int128 high = op == CompareOp::kLt ? place.low - 1 : place.high;
  return CellPredicate{ToCells(has_low ? low : Int128{kMin}, has_high ? high : Int128{kMax}),
                       negated};
}

absl::StatusOr<CellPredicate> ValueBinder::BindDuration(const ast::Compare& compare) const {
  const auto* duration = std::get_if<ast::Duration>(&compare.value.value);
  const int64_t unit_ms = duration != nullptr ? FixedLength(duration->unit) : 0;
  if (unit_ms == 0) {
    return Error(ErrorCode::kType, compare.value.span,
                 "a duration is written `60 s`, `5 minutes`, `2 hours` or in days or weeks");
  }
  const Int128 ms = Int128{duration->amount} * unit_ms;
  const auto clamped = static_cast<int64_t>(std::min<Int128>(ms, kMax));
  const ast::Literal number{ExactNumber(clamped), compare.value.span};
  return Bind({ValueType::kInteger, 0}, ast::Compare{compare.op, number});
}

absl::StatusOr<CellPredicate> ValueBinder::Bind(ValueInfo info, const ast::In& in) const {
  if (in.values.size() > kMaxListValues) {
    return Error(ErrorCode::kLimit, in.values[kMaxListValues].span,
                 StrCat("a list holds more than ", kMaxListValues, " values"));
  }
  TextSet texts;
  NumberSet numbers;
  IntSet ints;
  for (const ast::Literal& literal : in.values) {
    // Each value alone, as `=` would have it.
    ROSTER_ASSIGN_OR_RETURN(CellPredicate one, Bind(info, ast::Compare{CompareOp::kEq, literal}));
    if (auto* text = std::get_if<TextSet>(&one.test)) {
      texts.texts.push_back(std::move(text->texts[0]));
    } else if (const auto* number = std::get_if<NumberRange>(&one.test)) {
      if (number->low == number->high) numbers.values.push_back(number->low);
    } else {
      const IntRange range = std::get<IntRange>(one.test);
      if (range.low < range.high) {
        return Error(ErrorCode::kType, literal.span,
                     "a list of times holds instants; write `between` for days");
      }
      if (range.low == range.high) ints.values.push_back(range.low);
    }
  }
  SortUnique(&texts.texts);
  SortUnique(&numbers.values);
  SortUnique(&ints.values);
  if (info.type == ValueType::kText) return CellPredicate{std::move(texts), in.negated};
  if (info.type == ValueType::kNumber) return CellPredicate{std::move(numbers), in.negated};
  return CellPredicate{std::move(ints), in.negated};
}

absl::StatusOr<CellPredicate> ValueBinder::Bind(ValueInfo info, const ast::Between& between) const {
  if (info.type == ValueType::kTimestamp) {
    ROSTER_ASSIGN_OR_RETURN(const Window window, BetweenTimes(between.low, between.high));
    return CellPredicate{IntRange{window.low().ms, window.high().ms}};
  }
  ROSTER_ASSIGN_OR_RETURN(CellPredicate from,
                          Bind(info, ast::Compare{CompareOp::kGe, between.low}));
  ROSTER_ASSIGN_OR_RETURN(CellPredicate to, Bind(info, ast::Compare{CompareOp::kLe, between.high}));
  if (auto* text = std::get_if<TextRange>(&from.test)) {
    text->high = std::move(std::get<TextRange>(to.test).high);
  } else if (auto* number = std::get_if<NumberRange>(&from.test)) {
    number->high = std::get<NumberRange>(to.test).high;
  } else {
    const IntRange low = std::get<IntRange>(from.test);
    const IntRange high = std::get<IntRange>(to.test);
    const bool none = low.low > low.high || high.low > high.high;
    from.test = none ? IntRange{1, 0} : IntRange{low.low, high.high};
  }
  return from;
}

absl::StatusOr<CellPredicate> ValueBinder::BindFolded(ValueInfo info, std::optional<ast::TextOp> op,
                                                      const ast::Literal& literal) const {
  if (info.type != ValueType::kText) {
    return Error(ErrorCode::kType, literal.span,
                 StrCat("`~` asks about a text, not about ", TypeWords(info.type)));
  }
  ROSTER_ASSIGN_OR_RETURN(const std::string text, TextOf(literal));
  return CellPredicate{TextPattern{op, Fold(text), true}};
}

absl::StatusOr<CellPredicate> ValueBinder::Bind(ValueInfo info, const ast::TextMatch& match) const {
  if (info.type != ValueType::kText) {
    return Error(
        ErrorCode::kType, match.text.span,
        StrCat("`", ast::Spelling(match.op), "` asks about a text, not about ",
               TypeWords(info.type), info.type == ValueType::kTextList ? "; write `has`" : ""));
  }
  if (match.folded) return BindFolded(info, match.op, match.text);
  ROSTER_ASSIGN_OR_RETURN(std::string text, TextOf(match.text));
  return CellPredicate{TextPattern{match.op, std::move(text)}};
}

absl::StatusOr<CellPredicate> ValueBinder::Bind(ValueInfo info, const ast::Pattern& pattern) const {
  if (info.type != ValueType::kText) {
    return Error(ErrorCode::kType, pattern.span,
                 StrCat("`matches` asks about a text, not about ", TypeWords(info.type)));
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_case_sensitive(!pattern.any_case);
  constexpr int64_t kMaxBytes = 1 << 20;  // of a compiled expression
  options.set_max_mem(kMaxBytes);
  auto regex = std::make_shared<const re2::RE2>(pattern.regex, options);
  if (!regex->ok()) {
    return Error(ErrorCode::kParse, pattern.span,
                 StrCat("a regular expression that cannot be read: ", regex->error()));
  }
  return CellPredicate{
      TextRegex{std::move(regex), StrCat("/", pattern.regex, pattern.any_case ? "/i" : "/")}};
}

absl::StatusOr<CellPredicate> ValueBinder::Bind(ValueInfo info, const ast::Has& has) const {
  if (info.type != ValueType::kTextList) {
    return Error(ErrorCode::kType, has.elements[0].span,
                 StrCat("`", ast::Spelling(has.op), "` asks about a list, not about ",
                        TypeWords(info.type), "; write `=` or `in`"));
  }
  if (has.elements.size() > kMaxListValues) {
    return Error(ErrorCode::kLimit, has.elements[kMaxListValues].span,
                 StrCat("a list holds more than ", kMaxListValues, " values"));
  }
  ListHas bound{has.op, {}};
  for (const ast::Literal& literal : has.elements) {
    ROSTER_ASSIGN_OR_RETURN(std::string element, TextOf(literal));
    bound.elements.push_back(std::move(element));
  }
  SortUnique(&bound.elements);
  return CellPredicate{std::move(bound)};
}

// Closed for dates, half-open for instants.
absl::StatusOr<Window> ValueBinder::BetweenTimes(const ast::Literal& low,
                                                 const ast::Literal& high) const {
  ROSTER_ASSIGN_OR_RETURN(const Constant first, Resolve(low, ValueType::kTimestamp));
  ROSTER_ASSIGN_OR_RETURN(const Constant second, Resolve(high, ValueType::kTimestamp));
  if (first.index() != second.index()) {
    return Error(ErrorCode::kType, {low.span.begin, high.span.end},
                 "expected two dates or two instants, found one of each");
  }
  ROSTER_ASSIGN_OR_RETURN(const Place from, MomentsOf(low));
  ROSTER_ASSIGN_OR_RETURN(const Place to, MomentsOf(high));
  const bool dates = std::holds_alternative<Date>(second);
  const IntRange range = ToCells(from.low, dates ? to.high : to.high - 1);
  return Window({std::nullopt, range.low}, {std::nullopt, range.high}, zone_);
}

absl::StatusOr<Window> ValueBinder::BindWindow(const ast::Window& window) const {
  using Kind = ast::Window::Kind;
  const TimeBound ever{std::nullopt, kMin};
  const TimeBound now{ast::Duration{0, ast::TimeUnit::kMillisecond}, 0};
  switch (window.kind) {
    case Kind::kWithinLast:
      return Window({window.first, 1}, now, zone_);
    case Kind::kMoreThanAgo:
      return Window(ever, {window.first, 0}, zone_);
    case Kind::kBetweenAgo:
      return Window({window.first, 1}, {window.second, 0}, zone_);
    case Kind::kBetweenTimes:
      return BetweenTimes(window.low, window.high);
    case Kind::kWithinNext:
      return Window({ast::Duration{0, ast::TimeUnit::kMillisecond}, 1},
                    {ast::Duration{-window.first.amount, window.first.unit}, 0}, zone_);
    case Kind::kLastDays:
    case Kind::kThis: {
      const int64_t units = window.first.amount;
      if (units == 0) return Error(ErrorCode::kType, window.span, "no days at all");
      const ast::Duration of{1, window.first.unit};
      return Window({of, 0, true, 1 - units}, {of, -1, true, 1}, zone_);
    }
    case Kind::kOfFirstSeen:
      return Error(ErrorCode::kType, window.span,
                   "`of first seen` is for events: `did \"order\" within 7 days of first seen`");
    case Kind::kBefore:
    case Kind::kAfter:
      break;
  }
  ROSTER_ASSIGN_OR_RETURN(const Place place, MomentsOf(window.low));
  const bool before = window.kind == Kind::kBefore;
  const IntRange range = before ? ToCells(kMin, place.low - 1) : ToCells(place.high + 1, kMax);
  return Window({std::nullopt, range.low}, {std::nullopt, range.high}, zone_);
}

}  // namespace roster::query
