// SPDX-License-Identifier: Apache-2.0
//
// What is run: an operator tree for the filter and what to show of the rows that pass.
// Thread rule: immutable once made.
#ifndef ROSTER_QUERY_PLAN_H_
#define ROSTER_QUERY_PLAN_H_

#include <memory>

#include "query/bound_statement.h"
#include "query/operators/operator.h"

namespace roster::query {

struct Plan {
  std::unique_ptr<Operator> filter;  // null: every profile
  BoundVerb verb;
  ast::Explained explained = ast::Explained::kNo;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_PLAN_H_
