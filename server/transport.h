// SPDX-License-Identifier: Apache-2.0
//
// The seams through which a connection meets the world: a socket, a queue of tasks, the clock.
// The real ones are in asio_transport and worker_pool; tests put in their own.
#ifndef ROSTER_SERVER_TRANSPORT_H_
#define ROSTER_SERVER_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace roster::server {

struct IoResult {
  enum class State : uint8_t { kDone, kWouldBlock, kClosed, kBroken };
  State state = State::kWouldBlock;
  size_t bytes = 0;  // with kDone: at least 1
};

// A byte stream that never blocks. Thread: the connection's only. After `Close` no callback comes.
class Transport {
 public:
  virtual ~Transport() = default;
  // Takes up to `size` bytes that have arrived. kClosed: the other side sends no more, but
  // may read on; kBroken: the line broke.
  virtual IoResult Read(char* buffer, size_t size) = 0;
  // Hands over some bytes from the front of `bytes`.
  virtual IoResult Write(std::string_view bytes) = 0;
  // Calls `ready` once when Read, or Write, is worth trying. Requires: no such call is open.
  virtual void WhenReadable(std::function<void()> ready) = 0;
  virtual void WhenWritable(std::function<void()> ready) = 0;
  // Tells the other side that no more bytes will come.
  virtual void ShutdownWrite() = 0;
  virtual void Close() = 0;
  // "127.0.0.1:40312"
  virtual std::string PeerName() const = 0;
};

// Runs tasks in the order in which they were posted, later than the call.
// Thread: `Post` may be called from any thread.
class TaskQueue {
 public:
  virtual ~TaskQueue() = default;
  virtual void Post(std::function<void()> task) = 0;
  // Runs the task when what is ready now, bytes that wait in sockets too, has been worked off.
  virtual void PostLate(std::function<void()> task) { Post(std::move(task)); }
};

// Units: milliseconds that never go back.
using MonotonicMs = std::function<int64_t()>;

}  // namespace roster::server

#endif  // ROSTER_SERVER_TRANSPORT_H_
