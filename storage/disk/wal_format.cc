// SPDX-License-Identifier: Apache-2.0
//
// Implements wal_format.h.
#include "storage/disk/wal_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

constexpr std::string_view kWalMagic = "RosterWL";
constexpr size_t kHeaderChecked = 88;  // bytes of the file header under its checksum
constexpr size_t kFrameFields = 32;    // bytes of the frame header before the chain
constexpr size_t kFrameChecked = 48;   // bytes of the frame header under its checksum
constexpr uint8_t kLastOfCommit = 1;

WalChain ToChain(XXH128_hash_t hash) { return {hash.low64, hash.high64}; }

uint64_t FrameHeaderChecksum(const char* bytes, uint64_t epoch, uint64_t offset) {
  return XXH3_64bits_withSeed(bytes, kFrameChecked, epoch + offset);
}

std::string EncodeHeaderFields(const WalFileHeader& header) {
  std::string bytes(kWalMagic);
  ByteWriter out(&bytes);
  out.Fixed(kWalFormatVersion);
  out.Fixed(header.feature_bits);
  out.Fixed(header.uuid.bytes);
  out.Fixed(header.number);
  out.Fixed(header.base_lsn.value);
  out.Fixed(header.epoch);
  out.Fixed(header.previous_chain);
  out.Fixed(header.clock_ceiling.ms);
  ROSTER_DCHECK(bytes.size() == kHeaderChecked);
  return bytes;
}

std::string BytesToHex(const uint8_t* bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 15]);
  }
  return text;
}

// Lower-case digits only: each value has one spelling.
std::optional<std::array<uint8_t, 16>> BytesFromHex(std::string_view text) {
  std::array<uint8_t, 16> bytes{};
  if (text.size() != 2 * bytes.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && !(c >= 'a' && c <= 'f')) return std::nullopt;
    const int digit = decimal ? c - '0' : c - 'a' + 10;
    bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] << 4 | digit);
  }
  return bytes;
}

}  // namespace

StoreUuid RandomUuid(Random* random) {
  const uint64_t halves[2] = {random->Next(), random->Next()};
  StoreUuid uuid;
  std::memcpy(uuid.bytes.data(), halves, sizeof(halves));
  return uuid;
}

std::string EncodeWalFileHeader(const WalFileHeader& header) {
  std::string bytes = EncodeHeaderFields(header);
  ByteWriter(&bytes).Fixed(WalFileChain(header));
  bytes.resize(kWalFileHeaderBytes, '\0');
  return bytes;
}

WalChain WalFileChain(const WalFileHeader& header) {
  const std::string bytes = EncodeHeaderFields(header);
  return ToChain(XXH3_128bits(bytes.data(), bytes.size()));
}

absl::StatusOr<WalFileHeader> DecodeWalFileHeader(std::string_view bytes) {
  if (bytes.size() < kWalFileHeaderBytes) {
    return MakeError(ErrorCode::kCorrupt, "log file shorter than its header");
  }
  bytes = bytes.substr(0, kWalFileHeaderBytes);
  ByteReader in(bytes);
  const auto magic = in.Fixed<std::array<char, 8>>();
  const auto version = in.Fixed<uint64_t>();
  WalFileHeader header;
  header.feature_bits = in.Fixed<uint64_t>();
  header.uuid.bytes = in.Fixed<std::array<uint8_t, 16>>();
  header.number = in.Fixed<uint64_t>();
  header.base_lsn.value = in.Fixed<uint64_t>();
  header.epoch = in.Fixed<uint64_t>();
  header.previous_chain = in.Fixed<WalChain>();
  header.clock_ceiling.ms = in.Fixed<int64_t>();
  const auto checksum = in.Fixed<WalChain>();
  if (std::string_view(magic.data(), magic.size()) != kWalMagic) {
    return MakeError(ErrorCode::kCorrupt, "not a log file");
  }
  if (checksum != ToChain(XXH3_128bits(bytes.data(), kHeaderChecked))) {
    return MakeError(ErrorCode::kCorrupt, "log file header does not match its checksum");
  }
  if (version > kWalFormatVersion || (header.feature_bits & ~kWalKnownFeatures) != 0) {
    return MakeError(ErrorCode::kErr, StrCat("log file of a newer format: version ", version,
                                             ", features ", header.feature_bits));
  }
  if (version == 0 || bytes.find_first_not_of('\0', in.position()) != std::string_view::npos) {
    return MakeError(ErrorCode::kCorrupt, "log file header is not as it is written");
  }
  return header;
}

void AppendWalFrame(const WalFrameHeader& header, std::string_view payload, uint64_t epoch,
                    uint64_t offset, WalChain* chain, std::string* out) {
  ROSTER_CHECK(payload.size() <= kWalMaxPayloadBytes);
  const size_t start = out->size();
  ByteWriter frame(out);
  frame.Fixed(static_cast<uint32_t>(payload.size()));
  frame.Byte(static_cast<uint8_t>(header.type));
  frame.Byte(header.last_of_commit ? kLastOfCommit : 0);
  frame.Fixed(uint16_t{0});
  frame.Fixed(header.lsn.value);
  frame.Fixed(header.clock_ceiling.ms);
  frame.Fixed(header.durable_offset);
  *chain = WalFrameChain(*chain, std::string_view(*out).substr(start), payload);
  frame.Fixed(*chain);
  frame.Fixed(FrameHeaderChecksum(out->data() + start, epoch, offset));
  ROSTER_DCHECK(out->size() - start == kWalFrameHeaderBytes);
  out->append(payload);
}

std::optional<WalFrameHeader> DecodeWalFrameHeader(std::string_view bytes, uint64_t epoch,
                                                   uint64_t offset) {
  ByteReader in(bytes.substr(0, kWalFrameHeaderBytes));
  WalFrameHeader header;
  header.payload_bytes = in.Fixed<uint32_t>();
  const uint8_t type = in.Byte();
  const uint8_t flags = in.Byte();
  const uint16_t reserved = in.Fixed<uint16_t>();
  if (type != static_cast<uint8_t>(WalFrameType::kCommit) || flags > kLastOfCommit ||
      reserved != 0 || header.payload_bytes > kWalMaxPayloadBytes) {
    return std::nullopt;
  }
  header.last_of_commit = flags == kLastOfCommit;
  header.lsn.value = in.Fixed<uint64_t>();
  header.clock_ceiling.ms = in.Fixed<int64_t>();
  header.durable_offset = in.Fixed<uint64_t>();
  header.chain = in.Fixed<WalChain>();
  const auto checksum = in.Fixed<uint64_t>();
  if (in.failed() || checksum != FrameHeaderChecksum(bytes.data(), epoch, offset)) {
    return std::nullopt;
  }
  return header;
}

WalChain WalFrameChain(const WalChain& before, std::string_view header_bytes,
                       std::string_view payload) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, &before, sizeof(before));
  XXH3_128bits_update(&state, header_bytes.data(), kFrameFields);
  XXH3_128bits_update(&state, payload.data(), payload.size());
  return ToChain(XXH3_128bits_digest(&state));
}

uint64_t WalCommitBytes(uint64_t payload_bytes, uint64_t max_frame_bytes) {
  const uint64_t num_frames =
      payload_bytes == 0 ? 1 : (payload_bytes + max_frame_bytes - 1) / max_frame_bytes;
  return payload_bytes + num_frames * kWalFrameHeaderBytes;
}

std::string ChainToHex(const WalChain& chain) {
  std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<uint8_t>(chain.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<uint8_t>(chain.low >> (56 - 8 * i));
  }
  return BytesToHex(bytes.data(), bytes.size());
}

std::optional<WalChain> ChainFromHex(std::string_view text) {
  const auto bytes = BytesFromHex(text);
  if (!bytes) return std::nullopt;
  WalChain chain;
  for (size_t i = 0; i < 8; ++i) {
    chain.high = chain.high << 8 | (*bytes)[i];
    chain.low = chain.low << 8 | (*bytes)[8 + i];
  }
  return chain;
}

std::string UuidToHex(const StoreUuid& uuid) {
  return BytesToHex(uuid.bytes.data(), uuid.bytes.size());
}

std::optional<StoreUuid> UuidFromHex(std::string_view text) {
  const auto bytes = BytesFromHex(text);
  if (!bytes) return std::nullopt;
  return StoreUuid{*bytes};
}

}  // namespace roster
