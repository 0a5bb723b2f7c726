// SPDX-License-Identifier: Apache-2.0
//
// Everything known of one profile, read from a view. Thread rule: any thread.
#ifndef ROSTER_ENGINE_READING_PROFILE_READER_H_
#define ROSTER_ENGINE_READING_PROFILE_READER_H_

#include "absl/status/statusor.h"
#include "engine/measures/measures.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// Errors: NOPROFILE, NOTRAIT (unknown namespace). Cost: O(traits + events of the profile).
absl::StatusOr<Profile> ReadProfile(const ReadView& view, const Definitions& definitions,
                                    const ProfileRef& ref, const GetOptions& options);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_PROFILE_READER_H_
