// SPDX-License-Identifier: Apache-2.0
//
// The unit in which everything that is addressed by row is stored, copied and evaluated: columns,
// bitmaps and event blocks are all cut at the same rows, so that a plan works chunk by chunk on
// data that fits the cache, and chunks can be shared out among threads. Not part of any file.
#ifndef ROSTER_STORAGE_MEMORY_CHUNK_H_
#define ROSTER_STORAGE_MEMORY_CHUNK_H_

#include <cstdint>

#include "storage/base/ids.h"

namespace roster {

inline constexpr uint32_t kChunkRows = 16384;

inline uint32_t ChunkOf(RowId row) { return row.value / kChunkRows; }
inline uint32_t OffsetOf(RowId row) { return row.value % kChunkRows; }
inline RowId RowAt(uint32_t chunk, uint32_t offset) { return RowId{chunk * kChunkRows + offset}; }

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_CHUNK_H_
