// SPDX-License-Identifier: Apache-2.0
//
// Everything that a client can run into, in one place; the defaults are those of PROTOCOL.md
// "Limits". Thread rule: plain values, fixed before the server starts.
#ifndef ROSTER_SERVER_LIMITS_H_
#define ROSTER_SERVER_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace roster::server {

// How long a request may be, by what it carries.
enum class RequestSize : uint8_t { kStatement, kJson, kBatch };

struct Limits {
  size_t max_connections = 1024;
  // Length of one request. Units: bytes.
  size_t statement_bytes = 64 << 10;
  size_t json_bytes = 1 << 20;
  size_t batch_bytes = 4 << 20;
  // From the first byte of a request to its last.
  int64_t request_ms = 10'000;
  // Replies that the client has not taken: above the first the connection reads no more, above
  // the second it is closed.
  size_t unread_pause_bytes = 1 << 20;
  size_t unread_close_bytes = 8 << 20;
  // Requests and replies of all connections together; above it connections read no more.
  size_t all_buffers_bytes = 64 << 20;
  // Requests of one connection that are not answered; above it the connection reads no more.
  size_t pipelined = 128;
  // After a last error the connection waits so long for the client to close.
  int64_t linger_ms = 1'000;

  size_t BytesFor(RequestSize size) const {
    switch (size) {
      case RequestSize::kStatement:
        return statement_bytes;
      case RequestSize::kJson:
        return json_bytes;
      case RequestSize::kBatch:
        return batch_bytes;
    }
    return statement_bytes;
  }
  // One reply must fit between the two marks, so that taking it is always possible.
  size_t MaxReplyBytes() const { return unread_close_bytes - unread_pause_bytes; }
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_LIMITS_H_
