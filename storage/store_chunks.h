// SPDX-License-Identifier: Apache-2.0
//
// Chunks of the state in the form in which snapshots hold them: what is there, packed, and nothing
// else. The one place of the bridge that touches how chunks stand in memory.
// Thread rule: pure functions; a UsedTexts is not shared while it is filled.
// Source: storage/FORMAT.md, "Sections of the store".
#ifndef ROSTER_STORAGE_STORE_CHUNKS_H_
#define ROSTER_STORAGE_STORE_CHUNKS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/bytes.h"
#include "storage/memory/column.h"
#include "storage/memory/events/partition.h"
#include "storage/memory/packed_ints.h"

namespace roster {

// The texts of one column or property that are in use, and their codes in a file: dense, in the
// order of the codes in memory. Of a type without texts it changes nothing.
class UsedTexts {
 public:
  explicit UsedTexts(const CellType& type);

  void Mark(int64_t code) {
    if (dictionary_ != nullptr) codes_[static_cast<size_t>(code)] = kUsed;
  }
  bool coded() const { return dictionary_ != nullptr; }
  // After the last Mark.
  void Number();
  // What stands in the file for a cell. Requires: marked.
  int64_t CodeOf(int64_t bits) const {
    return dictionary_ == nullptr ? bits : codes_[static_cast<size_t>(bits)];
  }
  uint32_t size() const { return size_; }
  // Calls f(text) for each that is in use, in order; stops at the first error and returns it.
  template <typename F>
  absl::Status ForEach(F&& f) const {
    for (uint32_t code = 0; code < codes_.size(); ++code) {
      if (codes_[code] == kUnused) continue;
      if (absl::Status status = f(dictionary_->Text(code)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  static constexpr uint32_t kUnused = 0xffffffffu;
  static constexpr uint32_t kUsed = 0xfffffffeu;

  const Dictionary* dictionary_;
  std::vector<uint32_t> codes_;  // by code in memory
  uint32_t size_ = 0;
};

// What cells may hold.
struct CellLimits {
  ValueType type = ValueType::kNone;
  uint32_t num_texts = 0;  // of a type with texts: codes are below it
};

// What a chunk may refer to.
struct ChunkLimits {
  uint32_t num_rows = 0;  // of the chunk
  uint64_t num_identities = 0;
  const ChunkBits* live = nullptr;  // the only rows that may have cells
};

void PutInts(const PackedInts& ints, std::string* out);
// Nothing when these are no `size` integers.
std::optional<PackedInts> GetInts(size_t size, ByteReader* in);
// Whether all of them are in [0, limit).
bool AllBelow(const PackedInts& ints, uint64_t limit);

void MarkCells(const ColumnChunk& chunk, UsedTexts* texts);
// `shared`: the stamps of the same rows.
void PutCells(const ColumnChunk& chunk, const ChunkStamps& shared, const UsedTexts& texts,
              std::string* out);
// Errors, of both Gets: CORRUPT that says what does not make sense, without a place.
// The stamps of the cells are all in the chunk itself.
absl::StatusOr<ColumnChunk> GetCells(const CellLimits& cells, const ChunkLimits& limits,
                                     ByteReader* in);

// The events of a block that anyone can read, sorted: those of live rows that are not before the
// floor of their type.
std::shared_ptr<const SealedEvents> LiveEvents(const EventBlock& block, const ChunkBits& live,
                                               size_t num_properties, int64_t floor_ms);
// `texts`: by property.
void MarkEvents(const SealedEvents& events, std::vector<UsedTexts>* texts);
void PutEvents(const SealedEvents& events, const std::vector<UsedTexts>& texts, std::string* out);
absl::StatusOr<std::shared_ptr<const SealedEvents>> GetEvents(
    absl::Span<const CellLimits> properties, const ChunkLimits& limits, ByteReader* in);

}  // namespace roster

#endif  // ROSTER_STORAGE_STORE_CHUNKS_H_
