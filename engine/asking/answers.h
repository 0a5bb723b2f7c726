// SPDX-License-Identifier: Apache-2.0
//
// What the query layer answers, as the public contract says it. Thread rule: pure functions.
#ifndef ROSTER_ENGINE_ASKING_ANSWERS_H_
#define ROSTER_ENGINE_ASKING_ANSWERS_H_

#include <variant>

#include "query/execute.h"
#include "roster/query.h"

namespace roster {

using Answer = std::variant<Count, Table, Explanation, Reasons>;

Answer ToPublic(query::QueryAnswer answer);

}  // namespace roster

#endif  // ROSTER_ENGINE_ASKING_ANSWERS_H_
