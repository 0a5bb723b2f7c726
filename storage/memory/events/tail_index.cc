// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/tail_index.h"

namespace roster {

bool TailIndex::Contains(const EventBlock& block, uint32_t row_offset, uint64_t id) const {
  const Chain chain = ChainOf(row_offset);
  if (chain.count > kLongChain) return ids_.contains({static_cast<uint16_t>(row_offset), id});
  for (uint32_t t = chain.last; t != TailEvent::kNone; t = block.tail[t].previous) {
    if (block.tail[t].id == id) return true;
  }
  return false;
}

void TailIndex::AddLast(const EventBlock& block) {
  const auto place = static_cast<uint32_t>(block.tail.size() - 1);
  const TailEvent& event = block.tail[place];
  Chain& chain = chains_[event.row_offset];
  chain.last = place;
  ++chain.count;
  if (chain.count == kLongChain + 1) {
    block.ForEachInTail(place,
                        [&](uint32_t t) { ids_.emplace(event.row_offset, block.tail[t].id); });
  } else if (chain.count > kLongChain) {
    ids_.emplace(event.row_offset, event.id);
  }
}

// New tables, so that what a long tail took is given back.
void TailIndex::Clear() {
  chains_ = {};
  ids_ = {};
}

size_t TailIndex::MemoryBytes() const {
  return chains_.capacity() * (sizeof(std::pair<uint16_t, Chain>) + 1) +
         ids_.capacity() * (sizeof(RowAndId) + 1);
}

}  // namespace roster
