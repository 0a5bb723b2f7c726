// SPDX-License-Identifier: Apache-2.0
//
// The request ids of the last commands with their first outcomes: at-most-once for clients that
// try again. Derived from the commits' headers, so that it survives restarts.
// Thread rule: the writer's. Source: DURABILITY.md P17.
#ifndef ROSTER_ENGINE_COMMIT_REQUEST_WINDOW_H_
#define ROSTER_ENGINE_COMMIT_REQUEST_WINDOW_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "roster/value.h"
#include "roster/write.h"
#include "storage/base/text.h"

namespace roster {

struct FirstOutcome {
  uint64_t digest = 0;  // of the command's content
  Lsn lsn;
  ProfileId profile;
};

// Invariant: holds the newest kMaxRequests ids.
class RequestWindow {
 public:
  static constexpr size_t kMaxRequests = 100'000;

  // Null when the id is not known. Lifetime: until the next Add.
  const FirstOutcome* Find(std::string_view request_id) const;
  void Add(std::string_view request_id, const FirstOutcome& outcome);

 private:
  TextMap<FirstOutcome> outcomes_;
  std::deque<std::string> order_;
};

// A digest of a command's content, to tell a client's retry from another command under the same
// request id. Stands in commits.
uint64_t DigestOf(const Batch& batch);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_REQUEST_WINDOW_H_
