// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a log file: its header, its frames and the chain of checksums that ties them (and
// the files) together. Encoding and decoding only; no file is touched here.
// Thread rule: plain values and pure functions. Source: storage/FORMAT.md, "Log file".
#ifndef ROSTER_STORAGE_DISK_WAL_FORMAT_H_
#define ROSTER_STORAGE_DISK_WAL_FORMAT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/value.h"
#include "storage/base/environment.h"

namespace roster {

inline constexpr uint64_t kWalFormatVersion = 1;
inline constexpr uint64_t kWalKnownFeatures = 0;
inline constexpr uint64_t kWalFileHeaderBytes = 4096;  // frames start in a block of their own
inline constexpr uint64_t kWalFrameHeaderBytes = 56;
inline constexpr uint64_t kWalMaxPayloadBytes = 16u << 20;  // of one frame

// Says which store a file belongs to; random, made with the store.
struct StoreUuid {
  std::array<uint8_t, 16> bytes{};
  bool operator==(const StoreUuid&) const = default;
};
StoreUuid RandomUuid(Random* random);

// A running XXH3-128 over everything that the log holds up to some frame.
struct WalChain {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const WalChain&) const = default;
};

// A point between two frames of one log file.
struct WalPosition {
  uint64_t offset = 0;      // where the next frame goes
  Lsn lsn;                  // of the frame before it
  Timestamp clock_ceiling;  // the highest of the frames before it
  WalChain chain;           // as the frame before it left it
};

struct WalFileHeader {
  uint64_t feature_bits = 0;
  StoreUuid uuid;
  uint64_t number = 0;
  Lsn base_lsn;             // of the last frame before this file
  uint64_t epoch = 0;       // random, drawn for this file: seeds its frames' checksums
  WalChain previous_chain;  // at the end of the file before; zero when there is none
  Timestamp clock_ceiling;  // the highest known when the file was made
  bool operator==(const WalFileHeader&) const = default;
};

// The numbers stand in files; 0 is never a type, so that zeros are never a frame.
enum class WalFrameType : uint8_t { kCommit = 1 };

struct WalFrameHeader {
  uint32_t payload_bytes = 0;
  WalFrameType type = WalFrameType::kCommit;
  bool last_of_commit = true;
  Lsn lsn;
  Timestamp clock_ceiling;
  uint64_t durable_offset = 0;  // everything in this file before it was durable at this time
  WalChain chain;               // up to and with this frame
};

// The header's kWalFileHeaderBytes bytes.
std::string EncodeWalFileHeader(const WalFileHeader& header);

// Errors: CORRUPT when the bytes are not a header (fixed text without file name); ERR when it is
// one of a newer format version or has unknown feature bits.
absl::StatusOr<WalFileHeader> DecodeWalFileHeader(std::string_view bytes);

// The chain before a file's first frame: the checksum of its header, which holds the chain of
// the file before.
WalChain WalFileChain(const WalFileHeader& header);

// Appends a frame that will stand at `offset` of the file with `epoch`. `*chain` goes from the
// chain before the frame to the one after it (`header.chain` and `header.payload_bytes` are
// ignored on the way in).
// Requires: payload.size() <= kWalMaxPayloadBytes.
void AppendWalFrame(const WalFrameHeader& header, std::string_view payload, uint64_t epoch,
                    uint64_t offset, WalChain* chain, std::string* out);

// The header that stands at `offset`, nothing when its checksum does not hold there. The payload
// is another matter: WalFrameChain tells.
// Requires: bytes.size() >= kWalFrameHeaderBytes.
// Cost: a few comparisons for bytes that are not a header; made for trying every offset.
std::optional<WalFrameHeader> DecodeWalFrameHeader(std::string_view bytes, uint64_t epoch,
                                                   uint64_t offset);

// The chain that a frame leaves: its payload is whole when this equals the header's.
// `header_bytes`: the frame's first kWalFrameHeaderBytes.
WalChain WalFrameChain(const WalChain& before, std::string_view header_bytes,
                       std::string_view payload);

// What a commit of `payload_bytes` takes in a file when it is cut into frames of `max_frame_bytes`.
uint64_t WalCommitBytes(uint64_t payload_bytes, uint64_t max_frame_bytes);

// 32 hexadecimal digits, and back (nothing when it is not that).
std::string ChainToHex(const WalChain& chain);
std::optional<WalChain> ChainFromHex(std::string_view text);
std::string UuidToHex(const StoreUuid& uuid);
std::optional<StoreUuid> UuidFromHex(std::string_view text);

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_WAL_FORMAT_H_
