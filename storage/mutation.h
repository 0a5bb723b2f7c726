// SPDX-License-Identifier: Apache-2.0
//
// A commit between mutations and the bytes that the log carries. One of the two bridges between
// memory/ and disk/. Thread rule: pure functions. Source: storage/FORMAT.md "Commits".
#ifndef ROSTER_STORAGE_MUTATION_H_
#define ROSTER_STORAGE_MUTATION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/value.h"
#include "storage/memory/change.h"

namespace roster {

// What every commit says of itself before its mutations.
struct CommitHeader {
  Timestamp received_at;   // wall clock of the engine when the command came
  std::string request_id;  // the client's, for at-most-once; empty: none
  uint64_t digest = 0;     // of the command's content, to tell a repeat from a reuse of its id
  std::string actor;       // who, for the audit trail; empty: nobody said
  ProfileId outcome;       // the first item's profile: what a repeat is answered with
  uint64_t record = 0;     // of the note that it made, if any: a repeat is answered with that too
  uint64_t num_items = 0;  // of the command
};

struct Commit {
  CommitHeader header;
  std::vector<Mutation> mutations;
};

// Begins a commit's payload.
void EncodeCommitHeader(const CommitHeader& header, std::string* out);
// Appends one mutation to a payload.
void EncodeMutation(const Mutation& mutation, std::string* out);

// Into `commit`, whose memory is used again; after an error it holds anything.
// Errors: CORRUPT when the bytes are not a commit of this version.
absl::Status DecodeCommit(std::string_view payload, Commit* commit);
absl::StatusOr<Commit> DecodeCommit(std::string_view payload);

}  // namespace roster

#endif  // ROSTER_STORAGE_MUTATION_H_
