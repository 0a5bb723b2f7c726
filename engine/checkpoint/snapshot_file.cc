// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/snapshot_file.h"

#include <memory>

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

absl::Status WriteSections(const Picture& picture, SnapshotWriter* out) {
  ROSTER_RETURN_IF_ERROR(WriteStoreSections(picture.view, picture.pending, out));
  std::string requests;
  ByteWriter writer(&requests);
  WriteRequests(picture.requests, &writer);
  out->BeginSection(kRequestsSection);
  ROSTER_RETURN_IF_ERROR(out->Append(requests));
  ROSTER_RETURN_IF_ERROR(out->EndSection());
  return out->Finish(DigestOf(picture.view));
}

// Errors: EXISTS when there is anything in it.
absl::Status MakeEmptyDirectory(FileSystem* files, const std::string& path) {
  ROSTER_ASSIGN_OR_RETURN(const bool exists, files->Exists(path));
  if (exists) {
    ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, files->List(path));
    if (names.empty()) return absl::OkStatus();
    return MakeError(ErrorCode::kExists, "the directory to make is there and not empty");
  }
  ROSTER_RETURN_IF_ERROR(files->CreateDir(path));
  return files->SyncDir(ParentPath(path));
}

}  // namespace

Picture TakePicture(SharedStore* shared) {
  MutexLock lock(&shared->mutex);
  return {shared->store.TakeView(shared->store.clock()), shared->store.Pending(),
          shared->requests.Entries()};
}

absl::Status WriteSnapshot(FileSystem* files, const std::string& path, const SnapshotHeader& header,
                           const Picture& picture) {
  ROSTER_ASSIGN_OR_RETURN(std::unique_ptr<SnapshotWriter> writer,
                          SnapshotWriter::Create(files, path, header));
  absl::Status status = WriteSections(picture, writer.get());
  writer.reset();
  if (!status.ok()) files->Remove(path).IgnoreError();
  return status;
}

absl::StatusOr<uint64_t> MakeStoreDirectory(FileSystem* files, Random* random,
                                            const std::string& directory, const Picture& picture,
                                            Timestamp clock) {
  ROSTER_RETURN_IF_ERROR(MakeEmptyDirectory(files, directory));
  const Lsn lsn = picture.view.lsn();
  Manifest manifest;
  manifest.uuid = RandomUuid(random);
  manifest.snapshots.push_back({SnapshotFileName(lsn.value), lsn});
  const std::string path = JoinPath(directory, manifest.snapshots[0].name);
  uint64_t bytes = 0;
  absl::Status status = WriteSnapshot(files, path, {manifest.uuid, lsn, clock}, picture);
  if (status.ok()) {
    status = VerifySnapshotFile(files, path, [&](uint64_t, uint64_t total) { bytes = total; });
  }
  if (status.ok()) status = PublishManifest(files, directory, manifest);
  if (status.ok()) return bytes;
  if (ErrorCodeOf(status) == ErrorCode::kExists) return status;  // somebody else is making it
  for (const std::string_view name : {kManifestName, kManifestTempName}) {
    files->Remove(JoinPath(directory, name)).IgnoreError();
  }
  files->Remove(path).IgnoreError();
  return status;
}

absl::Status LoadSnapshot(const SnapshotReader& reader, Executor* executor, Store* store,
                          RequestWindow* requests) {
  for (const SnapshotSection& section : reader.sections()) {
    if (section.name.starts_with(kStoreSections) || section.name == kRequestsSection) continue;
    return MakeError(ErrorCode::kErr, StrCat("a snapshot of a newer version: it has a section ",
                                             section.name, ": ", reader.path()));
  }
  ROSTER_RETURN_IF_ERROR(LoadStore(reader, executor, store));
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

}  // namespace roster
