// SPDX-License-Identifier: Apache-2.0
//
// Implements faulty_file_system.h.
#include "tests/disk/faulty_file_system.h"

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "tests/disk/seeded_random.h"

namespace roster {
namespace {

constexpr uint64_t kSectorBytes = 512;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string WithoutSlash(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return directory;
}

absl::Status NotFound(const std::string& path) {
  return absl::NotFoundError(StrCat("no such file: ", path));
}

// How a crash treats what is not durable: in one image all alike, or each for itself.
class Fate {
 public:
  explicit Fate(SeededRandom* random) : random_(random), mode_(random->Next() % 4) {}
  bool Kept() { return mode_ == 0 ? false : mode_ == 1 ? true : random_->Next() % 2 == 0; }

 private:
  SeededRandom* const random_;
  const uint64_t mode_;
};

}  // namespace

// What one call did to a file: the sectors that it touched, whole, and the size after it.
struct FaultyFileSystem::Change {
  std::map<uint64_t, std::string> sectors;
  uint64_t size = 0;
  bool resizes = false;
  bool orphaned = false;  // a sync failed over it
};

struct FaultyFileSystem::Inode {
  std::string seen;
  std::string durable;
  std::vector<Change> changes;  // since `durable`, in order

  static void Put(const Change& change, uint64_t sector, std::string* bytes) {
    const std::string& content = change.sectors.at(sector);
    const uint64_t start = sector * kSectorBytes;
    if (bytes->size() < start + content.size()) bytes->resize(start + content.size(), '\0');
    bytes->replace(start, content.size(), content);
  }

  // Whatever a later synced change overwrote cannot come back.
  void ForgetOrphans(const Change& synced) {
    for (Change& change : changes) {
      if (&change == &synced) break;
      for (const auto& [sector, content] : synced.sectors) change.sectors.erase(sector);
    }
  }

  void Sync() {
    for (const Change& change : changes) {
      if (change.orphaned) continue;
      if (change.resizes) durable.resize(change.size, '\0');
      for (const auto& [sector, content] : change.sectors) Put(change, sector, &durable);
      ForgetOrphans(change);
    }
    durable.resize(seen.size(), '\0');
    std::erase_if(changes, [](const Change& c) { return !c.orphaned || c.sectors.empty(); });
    for (Change& change : changes) change.resizes = false;
  }

  std::string AfterCrash(SeededRandom* random) const {
    Fate fate(random);
    std::string bytes = durable;
    for (const Change& change : changes) {
      if (change.resizes && fate.Kept()) bytes.resize(change.size, '\0');
      for (const auto& [sector, content] : change.sectors) {
        if (fate.Kept()) Put(change, sector, &bytes);
      }
    }
    return bytes;
  }
};

// A name that went, a name that came (a rename is both), and the file.
struct FaultyFileSystem::NameChange {
  std::string directory;
  std::string removed;
  std::string added;
  std::shared_ptr<Inode> inode;

  void ApplyTo(std::map<std::string, std::shared_ptr<Inode>>* names) const {
    if (!removed.empty()) names->erase(removed);
    if (!added.empty()) (*names)[added] = inode;
  }
};

// Which calls fail: those numbered `first` and above, once or for good.
struct FaultyFileSystem::Plan {
  uint64_t first = 0;
  std::optional<FileCall> kind;  // only calls of this kind
  Fault fault = Fault::kIoError;
  bool from_then_on = false;
  bool power_off = false;
  bool done = false;
};

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem* fs, std::shared_ptr<FaultyFileSystem::Inode> inode, bool writable)
      : fs_(fs), inode_(std::move(inode)), writable_(writable) {}

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> out) override {
    MutexLock lock(&fs_->mutex_);
    ROSTER_RETURN_IF_ERROR(fs_->Begin(FileCall::kRead));
    const std::string& seen = inode_->seen;
    if (offset >= seen.size()) return size_t{0};
    const size_t n = std::min<size_t>(out.size(), seen.size() - offset);
    std::copy_n(seen.data() + offset, n, out.data());
    return n;
  }

  absl::Status Write(uint64_t offset, std::string_view bytes) override {
    MutexLock lock(&fs_->mutex_);
    ROSTER_CHECK(writable_);
    absl::Status status = fs_->Begin(FileCall::kWrite);
    if (absl::IsAborted(status)) return status;
    if (status.ok()) status = fs_->CheckSpace(*inode_, offset + bytes.size());
    if (!status.ok()) bytes = bytes.substr(0, bytes.size() / 2);
    if (status.ok() || fs_->CheckSpace(*inode_, offset + bytes.size()).ok()) {
      fs_->WriteBytes(inode_.get(), offset, bytes);
    }
    return status;
  }

  absl::Status Sync() override {
    MutexLock lock(&fs_->mutex_);
    absl::Status status = fs_->Begin(FileCall::kSync);
    if (absl::IsAborted(status)) return status;
    if (status.ok()) {
      inode_->Sync();
    } else {
      for (auto& change : inode_->changes) change.orphaned = true;
    }
    return status;
  }

  absl::Status Allocate(uint64_t size) override {
    MutexLock lock(&fs_->mutex_);
    ROSTER_CHECK(writable_);
    ROSTER_RETURN_IF_ERROR(fs_->Begin(FileCall::kAllocate));
    ROSTER_RETURN_IF_ERROR(fs_->CheckSpace(*inode_, size));
    if (size > inode_->seen.size()) fs_->Resize(inode_.get(), size);
    return absl::OkStatus();
  }

  absl::Status Truncate(uint64_t size) override {
    MutexLock lock(&fs_->mutex_);
    ROSTER_CHECK(writable_);
    ROSTER_RETURN_IF_ERROR(fs_->Begin(FileCall::kTruncate));
    ROSTER_RETURN_IF_ERROR(fs_->CheckSpace(*inode_, size));
    fs_->Resize(inode_.get(), size);
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() override {
    MutexLock lock(&fs_->mutex_);
    ROSTER_RETURN_IF_ERROR(fs_->Begin(FileCall::kSize));
    return static_cast<uint64_t>(inode_->seen.size());
  }

  absl::Status Close() override {
    MutexLock lock(&fs_->mutex_);
    return fs_->Begin(FileCall::kClose);
  }

 private:
  FaultyFileSystem* const fs_;
  const std::shared_ptr<FaultyFileSystem::Inode> inode_;
  const bool writable_;
};

class FaultyFileLock final : public FileLock {
 public:
  FaultyFileLock(FaultyFileSystem* fs, std::string path) : fs_(fs), path_(std::move(path)) {}
  ~FaultyFileLock() override {
    MutexLock lock(&fs_->mutex_);
    fs_->locks_.erase(path_);
  }

 private:
  FaultyFileSystem* const fs_;
  const std::string path_;
};

FaultyFileSystem::FaultyFileSystem() : directories_({".", "/"}) {}
FaultyFileSystem::~FaultyFileSystem() = default;

// Counts the call and says how it ends; kAborted when the machine is off.
absl::Status FaultyFileSystem::Begin(FileCall kind) {
  ++num_calls_;
  ++calls_[kind];
  for (Plan& plan : plans_) {
    if (plan.done || num_calls_ < plan.first || (plan.kind && *plan.kind != kind)) continue;
    if (plan.power_off) return absl::AbortedError("the machine is off");
    plan.done = !plan.from_then_on;
    if (plan.fault == Fault::kIoError) return absl::InternalError("injected I/O error");
    return MakeError(ErrorCode::kDiskFull, "injected: no space");
  }
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::CheckSpace(const Inode& inode, uint64_t new_size) const {
  if (!capacity_ || new_size <= inode.seen.size()) return absl::OkStatus();
  uint64_t used = new_size - inode.seen.size();
  for (const auto& [path, other] : names_) used += other->seen.size();
  if (used <= *capacity_) return absl::OkStatus();
  return MakeError(ErrorCode::kDiskFull, "no space");
}

void FaultyFileSystem::Resize(Inode* inode, uint64_t size) {
  inode->seen.resize(size, '\0');
  Change change;
  change.size = size;
  change.resizes = true;
  inode->changes.push_back(std::move(change));
}

void FaultyFileSystem::WriteBytes(Inode* inode, uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  Change change;
  change.resizes = offset + bytes.size() > inode->seen.size();
  if (change.resizes) inode->seen.resize(offset + bytes.size(), '\0');
  change.size = inode->seen.size();
  inode->seen.replace(offset, bytes.size(), bytes);
  const uint64_t last = (offset + bytes.size() - 1) / kSectorBytes;
  for (uint64_t sector = offset / kSectorBytes; sector <= last; ++sector) {
    change.sectors[sector] = inode->seen.substr(sector * kSectorBytes, kSectorBytes);
  }
  inode->changes.push_back(std::move(change));
}

absl::StatusOr<std::unique_ptr<File>> FaultyFileSystem::Open(const std::string& path,
                                                             OpenMode mode) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kOpen));
  const auto found = names_.find(path);
  if (mode != OpenMode::kCreateExclusive) {
    if (found == names_.end()) return NotFound(path);
    return std::make_unique<FaultyFile>(this, found->second, mode == OpenMode::kReadWrite);
  }
  if (found != names_.end()) return MakeError(ErrorCode::kExists, StrCat("exists: ", path));
  const std::string directory = DirectoryOf(path);
  if (!directories_.contains(directory)) return NotFound(directory);
  auto inode = std::make_shared<Inode>();
  names_[path] = inode;
  name_changes_.push_back({directory, "", path, inode});
  return std::make_unique<FaultyFile>(this, std::move(inode), true);
}

absl::Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kRename));
  const auto found = names_.find(from);
  if (found == names_.end()) return NotFound(from);
  ROSTER_CHECK(DirectoryOf(from) == DirectoryOf(to));
  name_changes_.push_back({DirectoryOf(to), from, to, found->second});
  name_changes_.back().ApplyTo(&names_);
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::Remove(const std::string& path) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kRemove));
  if (names_.erase(path) == 0) return NotFound(path);
  name_changes_.push_back({DirectoryOf(path), path, "", nullptr});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FaultyFileSystem::List(const std::string& directory) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kList));
  const std::string wanted = WithoutSlash(directory);
  if (!directories_.contains(wanted)) return NotFound(wanted);
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (DirectoryOf(path) == wanted) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

absl::Status FaultyFileSystem::CreateDir(const std::string& directory) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kCreateDir));
  const std::string wanted = WithoutSlash(directory);
  if (!directories_.contains(DirectoryOf(wanted))) return NotFound(DirectoryOf(wanted));
  directories_.insert(wanted);
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::RemoveDir(const std::string& directory) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kRemove));
  const std::string wanted = WithoutSlash(directory);
  if (!directories_.contains(wanted)) return NotFound(wanted);
  for (const auto& [path, inode] : names_) {
    if (DirectoryOf(path) == wanted) return absl::InternalError("directory not empty");
  }
  directories_.erase(wanted);
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::SyncDir(const std::string& directory) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kSyncDir));
  const std::string wanted = WithoutSlash(directory);
  for (const NameChange& change : name_changes_) {
    if (change.directory == wanted) change.ApplyTo(&durable_names_);
  }
  std::erase_if(name_changes_, [&](const NameChange& c) { return c.directory == wanted; });
  return absl::OkStatus();
}

absl::StatusOr<bool> FaultyFileSystem::Exists(const std::string& path) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kExists));
  return names_.contains(path) || directories_.contains(WithoutSlash(path));
}

absl::StatusOr<uint64_t> FaultyFileSystem::FreeSpace(const std::string&) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kFreeSpace));
  uint64_t used = 0;
  for (const auto& [path, inode] : names_) used += inode->seen.size();
  return capacity_.value_or(uint64_t{1} << 40) - std::min(used, capacity_.value_or(used));
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultyFileSystem::Lock(const std::string& path) {
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(Begin(FileCall::kLock));
  if (!directories_.contains(DirectoryOf(path))) return NotFound(DirectoryOf(path));
  if (locks_.contains(path)) return MakeError(ErrorCode::kLocked, StrCat("locked: ", path));
  if (!names_.contains(path)) {
    names_[path] = std::make_shared<Inode>();
    name_changes_.push_back({DirectoryOf(path), "", path, names_[path]});
  }
  locks_.insert(path);
  return std::make_unique<FaultyFileLock>(this, path);
}

uint64_t FaultyFileSystem::num_calls() const {
  MutexLock lock(&mutex_);
  return num_calls_;
}

uint64_t FaultyFileSystem::num_calls(FileCall kind) const {
  MutexLock lock(&mutex_);
  const auto found = calls_.find(kind);
  return found == calls_.end() ? 0 : found->second;
}

void FaultyFileSystem::FailCall(uint64_t call, Fault fault, bool from_then_on) {
  MutexLock lock(&mutex_);
  Plan plan;
  plan.first = call;
  plan.fault = fault;
  plan.from_then_on = from_then_on;
  plans_.push_back(plan);
}

void FaultyFileSystem::FailNext(FileCall kind, Fault fault, bool from_then_on) {
  MutexLock lock(&mutex_);
  Plan plan;
  plan.kind = kind;
  plan.fault = fault;
  plan.from_then_on = from_then_on;
  plans_.push_back(plan);
}

void FaultyFileSystem::PowerOffAfter(uint64_t call) {
  MutexLock lock(&mutex_);
  Plan plan;
  plan.first = call + 1;
  plan.power_off = true;
  plans_.insert(plans_.begin(), plan);
}

void FaultyFileSystem::ClearFaults() {
  MutexLock lock(&mutex_);
  plans_.clear();
}

void FaultyFileSystem::SetCapacity(uint64_t bytes) {
  MutexLock lock(&mutex_);
  capacity_ = bytes;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::CrashImage(uint64_t seed) const {
  MutexLock lock(&mutex_);
  SeededRandom random(seed);
  Fate fate(&random);
  auto names = durable_names_;
  for (const NameChange& change : name_changes_) {
    if (fate.Kept()) change.ApplyTo(&names);
  }
  auto image = std::make_unique<FaultyFileSystem>();
  MutexLock image_lock(&image->mutex_);
  image->directories_ = directories_;
  for (const auto& [path, inode] : names) {
    auto copy = std::make_shared<Inode>();
    copy->seen = copy->durable = inode->AfterCrash(&random);
    image->names_[path] = image->durable_names_[path] = copy;
  }
  return image;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::Clone() const {
  auto clone = std::make_unique<FaultyFileSystem>();
  for (auto& [path, bytes] : Files()) clone->SetFile(path, bytes);
  MutexLock lock(&mutex_);
  MutexLock clone_lock(&clone->mutex_);
  clone->directories_ = directories_;
  return clone;
}

std::map<std::string, std::string> FaultyFileSystem::Files() const {
  MutexLock lock(&mutex_);
  std::map<std::string, std::string> files;
  for (const auto& [path, inode] : names_) files[path] = inode->seen;
  return files;
}

void FaultyFileSystem::SetFile(const std::string& path, std::string bytes) {
  MutexLock lock(&mutex_);
  directories_.insert(DirectoryOf(path));
  auto& inode = names_[path];
  if (inode == nullptr) inode = std::make_shared<Inode>();
  inode->seen = inode->durable = std::move(bytes);
  inode->changes.clear();
  durable_names_[path] = inode;
}

std::string FaultyFileSystem::GetFile(const std::string& path) const {
  MutexLock lock(&mutex_);
  const auto found = names_.find(path);
  ROSTER_CHECK(found != names_.end());
  return found->second->seen;
}

}  // namespace roster
