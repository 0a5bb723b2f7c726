// SPDX-License-Identifier: Apache-2.0
//
// The state of a store into the sections of a snapshot, and back. One of the two bridges between
// memory/ and disk/. Source: storage/FORMAT.md, "Sections of the store".
#ifndef ROSTER_STORAGE_STORE_SNAPSHOT_H_
#define ROSTER_STORAGE_STORE_SNAPSHOT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/digest.h"
#include "storage/base/environment.h"
#include "storage/base/work.h"
#include "storage/disk/snapshot_reader.h"
#include "storage/disk/snapshot_writer.h"
#include "storage/memory/store.h"

namespace roster {

// Every section of the store begins with this; the engine's own begin with something else.
inline constexpr std::string_view kStoreSections = "store/";

// Writes the sections of a view. `pending`: taken together with it. Only what is in use is written:
// no text that no cell has. Thread: any; the writer of the store goes on meanwhile.
// Cost: memory of a chunk of rows, and 4 bytes for each text of one trait or event type at a time.
// `work` (may be null) gets a step for each chunk of cells or events.
// Errors: of the writer; SHUTDOWN when the work is stopped.
absl::Status WriteStoreSections(const ReadView& view, const StorePending& pending,
                                SnapshotWriter* out, Work* work = nullptr);

// Reads them into an empty store, which then has the LSN of the snapshot. What they say is checked
// as if an enemy had written it. Thread: those of `executor`; the store is not used meanwhile.
// Cost: beside the state a few sections for each thread.
// Errors: CORRUPT with file and section, ERR for sections of a newer version, of the reader; the
// store is of no use then.
absl::Status LoadStore(const SnapshotReader& reader, Executor* executor, Store* store);

// Whether LoadStore would load them, and the digest of what it would load: the same code, but each
// section is dropped as soon as it was looked at. Reads every byte of the store's sections, so that
// it stands for checking their checksums too. `work` (may be null): as above.
// Cost: on the calling thread, of a load and a digest; memory of the store's rows and ids, of its
// identities and then 8 bytes for each, and of the texts of one trait or event type at a time.
// Errors: as LoadStore; SHUTDOWN when the work is stopped.
absl::StatusOr<StateDigest> ProveStore(const SnapshotReader& reader, Work* work);

}  // namespace roster

#endif  // ROSTER_STORAGE_STORE_SNAPSHOT_H_
