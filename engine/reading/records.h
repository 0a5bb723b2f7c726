// SPDX-License-Identifier: Apache-2.0
//
// Records of the store's own on one profile, oldest first, read by the names of their properties.
// Thread rule: pure functions of an immutable state. Source: own_names.h.
#ifndef ROSTER_ENGINE_READING_RECORDS_H_
#define ROSTER_ENGINE_READING_RECORDS_H_

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "roster/value.h"
#include "storage/memory/read_view.h"

namespace roster {

class Records {
 public:
  // None when nothing was ever recorded of the type. Lifetime: the state's.
  Records(const State& state, RowId row, std::string_view type)
      : Records(state, row, state.schema->FindEvent(type)) {}
  Records(const State& state, RowId row, std::optional<EventTypeId> type);

  size_t size() const { return events_.size(); }
  Timestamp TimeAt(size_t i) const { return TimeOf(*block_, events_[i]); }
  EventId IdAt(size_t i) const { return IdOf(*block_, events_[i]); }
  IdentityId OriginAt(size_t i) const { return OriginOf(*block_, events_[i]); }
  // Missing where the record has none.
  Value ValueAt(size_t i, std::string_view property) const;
  Value ValueAt(size_t i, PropertyId property) const;
  // What a property without a value, or with one of another type, gives is that of T.
  template <typename T>
  T Get(size_t i, std::string_view property) const {
    Value value = ValueAt(i, property);
    T* known = std::get_if<T>(&value);
    return known != nullptr ? std::move(*known) : T();
  }
  // The profile id under which it came.
  ProfileId HomeAt(size_t i) const;

 private:
  const State& state_;
  const RowId row_;
  const EventTypeInfo* type_ = nullptr;
  const EventPartition* partition_ = nullptr;
  const EventBlock* block_ = nullptr;
  std::vector<EventRef> events_;
};

// The profile id under which came what has no home of its own: that of its origin.
ProfileId HomeByOrigin(const State& state, RowId row, IdentityId origin);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_RECORDS_H_
