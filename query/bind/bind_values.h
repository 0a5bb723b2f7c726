// SPDX-License-Identifier: Apache-2.0
//
// Literals and parameters to what they mean among the cells of a type: `age > 2.5` becomes "at
// least 3", a date compared with a timestamp becomes its local day. Thread rule: pure functions.
// Source: LANGUAGE.md "Meaning", 1, 2, 7 and 8.
#ifndef ROSTER_QUERY_BIND_BIND_VALUES_H_
#define ROSTER_QUERY_BIND_BIND_VALUES_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "query/ast.h"
#include "query/bound.h"
#include "query/catalog.h"
#include "query/exact_number.h"
#include "roster/error.h"
#include "roster/value.h"

namespace roster::query {

inline constexpr size_t kMaxListValues = 4096;

// Binds the values of one statement. Lifetime: the statement's text and parameters outlive it.
class ValueBinder {
 public:
  ValueBinder(std::string_view text, absl::Span<const Value> params, absl::TimeZone zone)
      : text_(text), params_(params), zone_(zone) {}

  // Each gives what is asked of a cell of the type. Errors: TYPE, PARSE, LIMIT with a position.
  absl::StatusOr<CellPredicate> Bind(ValueInfo info, const ast::Compare& compare) const;
  absl::StatusOr<CellPredicate> Bind(ValueInfo info, const ast::In& in) const;
  absl::StatusOr<CellPredicate> Bind(ValueInfo info, const ast::Between& between) const;
  absl::StatusOr<CellPredicate> Bind(ValueInfo info, const ast::TextMatch& match) const;
  absl::StatusOr<CellPredicate> Bind(ValueInfo info, const ast::Pattern& pattern) const;
  absl::StatusOr<CellPredicate> Bind(ValueInfo info, const ast::Has& has) const;

  absl::StatusOr<std::string> BindText(const ast::Literal& literal) const {
    return TextOf(literal);
  }
  // A time; of a date its first moment. Errors: TYPE with a position.
  absl::StatusOr<Timestamp> BindMoment(const ast::Literal& literal) const;
  // What is asked of a number of milliseconds. Errors: TYPE with a position.
  absl::StatusOr<CellPredicate> BindDuration(const ast::Compare& compare) const;
  // A window in the statement's time zone. Errors: TYPE with a position.
  absl::StatusOr<Window> BindWindow(const ast::Window& window) const;
  // What a sum or an average is compared with. Errors: TYPE with a position.
  absl::StatusOr<ExactNumber> BindNumber(const ast::Literal& literal) const;

  absl::Status Error(ErrorCode code, ast::Span span, std::string_view message) const;

 private:
  // A literal after parameters and local times are resolved.
  using Constant = std::variant<std::string, ExactNumber, bool, Date, Timestamp>;
  // The cells that are equal to a constant, closed; between two cells: none, low = high + 1.
  struct Place {
    Int128 low = 0;
    Int128 high = 0;
  };
  struct NumberPlace {
    double low = 0;
    double high = 0;
  };

  absl::StatusOr<Constant> Resolve(const ast::Literal& literal, ValueType type) const;
  absl::StatusOr<Constant> ResolveParam(ast::Param param, ast::Span span, ValueType type) const;
  absl::StatusOr<Constant> TimeOfText(std::string_view time, ast::Span span) const;
  absl::Status Mismatch(ValueType type, const Constant& found, ast::Span span) const;

  absl::StatusOr<CellPredicate> BindFolded(ValueInfo info, std::optional<ast::TextOp> op,
                                           const ast::Literal& text) const;
  absl::StatusOr<std::string> TextOf(const ast::Literal& literal) const;
  absl::StatusOr<NumberPlace> NumberPlaceOf(const ast::Literal& literal) const;
  absl::StatusOr<Place> PlaceOf(ValueInfo info, const ast::Literal& literal) const;
  absl::StatusOr<Place> MomentsOf(const ast::Literal& literal) const;
  absl::StatusOr<Window> BetweenTimes(const ast::Literal& low, const ast::Literal& high) const;

  std::string_view text_;
  absl::Span<const Value> params_;
  absl::TimeZone zone_;
};

// "an integer", "a text", ...
std::string_view TypeWords(ValueType type);

}  // namespace roster::query

#endif  // ROSTER_QUERY_BIND_BIND_VALUES_H_
