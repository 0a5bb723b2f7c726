// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/anonymous.h"

#include <algorithm>
#include <string>

#include "engine/commit/device_owner.h"
#include "query/declarations/declaration.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "roster/error.h"
#include "storage/base/text.h"

namespace roster {
namespace {

namespace ast = query::ast;

const std::string* FindSetting(const State& state) {
  const TextMap<std::string>& definitions = *state.definitions;
  if (definitions.empty()) return nullptr;
  const auto it = definitions.find(query::kAnonymousProfiles);
  return it == definitions.end() ? nullptr : &it->second;
}

bool HasSomebody(const UsableIdentity& device, Timestamp time, const Names& names) {
  if (names.HasDevice(device.name_space, device.value)) return true;
  const auto id = names.state().identities.Find(device.name_space, device.value);
  return id && OwnerAt(names.store(), *id, time).has_value();
}

// A setting that cannot be read is of a later version: then nothing is refused.
bool Allows(std::string_view setting, std::string_view event) {
  const auto stored = query::ParseStored(setting);
  const auto* said = stored.ok() ? std::get_if<ast::DeclareAnonymous>(&stored->what) : nullptr;
  if (said == nullptr || said->when == ast::DeclareAnonymous::When::kAlways) return true;
  return !event.empty() && std::any_of(said->events.begin(), said->events.end(),
                                       [&](const ast::Name& name) { return name.text == event; });
}

}  // namespace

absl::Status CheckAnonymous(const std::vector<UsableIdentity>& identities, Timestamp time,
                            std::string_view event, const Names& names) {
  const std::string* const setting = FindSetting(names.state());
  if (setting == nullptr) return absl::OkStatus();
  // The strongest of devices alone says who it is; the others are bound to nobody.
  const auto of_device = [](const UsableIdentity& identity) { return IsOfDevice(identity.kind); };
  if (!std::all_of(identities.begin(), identities.end(), of_device)) return absl::OkStatus();
  if (HasSomebody(identities.front(), time, names) || Allows(*setting, event)) {
    return absl::OkStatus();
  }
  return MakeError(ErrorCode::kNoIdentity,
                   StrCat("a device alone makes no profile: ", query::CanonicalText(*setting)));
}

void NoteDevices(const std::vector<UsableIdentity>& identities, Names* names) {
  if (FindSetting(names->state()) == nullptr) return;
  for (const UsableIdentity& identity : identities) {
    if (IsOfDevice(identity.kind)) names->AddDevice(identity.name_space, identity.value);
  }
}

}  // namespace roster
