// SPDX-License-Identifier: Apache-2.0
//
// What is read of the sections of a snapshot, until it is joined. Thread rule: plain values.
// Source: storage/FORMAT.md, "Sections of the store".
#ifndef ROSTER_STORAGE_LOADED_PARTS_H_
#define ROSTER_STORAGE_LOADED_PARTS_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/disk/snapshot_format.h"
#include "storage/memory/chunk.h"
#include "storage/memory/packed_ints.h"
#include "storage/memory/store.h"
#include "storage/store_chunks.h"

namespace roster {

inline uint64_t NumChunks(uint64_t num) { return (num + kChunkRows - 1) / kChunkRows; }

// What "head" says.
struct LoadedHead {
  uint64_t num_ids = 0;
  uint64_t num_rows = 0;
  uint64_t num_identities = 0;
  uint64_t num_extras = 0;
  std::vector<uint32_t> trait_texts;
  std::vector<std::vector<uint32_t>> property_texts;
  StorePending pending;
};

// What "identities/homes" says of an identity.
struct LoadedExtra {
  IdentityId id;
  IdentityStanding standing = IdentityStanding::kActive;
  ProfileId home;
};

// The chunks of one section.
template <typename T>
struct LoadedPart {
  const SnapshotSection* section = nullptr;
  uint64_t first = 0;
  std::vector<T> chunks;
};

// Numbers in chunks. A chunk that says no more than that all are alike takes a few bytes of a file,
// so that there are many of them is not believed without limit.
template <typename T>
class LoadedNumbers {
 public:
  // Takes the next chunk of `num` numbers below `limit`. `believed`: so many may stand in chunks
  // of one number other than 0; chunks of zeros take no memory. Errors: CORRUPT.
  absl::Status Take(uint64_t num, uint64_t limit, uint64_t believed, ByteReader* in) {
    const uint64_t before = chunks_.size() * kChunkRows;
    const uint64_t size = before < num ? std::min<uint64_t>(num - before, kChunkRows) : 0;
    const std::optional<PackedInts> ints = GetInts(size, in);
    if (size == 0 || !ints || !AllBelow(*ints, limit)) {
      return MakeError(ErrorCode::kCorrupt, "numbers out of range");
    }
    std::vector<T>& chunk = chunks_.emplace_back();
    if (ints->width() == 0) {
      if (ints->base() == 0) return absl::OkStatus();
      num_alike_ += size;
      if (num_alike_ > believed) return MakeError(ErrorCode::kCorrupt, "more alike than can be");
    }
    chunk.reserve(size);
    for (size_t i = 0; i < size; ++i) chunk.push_back(static_cast<T>(ints->Get(i)));
    return absl::OkStatus();
  }

  size_t num_chunks() const { return chunks_.size(); }
  // Empty where all are 0.
  const std::vector<T>& chunk(size_t c) const { return chunks_[c]; }
  T at(uint64_t i) const {
    const std::vector<T>& chunk = chunks_[i / kChunkRows];
    return chunk.empty() ? 0 : chunk[i % kChunkRows];
  }

 private:
  std::vector<std::vector<T>> chunks_;
  uint64_t num_alike_ = 0;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_LOADED_PARTS_H_
