// SPDX-License-Identifier: Apache-2.0
//
// `show`: what is declared and defined, as rows. Thread rule: pure function of a view.
// Source: LANGUAGE.md "Declarations".
#ifndef ROSTER_QUERY_DECLARATIONS_SHOW_H_
#define ROSTER_QUERY_DECLARATIONS_SHOW_H_

#include "query/ast.h"
#include "query/execute.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// What the store keeps for itself is left out. Cost: O(what there is).
TableAnswer ShowDeclared(ast::Shown what, const ReadView& view);

}  // namespace roster::query

#endif  // ROSTER_QUERY_DECLARATIONS_SHOW_H_
