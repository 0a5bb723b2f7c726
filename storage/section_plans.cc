// SPDX-License-Identifier: Apache-2.0
#include "storage/section_plans.h"

#include <algorithm>

#include "storage/store_snapshot.h"

namespace roster {

const SnapshotSection* SectionPlans::Section(std::string_view name) {
  const SnapshotSection* section = reader_.Find(StrCat(kStoreSections, name));
  if (section != nullptr) ++num_known_;
  return section;
}

std::vector<const SnapshotSection*> SectionPlans::Parts(std::string_view name) {
  std::vector<const SnapshotSection*> parts;
  while (const SnapshotSection* part = Section(StrCat(name, "/", parts.size()))) {
    parts.push_back(part);
  }
  return parts;
}

absl::Status SectionPlans::CheckAllKnown() const {
  const auto ours = [](const SnapshotSection& s) { return s.name.starts_with(kStoreSections); };
  const auto& sections = reader_.sections();
  if (std::count_if(sections.begin(), sections.end(), ours) == num_known_) return absl::OkStatus();
  return MakeError(ErrorCode::kErr,
                   StrCat("snapshot has sections of a newer version: file ", reader_.path()));
}

absl::Status SectionPlans::Wrong(std::string_view what) const {
  return MakeError(ErrorCode::kCorrupt,
                   StrCat("snapshot is damaged: ", what, ": file ", reader_.path()));
}

absl::Status SectionPlans::Missing(std::string_view name) const {
  return Wrong(StrCat("section ", kStoreSections, name, " is missing"));
}

absl::Status SectionPlans::CheckCount(uint64_t got, uint64_t want, std::string_view what) const {
  if (got == want) return absl::OkStatus();
  return Wrong(StrCat(got, " ", what, " instead of ", want));
}

}  // namespace roster
