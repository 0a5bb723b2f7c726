// SPDX-License-Identifier: Apache-2.0
//
// What people say of a profile: labels, consent, notes, active or archived. What takes back is
// written for every home that has it, so that a merge unites and never widens, and can be undone.
// Source: IDENTITY.md R6, R7.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "engine/by_hand/hand.h"
#include "engine/limits.h"
#include "engine/reading/said.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

Value ListOf(const std::vector<std::string>& labels) { return TextList(labels); }

// A decision without a time of its own is later than all before it, also within one millisecond.
Timestamp AfterDecisions(const State& state, RowId row, const std::string& channel,
                         Timestamp time) {
  for (const OwnRecord& record : OwnRecordsOf(state, row, kConsentRecords)) {
    if (record.Text("channel") != channel) continue;
    time = std::max(time, Timestamp{record.time().ms + 1});
  }
  return time;
}

// A decision as the trace of it shows it.
Value Shown(const ConsentEntry& consent) {
  std::string json = "{\"decision\":";
  AppendJson(Value(std::string(NameOf(consent.decision))), &json);
  const auto add = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    json += StrCat(",\"", name, "\":");
    AppendJson(Value(text), &json);
  };
  add("channel", consent.channel);
  add("time", FormatTimestamp(consent.time));
  add("address", consent.address);
  add("policy", consent.policy);
  add("version", consent.version);
  add("source", consent.source);
  return Json{StrCat(json, "}")};
}

// The latest decision on the channel and address, without its evidence, which HISTORY has; missing
// when there is none.
Value LatestShown(const State& state, RowId row, const ConsentEntry& of) {
  for (const ConsentEntry& known : DecisionsOf(state, row)) {
    if (known.channel != of.channel || known.address != of.address) continue;
    return Shown({.channel = {},
                  .decision = known.decision,
                  .time = known.time,
                  .address = {},
                  .policy = {},
                  .version = {},
                  .source = {},
                  .actor = {}});
  }
  return {};
}

// Of a decision whose time the client gave: by what it says first, so that decisions of one moment
// are in one order whichever came first, then by whose it is, by what it came and who wrote it.
EventId IdOf(const ConsentEntry& consent, ProfileId home, std::string_view by,
             std::string_view actor) {
  constexpr uint64_t kLow = 0xffffffff;
  const std::string said = std::get<Json>(Shown(consent)).text;
  const uint64_t what = XXH3_64bits(said.data(), said.size());
  const uint64_t words[] = {home.value, XXH3_64bits(by.data(), by.size()),
                            XXH3_64bits(actor.data(), actor.size())};
  return {(what & ~kLow) | (XXH3_64bits(words, sizeof(words)) & kLow)};
}

bool HasDecision(const State& state, RowId row, EventId id) {
  const std::optional<EventTypeId> type = state.schema->FindEvent(kConsentRecords);
  return type && state.partition(*type).Contains(row, id);
}

std::string OfNote(uint64_t id) { return absl::StrFormat("{\"note\":\"%016x\"}", id); }

absl::Status CheckLabels(const Label& item) {
  const size_t count = item.add.size() + item.remove.size();
  if (count == 0) return MakeError(ErrorCode::kErr, "no label to add or remove");
  if (count > kMaxItemLabels) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("more than ", kMaxItemLabels, " labels in one command"));
  }
  for (const auto* labels : {&item.add, &item.remove}) {
    for (const std::string& label : *labels) {
      ROSTER_RETURN_IF_ERROR(CheckText("label", label));
      if (label.empty()) return MakeError(ErrorCode::kErr, "a label without a text");
    }
  }
  return absl::OkStatus();
}

struct LabelChange {
  std::vector<HomeLabel> removed;
  std::vector<std::string> added;
  size_t num_labels = 0;  // afterwards
};

// What is added is added behind what is removed.
LabelChange ChangeOf(const Label& item, const std::vector<HomeLabel>& had, ProfileId home) {
  absl::flat_hash_set<std::string> taken;
  for (const std::string& label : item.remove) taken.insert(ToNfc(label));
  LabelChange change;
  absl::flat_hash_set<std::string> left;
  absl::flat_hash_set<std::string> own;
  for (const HomeLabel& one : had) {
    if (taken.contains(one.label)) {
      change.removed.push_back(one);
      continue;
    }
    left.insert(one.label);
    if (one.home == home) own.insert(one.label);
  }
  for (const std::string& given : item.add) {
    std::string label = ToNfc(given);
    if (!own.insert(label).second) continue;
    left.insert(label);
    change.added.push_back(std::move(label));
  }
  change.num_labels = left.size();
  return change;
}

}  // namespace

absl::StatusOr<ItemResult> Hand::Do(const Label& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  ROSTER_RETURN_IF_ERROR(CheckLabels(item));
  const RowId row = RowOf(target.profile);
  const std::vector<std::string> before = LabelsOf(state(), row);
  const LabelChange labels = ChangeOf(item, LabelsByHome(state(), row), target.home);
  // Merges may have brought more.
  if (labels.num_labels > std::max(kMaxProfileLabels, before.size())) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("a profile has at most ", kMaxProfileLabels, " labels"));
  }
  const Timestamp now = effects_->clock();
  for (const HomeLabel& had : labels.removed) {
    Add({target.profile, had.home, kNoOrigin}, kLabelRecords, now,
        {{"label", had.label}, {"added", false}, {"actor", options_.actor}});
  }
  for (const std::string& label : labels.added) {
    Add({target.profile, target.home}, kLabelRecords, now,
        {{"label", label}, {"added", true}, {"actor", options_.actor}});
  }
  ItemResult result{.status = {}, .profile = target.profile};
  result.labels = LabelsOf(state(), row);
  Change change;
  change.Add("labels", ListOf(before), ListOf(result.labels));
  Trace(target, "label", change.ToJson());
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Consent& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  if (item.channel.empty()) return MakeError(ErrorCode::kParse, "consent without a channel");
  const std::pair<std::string_view, const std::string*> texts[] = {{"channel", &item.channel},
                                                                   {"address", &item.address},
                                                                   {"policy", &item.policy},
                                                                   {"version", &item.version},
                                                                   {"source", &item.source}};
  std::vector<std::pair<std::string_view, Value>> values;
  values.emplace_back("decision", static_cast<int64_t>(item.decision));
  values.emplace_back("actor", options_.actor);
  for (const auto& [name, text] : texts) {
    ROSTER_RETURN_IF_ERROR(CheckText(name, *text));
    if (!text->empty()) values.emplace_back(name, ToNfc(*text));
  }
  ROSTER_ASSIGN_OR_RETURN(Timestamp time, CheckTime(item.time, effects_->clock()));
  if (!item.time) time = AfterDecisions(state(), RowOf(target.profile), ToNfc(item.channel), time);
  std::vector<ProfileId> homes = {target.home};
  if (item.address.empty()) {
    const RowId row = RowOf(target.profile);
    const std::vector<ProfileId> more = HomesOfConsent(state(), row, ToNfc(item.channel));
    homes.insert(homes.end(), more.begin(), more.end());
  }
  std::sort(homes.begin(), homes.end());
  homes.erase(std::unique(homes.begin(), homes.end()), homes.end());
  const ConsentEntry decided = {.channel = ToNfc(item.channel),
                                .decision = item.decision,
                                .time = time,
                                .address = ToNfc(item.address),
                                .policy = ToNfc(item.policy),
                                .version = ToNfc(item.version),
                                .source = ToNfc(item.source),
                                .actor = {}};
  const Value before = LatestShown(state(), RowOf(target.profile), decided);
  for (const ProfileId home : homes) {
    const IdentityId origin = home == target.home ? target.origin : kNoOrigin;
    std::optional<EventId> id;
    if (item.time) {
      const std::string_view by =
          origin == kNoOrigin ? std::string_view() : state().identities.KeyAt(origin);
      id = IdOf(decided, home, by, options_.actor);
    }
    if (id && HasDecision(state(), RowOf(target.profile), *id)) continue;
    Add({target.profile, home, origin}, kConsentRecords, time, values, id);
  }
  Change change;
  change.Add("consent", before, Shown(decided));
  Trace(target, "consent", change.ToJson());
  return ItemResult{.status = {}, .profile = target.profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Note& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  ItemResult result{.status = {}, .profile = target.profile};
  if (item.remove == 0) {
    if (item.text.empty()) return MakeError(ErrorCode::kErr, "a note without a text");
    ROSTER_RETURN_IF_ERROR(CheckText("note", item.text));
    result.record = Add(target, kNoteRecords, effects_->clock(),
                        {{"text", item.text}, {"actor", options_.actor}});
    Trace(target, "note", OfNote(result.record));
    return result;
  }
  const auto type = effects_->schema().FindEvent(kNoteRecords);
  if (!type || !state().partition(*type).Contains(RowOf(target.profile), {item.remove})) {
    return MakeError(ErrorCode::kErr, "the profile has no such note");
  }
  effects_->KeepRecordsOf(target.profile);
  effects_->Do(RemoveRecord{target.profile, *type, {item.remove}});
  result.record = item.remove;
  Trace(target, "note removed", OfNote(item.remove));
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Archive& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  const auto name = [](bool archived) { return archived ? "archived" : "active"; };
  const TraitId trait = effects_->Trait(kArchived, ValueType::kBoolean, 0);
  const Value before = state().column(trait).Get(RowOf(target.profile));
  Change change;
  SetTrait({target.profile, target.home}, trait, item.archived, &change);
  Change shown;
  shown.Add("status", name(before == Value(true)), name(item.archived));
  Trace(target, item.archived ? "archive" : "activate", shown.ToJson());
  return ItemResult{.status = {}, .profile = target.profile};
}

}  // namespace roster
