// SPDX-License-Identifier: Apache-2.0
#include "engine/identity/renormalise.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/normalise.h"
#include "query/declarations/names.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

// Commits are cut at about this size.
constexpr size_t kCommitBytes = 1u << 20;

// One look at all identities: first those that change, then, when nothing speaks against it, what
// that takes.
class Plan {
 public:
  Plan(const State& state, std::string_view region, Timestamp now)
      : state_(state), region_(region), now_(now), next_(state.identities.size()) {}

  absl::Status FindChanged() {
    for (uint32_t n = 0; n < state_.identities.size(); ++n) {
      const IdentityId id{n};
      if (!state_.identities.IsAttached(id)) continue;
      if (state_.identities.StandingOf(id) == IdentityStanding::kFormer) continue;
      const IdentityName name = state_.identities.NameOf(id);
      const NamespaceInfo& info = state_.schema->name_space(name.name_space);
      std::string value = NormaliseIdentity(info.name, name.value, region_);
      // What would be no identity any more stays what it is.
      if (value == name.value || value.empty()) continue;
      if (IsOfDevice(info.kind)) {
        return MakeError(
            ErrorCode::kConflict,
            StrCat("an identity of a device has another form now, namespace: ", info.name));
      }
      ROSTER_RETURN_IF_ERROR(Note(id, name.name_space, std::move(value)));
    }
    return absl::OkStatus();
  }

  std::vector<std::vector<Mutation>> Take() {
    std::vector<std::vector<Mutation>> lists;
    for (Changed& changed : changed_) lists.push_back(ListOf(std::move(changed)));
    AddBlocked(&lists);
    return lists;
  }

 private:
  struct Changed {
    IdentityId id;
    NamespaceId name_space;
    std::string value;
    bool held = false;  // the profile has the new form already, or gets it by another one
  };

  absl::Status Note(IdentityId id, NamespaceId name_space, std::string value) {
    const RowId row = state_.identities.RowOf(id);
    // Who has the new form keeps it: normalising twice is as once.
    std::optional<RowId> holder = state_.FindIdentity(name_space, value);
    if (!holder) {
      const auto [made, is_new] =
          made_.try_emplace(StrCat(name_space.value, " ", value), row.value);
      if (!is_new) holder = RowId{made->second};
    }
    if (holder && *holder != row) {
      return MakeError(ErrorCode::kConflict,
                       StrCat("identities of two profiles would be one, namespace: ",
                              state_.schema->name_space(name_space).name,
                              ", profiles: ", state_.ProfileAt(*holder).value, " and ",
                              state_.ProfileAt(row).value));
    }
    changed_.push_back({id, name_space, std::move(value), holder.has_value()});
    return absl::OkStatus();
  }

  std::vector<Mutation> ListOf(Changed changed) {
    const ProfileId profile = state_.ProfileAt(state_.identities.RowOf(changed.id));
    const IdentityStanding standing = state_.identities.StandingOf(changed.id);
    const ProfileId home = state_.identities.HomeOf(changed.id);
    std::vector<Mutation> list = {MoveIdentity{changed.id, profile, IdentityStanding::kFormer}};
    if (changed.held) return list;
    const IdentityId made{static_cast<uint32_t>(next_++)};
    list.push_back(AttachIdentity{home.value != 0 ? home : profile, made, changed.name_space,
                                  std::move(changed.value), now_});
    if (standing != IdentityStanding::kActive) {
      list.push_back(MoveIdentity{made, profile, standing});
    }
    return list;
  }

  // The operator's lists are kept in normal form.
  void AddBlocked(std::vector<std::vector<Mutation>>* lists) const {
    std::vector<std::string> names;
    for (const auto& [name, text] : *state_.definitions) {
      if (name.starts_with(query::kBlocked)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string_view rest = std::string_view(name).substr(query::kBlocked.size());
      const size_t end = rest.find('\n');
      if (end == std::string_view::npos) continue;
      const std::string_view space = rest.substr(0, end);
      const std::string value = NormaliseIdentity(space, rest.substr(end + 1), region_);
      const std::string made = query::BlockedName(space, value);
      if (made == name) continue;
      const std::string text = state_.definitions->find(name)->second;
      lists->push_back({Define{name, ""}, Define{made, text}});
    }
  }

  const State& state_;
  const std::string_view region_;
  const Timestamp now_;
  size_t next_;  // the number of the identity that is made next
  std::vector<Changed> changed_;
  absl::flat_hash_map<std::string, uint32_t> made_;  // new names to rows
};

// One commit.
class RenameCommit {
 public:
  RenameCommit(Timestamp now, LogDirectory* log, Store* store)
      : now_(now), log_(log), store_(store) {}

  size_t bytes() const { return payload_.size(); }

  void Add(const std::vector<Mutation>& list) {
    for (const Mutation& mutation : list) EncodeMutation(mutation, &payload_);
    lists_.push_back(&list);
  }

  absl::Status Write() {
    if (lists_.empty()) return absl::OkStatus();
    std::string payload;
    EncodeCommitHeader({.received_at = now_, .request_id = {}, .actor = {}, .outcome = {}},
                       &payload);
    payload += payload_;
    Lsn lsn{store_->lsn().value + 1};
    if (log_ != nullptr) ROSTER_RETURN_IF_ERROR(log_->Reserve(payload.size()));
    ChangeSet changes;
    for (const auto* list : lists_) {
      for (const Mutation& mutation : *list) store_->Apply(mutation, &changes);
    }
    if (log_ != nullptr) {
      ROSTER_ASSIGN_OR_RETURN(lsn, log_->AppendCommit(payload, now_));
      ROSTER_RETURN_IF_ERROR(log_->Write());
      ROSTER_RETURN_IF_ERROR(log_->Sync().status());
    }
    store_->FinishCommit(lsn);
    payload_.clear();
    lists_.clear();
    return absl::OkStatus();
  }

 private:
  const Timestamp now_;
  LogDirectory* const log_;
  Store* const store_;
  std::string payload_;
  std::vector<const std::vector<Mutation>*> lists_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<Mutation>>> PlanRenormalise(const State& state,
                                                                   std::string_view region,
                                                                   std::string_view made_by,
                                                                   Timestamp now) {
  Plan plan(state, region, now);
  if (const absl::Status found = plan.FindChanged(); !found.ok()) {
    const std::string_view by = made_by.empty() ? "not known" : made_by;
    return MakeError(ErrorCodeOf(found),
                     StrCat("the store's identities were made otherwise: ", by,
                            "; now: ", NormaliserVersion(region), "; ", StdView(found.message()),
                            "; open it as before and merge them, or go on so"));
  }
  return plan.Take();
}

absl::Status WriteRenormalised(const std::vector<std::vector<Mutation>>& lists, Timestamp now,
                               LogDirectory* log, Store* store) {
  RenameCommit commit(now, log, store);
  for (const std::vector<Mutation>& list : lists) {
    commit.Add(list);
    if (commit.bytes() >= kCommitBytes) ROSTER_RETURN_IF_ERROR(commit.Write());
  }
  return commit.Write();
}

}  // namespace roster
