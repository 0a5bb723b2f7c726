// SPDX-License-Identifier: Apache-2.0
//
// The manifest's text and its replacement.
#include "storage/disk/manifest.h"

#include <xxhash.h>

#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/seed.h"

namespace roster {
namespace {

Manifest SampleManifest() {
  Manifest manifest;
  manifest.uuid.bytes = {0xab, 1};
  manifest.next_file_number = 9;
  manifest.logs.push_back({3, Lsn{0}, ClosedLog{5000, Lsn{10}, {1, 2}}});
  manifest.logs.push_back({8, Lsn{10}, std::nullopt});
  manifest.snapshots.push_back({"snapshot-7.snap", Lsn{7}});
  return manifest;
}

// `text` up to its checksum line, with the checksum that belongs to it.
std::string Sealed(const std::string& text) {
  const std::string body = text.substr(0, text.rfind("checksum "));
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  return StrCat(body, "checksum ", ChainToHex({hash.low64, hash.high64}), "\n");
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  return Sealed(text.replace(text.find(from), from.size(), to));
}

TEST_CASE("a manifest reads as it was written") {
  const Manifest manifest = SampleManifest();
  const std::string text = EncodeManifest(manifest);
  REQUIRE(Sealed(text) == text);
  REQUIRE(*DecodeManifest(text) == manifest);
  REQUIRE(
      text.starts_with("roster manifest 1\nfeatures 0\n"
                       "store ab010000000000000000000000000000\nnext 9\n"
                       "log 3 base 0 end 5000 lsn 10 chain "
                       "00000000000000020000000000000001\n"
                       "log 8 base 10 open\nsnapshot snapshot-7.snap lsn 7\nchecksum "));
  REQUIRE(*DecodeManifest(EncodeManifest(Manifest{})) == Manifest{});
}

TEST_CASE("a manifest says by what identities were normalised, with a feature bit") {
  Manifest manifest = SampleManifest();
  manifest.SetNormaliser("forms 1 region NL");
  const std::string text = EncodeManifest(manifest);
  REQUIRE(*DecodeManifest(text) == manifest);
  REQUIRE(text.starts_with("roster manifest 1\nfeatures 1\n"));
  REQUIRE(text.find("\nnext 9\nnormaliser forms 1 region NL\nlog 3 ") != std::string::npos);
  for (const auto& [from, to] :
       {std::pair("features 1", "features 0"), std::pair("normaliser forms 1 region NL\n", ""),
        std::pair("normaliser forms", "normaliser normaliser\nforms"),
        std::pair("region NL", "region NL\nnormaliser x"), std::pair("region NL", "region \x01"),
        std::pair("normaliser forms 1 region NL", "normaliser")}) {
    REQUIRE(ErrorCodeOf(DecodeManifest(Replaced(text, from, to)).status()) == ErrorCode::kCorrupt);
  }
  manifest.SetNormaliser("");
  REQUIRE(manifest == SampleManifest());
}

TEST_CASE("a damaged manifest is refused") {
  const std::string text = EncodeManifest(SampleManifest());
  for (size_t length = 0; length < text.size(); ++length) {
    REQUIRE(ErrorCodeOf(DecodeManifest(text.substr(0, length)).status()) == ErrorCode::kCorrupt);
  }
  REQUIRE(ErrorCodeOf(DecodeManifest(text + "\n").status()) == ErrorCode::kCorrupt);
}

TEST_CASE("a manifest with a right checksum and wrong content is refused") {
  const std::string text = EncodeManifest(SampleManifest());
  const auto [from, to] = GENERATE(table<std::string, std::string>({
      {"next 9", "next 8"},                      // a number that is taken
      {"next 9", "next 09"},                     // another spelling
      {"next 9\n", "next 9\nnext 9\n"},          // twice
      {"next 9\n", "next 9\nfuture 1\n"},        // unknown line
      {"next 9\n", "next 9 \n"},                 //
      {"log 3", "log 8"},                        // not ascending
      {"base 0 end", "base 11 end"},             // ends before it begins
      {"lsn 10", "lsn 11"},                      // overlaps the next
      {"end 5000", "end 4095"},                  // inside its header
      {"end 5000", "end -1"},                    //
      {"end 5000", "end 99999999999999999999"},  //
      {"snapshot-7.snap", "../7.snap"},          //
      {"store ab", "store AB"},                  //
      {"roster", "Roster"},                      //
      {"manifest 1", "manifest 0"},              //
  }));
  INFO(from << " -> " << to);
  REQUIRE(ErrorCodeOf(DecodeManifest(Replaced(text, from, to)).status()) == ErrorCode::kCorrupt);
}

TEST_CASE("a manifest of a newer format is refused, whatever else it says") {
  const std::string text = EncodeManifest(SampleManifest());
  const std::string newer = Replaced(text, "manifest 1", "manifest 2");
  REQUIRE(ErrorCodeOf(DecodeManifest(newer).status()) == ErrorCode::kErr);
  const std::string newer_line = Replaced(newer, "next 9", "future 1");
  REQUIRE(ErrorCodeOf(DecodeManifest(newer_line).status()) == ErrorCode::kErr);
  const std::string feature = Replaced(text, "features 0", "features 10");
  REQUIRE(ErrorCodeOf(DecodeManifest(feature).status()) == ErrorCode::kErr);
}

TEST_CASE("replacing the manifest leaves the old or the new one, whatever fails") {
  Manifest old_one = SampleManifest();
  Manifest new_one = SampleManifest();
  new_one.next_file_number = 20;
  const bool power_off = GENERATE(true, false);
  for (uint64_t call = 0; call < 20; ++call) {
    FaultyFileSystem fs;
    REQUIRE(fs.CreateDir("/d").ok());
    REQUIRE(PublishManifest(&fs, "/d", old_one).ok());
    const uint64_t first = fs.num_calls() + call;
    if (power_off) {
      fs.PowerOffAfter(first);
    } else {
      fs.FailCall(first + 1, Fault::kIoError, false);
    }
    const bool prepared = PrepareManifest(&fs, "/d", new_one).ok();
    const bool installed = prepared && InstallManifest(&fs, "/d").ok();
    for (uint64_t outcome = 0; outcome < 20; ++outcome) {
      const auto image = fs.CrashImage(TestSeed() + outcome);
      const auto found = ReadManifest(image.get(), "/d");
      REQUIRE(found.ok());
      REQUIRE((*found == new_one || (!installed && *found == old_one)));
      if (!prepared) REQUIRE(*found == old_one);
    }
    if (power_off) continue;
    fs.ClearFaults();
    REQUIRE(PublishManifest(&fs, "/d", new_one).ok());
  }
}

}  // namespace
}  // namespace roster
