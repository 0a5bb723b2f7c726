// SPDX-License-Identifier: Apache-2.0
//
// why: a segment's filter as a tree, with the truth of each part for one profile, and when that
// changes with no write. Source: LANGUAGE.md "Meaning", 13.
#include <optional>
#include <utility>

#include "query/operators/logic.h"
#include "query/statements/run.h"
#include "query/statements/scan.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"

namespace roster::query {

std::optional<RowId> RowOf(const BoundProfile& profile, const ReadView& view) {
  if (const auto* id = std::get_if<ProfileId>(&profile)) return view->FindProfile(*id);
  const auto& identity = std::get<BoundIdentityName>(profile);
  const auto id = view->identities.Find(identity.name_space, identity.value);
  if (!id || !IsShown(view->identities.StandingOf(*id))) return std::nullopt;
  return view->identities.RowOf(*id);
}

namespace {

// Of logic an operator may look too early: then again, from there, for as long as the statement has
// time. Errors: TIMEOUT, CANCELLED.
absl::StatusOr<std::optional<Timestamp>> FlipOf(const Operator& part, const ReadView& view,
                                                RowId row, const ExecutionLimits& limits) {
  const bool holds = part.Matches(view, row);
  Recurrence recurrence(view.clock());
  std::optional<Timestamp> next = part.NextFlip(view, row);
  while (next) {
    ROSTER_RETURN_IF_ERROR(limits.Check());
    const ReadView then = view.At(*next);
    if (part.Matches(then, row) != holds) break;
    if (recurrence.ComesRound(*next)) return std::nullopt;
    next = part.NextFlip(then, row);
  }
  return next;
}

absl::StatusOr<WhyNode> Explain(const Operator& part, const ReadView& view, RowId row,
                                const ExecutionLimits& limits) {
  ROSTER_RETURN_IF_ERROR(limits.Check());
  static constexpr const char* kWords[] = {"and", "or", "not"};
  const auto* logic = dynamic_cast<const LogicOperator*>(&part);
  WhyNode node;
  node.what =
      logic != nullptr ? kWords[static_cast<size_t>(logic->op())] : part.Describe(view.schema());
  node.holds = part.Matches(view, row);
  ROSTER_ASSIGN_OR_RETURN(node.flips_at, FlipOf(part, view, row, limits));
  if (logic == nullptr) return node;
  for (const std::unique_ptr<Operator>& child : logic->children()) {
    ROSTER_ASSIGN_OR_RETURN(WhyNode one, Explain(*child, view, row, limits));
    node.children.push_back(std::move(one));
  }
  return node;
}

}  // namespace

absl::StatusOr<QueryAnswer> RunVerb(const BoundWhy& why, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  const std::optional<RowId> row = RowOf(why.profile, view);
  if (!row) return MakeError(ErrorCode::kNoProfile, "no such profile");
  ROSTER_ASSIGN_OR_RETURN(WhyNode root, Explain(*plan.filter, view, *row, limits));
  return WhyAnswer{view->ProfileAt(*row), why.segment, std::move(root)};
}

}  // namespace roster::query
