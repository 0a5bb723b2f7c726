// SPDX-License-Identifier: Apache-2.0
//
// The digest of a whole state: two stores that show the same have the same one. Computed by
// memory/digest.h, carried in snapshots. Thread rule: plain values.
// Source: storage/FORMAT.md, "Digest of the state".
#ifndef ROSTER_STORAGE_BASE_DIGEST_H_
#define ROSTER_STORAGE_BASE_DIGEST_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_format.h"

namespace roster {

struct StateDigest {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const StateDigest&) const = default;
};

// 32 hexadecimal digits, the high half first.
inline std::string DigestToHex(const StateDigest& digest) {
  return absl::StrFormat("%016x%016x", digest.high, digest.low);
}

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_DIGEST_H_
