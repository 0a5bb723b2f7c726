// SPDX-License-Identifier: Apache-2.0
//
// The request ids of the last commands with their first outcomes: at-most-once for clients that
// try again. Made from the commits' headers and kept in snapshots, so that it survives restarts.
// Keeps hashes of the ids, never what a command said.
// Thread rule: one writer; not shared. Source: DURABILITY.md P10, P17.
#ifndef ROSTER_ENGINE_COMMIT_REQUEST_WINDOW_H_
#define ROSTER_ENGINE_COMMIT_REQUEST_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "roster/value.h"
#include "roster/write.h"
#include "storage/base/bytes.h"

namespace roster {

struct FirstOutcome {
  uint64_t digest = 0;  // of the command's content
  Lsn lsn;
  ProfileId profile;
  uint64_t record = 0;  // of the note that was made, if any
};

// The hash of a request id.
struct RequestHash {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const RequestHash&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const RequestHash& hash) {
    return H::combine(std::move(h), hash.low, hash.high);
  }
};

// Invariants: (1) holds the newest kMaxRequests ids; (2) entries_ is in order of arrival from
// oldest_ on, around the end; (3) index_ names the place of each.
class RequestWindow {
 public:
  static constexpr size_t kMaxRequests = 100'000;

  struct Entry {
    RequestHash id;
    FirstOutcome outcome;
  };

  // Null when the id is not known. Lifetime: until the next Add.
  const FirstOutcome* Find(std::string_view request_id) const;
  // An id that is known keeps its first outcome.
  void Add(std::string_view request_id, const FirstOutcome& outcome);

  size_t size() const { return entries_.size(); }
  // Oldest first. Cost: O(size), a copy of plain values.
  std::vector<Entry> Entries() const;
  size_t MemoryBytes() const;

  void CheckInvariants() const;

 private:
  friend absl::Status ReadRequests(ByteReader* in, RequestWindow* window);
  void Add(const Entry& entry);

  std::vector<Entry> entries_;
  size_t oldest_ = 0;
  absl::flat_hash_map<RequestHash, uint32_t> index_;
};

// As they stand in a snapshot. Source: storage/FORMAT.md "Snapshot".
void WriteRequests(const std::vector<RequestWindow::Entry>& entries, ByteWriter* out);
// Into an empty window. Errors: CORRUPT.
absl::Status ReadRequests(ByteReader* in, RequestWindow* window);

// A digest of a command's content, to tell a client's retry from another command under the same
// request id. Stands in commits.
uint64_t DigestOf(const Batch& batch);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_REQUEST_WINDOW_H_
