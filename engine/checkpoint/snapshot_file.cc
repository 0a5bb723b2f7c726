// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/snapshot_file.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "engine/normalise.h"
#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/manifest.h"
#include "storage/memory/digest.h"
#include "storage/store_snapshot.h"

namespace roster {
namespace {

constexpr std::string_view kRequestsSection = "engine/requests";

std::string EncodeRequests(const std::vector<RequestWindow::Entry>& requests) {
  std::string bytes;
  ByteWriter writer(&bytes);
  WriteRequests(requests, &writer);
  return bytes;
}

absl::Status WriteSections(const Picture& picture, SnapshotWriter* out, Work* work) {
  ROSTER_RETURN_IF_ERROR(WriteStoreSections(picture.view, picture.pending, out, work));
  out->BeginSection(kRequestsSection);
  ROSTER_RETURN_IF_ERROR(out->Append(EncodeRequests(picture.requests)));
  ROSTER_RETURN_IF_ERROR(out->EndSection());
  const StateDigest digest = DigestOf(picture.view, work);
  if (work != nullptr) ROSTER_RETURN_IF_ERROR(work->Check());
  return out->Finish(digest);
}

// Errors: ERR: something that only a newer version knows would be lost.
absl::Status CheckSectionsKnown(const SnapshotReader& reader) {
  for (const SnapshotSection& section : reader.sections()) {
    if (section.name.starts_with(kStoreSections) || section.name == kRequestsSection) continue;
    return MakeError(ErrorCode::kErr, StrCat("a snapshot of a newer version: it has a section ",
                                             section.name, ": ", reader.path()));
  }
  return absl::OkStatus();
}

absl::Status LoadRequests(const SnapshotReader& reader, RequestWindow* requests) {
  const SnapshotSection* section = reader.Find(kRequestsSection);
  if (section == nullptr) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("a section is missing: ", kRequestsSection, ": ", reader.path()));
  }
  ROSTER_ASSIGN_OR_RETURN(const std::string bytes, reader.Read(*section));
  ByteReader in(bytes);
  const absl::Status read = ReadRequests(&in, requests);
  if (!read.ok() || !in.at_end()) return reader.Damage(*section, "malformed request ids");
  return absl::OkStatus();
}

Picture PictureOf(const SharedStore& shared) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared.mutex) {
  return {shared.store.TakeView(shared.store.clock()), shared.store.Pending(),
          shared.requests.Entries(), nullptr};
}

// Where a store is being made. While it lives, nobody else makes one there.
struct Site {
  std::string directory;
  bool ours = false;  // it was not there, or held nothing but what was left of such work
  std::unique_ptr<FileLock> lock;
};

// What an attempt that was cut off leaves.
bool IsLeftOver(std::string_view name) {
  return name == kLockName || name == kManifestTempName || IsSnapshotTempName(name);
}

// Errors: EXISTS when there is anything else in it.
absl::StatusOr<std::vector<std::string>> ListLeftOvers(FileSystem* files, const std::string& path) {
  ROSTER_ASSIGN_OR_RETURN(std::vector<std::string> names, files->List(path));
  if (std::ranges::all_of(names, IsLeftOver)) return names;
  return MakeError(ErrorCode::kExists, "the directory to make is there and not empty");
}

// Removes what was left over. Errors: EXISTS when there is anything else in it; LOCKED.
absl::StatusOr<Site> TakeSite(FileSystem* files, const std::string& path) {
  Site site{.directory = path, .ours = true, .lock = nullptr};
  ROSTER_ASSIGN_OR_RETURN(const bool exists, files->Exists(path));
  if (exists) {
    ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListLeftOvers(files, path));
    site.ours = !names.empty();
  } else {
    ROSTER_RETURN_IF_ERROR(files->CreateDir(path));
    ROSTER_RETURN_IF_ERROR(files->SyncDir(ParentPath(path)));
  }
  ROSTER_ASSIGN_OR_RETURN(site.lock, files->Lock(JoinPath(path, kLockName)));
  ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListLeftOvers(files, path));
  for (const std::string& name : names) {
    if (name != kLockName) ROSTER_RETURN_IF_ERROR(files->Remove(JoinPath(path, name)));
  }
  return site;
}

// Leaves it as it was found, or not at all.
void GiveBack(FileSystem* files, Lsn lsn, const Site& site) {
  const std::array<std::string, 5> names = {
      std::string(kManifestName), std::string(kManifestTempName), SnapshotFileName(lsn.value),
      SnapshotTempName(lsn.value), std::string(kLockName)};
  for (const std::string& name : names) {
    files->Remove(JoinPath(site.directory, name)).IgnoreError();
  }
  if (site.ours) files->RemoveDir(site.directory).IgnoreError();
}

}  // namespace

Picture TakePicture(SharedStore* shared) {
  MutexLock lock(&shared->mutex);
  return PictureOf(*shared);
}

absl::StatusOr<Picture> TakeHeldPicture(SharedStore* shared, HeldViews* held) {
  MutexLock lock(&shared->mutex);
  const uint64_t copied_bytes = shared->store.copied_bytes();
  ROSTER_RETURN_IF_ERROR(held->CheckRoom(copied_bytes));
  Picture picture = PictureOf(*shared);
  const uint64_t memory_bytes = shared->store.MemoryBytes();
  picture.hold = std::make_shared<const HeldViews::Hold>(held, copied_bytes, memory_bytes);
  return picture;
}

std::vector<RequestWindow::Entry> EndPicture(Picture picture) {
  return std::move(picture.requests);
}

uint64_t StepsOf(const Picture& picture) {
  uint64_t chunks = 0;
  for (const Cow<Column>& column : picture.view->columns) chunks += column->num_chunks();
  for (const Cow<EventPartition>& events : picture.view->partitions) chunks += events->num_blocks();
  return 3 * chunks;  // written, in the digest, proved
}

absl::Status WriteSnapshot(FileSystem* files, const std::string& path, const SnapshotHeader& header,
                           const Picture& picture, Work* work) {
  ROSTER_ASSIGN_OR_RETURN(std::unique_ptr<SnapshotWriter> writer,
                          SnapshotWriter::Create(files, path, header));
  absl::Status status = WriteSections(picture, writer.get(), work);
  writer.reset();
  if (!status.ok()) files->Remove(path).IgnoreError();
  return status;
}

absl::StatusOr<uint64_t> ProveSnapshot(FileSystem* files, const std::string& path,
                                       const std::vector<RequestWindow::Entry>& requests,
                                       Work* work) {
  ROSTER_ASSIGN_OR_RETURN(const auto reader, SnapshotReader::Open(files, path));
  ROSTER_RETURN_IF_ERROR(CheckSectionsKnown(*reader));
  ROSTER_ASSIGN_OR_RETURN(const StateDigest digest, ProveStore(*reader, work));
  RequestWindow loaded;
  ROSTER_RETURN_IF_ERROR(LoadRequests(*reader, &loaded));
  const bool same_requests = EncodeRequests(loaded.Entries()) == EncodeRequests(requests);
  if (digest == reader->digest() && same_requests) return reader->file_bytes();
  return MakeError(ErrorCode::kCorrupt,
                   StrCat("snapshot has another state than was written: file ", path));
}

absl::StatusOr<uint64_t> MakeStoreDirectory(FileSystem* files, Random* random,
                                            const std::string& directory, Picture picture,
                                            Timestamp clock, Work* work) {
  ROSTER_ASSIGN_OR_RETURN(const Site site, TakeSite(files, directory));
  const Lsn lsn = picture.view.lsn();
  Manifest manifest;
  manifest.uuid = RandomUuid(random);
  manifest.snapshots.push_back({SnapshotFileName(lsn.value), lsn});
  // Whether the state has all its forms by it is for the opening to see.
  manifest.SetNormaliser(UnknownNormaliser(picture.view->default_region));
  // Until it is proved it has a name by which nobody takes it for a snapshot.
  const std::string path = JoinPath(directory, SnapshotTempName(lsn.value));
  uint64_t bytes = 0;
  absl::Status status = WriteSnapshot(files, path, {manifest.uuid, lsn, clock}, picture, work);
  if (status.ok()) {
    const auto requests = EndPicture(std::move(picture));
    const absl::StatusOr<uint64_t> proved = ProveSnapshot(files, path, requests, work);
    if (proved.ok()) bytes = *proved;
    status = proved.status();
  }
  if (status.ok()) status = files->Rename(path, JoinPath(directory, SnapshotFileName(lsn.value)));
  if (status.ok()) status = files->SyncDir(directory);
  if (status.ok()) status = PublishManifest(files, directory, manifest);
  if (status.ok()) return bytes;
  GiveBack(files, lsn, site);
  return status;
}

absl::Status LoadSnapshot(const SnapshotReader& reader, Executor* executor, Store* store,
                          RequestWindow* requests) {
  ROSTER_RETURN_IF_ERROR(CheckSectionsKnown(reader));
  ROSTER_RETURN_IF_ERROR(LoadStore(reader, executor, store));
  return LoadRequests(reader, requests);
}

}  // namespace roster
