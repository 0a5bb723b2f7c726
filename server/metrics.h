// SPDX-License-Identifier: Apache-2.0
//
// What the server counts about itself, and its log lines. No value of a person goes into either.
// Thread rule: counters are atomics, `Log` may be called from any thread.
#ifndef ROSTER_SERVER_METRICS_H_
#define ROSTER_SERVER_METRICS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "roster/database.h"

namespace roster::server {

// Counts since the start, shown by INFO.
struct Metrics {
  using Counter = std::atomic<uint64_t>;
  Counter connections_accepted{0};
  Counter connections_refused{0};   // over the limit of connections
  Counter connections_open{0};      // now
  Counter http_closed{0};           // HTTP on this port
  Counter tls_closed{0};            // TLS on this port
  Counter protocol_errors{0};       // closed for what they sent
  Counter slow_requests_closed{0};  // a request that was not complete in time
  Counter slow_readers_closed{0};   // replies that were not taken
  Counter requests{0};
  Counter writes{0};
  Counter reads{0};
  Counter errors{0};    // replies that are errors
  Counter too_long{0};  // requests over their length
  Counter bytes_in{0};
  Counter bytes_out{0};
  Counter buffer_bytes{0};  // now, of all connections
};

// Writes one line to stderr: time, event, fields. Values with blanks are quoted.
// Shape: 2026-11-21T10:00:00.123Z ready address=127.0.0.1:7000
void Log(std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields);

// Says on stderr what becomes of the store while nobody asks: the log failed, the disk is full,
// snapshots were made or failed. One line for each change. Thread rule: one thread at a time.
class StoreWatch {
 public:
  using Say = std::function<void(std::string_view event,
                                 std::initializer_list<std::pair<std::string_view, std::string>>)>;
  explicit StoreWatch(Say say = Log) : say_(std::move(say)) {}

  // Says what is other than at the last look. To be called now and then: of what came and went
  // between two looks only snapshots are told, and of several the last.
  void Look(const Stats& stats);

 private:
  const Say say_;
  // As last seen.
  bool read_only_ = false;
  bool disk_full_ = false;
  uint64_t snapshots_made_ = 0;
  uint64_t snapshots_failed_ = 0;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_METRICS_H_
