// SPDX-License-Identifier: Apache-2.0
//
// Text by dense code: each distinct text of a column or property is held once. Derived: files hold
// the text itself. Thread rule: one writer interns; Find and Text from any thread.
#ifndef ROSTER_STORAGE_MEMORY_DICTIONARY_H_
#define ROSTER_STORAGE_MEMORY_DICTIONARY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "storage/base/mutex.h"
#include "storage/base/prefetch.h"
#include "storage/base/text.h"
#include "storage/memory/append_table.h"

namespace roster {

// Invariants: (1) codes are dense from 0 and never change; (2) no text has two codes, but for those
// that Supersede made. A code may be newer than a reader's view: no row of the view has it then, so
// it does no harm.
class Dictionary {
 public:
  Dictionary() : index_(0, HashOf{this}, SameAs{this}) {}
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  // The code of a text, made when it is new. Thread: the writer.
  uint32_t Intern(std::string_view text);
  // Makes room for so many texts at once. Thread: the writer.
  void Reserve(size_t num_texts);
  // Gives the next codes to texts that are new; false at the first that is not, which ends it.
  // Quicker than as many Intern. Thread: the writer.
  bool AppendNew(absl::Span<const std::string_view> texts);
  // Thread: any.
  std::optional<uint32_t> Find(std::string_view text) const;
  // As Find, of the codes below a limit: what a view that knows so many would have found.
  std::optional<uint32_t> FindBelow(std::string_view text, size_t limit) const;
  // The code that a text had before this one, while it is not wiped. Thread: any.
  std::optional<uint32_t> OlderOf(uint32_t code) const;
  // Calls f(code) for the newest code of each text that has several. Thread: the writer.
  template <typename F>
  void ForEachRepeated(F&& f) const {
    absl::flat_hash_set<uint32_t> older;
    for (const auto& [code, before] : older_) older.insert(before);
    for (const auto& [code, before] : older_) {
      if (!older.contains(code)) f(code);
    }
  }
  // A new code for a text that may have one already, which later finds of it give. The older code
  // keeps its text for those who know it. Thread: the writer.
  uint32_t Supersede(std::string_view text);
  // Forgets a code and overwrites its text behind the first `keep` bytes. Requires: nobody asks for
  // more of its text any more. Thread: the writer.
  void Wipe(uint32_t code, size_t keep);
  // A code that is not found, as one that was wiped: of its text the beginning is left.
  // Thread: the writer.
  void AddWiped(std::string_view kept);
  // Requires: a code that a view, Find or Intern gave. Lifetime: as the dictionary. Thread: any.
  std::string_view Text(uint32_t code) const;
  // Has the processor fetch the beginning of a text. Requires: as Text. Thread: any.
  void Prefetch(uint32_t code) const {
    const char* const text = texts_[code];
    PrefetchLine(text);
    PrefetchLine(text + 32);  // it may begin at the end of a line
  }
  // The number of codes that may be asked for now. Thread: any.
  uint32_t size() const;
  // Thread: the writer, or under its lock.
  size_t MemoryBytes() const;

 private:
  struct HashOf {
    using is_transparent = void;
    const Dictionary* dictionary;
    size_t operator()(std::string_view text) const { return TextHash{}(text); }
    size_t operator()(uint32_t code) const { return TextHash{}(dictionary->Text(code)); }
  };
  struct SameAs {
    using is_transparent = void;
    const Dictionary* dictionary;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t a, std::string_view b) const { return dictionary->Text(a) == b; }
    bool operator()(std::string_view a, uint32_t b) const { return a == dictionary->Text(b); }
  };

  char* Keep(std::string_view text);

  // Each text with its length before it (a varint), in blocks that never move.
  AppendTable<char*> texts_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_free_ = 0;
  char* block_next_ = nullptr;
  size_t block_bytes_ = 0;

  // Guards the index against readers while the writer inserts; the writer alone reads it unlocked.
  mutable SharedMutex mutex_;
  absl::flat_hash_set<uint32_t, HashOf, SameAs> index_;
  absl::flat_hash_map<uint32_t, uint32_t> older_;  // superseded codes, by the newer one
  std::atomic<uint32_t> size_{0};
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_DICTIONARY_H_
