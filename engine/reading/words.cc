// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/words.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/escaping.h"
#include "roster/error.h"
#include "roster/profile.h"
#include "storage/base/bytes.h"
#include "storage/base/text.h"

namespace roster {
namespace {

constexpr char kPlan = 'm';
constexpr size_t kSumBytes = sizeof(uint32_t);

uint32_t SumOf(char kind, std::string_view bytes) {
  return static_cast<uint32_t>(
      XXH3_64bits_withSeed(bytes.data(), bytes.size(), static_cast<unsigned char>(kind)));
}

}  // namespace

std::string SealWord(char kind, std::string_view bytes) {
  std::string sealed;
  ByteWriter out(&sealed);
  out.Fixed(SumOf(kind, bytes));
  sealed.append(bytes);
  return absl::WebSafeBase64Escape(AbslView(sealed));
}

std::optional<std::string> OpenWord(char kind, std::string_view word) {
  std::string sealed;
  if (!absl::WebSafeBase64Unescape(AbslView(word), &sealed)) return std::nullopt;
  // Its last character may have bits that say nothing.
  if (absl::WebSafeBase64Escape(sealed) != AbslView(word)) return std::nullopt;
  ByteReader in(sealed);
  const auto sum = in.Fixed<uint32_t>();
  if (in.failed()) return std::nullopt;
  std::string bytes = sealed.substr(kSumBytes);
  if (sum != SumOf(kind, bytes)) return std::nullopt;
  return bytes;
}

std::string FormatPlan(const MergePlan& plan) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(plan.survivor.value);
  out.Varint(plan.loser.value);
  out.Text(plan.survivor_version);
  out.Text(plan.loser_version);
  for (const auto* names : {&plan.of_survivor, &plan.of_loser}) {
    out.Varint(names->size());
    for (const std::string& name : *names) out.Text(name);
  }
  out.Byte(plan.force ? 1 : 0);
  return SealWord(kPlan, bytes);
}

absl::StatusOr<MergePlan> ParsePlan(std::string_view word) {
  const std::optional<std::string> bytes = OpenWord(kPlan, word);
  if (!bytes) return MakeError(ErrorCode::kParse, "not a plan of MERGE PREVIEW");
  ByteReader in(*bytes);
  MergePlan plan;
  plan.survivor.value = in.Varint();
  plan.loser.value = in.Varint();
  plan.survivor_version = in.Text();
  plan.loser_version = in.Text();
  for (auto* names : {&plan.of_survivor, &plan.of_loser}) {
    const uint64_t count = in.Varint();
    for (uint64_t i = 0; i < count && !in.failed(); ++i) names->emplace_back(in.Text());
  }
  plan.force = in.Byte() != 0;
  if (in.failed() || !in.at_end()) {
    return MakeError(ErrorCode::kParse, "not a plan of MERGE PREVIEW");
  }
  return plan;
}

}  // namespace roster
