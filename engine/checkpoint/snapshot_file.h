// SPDX-License-Identifier: Apache-2.0
//
// What the engine puts into a snapshot and takes out of it: the store's sections and its own.
// Thread rule: free functions; TakePicture from any thread.
// Source: storage/FORMAT.md "Snapshot", "Sections of the engine".
#ifndef ROSTER_ENGINE_CHECKPOINT_SNAPSHOT_FILE_H_
#define ROSTER_ENGINE_CHECKPOINT_SNAPSHOT_FILE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/checkpoint/held_views.h"
#include "engine/commit/shared_store.h"
#include "engine/environment.h"
#include "storage/base/work.h"
#include "storage/disk/snapshot_reader.h"
#include "storage/disk/snapshot_writer.h"

namespace roster {

// Everything that a snapshot holds, at one LSN.
struct Picture {
  ReadView view;
  StorePending pending;
  std::vector<RequestWindow::Entry> requests;
  std::shared_ptr<const HeldViews::Hold> hold;  // while it lives, if it counts as held
};

// Cost: the writer waits for a handle of each trait and event type, and a copy of the window.
Picture TakePicture(SharedStore* shared);
// One that counts as held. Errors: LIMIT when others that are held pin too much.
absl::StatusOr<Picture> TakeHeldPicture(SharedStore* shared, HeldViews* held);
// What it pinned is free. Returns what ProveSnapshot needs of it.
std::vector<RequestWindow::Entry> EndPicture(Picture picture);

// Steps of writing a picture and proving it.
uint64_t StepsOf(const Picture& picture);

// Writes a picture to a new file, durably. `work` may be null.
// Errors: EXISTS, DISKFULL, kInternal, SHUTDOWN when the work is stopped; what was written is
// removed.
absl::Status WriteSnapshot(FileSystem* files, const std::string& path, const SnapshotHeader& header,
                           const Picture& picture, Work* work = nullptr);

// Whether a snapshot would be loaded, to the state that was written: every byte is read, every
// checksum checked, everything decoded, the digest of it all is the one that the writer took of the
// state in memory, and the request ids are those of `requests`, the picture's. What neither covers
// is only known to be whole and to decode: the store's clock, the times later than it, how many ids
// were given away. Returns the bytes of the file. `work` may be null.
// Cost: as ProveStore. Errors: CORRUPT, kInternal, SHUTDOWN when the work is stopped.
absl::StatusOr<uint64_t> ProveSnapshot(FileSystem* files, const std::string& path,
                                       const std::vector<RequestWindow::Entry>& requests,
                                       Work* work = nullptr);

// Makes `directory`, which does not exist or holds nothing but what such work left that was cut off
// (that is removed), a store of its own, with a UUID of its own, that holds a picture and nothing
// else. The picture ends when it is written, before it is proved; until then the file has a
// temporary name. Returns the bytes of the snapshot.
// `clock`: no view was later than this. `work` may be null.
// Errors: EXISTS when there is anything else in it; LOCKED when it is just being made; DISKFULL,
// CORRUPT, kInternal, SHUTDOWN when the work is stopped: the directory is as it was, or not there.
absl::StatusOr<uint64_t> MakeStoreDirectory(FileSystem* files, Random* random,
                                            const std::string& directory, Picture picture,
                                            Timestamp clock, Work* work = nullptr);

// Into an empty store and window. Errors: CORRUPT, ERR for a newer format, kInternal; what was
// loaded is then of no use.
absl::Status LoadSnapshot(const SnapshotReader& reader, Executor* executor, Store* store,
                          RequestWindow* requests);

}  // namespace roster

#endif  // ROSTER_ENGINE_CHECKPOINT_SNAPSHOT_FILE_H_
