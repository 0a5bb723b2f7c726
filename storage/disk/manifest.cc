// SPDX-License-Identifier: Apache-2.0
//
// Implements manifest.h. The decoder is lenient about spelling and the text must equal what the
// encoder makes of the result, so that each manifest has one spelling.
#include "storage/disk/manifest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_split.h"
#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"

namespace roster {
namespace {

constexpr std::string_view kFirstLine = "roster manifest ";
constexpr std::string_view kChecksumLine = "checksum ";
constexpr uint64_t kMaxManifestBytes = 64u << 20;

using Words = std::vector<absl::string_view>;

absl::Status Damaged(std::string_view why) {
  return MakeError(ErrorCode::kCorrupt, StrCat("MANIFEST is damaged: ", why));
}

std::string ChecksumLine(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return StrCat(kChecksumLine, ChainToHex({hash.low64, hash.high64}), "\n");
}

// Sets `failed` when a word is not what it should be.
class WordReader {
 public:
  explicit WordReader(absl::string_view line) : words_(absl::StrSplit(line, ' ')) {}

  std::string_view Word() {
    if (next_ < words_.size()) return StdView(words_[next_++]);
    failed_ = true;
    return {};
  }
  void Expect(std::string_view word) {
    if (Word() != word) failed_ = true;
  }
  uint64_t Number(int base = 10) {
    const std::string_view word = Word();
    uint64_t number = 0;
    const char* const end = word.data() + word.size();
    const auto result = std::from_chars(word.data(), end, number, base);
    if (result.ec != std::errc() || result.ptr != end) failed_ = true;
    return number;
  }
  // Whether all words were as expected and none is left.
  bool Done() const { return !failed_ && next_ == words_.size(); }

 private:
  Words words_;
  size_t next_ = 0;
  bool failed_ = false;
};

bool ReadLogLine(WordReader* words, Manifest* manifest) {
  LogEntry log;
  log.number = words->Number();
  words->Expect("base");
  log.base_lsn.value = words->Number();
  const std::string_view state = words->Word();
  if (state == "end") {
    ClosedLog closed;
    closed.end_offset = words->Number();
    words->Expect("lsn");
    closed.end_lsn.value = words->Number();
    words->Expect("chain");
    const auto chain = ChainFromHex(words->Word());
    if (!chain) return false;
    closed.chain = *chain;
    log.closed = closed;
  } else if (state != "open") {
    return false;
  }
  manifest->logs.push_back(log);
  return words->Done();
}

bool ReadLine(absl::string_view line, Manifest* manifest) {
  WordReader words(line);
  const std::string_view kind = words.Word();
  if (kind == "store") {
    const auto uuid = UuidFromHex(words.Word());
    if (!uuid) return false;
    manifest->uuid = *uuid;
    return words.Done();
  }
  if (kind == "next") {
    manifest->next_file_number = words.Number();
    return words.Done();
  }
  if (kind == "normaliser" && line.size() > kind.size() && manifest->normaliser.empty()) {
    manifest->normaliser = std::string(StdView(line.substr(kind.size() + 1)));
    return true;
  }
  if (kind == "log") return ReadLogLine(&words, manifest);
  if (kind == "snapshot") {
    SnapshotEntry snapshot;
    snapshot.name = std::string(words.Word());
    words.Expect("lsn");
    snapshot.lsn.value = words.Number();
    manifest->snapshots.push_back(snapshot);
    return words.Done();
  }
  return false;
}

// The first two lines, which every version has in the same place.
absl::Status ReadHeadLines(const Words& lines, Manifest* manifest) {
  WordReader first(lines.empty() ? absl::string_view() : lines[0]);
  first.Expect("roster");
  first.Expect("manifest");
  const uint64_t version = first.Number();
  WordReader second(lines.size() < 2 ? absl::string_view() : lines[1]);
  second.Expect("features");
  manifest->feature_bits = second.Number(16);
  if (!first.Done() || !second.Done()) return Damaged("its first lines");
  if (version > kManifestFormatVersion) {
    return MakeError(ErrorCode::kErr, StrCat("MANIFEST is of a newer format version: ", version));
  }
  if ((manifest->feature_bits & ~kManifestKnownFeatures) != 0) {
    return MakeError(ErrorCode::kErr,
                     StrCat("MANIFEST has unknown feature bits: ", manifest->feature_bits));
  }
  return absl::OkStatus();
}

bool ValidLogs(const Manifest& manifest) {
  const auto& logs = manifest.logs;
  for (size_t i = 0; i < logs.size(); ++i) {
    const bool last = i + 1 == logs.size();
    if (logs[i].number >= manifest.next_file_number) return false;
    if (!logs[i].closed) return last;
    const ClosedLog& closed = *logs[i].closed;
    if (closed.end_lsn < logs[i].base_lsn || closed.end_offset < kWalFileHeaderBytes) return false;
    if (last) break;
    if (logs[i].number >= logs[i + 1].number || closed.end_lsn > logs[i + 1].base_lsn) return false;
  }
  return true;
}

}  // namespace

void Manifest::SetNormaliser(std::string version) {
  normaliser = std::move(version);
  feature_bits &= ~kManifestNormaliser;
  if (!normaliser.empty()) feature_bits |= kManifestNormaliser;
}

bool Manifest::Valid() const {
  const bool printable = std::all_of(normaliser.begin(), normaliser.end(),
                                     [](char c) { return c >= 0x20 && c < 0x7f; });
  const bool said = (feature_bits & kManifestNormaliser) != 0;
  if (!printable || said == normaliser.empty()) return false;
  for (size_t i = 0; i < snapshots.size(); ++i) {
    if (!IsSnapshotName(snapshots[i].name)) return false;
    if (i > 0 && snapshots[i - 1].lsn >= snapshots[i].lsn) return false;
  }
  return next_file_number > 0 && ValidLogs(*this);
}

std::string EncodeManifest(const Manifest& manifest) {
  std::string text = StrCat(kFirstLine, kManifestFormatVersion, "\n", "features ",
                            absl::Hex(manifest.feature_bits), "\n");
  text += StrCat("store ", UuidToHex(manifest.uuid), "\n");
  text += StrCat("next ", manifest.next_file_number, "\n");
  if (!manifest.normaliser.empty()) text += StrCat("normaliser ", manifest.normaliser, "\n");
  for (const LogEntry& log : manifest.logs) {
    text += StrCat("log ", log.number, " base ", log.base_lsn.value);
    text += log.closed ? StrCat(" end ", log.closed->end_offset, " lsn ", log.closed->end_lsn.value,
                                " chain ", ChainToHex(log.closed->chain), "\n")
                       : std::string(" open\n");
  }
  for (const SnapshotEntry& snapshot : manifest.snapshots) {
    text += StrCat("snapshot ", snapshot.name, " lsn ", snapshot.lsn.value, "\n");
  }
  return text + ChecksumLine(text);
}

absl::StatusOr<Manifest> DecodeManifest(std::string_view text) {
  const size_t body_size = text.rfind(kChecksumLine);
  if (body_size == std::string_view::npos) return Damaged("no checksum");
  const std::string_view body = text.substr(0, body_size);
  if (text.substr(body_size) != ChecksumLine(body)) return Damaged("its checksum does not hold");
  Words lines = absl::StrSplit(AbslView(body), '\n');
  lines.pop_back();  // behind the last line feed
  Manifest manifest;
  ROSTER_RETURN_IF_ERROR(ReadHeadLines(lines, &manifest));
  for (size_t i = 2; i < lines.size(); ++i) {
    if (!ReadLine(lines[i], &manifest)) return Damaged(StrCat("line ", i + 1));
  }
  if (EncodeManifest(manifest) != text) return Damaged("it is not as it is written");
  if (!manifest.Valid()) return Damaged("it contradicts itself");
  return manifest;
}

absl::StatusOr<Manifest> ReadManifest(FileSystem* fs, const std::string& directory) {
  ROSTER_ASSIGN_OR_RETURN(const std::string text,
                          ReadWholeFile(fs, JoinPath(directory, kManifestName), kMaxManifestBytes));
  return DecodeManifest(text);
}

absl::Status PrepareManifest(FileSystem* fs, const std::string& directory,
                             const Manifest& manifest) {
  ROSTER_CHECK(manifest.Valid());
  const std::string path = JoinPath(directory, kManifestTempName);
  const std::string text = EncodeManifest(manifest);
  ROSTER_ASSIGN_OR_RETURN(const bool left_over, fs->Exists(path));
  if (left_over) ROSTER_RETURN_IF_ERROR(fs->Remove(path));
  ROSTER_ASSIGN_OR_RETURN(auto file, fs->Open(path, OpenMode::kCreateExclusive));
  ROSTER_RETURN_IF_ERROR(file->Write(0, text));
  ROSTER_RETURN_IF_ERROR(file->Sync());
  ROSTER_RETURN_IF_ERROR(file->Close());
  ROSTER_ASSIGN_OR_RETURN(const std::string read, ReadWholeFile(fs, path, kMaxManifestBytes));
  if (read != text)
    return MakeError(ErrorCode::kCorrupt, "MANIFEST.tmp reads otherwise than written");
  return absl::OkStatus();
}

absl::Status InstallManifest(FileSystem* fs, const std::string& directory) {
  ROSTER_RETURN_IF_ERROR(
      fs->Rename(JoinPath(directory, kManifestTempName), JoinPath(directory, kManifestName)));
  return fs->SyncDir(directory);
}

absl::Status PublishManifest(FileSystem* fs, const std::string& directory,
                             const Manifest& manifest) {
  ROSTER_RETURN_IF_ERROR(PrepareManifest(fs, directory, manifest));
  return InstallManifest(fs, directory);
}

}  // namespace roster
