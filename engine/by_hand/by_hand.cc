// SPDX-License-Identifier: Apache-2.0
#include "engine/by_hand/by_hand.h"

#include <type_traits>

#include "engine/by_hand/hand.h"
#include "engine/commit/declaring.h"
#include "engine/reading/profile_ref.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"

namespace roster {
namespace {

template <typename T>
constexpr bool kIsCall = std::is_same_v<T, Identify> || std::is_same_v<T, Track> ||
                         std::is_same_v<T, Alias> || std::is_same_v<T, Retain>;

}  // namespace

absl::StatusOr<ItemResult> Hand::Do(const Declare& item) {
  ROSTER_RETURN_IF_ERROR(DoDeclare(item, effects_));
  return ItemResult{.status = {}, .profile = {}};
}

bool StandsAlone(const WriteItem& item) {
  return std::visit([]<typename T>(const T&) { return !kIsCall<T>; }, item);
}

ItemResult DoByHand(const WriteItem& item, const WriteOptions& options, Effects* effects) {
  return std::visit(
      [&]<typename T>(const T& one) -> ItemResult {
        if constexpr (kIsCall<T>) {
          return {.status = MakeError(ErrorCode::kErr, "not a command by hand"), .profile = {}};
        } else {
          absl::StatusOr<ItemResult> result = Hand(options, effects).Do(one);
          if (!result.ok()) return {.status = result.status(), .profile = {}};
          const auto row = effects->state().FindProfile(result->profile);
          if (row) result->version = VersionOf(effects->state(), *row);
          return *std::move(result);
        }
      },
      item);
}

}  // namespace roster
