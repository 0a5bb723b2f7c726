// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/upkeep/seen_later.h"

#include <algorithm>

namespace roster {

std::vector<std::pair<Timestamp, ProfileId>> SeenLater::Sorted() const {
  std::vector<std::pair<Timestamp, ProfileId>> all;
  all.reserve(size_);
  for (const Cow<Part>& part : parts_) {
    for (const auto& [ms, profile] : part->by_time) all.push_back({{ms}, {profile}});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.ms, a.second.value) < std::pair(b.first.ms, b.second.value);
  });
  return all;
}

void SeenLater::Add(Timestamp time, ProfileId profile) {
  if (parts_.empty()) parts_.resize(kNumParts);
  if (PartOf(profile)->by_profile.contains({profile.value, time.ms})) return;
  Part& part = PartOf(profile).Mutable();
  part.by_time.emplace(time.ms, profile.value);
  part.by_profile.emplace(profile.value, time.ms);
  ++size_;
  if (!earliest_ || time < *earliest_) earliest_ = time;
}

void SeenLater::MoveAll(ProfileId from, ProfileId to) {
  for (const int64_t ms : TakeAll(from)) Add({ms}, to);
}

void SeenLater::Forget(ProfileId profile) { TakeAll(profile); }

std::vector<int64_t> SeenLater::TakeAll(ProfileId profile) {
  std::vector<int64_t> times;
  if (size_ == 0) return times;
  const auto& known = PartOf(profile)->by_profile;
  for (auto it = known.lower_bound({profile.value, INT64_MIN});
       it != known.end() && it->first == profile.value; ++it) {
    times.push_back(it->second);
  }
  if (times.empty()) return times;
  Part& part = PartOf(profile).Mutable();
  for (const int64_t ms : times) {
    part.by_time.erase({ms, profile.value});
    part.by_profile.erase({profile.value, ms});
  }
  size_ -= times.size();
  if (times.front() == earliest_->ms) FindEarliest();
  return times;
}

std::vector<std::pair<Timestamp, ProfileId>> SeenLater::TakeDue(Timestamp clock) {
  std::vector<std::pair<Timestamp, ProfileId>> due;
  if (!earliest_ || *earliest_ > clock) return due;
  for (Cow<Part>& shared : parts_) {
    if (shared->by_time.empty() || shared->by_time.begin()->first > clock.ms) continue;
    Part& part = shared.Mutable();
    const auto end = part.by_time.upper_bound({clock.ms, UINT64_MAX});
    for (auto it = part.by_time.begin(); it != end; ++it) {
      due.push_back({{it->first}, {it->second}});
      part.by_profile.erase({it->second, it->first});
    }
    part.by_time.erase(part.by_time.begin(), end);
  }
  size_ -= due.size();
  FindEarliest();
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.ms, a.second.value) < std::pair(b.first.ms, b.second.value);
  });
  return due;
}

void SeenLater::FindEarliest() {
  earliest_.reset();
  for (const Cow<Part>& part : parts_) {
    if (part->by_time.empty()) continue;
    const Timestamp first{part->by_time.begin()->first};
    if (!earliest_ || first < *earliest_) earliest_ = first;
  }
}

size_t SeenLater::MemoryBytes() const {
  return size_ * kEntryBytes + parts_.size() * (sizeof(Part) + sizeof(Cow<Part>));
}

}  // namespace roster
