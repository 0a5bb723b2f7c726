// SPDX-License-Identifier: Apache-2.0
//
// Who is to be a member of a static segment. Thread rule: pure function of a view.
// Source: query/LANGUAGE.md "Declarations".
#ifndef ROSTER_ENGINE_ASKING_MEMBERS_H_
#define ROSTER_ENGINE_ASKING_MEMBERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "query/bind/bind.h"
#include "query/declarations/declaration.h"
#include "storage/base/environment.h"
#include "storage/memory/read_view.h"

namespace roster {

// What a statement may take of the writer's time.
inline constexpr int64_t kMaxFillMs = 200;

// The ids, "p12", of those that are listed, or that the statement shows. `context`: of the
// definition. `stopwatch`: null for no limit of time. Errors: NOPROFILE, NOTRAIT, TYPE, PARSE,
// LIMIT (too many), TIMEOUT.
absl::StatusOr<std::vector<std::string>> MembersOf(const query::ast::DefineStatic& made,
                                                   const query::BindContext& context,
                                                   const ReadView& view, Clock* stopwatch);

}  // namespace roster

#endif  // ROSTER_ENGINE_ASKING_MEMBERS_H_
