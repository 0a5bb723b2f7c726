// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/traits/seen_order.h"

namespace roster {

std::optional<int64_t> SeenOrder::FirstFrom(int64_t span) const {
  for (auto it = pages_.lower_bound(PageOf(span)); it != pages_.end(); ++it) {
    const Page& page = *it->second;
    for (size_t place = it->first == PageOf(span) ? PlaceOf(span) : 0; place < page.size();
         ++place) {
      if (!page[place].empty()) return it->first * kSpansOfPage + static_cast<int64_t>(place);
    }
  }
  return std::nullopt;
}

int64_t SeenOrder::NextInTurn() const {
  const std::optional<int64_t> next = FirstFrom(tidied_ + 1);
  return next ? *next : *FirstFrom(INT64_MIN);
}

void SeenOrder::Replace(int64_t span, std::vector<uint32_t> rows) {
  List& list = ListOf(span);
  if (rows.size() == list.size()) {  // what makes it long is rows that came more than once, then
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  }
  size_ -= list.size() - rows.size();
  list_bytes_ -= list.MemoryBytes();
  list = List();
  for (const uint32_t row : rows) list.Append(row);
  list_bytes_ += list.MemoryBytes();
  tidied_ = span;
  const Page& page = *pages_.find(PageOf(span))->second;
  const auto is_empty = [](const List& one) { return one.empty(); };
  if (std::all_of(page.begin(), page.end(), is_empty)) pages_.erase(PageOf(span));
}

}  // namespace roster
