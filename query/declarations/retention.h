// SPDX-License-Identifier: Apache-2.0
//
// How long things are kept, of what `retain` says. Thread rule: pure functions.
// Source: LANGUAGE.md "Declarations".
#ifndef ROSTER_QUERY_DECLARATIONS_RETENTION_H_
#define ROSTER_QUERY_DECLARATIONS_RETENTION_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "query/ast.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Nothing is gone too early: a month has 31 days, a year 366. nullopt: beyond kMaxKeepMs.
std::optional<int64_t> RetentionMs(ast::Duration duration);

// What the definition of that name says; 0: for ever. Cost: parsing it, if there is one.
int64_t DefinedRetentionMs(const State& state, std::string_view name);

}  // namespace roster::query

#endif  // ROSTER_QUERY_DECLARATIONS_RETENTION_H_
