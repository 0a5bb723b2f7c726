// SPDX-License-Identifier: Apache-2.0
//
// Records of the store's own of one profile, with their properties by name. Thread rule: pure
// functions of an immutable state. Source: own_names.h.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_OWN_RECORDS_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_OWN_RECORDS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "roster/value.h"
#include "storage/memory/read_view.h"

namespace roster {

// Lifetime: the state's.
class OwnRecord {
 public:
  OwnRecord(const State& state, EventTypeId type, RowId row, EventRef ref);

  EventId id() const;
  Timestamp time() const;
  IdentityId origin() const;
  // The profile id under which it came.
  ProfileId home() const;
  // Missing when it has none of this name.
  Value Get(std::string_view property) const;
  // The same; empty, 0, false when it has none or it is of another type.
  std::string Text(std::string_view property) const;
  int64_t Integer(std::string_view property) const;
  bool Flag(std::string_view property) const;

 private:
  const State* state_;
  EventTypeId type_;
  RowId row_;
  EventRef ref_;
};

// The profile id under which came what has no home of its own: that of its origin.
ProfileId HomeByOrigin(const State& state, RowId row, IdentityId origin);

// Oldest first. `type`: one of own_names.h. Cost: O(the profile's records of the type).
std::vector<OwnRecord> OwnRecordsOf(const State& state, RowId row, std::string_view type);

// The rows of a chunk that have records of the type; of the others nothing is there to be folded.
ChunkBits RowsWithRecords(const State& state, EventTypeId type, uint32_t chunk);

bool IsArchived(const State& state, RowId row);

// A label, and the profile id under which the profile has it.
struct HomeLabel {
  std::string label;
  ProfileId home;
  bool operator==(const HomeLabel&) const = default;
};

// The profile ids under which a decision on the channel that names no address came, each once.
std::vector<ProfileId> HomesOfConsent(const State& state, RowId row, std::string_view channel);

// The labels that the latest word under each home gives, by label and home. `until`: of what was
// said by then.
std::vector<HomeLabel> LabelsByHome(const State& state, RowId row,
                                    std::optional<Timestamp> until = {});
// Each once.
std::vector<std::string> LabelsOf(const State& state, RowId row,
                                  std::optional<Timestamp> until = {});

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_OWN_RECORDS_H_
