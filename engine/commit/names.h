// SPDX-License-Identifier: Apache-2.0
//
// Names and their types as a command will leave them: those that are declared, and those that its
// items so far bring along. Thread rule: the writer's.
#ifndef ROSTER_ENGINE_COMMIT_NAMES_H_
#define ROSTER_ENGINE_COMMIT_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "storage/base/text.h"
#include "storage/memory/store.h"

namespace roster {

// What a trait takes.
struct TraitShape {
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
  bool system = false;
  bool is_created_at = false;  // the one system trait that clients may say something of
};

class Names {
 public:
  // `declares_traits`: whether an item may bring along traits. Lifetime: the store's; it does not
  // change meanwhile.
  Names(const Store& store, bool declares_traits)
      : store_(store), schema_(*store.state().schema), declares_traits_(declares_traits) {}

  const Store& store() const { return store_; }
  const State& state() const { return store_.state(); }
  const Schema& schema() const { return schema_; }
  bool declares_traits() const { return declares_traits_; }
  std::optional<TraitShape> FindTrait(std::string_view name) const {
    if (const auto id = schema_.FindTrait(name)) {
      const TraitInfo& info = schema_.trait(*id);
      return TraitShape{info.type, info.scale, info.system, *id == kCreatedAt};
    }
    const auto it = traits_.find(name);
    return it == traits_.end() ? std::nullopt : std::optional(it->second);
  }
  size_t num_traits() const { return schema_.traits().size() + traits_.size(); }
  void AddTrait(std::string_view name, ValueType type, uint8_t scale) {
    traits_.try_emplace(std::string(name), TraitShape{type, scale});
  }
  bool HasEvent(std::string_view name) const {
    return schema_.FindEvent(name).has_value() || events_.contains(name);
  }
  size_t num_events() const { return schema_.events().size() + events_.size(); }
  void AddEvent(std::string_view name) { events_.emplace(name); }
  // Devices that items so far name.
  bool HasDevice(NamespaceId name_space, std::string_view value) const {
    return devices_.contains(StrCat(name_space.value, " ", value));
  }
  void AddDevice(NamespaceId name_space, std::string_view value) {
    devices_.insert(StrCat(name_space.value, " ", value));
  }
  // Values that were no identities, of all items.
  void CountBlocked(uint64_t count) { num_blocked_ += count; }
  uint64_t num_blocked() const { return num_blocked_; }

 private:
  const Store& store_;
  const Schema& schema_;
  const bool declares_traits_;
  uint64_t num_blocked_ = 0;
  TextMap<TraitShape> traits_;
  absl::flat_hash_set<std::string, TextHash, std::equal_to<>> events_;
  absl::flat_hash_set<std::string> devices_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_NAMES_H_
