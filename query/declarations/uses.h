// SPDX-License-Identifier: Apache-2.0
//
// Which definitions name another one: what is in use is not dropped. Thread rule: pure functions.
// Source: LANGUAGE.md "Meaning", 9.
#ifndef ROSTER_QUERY_DECLARATIONS_USES_H_
#define ROSTER_QUERY_DECLARATIONS_USES_H_

#include <string>
#include <string_view>
#include <vector>

#include "query/catalog.h"
#include "query/declarations/declaration.h"

namespace roster::query {

// "segment `vip`", ...: those that name a segment or a computed trait. Of other kinds none.
// Cost: that of parsing the definitions.
std::vector<std::string> UsersOf(ast::Defined kind, std::string_view name, const Catalog& catalog);

}  // namespace roster::query

#endif  // ROSTER_QUERY_DECLARATIONS_USES_H_
