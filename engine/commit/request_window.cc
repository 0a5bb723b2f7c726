// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/request_window.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace roster {
namespace {

RequestHash HashOf(std::string_view request_id) {
  const XXH128_hash_t hash = XXH3_128bits(request_id.data(), request_id.size());
  return {hash.low64, hash.high64};
}

}  // namespace

const FirstOutcome* RequestWindow::Find(std::string_view request_id) const {
  const auto it = index_.find(HashOf(request_id));
  return it == index_.end() ? nullptr : &entries_[it->second].outcome;
}

void RequestWindow::Add(std::string_view request_id, const FirstOutcome& outcome) {
  Add({HashOf(request_id), outcome});
}

void RequestWindow::Add(const Entry& entry) {
  const bool full = entries_.size() == kMaxRequests;
  const auto place = static_cast<uint32_t>(full ? oldest_ : entries_.size());
  if (!index_.try_emplace(entry.id, place).second) return;
  if (!full) {
    entries_.push_back(entry);
    return;
  }
  index_.erase(entries_[oldest_].id);
  entries_[oldest_] = entry;
  oldest_ = (oldest_ + 1) % kMaxRequests;
}

std::vector<RequestWindow::Entry> RequestWindow::Entries() const {
  std::vector<Entry> entries;
  entries.reserve(entries_.size());
  const auto oldest = entries_.begin() + static_cast<std::ptrdiff_t>(oldest_);
  entries.insert(entries.end(), oldest, entries_.end());
  entries.insert(entries.end(), entries_.begin(), oldest);
  return entries;
}

size_t RequestWindow::MemoryBytes() const {
  return entries_.capacity() * sizeof(Entry) +
         index_.capacity() * (sizeof(RequestHash) + sizeof(uint64_t));
}

void RequestWindow::CheckInvariants() const {
  ROSTER_CHECK(entries_.size() <= kMaxRequests && index_.size() == entries_.size());
  ROSTER_CHECK(oldest_ == 0 || entries_.size() == kMaxRequests);
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto it = index_.find(entries_[i].id);
    ROSTER_CHECK(it != index_.end() && it->second == i);
  }
}

void WriteRequests(const std::vector<RequestWindow::Entry>& entries, ByteWriter* out) {
  out->Varint(entries.size());
  for (const RequestWindow::Entry& entry : entries) {
    out->Fixed(entry.id.low);
    out->Fixed(entry.id.high);
    out->Fixed(entry.outcome.digest);
    out->Varint(entry.outcome.lsn.value);
    out->Varint(entry.outcome.profile.value);
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].outcome.record == 0) continue;
    out->Varint(i);
    out->Fixed(entries[i].outcome.record);
  }
}

absl::Status ReadRequests(ByteReader* in, RequestWindow* window) {
  const uint64_t count = in->Varint();
  if (count > RequestWindow::kMaxRequests) in->Fail();
  std::vector<RequestWindow::Entry> entries;
  for (uint64_t i = 0; i < count && !in->failed(); ++i) {
    RequestWindow::Entry entry;
    entry.id.low = in->Fixed<uint64_t>();
    entry.id.high = in->Fixed<uint64_t>();
    entry.outcome.digest = in->Fixed<uint64_t>();
    entry.outcome.lsn.value = in->Varint();
    entry.outcome.profile.value = in->Varint();
    if (!in->failed()) entries.push_back(entry);
  }
  while (!in->failed() && !in->at_end()) {
    const uint64_t place = in->Varint();
    const auto record = in->Fixed<uint64_t>();
    if (place >= entries.size()) in->Fail();
    if (!in->failed()) entries[place].outcome.record = record;
  }
  for (const RequestWindow::Entry& entry : entries) window->Add(entry);
  if (in->failed() || window->size() != count) {
    return MakeError(ErrorCode::kCorrupt, "malformed request ids");
  }
  return absl::OkStatus();
}

}  // namespace roster
