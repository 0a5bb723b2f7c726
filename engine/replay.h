// SPDX-License-Identifier: Apache-2.0
//
// The log's commits into a store: read, checked and decoded on one core while those before are
// applied on another. Thread rule: before the engine is shared.
// Source: ARCHITECTURE.md "Three walks", Restart.
#ifndef ROSTER_ENGINE_REPLAY_H_
#define ROSTER_ENGINE_REPLAY_H_

#include "absl/status/status.h"
#include "engine/commit/request_window.h"
#include "storage/base/environment.h"
#include "storage/disk/wal_reader.h"
#include "storage/memory/store.h"

namespace roster {

// Applies all that the reader has left; then reader->end() tells the rest.
// Errors: CORRUPT, with file and offset or LSN; ERR for a newer format; kInternal.
absl::Status Replay(WalReader* reader, Executor* executor, Store* store, RequestWindow* requests);

}  // namespace roster

#endif  // ROSTER_ENGINE_REPLAY_H_
