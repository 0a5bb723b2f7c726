// SPDX-License-Identifier: Apache-2.0
#include "query/cells/cell_test.h"

#include "query/ast.h"
#include "query/cells/anniversary.h"
#include "query/cells/compare.h"
#include "query/cells/list.h"
#include "query/cells/text.h"
#include "storage/base/check.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

CellFilter Prepare(const AnyValue&, const CellType&, Preparation*) { return CellFilter::All(); }
bool Holds(const AnyValue&, const CellType&, int64_t, Timestamp) { return true; }
std::string Describe(const AnyValue&, ValueInfo) { return "is set"; }

}  // namespace

CellFilter Prepare(const CellPredicate& predicate, const CellType& type, Preparation* preparation) {
  CellFilter filter = std::visit([&](const auto& test) { return Prepare(test, type, preparation); },
                                 predicate.test);
  if (predicate.negated) filter.Negate();
  return filter;
}

bool Holds(const CellPredicate& predicate, const CellType& type, int64_t cell, Timestamp now) {
  const bool holds =
      std::visit([&](const auto& test) { return Holds(test, type, cell, now); }, predicate.test);
  return holds != predicate.negated;
}

std::optional<Timestamp> NextChange(const CellPredicate& predicate, const CellType& type,
                                    int64_t cell, Timestamp now) {
  if (const auto* in = std::get_if<InWindow>(&predicate.test)) {
    return NextChange(*in, type, cell, now);
  }
  const auto* anniversary = std::get_if<AnniversaryIn>(&predicate.test);
  return anniversary != nullptr ? NextChange(*anniversary, type, cell, now) : std::nullopt;
}

bool HoldsText(const CellTest& test, std::string_view text) {
  if (const auto* set = std::get_if<TextSet>(&test)) return HoldsText(*set, text);
  if (const auto* range = std::get_if<TextRange>(&test)) return HoldsText(*range, text);
  if (const auto* pattern = std::get_if<TextPattern>(&test)) return HoldsText(*pattern, text);
  if (const auto* regex = std::get_if<TextRegex>(&test)) return HoldsText(*regex, text);
  ROSTER_CHECK(std::holds_alternative<AnyValue>(test));
  return true;
}

std::string DescribeTest(const CellPredicate& predicate, ValueInfo info) {
  const std::string what =
      std::visit([&](const auto& test) { return Describe(test, info); }, predicate.test);
  return StrCat(predicate.negated ? "is set and not " : "", what);
}

std::string Describe(const CellPredicate& predicate, std::string_view name, ValueInfo info) {
  return StrCat(ast::QuoteName(name), " ", DescribeTest(predicate, info));
}

}  // namespace roster::query
