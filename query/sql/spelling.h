// SPDX-License-Identifier: Apache-2.0
//
// How a dialect spells names, literals and the few functions that the dialects do not share.
// Thread rule: a plain value.
#ifndef ROSTER_QUERY_SQL_SPELLING_H_
#define ROSTER_QUERY_SQL_SPELLING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query/catalog.h"
#include "query/exact_number.h"
#include "query/sql/sql.h"

namespace roster::query {

class Spelling {
 public:
  explicit Spelling(SqlDialect dialect) : dialect_(dialect) {}

  SqlDialect dialect() const { return dialect_; }
  bool is_duckdb() const { return dialect_ == SqlDialect::kDuckDb; }

  std::string Name(std::string_view name) const;
  // Requires: CanSay(text).
  std::string Text(std::string_view text) const;
  bool CanSay(std::string_view text) const;
  std::string Integer(Int128 value) const;
  // A double exactly. Requires: finite.
  std::string Number(double value) const;
  std::string Decimal(int64_t unscaled, uint8_t scale) const;
  std::string List(const std::vector<std::string>& texts) const;

  // The type of a column that may be missing; the same of one that never is.
  std::string NullableType(ValueInfo info) const;
  std::string Type(ValueInfo info) const;
  std::string UnsignedType() const { return is_duckdb() ? "UBIGINT" : "UInt64"; }

  std::string Contains(const std::string& text, const std::string& part) const;
  std::string StartsWith(const std::string& text, const std::string& part) const;
  std::string EndsWith(const std::string& text, const std::string& part) const;
  // Anywhere in the text; a dot is no end of line in RE2's own reading, which both take.
  std::string Matches(const std::string& text, std::string_view regex, bool any_case) const;
  std::string Size(const std::string& list) const;
  std::string HasAny(const std::string& list, const std::vector<std::string>& texts) const;
  std::string HasAll(const std::string& list, const std::vector<std::string>& texts) const;

  // Of an aggregate over what is there.
  std::string CountDistinct(const std::string& value) const;
  // Whole part of a quotient. Requires: neither is negative.
  std::string Divide(const std::string& over, const std::string& under) const;
  // An integer or decimal as an integer that no sum overflows, in units of its scale.
  std::string Wide(const std::string& value, ValueInfo info) const;
  std::string Wide(const std::string& integer) const { return Wide(integer, {}); }
  std::string AsNumber(const std::string& value) const;

 private:
  SqlDialect dialect_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_SQL_SPELLING_H_
