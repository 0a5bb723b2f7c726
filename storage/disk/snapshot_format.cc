// SPDX-License-Identifier: Apache-2.0
//
// Implements snapshot_format.h.
#include "storage/disk/snapshot_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include "absl/container/flat_hash_set.h"
#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

constexpr std::string_view kMagic = "RosterSN";
constexpr size_t kChecksumBytes = sizeof(SnapshotChecksum);
constexpr size_t kBlockUnchecked = 8;  // bytes of a block before what its checksum covers
constexpr size_t kMaxNameBytes = 255;

absl::Status Damage(std::string_view what) { return MakeError(ErrorCode::kCorrupt, what); }

// Whether `bytes` end with the checksum of what is before.
bool Holds(std::string_view bytes) {
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  return ByteReader(bytes.substr(body.size())).Fixed<SnapshotChecksum>() ==
         SnapshotChecksumOf(body);
}

void AppendChecksum(std::string* bytes) { ByteWriter(bytes).Fixed(SnapshotChecksumOf(*bytes)); }

// Whether a section that begins at `offset` can be as it says.
bool Plausible(const SnapshotSection& section, uint64_t offset) {
  if (section.name.empty() || section.name.size() > kMaxNameBytes) return false;
  if (section.offset != offset) return false;
  const uint64_t num_blocks = section.raw_bytes / kSnapshotBlockBytes +
                              (section.raw_bytes % kSnapshotBlockBytes != 0 ? 1 : 0);
  if (section.num_blocks != num_blocks) return false;
  // A block has its header and a byte at least, and stores no more than its raw content.
  if (num_blocks > section.stored_bytes / (kSnapshotBlockHeaderBytes + 1)) return false;
  const uint64_t content = section.stored_bytes - num_blocks * kSnapshotBlockHeaderBytes;
  return content <= section.raw_bytes;
}

}  // namespace

SnapshotChecksum SnapshotChecksumOf(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

std::string EncodeSnapshotHeader(const SnapshotHeader& header) {
  std::string bytes(kMagic);
  ByteWriter out(&bytes);
  out.Fixed(kSnapshotFormatVersion);
  out.Fixed(kSnapshotKnownFeatures);
  out.Fixed(header.uuid.bytes);
  out.Fixed(header.lsn.value);
  out.Fixed(header.clock.ms);
  AppendChecksum(&bytes);
  ROSTER_DCHECK(bytes.size() == kSnapshotHeaderBytes);
  return bytes;
}

absl::StatusOr<SnapshotHeader> DecodeSnapshotHeader(std::string_view bytes) {
  if (bytes.size() != kSnapshotHeaderBytes || !bytes.starts_with(kMagic) || !Holds(bytes)) {
    return Damage("its header does not hold");
  }
  ByteReader in(bytes.substr(kMagic.size()));
  if (const auto version = in.Fixed<uint64_t>(); version > kSnapshotFormatVersion) {
    return MakeError(ErrorCode::kErr, StrCat("it is of a newer format version: ", version));
  }
  const auto features = in.Fixed<uint64_t>();
  if ((features & ~kSnapshotKnownFeatures) != 0) {
    return MakeError(ErrorCode::kErr, StrCat("it has unknown feature bits: ", features));
  }
  SnapshotHeader header;
  header.uuid.bytes = in.Fixed<std::array<uint8_t, 16>>();
  header.lsn.value = in.Fixed<uint64_t>();
  header.clock.ms = in.Fixed<int64_t>();
  return header;
}

SnapshotChecksum ChecksumInSnapshotHeader(std::string_view header_bytes) {
  return ByteReader(header_bytes.substr(kSnapshotHeaderBytes - kChecksumBytes))
      .Fixed<SnapshotChecksum>();
}

std::string EncodeSnapshotTable(const std::vector<SnapshotSection>& sections) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(sections.size());
  for (const SnapshotSection& section : sections) {
    out.Text(section.name);
    out.Fixed(section.offset);
    out.Fixed(section.stored_bytes);
    out.Fixed(section.raw_bytes);
    out.Fixed(section.num_blocks);
    out.Fixed(section.checksum);
  }
  return bytes;
}

absl::StatusOr<std::vector<SnapshotSection>> DecodeSnapshotTable(std::string_view bytes,
                                                                 uint64_t table_offset) {
  ByteReader in(bytes);
  const uint64_t count = in.Varint();
  if (count > in.remaining()) return Damage("its section table is too short");
  std::vector<SnapshotSection> sections(count);
  absl::flat_hash_set<std::string_view> names;
  uint64_t offset = kSnapshotHeaderBytes;
  for (SnapshotSection& section : sections) {
    section.name = in.Text();
    section.offset = in.Fixed<uint64_t>();
    section.stored_bytes = in.Fixed<uint64_t>();
    section.raw_bytes = in.Fixed<uint64_t>();
    section.num_blocks = in.Fixed<uint64_t>();
    section.checksum = in.Fixed<SnapshotChecksum>();
    const bool fits = offset <= table_offset && section.stored_bytes <= table_offset - offset;
    if (in.failed() || !fits || !Plausible(section, offset) || !names.insert(section.name).second) {
      return Damage("its section table contradicts itself");
    }
    offset += section.stored_bytes;
  }
  if (!in.at_end() || offset != table_offset) return Damage("its sections are not all of it");
  return sections;
}

std::string EncodeSnapshotTrailer(const SnapshotTrailer& trailer) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Fixed(trailer.table_offset);
  out.Fixed(trailer.table_bytes);
  out.Fixed(trailer.table_checksum);
  out.Fixed(trailer.digest);
  out.Fixed(trailer.header_checksum);
  bytes += kMagic;
  AppendChecksum(&bytes);
  ROSTER_DCHECK(bytes.size() == kSnapshotTrailerBytes);
  return bytes;
}

absl::StatusOr<SnapshotTrailer> DecodeSnapshotTrailer(std::string_view bytes) {
  if (bytes.size() != kSnapshotTrailerBytes || !Holds(bytes)) {
    return Damage("its trailer does not hold");
  }
  ByteReader in(bytes);
  SnapshotTrailer trailer;
  trailer.table_offset = in.Fixed<uint64_t>();
  trailer.table_bytes = in.Fixed<uint64_t>();
  trailer.table_checksum = in.Fixed<SnapshotChecksum>();
  trailer.digest = in.Fixed<StateDigest>();
  trailer.header_checksum = in.Fixed<SnapshotChecksum>();
  if (bytes.substr(in.position(), kMagic.size()) != kMagic) {
    return Damage("its trailer does not hold");
  }
  return trailer;
}

std::optional<SnapshotBlockHeader> DecodeSnapshotBlockHeader(std::string_view bytes) {
  if (bytes.size() < kSnapshotBlockHeaderBytes) return std::nullopt;
  ByteReader in(bytes);
  SnapshotBlockHeader header;
  header.checksum = in.Fixed<uint64_t>();
  header.stored_bytes = in.Fixed<uint32_t>();
  header.raw_bytes = in.Fixed<uint32_t>();
  const bool plausible = header.stored_bytes > 0 && header.stored_bytes <= header.raw_bytes &&
                         header.raw_bytes <= kSnapshotBlockBytes;
  if (!plausible) return std::nullopt;
  return header;
}

struct SnapshotCodec::Contexts {
  ZSTD_CCtx* compress = nullptr;
  ZSTD_DCtx* decompress = nullptr;
};

SnapshotCodec::SnapshotCodec() : contexts_(std::make_unique<Contexts>()) {}

SnapshotCodec::~SnapshotCodec() {
  ZSTD_freeCCtx(contexts_->compress);
  ZSTD_freeDCtx(contexts_->decompress);
}

void SnapshotCodec::AppendBlock(std::string_view raw, uint64_t offset, std::string* out) {
  ROSTER_DCHECK(!raw.empty() && raw.size() <= kSnapshotBlockBytes);
  if (contexts_->compress == nullptr) contexts_->compress = ZSTD_createCCtx();
  const size_t start = out->size();
  const size_t stored_at = start + kSnapshotBlockHeaderBytes;
  // A frame that finds no room is not shorter.
  out->resize(stored_at + raw.size() - 1);
  const size_t compressed =
      ZSTD_compressCCtx(contexts_->compress, out->data() + stored_at, raw.size() - 1, raw.data(),
                        raw.size(), kSnapshotCompressionLevel);
  if (ZSTD_isError(compressed)) {
    out->resize(stored_at);
    out->append(raw);
  } else {
    out->resize(stored_at + compressed);
  }
  const uint32_t lengths[2] = {static_cast<uint32_t>(out->size() - stored_at),
                               static_cast<uint32_t>(raw.size())};
  std::memcpy(out->data() + start + kBlockUnchecked, lengths, sizeof(lengths));
  const uint64_t checksum = XXH3_64bits_withSeed(out->data() + start + kBlockUnchecked,
                                                 out->size() - start - kBlockUnchecked, offset);
  std::memcpy(out->data() + start, &checksum, sizeof(checksum));
}

bool SnapshotCodec::ReadBlock(std::string_view block, uint64_t offset, std::string* out) {
  const auto header = DecodeSnapshotBlockHeader(block);
  if (!header || block.size() != kSnapshotBlockHeaderBytes + header->stored_bytes) return false;
  const std::string_view checked = block.substr(kBlockUnchecked);
  if (XXH3_64bits_withSeed(checked.data(), checked.size(), offset) != header->checksum) {
    return false;
  }
  const std::string_view stored = block.substr(kSnapshotBlockHeaderBytes);
  if (header->stored_bytes == header->raw_bytes) {
    out->append(stored);
    return true;
  }
  if (contexts_->decompress == nullptr) contexts_->decompress = ZSTD_createDCtx();
  const size_t start = out->size();
  out->resize(start + header->raw_bytes);
  const size_t got = ZSTD_decompressDCtx(contexts_->decompress, out->data() + start,
                                         header->raw_bytes, stored.data(), stored.size());
  return !ZSTD_isError(got) && got == header->raw_bytes;
}

}  // namespace roster
