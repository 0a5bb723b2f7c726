// SPDX-License-Identifier: Apache-2.0
//
// What takes how much memory. Thread rule: plain values.
#ifndef ROSTER_STORAGE_MEMORY_UPKEEP_MEMORY_USE_H_
#define ROSTER_STORAGE_MEMORY_UPKEEP_MEMORY_USE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roster {

// One trait, one event type, or what there is once.
struct MemoryUse {
  enum class Kind : uint8_t { kTrait, kEventType, kIdentities, kRows };

  Kind kind = Kind::kRows;
  std::string name;                                          // of the trait or event type
  std::vector<std::pair<std::string_view, uint64_t>> parts;  // in bytes; names are literals

  uint64_t total_bytes() const {
    uint64_t bytes = 0;
    for (const auto& [part, size] : parts) bytes += size;
    return bytes;
  }
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_UPKEEP_MEMORY_USE_H_
