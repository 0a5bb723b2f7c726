// SPDX-License-Identifier: Apache-2.0
//
// Implements wal_mark.h.
#include "storage/disk/wal_mark.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <optional>
#include <utility>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"

namespace roster {
namespace {

constexpr std::array<char, 4> kMarkMagic = {'R', 'M', 'R', 'K'};
constexpr uint32_t kMarkFormatVersion = 1;
constexpr size_t kSlotBytes = 64;
constexpr size_t kSlotChecked = 48;  // bytes of a slot under its checksum
constexpr uint64_t kSlotDistance = 4096;
constexpr uint64_t kMarkFileBytes = 2 * kSlotDistance;

struct Slot {
  uint32_t version = 0;
  uint64_t sequence = 0;
  WalMarkRecord record;
  int num_valid = 1;  // of the two, counted when they are read
};

WalChain SlotChecksum(const char* bytes, const StoreUuid& uuid) {
  const uint64_t seed = XXH3_64bits(uuid.bytes.data(), uuid.bytes.size());
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, kSlotChecked, seed);
  return {hash.low64, hash.high64};
}

std::string EncodeSlot(uint64_t sequence, const WalMarkRecord& record, const StoreUuid& uuid) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Fixed(kMarkMagic);
  out.Fixed(kMarkFormatVersion);
  out.Fixed(sequence);
  out.Fixed(record.file_number);
  out.Fixed(record.durable_offset);
  out.Fixed(record.durable_lsn.value);
  out.Fixed(record.clock_ceiling.ms);
  out.Fixed(SlotChecksum(bytes.data(), uuid));
  ROSTER_DCHECK(bytes.size() == kSlotBytes);
  return bytes;
}

std::optional<Slot> DecodeSlot(std::string_view bytes, const StoreUuid& uuid) {
  ByteReader in(bytes);
  Slot slot;
  const auto magic = in.Fixed<std::array<char, 4>>();
  slot.version = in.Fixed<uint32_t>();
  slot.sequence = in.Fixed<uint64_t>();
  slot.record.file_number = in.Fixed<uint64_t>();
  slot.record.durable_offset = in.Fixed<uint64_t>();
  slot.record.durable_lsn.value = in.Fixed<uint64_t>();
  slot.record.clock_ceiling.ms = in.Fixed<int64_t>();
  const auto checksum = in.Fixed<WalChain>();
  if (in.failed() || magic != kMarkMagic || checksum != SlotChecksum(bytes.data(), uuid)) {
    return std::nullopt;
  }
  return slot;
}

uint64_t SlotOffset(uint64_t sequence) { return sequence % 2 * kSlotDistance; }

absl::StatusOr<Slot> ReadNewestSlot(File* file, const StoreUuid& uuid) {
  std::optional<Slot> newest;
  int num_valid = 0;
  for (uint64_t index = 0; index < 2; ++index) {
    std::array<char, kSlotBytes> bytes{};
    ROSTER_ASSIGN_OR_RETURN(const size_t read, file->Read(SlotOffset(index), bytes));
    const auto slot = DecodeSlot(std::string_view(bytes.data(), read), uuid);
    if (!slot || slot->sequence % 2 != index) continue;
    if (slot->version != kMarkFormatVersion) {
      return MakeError(ErrorCode::kErr,
                       StrCat("durable mark of another format: version ", slot->version));
    }
    ++num_valid;
    if (!newest || slot->sequence > newest->sequence) newest = slot;
  }
  if (!newest) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("neither slot of the durable mark is valid: ", kMarkName));
  }
  newest->num_valid = num_valid;
  return *newest;
}

}  // namespace

absl::StatusOr<WalMarkRecord> ReadWalMark(FileSystem* fs, const std::string& directory,
                                          const StoreUuid& uuid) {
  ROSTER_ASSIGN_OR_RETURN(const auto file,
                          fs->Open(JoinPath(directory, kMarkName), OpenMode::kRead));
  ROSTER_ASSIGN_OR_RETURN(const Slot slot, ReadNewestSlot(file.get(), uuid));
  return slot.record;
}

absl::StatusOr<int> CountMarkSlots(FileSystem* fs, const std::string& directory,
                                   const StoreUuid& uuid) {
  ROSTER_ASSIGN_OR_RETURN(const auto file,
                          fs->Open(JoinPath(directory, kMarkName), OpenMode::kRead));
  ROSTER_ASSIGN_OR_RETURN(const Slot slot, ReadNewestSlot(file.get(), uuid));
  return slot.num_valid;
}

absl::StatusOr<std::unique_ptr<WalMark>> WalMark::Create(FileSystem* fs,
                                                         const std::string& directory,
                                                         const StoreUuid& uuid,
                                                         const WalMarkRecord& record) {
  ROSTER_ASSIGN_OR_RETURN(auto file,
                          fs->Open(JoinPath(directory, kMarkName), OpenMode::kCreateExclusive));
  std::string bytes = EncodeSlot(0, record, uuid);
  bytes.resize(kSlotDistance, '\0');
  bytes += EncodeSlot(1, record, uuid);
  bytes.resize(kMarkFileBytes, '\0');
  ROSTER_RETURN_IF_ERROR(file->Write(0, bytes));
  ROSTER_RETURN_IF_ERROR(file->Sync());
  return std::unique_ptr<WalMark>(new WalMark(std::move(file), uuid, 1, record));
}

absl::StatusOr<std::unique_ptr<WalMark>> WalMark::Open(FileSystem* fs, const std::string& directory,
                                                       const StoreUuid& uuid) {
  ROSTER_ASSIGN_OR_RETURN(auto file,
                          fs->Open(JoinPath(directory, kMarkName), OpenMode::kReadWrite));
  ROSTER_ASSIGN_OR_RETURN(const Slot slot, ReadNewestSlot(file.get(), uuid));
  return std::unique_ptr<WalMark>(new WalMark(std::move(file), uuid, slot.sequence, slot.record));
}

WalMark::WalMark(std::unique_ptr<File> file, const StoreUuid& uuid, uint64_t sequence,
                 const WalMarkRecord& newest)
    : file_(std::move(file)), uuid_(uuid), sequence_(sequence), newest_(newest) {}

absl::Status WalMark::Write(const WalMarkRecord& record) {
  const uint64_t sequence = sequence_ + 1;
  ROSTER_RETURN_IF_ERROR(file_->Write(SlotOffset(sequence), EncodeSlot(sequence, record, uuid_)));
  sequence_ = sequence;
  newest_ = record;
  return absl::OkStatus();
}

absl::Status WalMark::Sync() { return file_->Sync(); }

}  // namespace roster
