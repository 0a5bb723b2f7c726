// SPDX-License-Identifier: Apache-2.0
#include "query/operators/operator.h"

namespace roster::query {

// What comes round every year may never change an answer: after so many looks the next moment is
// given, at which to look again.
constexpr int kMaxLooks = 200;

std::optional<Timestamp> Operator::NextFlip(const ReadView& view, RowId row) const {
  const bool matches = Matches(view, row);
  std::optional<Timestamp> next = NextChange(view, row);
  for (int look = 0; next && look < kMaxLooks; ++look) {
    const ReadView then = view.At(*next);
    if (Matches(then, row) != matches) return next;
    next = NextChange(then, row);
  }
  return next;
}

}  // namespace roster::query
