// SPDX-License-Identifier: Apache-2.0
#include "query/operators/standing.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "query/ast.h"
#include "storage/base/text.h"
#include "storage/memory/people/consent.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster::query {
namespace {

ChunkBits RowsWith(std::string_view records, const ReadView& view, uint32_t chunk) {
  const std::optional<EventTypeId> type = view.schema().FindEvent(records);
  if (!type) return {};
  return RowsWithRecords(view.state(), *type, chunk);
}

}  // namespace

// --- Labels ---

void LabelOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  rows->And(RowsWith(kLabelRecords, view, chunk));
  rows->ForEach([&](uint32_t offset) {
    if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
  });
}

bool LabelOperator::Matches(const ReadView& view, RowId row) const {
  const std::vector<std::string> has = LabelsOf(view.state(), row, bound_.until);
  return std::any_of(has.begin(), has.end(), [&](const std::string& label) {
    return std::binary_search(bound_.labels.begin(), bound_.labels.end(), label);
  });
}

std::string LabelOperator::Describe(const Schema&) const {
  std::string text;
  for (const std::string& label : bound_.labels) {
    text += StrCat(text.empty() ? "" : ", ", ast::QuoteText(label));
  }
  return bound_.labels.size() == 1 ? StrCat("has label ", text)
                                   : StrCat("has any label (", text, ")");
}

void LabelOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->labels = true;
}

// --- Members of static segments ---

MembersOperator::MembersOperator(BoundMembers bound, const ReadView& view)
    : bound_(std::move(bound)) {
  for (const ProfileId id : bound_.ids) {
    if (const std::optional<RowId> row = view->FindProfile(id)) rows_.push_back(*row);
  }
  std::sort(rows_.begin(), rows_.end());
}

void MembersOperator::Evaluate(const ReadView&, uint32_t chunk, ChunkBits* rows) const {
  ChunkBits members;
  const auto first = std::lower_bound(rows_.begin(), rows_.end(), RowAt(chunk, 0));
  for (auto it = first; it != rows_.end() && ChunkOf(*it) == chunk; ++it) {
    members.Set(OffsetOf(*it));
  }
  rows->And(members);
}

bool MembersOperator::Matches(const ReadView& view, RowId row) const {
  return std::any_of(bound_.ids.begin(), bound_.ids.end(),
                     [&](ProfileId id) { return view->FindProfile(id) == row; });
}

std::string MembersOperator::Describe(const Schema&) const {
  return StrCat("is one of the ", bound_.ids.size(), " members of segment ",
                ast::QuoteText(bound_.segment));
}

// --- Identities ---

void HasIdentityOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  rows->ForEach([&](uint32_t offset) {
    if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
  });
}

bool HasIdentityOperator::Matches(const ReadView& view, RowId row) const {
  const Identities& identities = view->identities;
  for (const IdentityId id : identities.OfRow(row)) {
    if (!IsShown(identities.StandingOf(id))) continue;
    const NamespaceId space = identities.NameOf(id).name_space;
    if (bound_.name_space && space != *bound_.name_space) continue;
    if (bound_.kind && view.schema().name_space(space).kind != *bound_.kind) continue;
    return true;
  }
  return false;
}

std::string HasIdentityOperator::Describe(const Schema& schema) const {
  if (bound_.kind) return "is identified";
  if (!bound_.name_space) return "has an identity";
  return StrCat("has identity ", ast::QuoteName(schema.name_space(*bound_.name_space).name));
}

void HasIdentityOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->identities = true;
}

// --- Consent ---

void ConsentOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  // Of whom nothing was said, all is unknown.
  ChunkBits silent = *rows;
  silent.AndNot(RowsWith(kConsentRecords, view, chunk));
  rows->AndNot(silent);
  rows->ForEach([&](uint32_t offset) {
    if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
  });
  if (bound_.state == ast::ConsentState::kUnknown) rows->Or(silent);
}

bool ConsentOperator::Matches(const ReadView& view, RowId row) const {
  using ast::ConsentState;
  for (const StandingConsent& standing : ConsentStanding(view.state(), row, bound_.until)) {
    if (standing.channel != bound_.channel) continue;
    const bool is_state = standing.decision ==
                          (bound_.state == ConsentState::kGranted     ? ConsentDecision::kGranted
                           : bound_.state == ConsentState::kWithdrawn ? ConsentDecision::kWithdrawn
                                                                      : ConsentDecision::kUnknown);
    return is_state && (!bound_.since_ms || standing.record.time().ms >= *bound_.since_ms) &&
           (!bound_.policy || standing.record.Text("policy") == *bound_.policy);
  }
  return bound_.state == ConsentState::kUnknown;
}

std::string ConsentOperator::Describe(const Schema&) const {
  std::string text =
      StrCat("consent ", ast::QuoteText(bound_.channel), " ", ast::Spelling(bound_.state));
  if (bound_.since_ms) {
    text += StrCat(" since ", ast::ToText(ast::Literal{Timestamp{*bound_.since_ms}, {}}));
  }
  if (bound_.policy) text += StrCat(" policy ", ast::QuoteText(*bound_.policy));
  return text;
}

void ConsentOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->consent = true;
}

// --- Samples ---

void SampleOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  rows->ForEach([&](uint32_t offset) {
    if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
  });
}

bool SampleOperator::Matches(const ReadView& view, RowId row) const {
  const std::string key = StrCat(view->ProfileAt(row).value, "\n", bound_.seed);
  return bound_.all || XXH3_64bits(key.data(), key.size()) < bound_.below;
}

std::string SampleOperator::Describe(const Schema&) const {
  return StrCat("sample ", bound_.percent, "% seed ", ast::QuoteText(bound_.seed));
}

}  // namespace roster::query
