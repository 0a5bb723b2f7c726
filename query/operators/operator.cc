// SPDX-License-Identifier: Apache-2.0
#include "query/operators/operator.h"

namespace roster::query {

std::optional<Timestamp> Operator::NextFlip(const ReadView& view, RowId row) const {
  const bool matches = Matches(view, row);
  std::optional<Timestamp> next = NextChange(view, row);
  while (next) {
    const ReadView then = view.At(*next);
    if (Matches(then, row) != matches) return next;
    next = NextChange(then, row);
  }
  return std::nullopt;
}

}  // namespace roster::query
