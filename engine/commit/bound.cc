// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/bound.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

// More than what an item becomes in a commit: names that it declares, a merge for each identity.
constexpr size_t kItemBytes = 512;
constexpr size_t kIdentityBytes = 1024;
constexpr size_t kFieldBytes = 64;

// A text as JSON, which it becomes where its name has another type.
size_t JsonSizeOf(std::string_view text) {
  size_t bytes = text.size() + 2;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) bytes += 5;
    if (c == '"' || c == '\\') bytes += 1;
  }
  return bytes;
}

size_t SizeOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return JsonSizeOf(*text);
  if (const auto* json = std::get_if<Json>(&value)) return json->text.size();
  size_t bytes = 0;
  if (const auto* list = std::get_if<TextList>(&value)) {
    for (const std::string& text : *list) bytes += JsonSizeOf(text) + 16;
  }
  return bytes;
}

size_t BytesOf(const std::vector<Field>& fields) {
  size_t bytes = 0;
  for (const Field& field : fields) {
    bytes += kFieldBytes + 3 * field.key.size() + SizeOf(field.value);
  }
  return bytes;
}

size_t BytesOf(const CheckedCall& call) {
  size_t bytes = kItemBytes + call.source.size() + JsonSizeOf(call.channel);
  if (call.session) {
    bytes += 2 * kItemBytes + 2 * JsonSizeOf(call.session->id) + call.session->kind.size() +
             call.session->channel.size() + call.session->name.size() +
             call.session->platform.size();
    bytes += 2 * BytesOf(call.session->properties);
  }
  for (const UsableIdentity& identity : call.identities) {
    bytes += kIdentityBytes + 3 * identity.value.size();
  }
  for (const IdentityRef& blocked : call.blocked) {
    bytes += kItemBytes + 6 * (blocked.space.size() + blocked.value.size());  // as JSON
  }
  return bytes;
}

// By hand: texts become NFC when it is done, and the audit trail has what was and what is.
size_t BytesByHand(const std::vector<Field>& fields) {
  size_t bytes = BytesOf(fields);
  for (const Field& field : fields) {
    bytes += 6 * field.key.size() + 2 * SizeOf(field.value) + 2 * kMaxAuditBytes;
  }
  return bytes;
}

size_t BytesByHand(const std::vector<IdentityRef>& identities) {
  return identities.size() * (kIdentityBytes + 3 * kMaxIdentityBytes + 2 * kMaxAuditBytes);
}

struct HandBound {
  size_t operator()(const Create& item) const {
    return BytesByHand(item.traits) + BytesByHand(item.identities) + item.source.size();
  }
  size_t operator()(const Edit& item) const {
    return BytesByHand(item.traits) + BytesByHand(item.identities);
  }
  size_t operator()(const Note& item) const { return item.text.size(); }
  size_t operator()(const Label& item) const {
    size_t bytes = 0;
    for (const std::string& label : item.add) bytes += kItemBytes + 3 * label.size();
    const absl::StatusOr<RowId> row = FindRow(state, item.profile);
    if (item.remove.empty() || !row.ok()) return bytes;
    // One for each id that has it.
    absl::flat_hash_set<std::string> removed;
    for (const std::string& label : item.remove) {
      if (!FindInvalidUtf8(label)) removed.insert(ToNfc(label));
    }
    for (const HomeLabel& had : LabelsByHome(state, *row)) {
      if (removed.contains(had.label)) bytes += kItemBytes + had.label.size();
    }
    return bytes;
  }
  size_t operator()(const Consent& item) const {
    const size_t each =
        kItemBytes + 3 * (item.channel.size() + item.address.size() + item.policy.size() +
                          item.version.size() + item.source.size());
    const absl::StatusOr<RowId> row = FindRow(state, item.profile);
    if (!row.ok() || !item.address.empty() || FindInvalidUtf8(item.channel)) return each;
    return (1 + HomesOfConsent(state, *row, ToNfc(item.channel)).size()) * each;
  }
  size_t operator()(const MergePlan& item) const {
    size_t bytes = 0;
    for (const auto& [names, profile] :
         {std::pair(&item.of_survivor, item.survivor), std::pair(&item.of_loser, item.loser)}) {
      const std::optional<RowId> row = state.FindProfile(profile);
      for (const std::string& name : *names) {
        bytes += 2 * kFieldBytes + name.size();
        const std::optional<TraitId> trait = state.schema->FindTrait(name);
        if (row && trait) bytes += SizeOf(state.column(*trait).Get(*row));
      }
    }
    return bytes;
  }
  size_t operator()(const Split& item) const { return BytesByHand(item.identities); }
  size_t operator()(const Declare& item) const {
    size_t bytes = item.statement.size();
    for (const auto& [name, text] : *state.definitions) bytes += kFieldBytes + name.size();
    return bytes;
  }
  // The rest names identities only.
  template <typename T>
  size_t operator()(const T&) const {
    return 0;
  }

  const State& state;
};

struct BoundOf {
  size_t operator()(const CheckedIdentify& item) const {
    return BytesOf(item.call) + BytesOf(item.traits.fields);
  }
  size_t operator()(const CheckedTrack& item) const {
    return BytesOf(item.call) + item.event.size() + BytesOf(item.properties) +
           BytesOf(item.traits.fields);
  }
  size_t operator()(const CheckedAlias& item) const {
    return 2 * BytesOf(item.call) + kIdentityBytes + 3 * item.previous.size();
  }
  size_t operator()(const CheckedRetain&) const { return kItemBytes; }
  size_t operator()(const CheckedByHand& item) const {
    return kMaxItemIdentities * (kIdentityBytes + kMaxIdentityBytes) +
           std::visit(HandBound{state}, *item.item);
  }

  const State& state;
};

}  // namespace

size_t DeclarationBytes(const Schema& schema) {
  constexpr size_t kOthers = 64 << 10;
  constexpr size_t kHomeBytes = 16;  // a declaration of the property
  return kOthers + schema.traits().size() * (kFieldBytes + kMaxNameBytes) +
         schema.events().size() * kHomeBytes;
}

size_t CommitBytes(const CheckedItem& item, const State& state) {
  return std::visit(BoundOf{state}, item);
}

}  // namespace roster
