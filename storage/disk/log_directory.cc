// SPDX-License-Identifier: Apache-2.0
//
// Implements log_directory.h. The order of the steps in StartWriting and StartFile is what makes a
// crash between any two of them harmless; FORMAT.md, "Opening", numbers them.
#include "storage/disk/log_directory.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/file_window.h"

namespace roster {
namespace {

constexpr uint64_t kCopyBytes = 1u << 20;

absl::Status EnsureDirectory(FileSystem* fs, const std::string& directory) {
  ROSTER_ASSIGN_OR_RETURN(const bool exists, fs->Exists(directory));
  if (exists) return absl::OkStatus();
  ROSTER_RETURN_IF_ERROR(fs->CreateDir(directory));
  return fs->SyncDir(ParentPath(directory));
}

// The files that a manifest names.
absl::flat_hash_set<std::string> FilesOf(const Manifest& manifest) {
  absl::flat_hash_set<std::string> names;
  for (const LogEntry& log : manifest.logs) names.insert(LogFileName(log.number));
  for (const SnapshotEntry& snapshot : manifest.snapshots) names.insert(snapshot.name);
  return names;
}

// Ends the last file at `end`; one without any commit is left out.
void CloseLast(const WalPosition& end, Manifest* manifest) {
  if (manifest->logs.empty() || manifest->logs.back().closed) return;
  LogEntry& last = manifest->logs.back();
  last.closed = ClosedLog{end.offset, end.lsn, end.chain};
  if (end.lsn == last.base_lsn) manifest->logs.pop_back();
}

// Names a snapshot as the newest one and leaves out what only older ones need.
void AddSnapshot(Lsn lsn, size_t keep, const std::vector<Lsn>& distrusted, Manifest* manifest) {
  ROSTER_CHECK(keep > 0);
  auto& snapshots = manifest->snapshots;
  std::erase_if(snapshots, [&](const SnapshotEntry& snapshot) {
    return std::find(distrusted.begin(), distrusted.end(), snapshot.lsn) != distrusted.end();
  });
  if (!snapshots.empty() && snapshots.back().lsn == lsn) snapshots.pop_back();
  snapshots.push_back({SnapshotFileName(lsn.value), lsn});
  if (snapshots.size() < keep) return;
  snapshots.erase(snapshots.begin(), snapshots.end() - static_cast<std::ptrdiff_t>(keep));
  const Lsn oldest = snapshots.front().lsn;
  const auto needed = std::find_if(
      manifest->logs.begin(), manifest->logs.end(),
      [&](const LogEntry& log) { return !log.closed || log.closed->end_lsn > oldest; });
  manifest->logs.erase(manifest->logs.begin(), needed);
}

// Whether there is anything but zeros behind the header of a log file.
absl::StatusOr<bool> HoldsFrames(FileSystem* fs, const std::string& path) {
  ROSTER_ASSIGN_OR_RETURN(auto file, fs->Open(path, OpenMode::kRead));
  ROSTER_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  FileWindow window(std::move(file), size);
  for (uint64_t offset = kWalFileHeaderBytes; offset < size; offset += kCopyBytes) {
    ROSTER_ASSIGN_OR_RETURN(const std::string_view bytes, window.At(offset, kCopyBytes));
    if (bytes.find_first_not_of('\0') != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

LogDirectory::LogDirectory(FileSystem* fs, Random* random, std::string directory,
                           const LogDirectoryOptions& options, std::unique_ptr<FileLock> lock)
    : fs_(fs),
      random_(random),
      directory_(std::move(directory)),
      options_(options),
      lock_(std::move(lock)) {}

LogDirectory::~LogDirectory() = default;

absl::StatusOr<std::unique_ptr<LogDirectory>> LogDirectory::Open(
    FileSystem* fs, Random* random, const std::string& directory,
    const LogDirectoryOptions& options) {
  ROSTER_RETURN_IF_ERROR(EnsureDirectory(fs, directory));
  ROSTER_ASSIGN_OR_RETURN(auto lock, fs->Lock(JoinPath(directory, kLockName)));
  std::unique_ptr<LogDirectory> log(
      new LogDirectory(fs, random, directory, options, std::move(lock)));
  ROSTER_RETURN_IF_ERROR(log->LoadOrCreateManifest());
  return log;
}

absl::Status LogDirectory::LoadOrCreateManifest() {
  MutexLock lock(&manifest_mutex_);
  ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, fs_->List(directory_));
  auto manifest = ReadManifest(fs_, directory_);
  if (manifest.ok()) {
    manifest_ = *std::move(manifest);
    return CheckUnlistedFiles(names);
  }
  if (!absl::IsNotFound(manifest.status())) return manifest.status();
  for (const std::string& name : names) {
    if (IsEngineFile(name)) {
      return MakeError(ErrorCode::kCorrupt,
                       StrCat("MANIFEST is missing beside files of a store: ", name));
    }
  }
  manifest_.uuid = RandomUuid(random_);
  manifest_.SetNormaliser(options_.normaliser);
  return PublishManifest(fs_, directory_, manifest_);
}

absl::Status LogDirectory::CheckUnlistedFiles(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const auto number = ParseLogFileName(name);
    if (!number || *number < manifest_.next_file_number) continue;
    ROSTER_ASSIGN_OR_RETURN(const bool holds_frames, HoldsFrames(fs_, JoinPath(directory_, name)));
    if (holds_frames) {
      return MakeError(ErrorCode::kCorrupt,
                       StrCat("MANIFEST is older than the log: it does not know ", name));
    }
  }
  return absl::OkStatus();
}

absl::Status LogDirectory::SetNormaliser(const std::string& version, bool now) {
  MutexLock lock(&manifest_mutex_);
  if (manifest_.normaliser == version) return absl::OkStatus();
  Manifest next = manifest_;
  next.SetNormaliser(version);
  if (!now) {
    manifest_ = std::move(next);
    return absl::OkStatus();
  }
  ROSTER_RETURN_IF_ERROR(PrepareManifest(fs_, directory_, next));
  return Install(std::move(next));
}

Manifest LogDirectory::manifest() const {
  MutexLock lock(&manifest_mutex_);
  return manifest_;
}

absl::StatusOr<std::unique_ptr<WalReader>> LogDirectory::Reader(Lsn after) const {
  const Manifest listed = manifest();
  std::optional<WalMarkRecord> mark;
  if (!listed.logs.empty()) {
    const auto read = ReadWalMark(fs_, directory_, listed.uuid);
    if (absl::IsNotFound(read.status())) {
      return MakeError(ErrorCode::kCorrupt, StrCat("the durable mark is missing: ", kMarkName));
    }
    ROSTER_RETURN_IF_ERROR(read.status());
    mark = *read;
  }
  return std::make_unique<WalReader>(fs_, directory_, listed, mark, after);
}

absl::Status LogDirectory::StartWriting(const WalEnd& end) {
  start_at_ = end;
  MutexLock lock(&manifest_mutex_);
  if (end.file_number != 0) ROSTER_RETURN_IF_ERROR(SettleTail(end));
  ROSTER_RETURN_IF_ERROR(OpenMark(end));
  Manifest next = manifest_;
  CloseLast(end.position, &next);
  ROSTER_RETURN_IF_ERROR(StartFile(std::move(next), end.lsn, end.clock_ceiling));
  start_at_.reset();
  for (const LogEntry& log : manifest_.logs) CutAtEnd(log);
  RemoveUnlisted();
  return absl::OkStatus();
}

absl::Status LogDirectory::SettleTail(const WalEnd& end) {
  uint64_t offset = std::min(end.vouched_offset, end.position.offset);
  if (offset == end.position.offset) return absl::OkStatus();
  const std::string path = JoinPath(directory_, LogFileName(end.file_number));
  ROSTER_ASSIGN_OR_RETURN(const auto file, fs_->Open(path, OpenMode::kReadWrite));
  std::string bytes;
  while (offset < end.position.offset) {
    bytes.resize(std::min(kCopyBytes, end.position.offset - offset));
    ROSTER_ASSIGN_OR_RETURN(const size_t read, file->Read(offset, bytes));
    if (read != bytes.size()) return absl::InternalError(StrCat("file became shorter: ", path));
    ROSTER_RETURN_IF_ERROR(file->Write(offset, bytes));
    offset += read;
  }
  ROSTER_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

absl::Status LogDirectory::OpenMark(const WalEnd& end) {
  MutexLock lock(&mark_mutex_);
  if (!manifest_.logs.empty()) {
    ROSTER_ASSIGN_OR_RETURN(mark_, WalMark::Open(fs_, directory_, manifest_.uuid));
    return absl::OkStatus();
  }
  const std::string path = JoinPath(directory_, kMarkName);
  ROSTER_ASSIGN_OR_RETURN(const bool left_over, fs_->Exists(path));
  if (left_over) ROSTER_RETURN_IF_ERROR(fs_->Remove(path));
  WalMarkRecord first;
  first.file_number = manifest_.next_file_number;
  first.durable_lsn = end.lsn;
  first.clock_ceiling = end.clock_ceiling;
  ROSTER_ASSIGN_OR_RETURN(mark_, WalMark::Create(fs_, directory_, manifest_.uuid, first));
  return absl::OkStatus();
}

// After errors and crashes the slots may hold what never reached the disk: both are written again.
absl::Status LogDirectory::RenewMark() {
  MutexLock lock(&mark_mutex_);
  ROSTER_ASSIGN_OR_RETURN(auto mark, WalMark::Open(fs_, directory_, manifest_.uuid));
  const WalMarkRecord newest = mark->newest();
  for (int slot = 0; slot < 2; ++slot) {
    ROSTER_RETURN_IF_ERROR(mark->Write(newest));
    ROSTER_RETURN_IF_ERROR(mark->Sync());
  }
  mark_ = std::move(mark);
  return absl::OkStatus();
}

absl::Status LogDirectory::StartFile(Manifest next, Lsn base_lsn, Timestamp clock_ceiling) {
  ROSTER_ASSIGN_OR_RETURN(std::shared_ptr<WalWriter> writer,
                          CreateFile(next, base_lsn, clock_ceiling));
  next.logs.push_back({next.next_file_number, base_lsn, std::nullopt});
  ++next.next_file_number;
  absl::Status prepared = PrepareManifest(fs_, directory_, next);
  if (!prepared.ok()) {
    const uint64_t number = writer->options().number;
    writer.reset();
    fs_->Remove(JoinPath(directory_, LogFileName(number))).IgnoreError();
    return prepared;
  }
  ROSTER_RETURN_IF_ERROR(Install(std::move(next)));
  MutexLock lock(&state_mutex_);
  writer_ = std::move(writer);
  return absl::OkStatus();
}

// From here on a crash may leave either manifest: what is written now must be valid under both,
// and a number that the new one names is used up.
absl::Status LogDirectory::Install(Manifest next) {
  const absl::Status installed = InstallManifest(fs_, directory_);
  if (installed.ok()) {
    manifest_ = std::move(next);
    maybe_named_.clear();
    return absl::OkStatus();
  }
  maybe_named_.merge(FilesOf(next));
  manifest_.next_file_number = next.next_file_number;
  return Latch(installed);
}

absl::StatusOr<std::unique_ptr<WalWriter>> LogDirectory::CreateFile(const Manifest& manifest,
                                                                    Lsn base_lsn,
                                                                    Timestamp clock_ceiling) {
  WalOptions options;
  options.uuid = manifest.uuid;
  options.number = manifest.next_file_number;
  options.base_lsn = base_lsn;
  options.epoch = random_->Next();
  if (!manifest.logs.empty()) options.previous_chain = manifest.logs.back().closed->chain;
  options.clock_ceiling = clock_ceiling;
  options.preallocate_bytes = options_.preallocate_bytes;
  options.zero_ahead_bytes = options_.zero_ahead_bytes;
  options.max_frame_bytes = options_.max_frame_bytes;
  // Left by an attempt that a crash or an error ended; Open has seen that it holds no frame.
  const std::string path = JoinPath(directory_, LogFileName(options.number));
  ROSTER_ASSIGN_OR_RETURN(const bool left_over, fs_->Exists(path));
  if (left_over) ROSTER_RETURN_IF_ERROR(fs_->Remove(path));
  return WalWriter::Create(fs_, directory_, options);
}

void LogDirectory::CutAtEnd(const LogEntry& log) {
  if (!log.closed) return;
  const auto file = fs_->Open(JoinPath(directory_, LogFileName(log.number)), OpenMode::kReadWrite);
  if (!file.ok()) return;
  const auto size = (*file)->Size();
  if (size.ok() && *size > log.closed->end_offset) {
    (*file)->Truncate(log.closed->end_offset).IgnoreError();
  }
}

void LogDirectory::RemoveUnlisted() {
  const auto names = fs_->List(directory_);
  if (!names.ok()) return;
  const absl::flat_hash_set<std::string> listed = FilesOf(manifest_);
  for (const std::string& name : *names) {
    const bool ours = ParseLogFileName(name) || IsSnapshotFileName(name);
    if (IsSnapshotTempName(name) || (ours && !listed.contains(name))) {
      fs_->Remove(JoinPath(directory_, name)).IgnoreError();
    }
  }
}

std::vector<std::string> LogDirectory::Dropped(const Manifest& before) const {
  const absl::flat_hash_set<std::string> listed = FilesOf(manifest_);
  std::vector<std::string> names;
  for (const std::string& name : FilesOf(before)) {
    if (!listed.contains(name)) names.push_back(name);
  }
  return names;
}

void LogDirectory::RemoveFiles(const std::vector<std::string>& names) {
  for (const std::string& name : names) fs_->Remove(JoinPath(directory_, name)).IgnoreError();
}

absl::Status LogDirectory::Reserve(uint64_t payload_bytes) {
  if (start_at_) ROSTER_RETURN_IF_ERROR(StartWriting(WalEnd(*start_at_)));
  ROSTER_ASSIGN_OR_RETURN(std::shared_ptr<WalWriter> writer, Writer());
  if (IsFull(*writer) && writer->group_empty()) {
    ROSTER_RETURN_IF_ERROR(writer->Sync().status());
    ROSTER_RETURN_IF_ERROR(Rotate(writer->end()));
    ROSTER_ASSIGN_OR_RETURN(writer, Writer());
  }
  return writer->Reserve(payload_bytes);
}

bool LogDirectory::IsFull(const WalWriter& writer) const {
  const WalPosition end = writer.end();
  return end.offset >= options_.rotate_bytes && end.lsn > writer.options().base_lsn;
}

bool LogDirectory::rotation_due() const {
  const absl::StatusOr<std::shared_ptr<WalWriter>> writer = Writer();
  return writer.ok() && IsFull(**writer);
}

absl::Status LogDirectory::Rotate(const WalPosition& end) {
  LogEntry closed;
  {
    MutexLock lock(&manifest_mutex_);
    Manifest next = manifest_;
    CloseLast(end, &next);
    closed = next.logs.back();
    ROSTER_RETURN_IF_ERROR(StartFile(std::move(next), end.lsn, end.clock_ceiling));
  }
  CutAtEnd(closed);
  return absl::OkStatus();
}

absl::StatusOr<Lsn> LogDirectory::AppendCommit(std::string_view bytes, Timestamp clock_ceiling) {
  ROSTER_ASSIGN_OR_RETURN(const auto writer, Writer());
  return writer->AppendCommit(bytes, clock_ceiling);
}

absl::Status LogDirectory::Write() {
  ROSTER_ASSIGN_OR_RETURN(const auto writer, Writer());
  return writer->Write();
}

absl::StatusOr<Lsn> LogDirectory::Sync() {
  ROSTER_ASSIGN_OR_RETURN(const auto writer, Writer());
  ROSTER_ASSIGN_OR_RETURN(const Lsn durable, writer->Sync());
  ROSTER_RETURN_IF_ERROR(MoveMark(*writer, Timestamp{}, false));
  return durable;
}

absl::Status LogDirectory::SyncMark(Timestamp clock_ceiling) {
  ROSTER_ASSIGN_OR_RETURN(const auto writer, Writer());
  return MoveMark(*writer, clock_ceiling, true);
}

absl::Status LogDirectory::MoveMark(const WalWriter& writer, Timestamp clock_ceiling, bool sync) {
  const WalPosition durable = writer.durable();
  const uint64_t number = writer.options().number;
  MutexLock lock(&mark_mutex_);
  WalMarkRecord record = mark_->newest();
  record.clock_ceiling = std::max({record.clock_ceiling, durable.clock_ceiling, clock_ceiling});
  const bool ahead = number > record.file_number ||
                     (number == record.file_number && durable.offset > record.durable_offset);
  if (ahead) {
    record.file_number = number;
    record.durable_offset = durable.offset;
    record.durable_lsn = durable.lsn;
  }
  absl::Status status;
  if (record != mark_->newest()) status = mark_->Write(record);
  if (status.ok() && sync) status = mark_->Sync();
  return status.ok() ? status : Latch(status);
}

absl::StatusOr<std::shared_ptr<WalWriter>> LogDirectory::Writer() const {
  MutexLock lock(&state_mutex_);
  if (!latched_.ok()) return latched_;
  if (writer_ == nullptr) return MakeError(ErrorCode::kDiskFull, "no space for a log file");
  ROSTER_RETURN_IF_ERROR(writer_->status());
  return writer_;
}

absl::Status LogDirectory::Latch(const absl::Status& cause) {
  absl::Status error =
      MakeError(ErrorCode::kReadOnly, StrCat("the log failed: ", StdView(cause.message())));
  MutexLock lock(&state_mutex_);
  if (latched_.ok()) latched_ = error;
  return error;
}

void LogDirectory::Distrust(const std::vector<Lsn>& lsns) {
  MutexLock lock(&manifest_mutex_);
  distrusted_ = lsns;
}

std::string LogDirectory::SnapshotTempPath(Lsn lsn) const {
  return JoinPath(directory_, SnapshotTempName(lsn.value));
}

std::string LogDirectory::SnapshotPath(const SnapshotEntry& snapshot) const {
  return JoinPath(directory_, snapshot.name);
}

absl::Status LogDirectory::PublishSnapshot(Lsn lsn, size_t keep) {
  absl::Status status = Writer().status();
  if (status.ok()) status = NameSnapshot(lsn);
  std::vector<std::string> dropped;
  {
    MutexLock lock(&manifest_mutex_);
    const Manifest before = manifest_;
    Manifest next = before;
    AddSnapshot(lsn, keep, distrusted_, &next);
    if (status.ok()) status = PrepareManifest(fs_, directory_, next);
    if (!status.ok()) {
      DropSnapshot(lsn);
      return status;
    }
    ROSTER_RETURN_IF_ERROR(Install(std::move(next)));
    dropped = Dropped(before);
  }
  RemoveFiles(dropped);
  return absl::OkStatus();
}

absl::Status LogDirectory::ResumeAt(Lsn lsn, Timestamp clock_ceiling, size_t keep) {
  const auto end_failed_file = [&]() -> absl::StatusOr<WalPosition> {
    ROSTER_RETURN_IF_ERROR(NameSnapshot(lsn));
    return EndFailedFile();
  };
  const absl::StatusOr<WalPosition> end = end_failed_file();
  absl::Status status = end.status();
  std::vector<std::string> dropped;
  {
    MutexLock lock(&manifest_mutex_);
    const Manifest before = manifest_;
    Manifest next = before;
    if (status.ok()) status = RenewMark();
    if (status.ok()) CloseLast(*end, &next);
    AddSnapshot(lsn, keep, distrusted_, &next);
    if (status.ok()) status = StartFile(std::move(next), lsn, clock_ceiling);
    if (!status.ok()) {
      DropSnapshot(lsn);
      return status;
    }
    start_at_.reset();
    dropped = Dropped(before);
    MutexLock state_lock(&state_mutex_);
    latched_ = absl::OkStatus();
  }
  RemoveFiles(dropped);
  return absl::OkStatus();
}

absl::StatusOr<WalPosition> LogDirectory::EndFailedFile() {
  std::shared_ptr<WalWriter> failed;
  {
    MutexLock lock(&state_mutex_);
    failed = writer_;
  }
  if (failed == nullptr) {
    // It failed while it put a manifest in place: nothing was written since the opening.
    if (start_at_->file_number != 0) ROSTER_RETURN_IF_ERROR(SettleTail(*start_at_));
    return start_at_->position;
  }
  // Not the file may have failed but the mark or the manifest; a broken writer syncs nothing.
  failed->Sync().IgnoreError();
  return failed->durable();
}

absl::Status LogDirectory::NameSnapshot(Lsn lsn) {
  ROSTER_RETURN_IF_ERROR(
      fs_->Rename(SnapshotTempPath(lsn), JoinPath(directory_, SnapshotFileName(lsn.value))));
  return fs_->SyncDir(directory_);
}

void LogDirectory::DropSnapshot(Lsn lsn) {
  fs_->Remove(SnapshotTempPath(lsn)).IgnoreError();
  const std::string name = SnapshotFileName(lsn.value);
  if (FilesOf(manifest_).contains(name) || maybe_named_.contains(name)) return;
  fs_->Remove(JoinPath(directory_, name)).IgnoreError();
}

uint64_t LogDirectory::log_bytes() const {
  MutexLock lock(&manifest_mutex_);
  const Lsn after = manifest_.snapshots.empty() ? Lsn{} : manifest_.snapshots.back().lsn;
  uint64_t bytes = 0;
  for (const LogEntry& log : manifest_.logs) {
    WalPosition end = OpenEnd();
    if (log.closed) {
      end.offset = log.closed->end_offset;
      end.lsn = log.closed->end_lsn;
    }
    if (end.lsn <= std::max(after, log.base_lsn)) continue;
    const uint64_t behind = end.lsn.value - std::max(after, log.base_lsn).value;
    const uint64_t all = end.lsn.value - log.base_lsn.value;
    const double part = static_cast<double>(behind) / static_cast<double>(all);
    bytes += static_cast<uint64_t>(static_cast<double>(end.offset - kWalFileHeaderBytes) * part);
  }
  return bytes;
}

WalPosition LogDirectory::OpenEnd() const {
  MutexLock lock(&state_mutex_);
  return writer_ == nullptr ? WalPosition{} : writer_->durable();
}

}  // namespace roster
