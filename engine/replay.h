// SPDX-License-Identifier: Apache-2.0
//
// The log's commits into a store: read, checked and decoded on one core while those before are
// applied on another. Thread rule: before the engine is shared.
// Source: ARCHITECTURE.md "Three walks", Restart.
#ifndef ROSTER_ENGINE_REPLAY_H_
#define ROSTER_ENGINE_REPLAY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/commit/request_window.h"
#include "storage/base/environment.h"
#include "storage/disk/wal_reader.h"
#include "storage/memory/store.h"

namespace roster {

// Where a replay ends: before the first commit that is behind one of these.
struct ReplayLimit {
  Lsn lsn{UINT64_MAX};
  Timestamp received_at{INT64_MAX};
};

// Applies all that the reader has left; then reader->end() tells the rest, unless a limit came
// first.
// `received_at` (may be null): raised to when the commits were received. With a limit nothing
// behind its LSN is read: damage there is none of the replay.
// Errors: CORRUPT, with file and offset or LSN; ERR for a newer format; kInternal.
absl::Status Replay(WalReader* reader, Executor* executor, Store* store, RequestWindow* requests,
                    const ReplayLimit& limit = {}, Timestamp* received_at = nullptr);

}  // namespace roster

#endif  // ROSTER_ENGINE_REPLAY_H_
