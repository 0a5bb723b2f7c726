// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/dictionary.h"

#include <algorithm>
#include <cstring>

#include "storage/base/bytes.h"

namespace roster {
namespace {

constexpr size_t kFirstBlockBytes = 256;
constexpr size_t kMaxBlockBytes = 256 << 10;
constexpr size_t kPrefetchTexts = 8;  // how far ahead of an insertion its place is fetched

}  // namespace

uint32_t Dictionary::Intern(std::string_view text) {
  if (const auto it = index_.find(text); it != index_.end()) return *it;
  const uint32_t code = static_cast<uint32_t>(texts_.size());
  texts_.Append(Keep(text));
  WriterLock lock(&mutex_);
  index_.insert(code);
  size_.store(code + 1, std::memory_order_release);
  return code;
}

void Dictionary::Reserve(size_t num_texts) {
  WriterLock lock(&mutex_);
  index_.reserve(num_texts);
}

bool Dictionary::AppendNew(absl::Span<const std::string_view> texts) {
  WriterLock lock(&mutex_);
  bool all_new = true;
  for (size_t i = 0; i < texts.size() && all_new; ++i) {
    if (i + kPrefetchTexts < texts.size()) index_.prefetch(texts[i + kPrefetchTexts]);
    all_new = false;
    index_.lazy_emplace(texts[i], [&](const auto& emplace) {
      emplace(static_cast<uint32_t>(texts_.size()));
      texts_.Append(Keep(texts[i]));
      all_new = true;
    });
  }
  size_.store(static_cast<uint32_t>(texts_.size()), std::memory_order_release);
  return all_new;
}

std::optional<uint32_t> Dictionary::Find(std::string_view text) const {
  ReaderLock lock(&mutex_);
  const auto it = index_.find(text);
  if (it == index_.end()) return std::nullopt;
  return *it;
}

std::optional<uint32_t> Dictionary::FindBelow(std::string_view text, size_t limit) const {
  ReaderLock lock(&mutex_);
  const auto it = index_.find(text);
  if (it == index_.end()) return std::nullopt;
  uint32_t code = *it;
  while (code >= limit) {
    const auto older = older_.find(code);
    if (older == older_.end()) return std::nullopt;
    code = older->second;
  }
  return code;
}

std::optional<uint32_t> Dictionary::OlderOf(uint32_t code) const {
  ReaderLock lock(&mutex_);
  const auto it = older_.find(code);
  if (it == older_.end()) return std::nullopt;
  return it->second;
}

uint32_t Dictionary::Supersede(std::string_view text) {
  const auto it = index_.find(text);
  if (it == index_.end()) return Intern(text);
  const uint32_t code = static_cast<uint32_t>(texts_.size());
  texts_.Append(Keep(text));
  WriterLock lock(&mutex_);
  older_[code] = *it;
  index_.erase(it);
  index_.insert(code);
  size_.store(code + 1, std::memory_order_release);
  return code;
}

void Dictionary::AddWiped(std::string_view kept) {
  texts_.Append(Keep(kept));
  size_.store(static_cast<uint32_t>(texts_.size()), std::memory_order_release);
}

void Dictionary::Wipe(uint32_t code, size_t keep) {
  WriterLock lock(&mutex_);
  const std::string_view text = Text(code);
  const auto it = index_.find(text);
  std::optional<uint32_t> before;
  if (const auto older = older_.find(code); older != older_.end()) {
    before = older->second;
    older_.erase(older);
  }
  if (*it == code) {
    index_.erase(it);
    if (before) index_.insert(*before);
  } else {
    uint32_t newer = *it;
    while (older_.at(newer) != code) newer = older_.at(newer);
    older_.erase(newer);
    if (before) older_[newer] = *before;
  }
  const auto begin = static_cast<size_t>(text.data() - texts_[code]) + keep;
  std::memset(texts_[code] + begin, 0, text.size() - keep);
}

std::string_view Dictionary::Text(uint32_t code) const {
  const auto* at = reinterpret_cast<const unsigned char*>(texts_[code]);
  uint64_t size = 0;
  for (int shift = 0;; shift += 7) {
    const unsigned char byte = *at++;
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return {reinterpret_cast<const char*>(at), size};
}

uint32_t Dictionary::size() const { return size_.load(std::memory_order_acquire); }

size_t Dictionary::MemoryBytes() const {
  return block_bytes_ + texts_.MemoryBytes() + index_.capacity() * (sizeof(uint32_t) + 1);
}

char* Dictionary::Keep(std::string_view text) {
  std::string length;
  ByteWriter(&length).Varint(text.size());
  const size_t need = length.size() + text.size();
  if (need > block_free_) {
    const size_t bytes = std::max(need, std::clamp(block_bytes_, kFirstBlockBytes, kMaxBlockBytes));
    blocks_.emplace_back(new char[bytes]);
    block_next_ = blocks_.back().get();
    block_free_ = bytes;
    block_bytes_ += bytes;
  }
  char* const at = block_next_;
  std::memcpy(at, length.data(), length.size());
  std::memcpy(at + length.size(), text.data(), text.size());
  block_next_ += need;
  block_free_ -= need;
  return at;
}

}  // namespace roster
