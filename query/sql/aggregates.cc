// SPDX-License-Identifier: Apache-2.0
//
// Sums, averages and the like of a property over the events of a profile. Sums and averages of
// numbers are refused: ours are exact, those of the dialects go by the order of the events.
#include "query/cells/cell_test.h"
#include "query/operators/aggregate.h"
#include "query/sql/emitter.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

using ast::AggregateOp;

constexpr ValueInfo kInteger{ValueType::kInteger, 0};

bool IsCount(AggregateOp op) { return op == AggregateOp::kCount || op == AggregateOp::kDistinct; }
// Whether there is a result, 0, over nothing.
bool IsOfNone(AggregateOp op) { return IsCount(op) || op == AggregateOp::kSum; }

// Of doubles.
bool IsNumber(const BoundAggregateOf& of) {
  return !IsCount(of.op) && of.info.type == ValueType::kNumber;
}

std::string IfBoth(const std::string& a, const std::string& b, const std::string& test) {
  return StrCat("(", a == "TRUE" ? "" : StrCat(a, " AND "), b == "TRUE" ? "" : StrCat(b, " AND "),
                test, ")");
}

std::string Power10(int exponent) { return "1" + std::string(static_cast<size_t>(exponent), '0'); }

// The same answer for every whole number.
struct WholeCompare {
  const char* sign = "=";
  Int128 with = 0;
  std::optional<bool> always;
};

WholeCompare AmongWholes(ast::CompareOp op, const ExactNumber::Scaled& place) {
  if (place.exact) return {ast::Spelling(op), place.floor, std::nullopt};
  switch (op) {
    case ast::CompareOp::kEq:
      return {"=", 0, false};
    case ast::CompareOp::kNe:
      return {"<>", 0, true};
    case ast::CompareOp::kLt:
    case ast::CompareOp::kLe:
      return {"<=", place.floor, std::nullopt};
    case ast::CompareOp::kGt:
    case ast::CompareOp::kGe:
      return {">", place.floor, std::nullopt};
  }
  return {};
}

}  // namespace

SqlValue Emitter::AggregateOf(const BoundAggregateOf& of, const std::string& value) {
  const SqlValue cell{value, "", of.info};
  switch (of.op) {
    case AggregateOp::kCount:
      return {StrCat("count(", value, ")"), "TRUE", kInteger};
    case AggregateOp::kDistinct:
      return {sql_.CountDistinct(SameNumber(cell)), "TRUE", kInteger};
    case AggregateOp::kMin:
    case AggregateOp::kMax: {
      const std::string best = StrCat(ast::Spelling(of.op), "(", value, ")");
      return {best, StrCat(best, " IS NOT NULL"), of.info};
    }
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
      break;
  }
  if (of.info.type == ValueType::kNumber)
    Refuse("a sum or average of numbers that are no integers");
  return {StrCat("sum(", sql_.Wide(value, of.info), ")"), StrCat("count(", value, ") > 0"),
          kInteger};
}

// A row for each event that is meant and has a value, 1 where no property is asked for.
std::string Emitter::AggregateRows(const BoundAggregateOf& of, std::string_view column) {
  std::string condition;
  std::string value = "1";
  if (of.property) {
    const SqlValue property = PropertyOf(of.events.event, *of.property);
    value = property.value;
    condition = StrCat(" AND (", property.present, ")");
  }
  return StrCat(Select(of.events, StrCat("e._profile AS _profile, ", value, " AS ", column)),
                condition);
}

std::string Emitter::ExactTest(const BoundAggregateOf& of, const ExactCompare& compare) {
  const SqlValue sum = AggregateOf(of, "_value");
  const ExactNumber& number = compare.threshold.number();
  if (of.op == AggregateOp::kSum) {
    const WholeCompare whole = AmongWholes(compare.op, number.ScaledTo(of.info.scale));
    if (whole.always) return *whole.always ? "TRUE" : "FALSE";
    return StrCat(sum.value, " ", whole.sign, " ", sql_.Integer(whole.with));
  }
  // sum / count against a number, by a product: with all its digits, if they are not too many.
  constexpr int kMaxMore = 9;
  constexpr Int128 kMaxWhole = Int128{1} << 90;
  for (int more = 0; more <= kMaxMore; ++more) {
    const ExactNumber::Scaled place = number.ScaledTo(static_cast<uint8_t>(of.info.scale + more));
    if (place.floor > kMaxWhole || place.floor < -kMaxWhole) break;
    if (!place.exact) continue;
    return StrCat("(", sum.present, " AND ", sum.value, " * ", Power10(more), " ",
                  ast::Spelling(compare.op), " ", sql_.Wide("count(*)"), " * ",
                  sql_.Integer(place.floor), ")");
  }
  return Refuse("an average compared with a number of so many digits");
}

std::string Emitter::Node(const BoundAggregate& aggregate) {
  if (const auto* other = std::get_if<AggregateCompare>(&aggregate.test)) {
    return TwoAggregates(aggregate.of, *other);
  }
  const BoundAggregateOf& of = aggregate.of;
  bool of_none = IsOfNone(of.op);
  std::string test;
  if (const auto* exact = std::get_if<ExactCompare>(&aggregate.test)) {
    test = ExactTest(of, *exact);
    of_none = of_none && Accepts(exact->op, exact->threshold.Compare(0, 1));
  } else {
    const auto& predicate = std::get<CellPredicate>(aggregate.test);
    const SqlValue value = AggregateOf(of, "_value");
    test = Cell(value, predicate);
    of_none = of_none && Holds(predicate, {.type = value.info.type, .dictionary = {}}, 0, now_);
  }
  return Among(kProfile, AggregateRows(of, "_value"), test, of_none);
}

// --- Two compared ---

// Whole numbers of more bits than they need.
Emitter::Fraction Emitter::FractionOf(const BoundAggregateOf& of, const std::string& value) {
  const SqlValue result = AggregateOf(of, value);
  Fraction fraction{result.value, "", result.present, IsCount(of.op) ? 0 : of.info.scale};
  switch (of.op) {
    case AggregateOp::kSum:
      fraction.over = StrCat("coalesce(", result.value, ", ", sql_.Wide("0"), ")");
      fraction.present = "TRUE";
      break;
    case AggregateOp::kAvg:
      fraction.under = sql_.Wide(StrCat("count(", value, ")"));
      break;
    default:
      fraction.over = sql_.Wide(result.value, result.info);
  }
  return fraction;
}

// As doubles, which numbers and counts are exactly.
std::string Emitter::CompareNumbers(const BoundAggregateOf& left, const AggregateCompare& compare) {
  for (const BoundAggregateOf* of : {&left, &compare.right}) {
    if (!IsNumber(*of) && !IsCount(of->op)) Refuse("an integer or decimal compared as a number");
  }
  const SqlValue a = AggregateOf(left, "_left");
  const SqlValue b = AggregateOf(compare.right, "_right");
  return IfBoth(
      a.present, b.present,
      StrCat(sql_.AsNumber(a.value), " ", ast::Spelling(compare.op), " ", sql_.AsNumber(b.value)));
}

std::string Emitter::CompareFractions(const BoundAggregateOf& left,
                                      const AggregateCompare& compare) {
  const Fraction a = FractionOf(left, "_left");
  const Fraction b = FractionOf(compare.right, "_right");
  const int scale = std::max(a.scale, b.scale);
  const auto side = [&](const Fraction& one, const Fraction& other) {
    return StrCat(one.over, scale == one.scale ? "" : StrCat(" * ", Power10(scale - one.scale)),
                  other.under.empty() ? "" : StrCat(" * ", other.under));
  };
  return IfBoth(a.present, b.present,
                StrCat(side(a, b), " ", ast::Spelling(compare.op), " ", side(b, a)));
}

// Rows of both, each with a value on its own side.
std::string Emitter::TwoAggregates(const BoundAggregateOf& left, const AggregateCompare& compare) {
  const BoundAggregateOf& right = compare.right;
  const std::string rows =
      StrCat("SELECT _profile, _left, NULL AS _right FROM (", AggregateRows(left, "_left"),
             ") l UNION ALL SELECT _profile, NULL AS _left, _right FROM (",
             AggregateRows(right, "_right"), ") r");
  const bool of_none = IsOfNone(left.op) && IsOfNone(right.op) && Accepts(compare.op, 0);
  const bool numbers = IsNumber(left) || IsNumber(right);
  return Among(kProfile, rows,
               numbers ? CompareNumbers(left, compare) : CompareFractions(left, compare), of_none);
}

}  // namespace roster::query
