// SPDX-License-Identifier: Apache-2.0
//
// A session of a profile as the reading calls return it. Thread rule: pure functions of a view.
// Source: CAPABILITIES.md C15; engine/README.md "People: reading".
#ifndef ROSTER_ENGINE_READING_SESSIONS_H_
#define ROSTER_ENGINE_READING_SESSIONS_H_

#include "roster/profile.h"
#include "storage/memory/people/sessions.h"

namespace roster {

// The members of a JSON object as clients gave them; none of what is no object.
std::vector<Field> MembersOf(std::string_view json);

// All but its goals.
SessionEntry ReadSession(const Sessions& sessions, size_t session);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_SESSIONS_H_
