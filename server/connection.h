// SPDX-License-Identifier: Apache-2.0
//
// One client: chooses the dialect by its first byte, reads requests, runs them, and sends exactly
// one reply to each, in order. Back-pressure instead of memory: above any limit it reads no more.
// Thread rule: all methods on the network thread; workers and the engine come back by its queue.
// Source: PROTOCOL.md "Order", "Limits".
#ifndef ROSTER_SERVER_CONNECTION_H_
#define ROSTER_SERVER_CONNECTION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "roster/database.h"
#include "server/codec.h"
#include "server/command_table.h"
#include "server/transport.h"

namespace roster::server {

// Where a connection's work runs. Lifetime: outlives every connection.
struct Executors {
  TaskQueue* network = nullptr;
  TaskQueue* workers = nullptr;
};

// Invariants: (1) `slots_` has one entry per request that was taken and not yet sent, in order;
// (2) a read runs only while no write of this connection is open, and nothing starts while a read
// runs; (3) bytes are left in `input_` only while a request cannot start; (4) the connection's
// share of Metrics::buffer_bytes is `accounted_bytes_`.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<Transport> transport, const Services* services,
             const Executors* executors, uint64_t id);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to read. `on_closed` is called once, when the connection has ended.
  void Start(std::function<void()> on_closed);
  // Answers the first request with an error in its dialect, then closes: the server is full.
  void Refuse() { refusing_ = true; }
  // Looks at deadlines and at limits that others may have freed; to be called now and then.
  void Tick();
  // Answers what was read, takes no more, and closes.
  void Drain();
  void Close();

  const Session& session() const { return session_; }
  bool closed() const { return closed_; }

 private:
  struct Slot {
    bool done = false;
    bool is_write = false;
    bool close_after = false;
    int resp_version = 2;
    bool output_json = false;
    size_t request_bytes = 0;
    int64_t started_us = 0;
    std::string id;
    std::string bytes;  // the encoded reply, when done
  };

  // Reading.
  void OnReadable();
  void ArmRead();
  bool MayRead() const;
  bool MayStart() const;
  void Consume();
  bool ChooseDialect();
  void OnRequest(Request request);
  void OnEndOfInput();

  // Running.
  void StartRequest(const Command& command, Request request);
  void StartRead(ReadHandler handler, Request request);
  void StartWrite(WriteHandler handler, Request request);
  uint64_t OpenSlot(const Request& request);
  void AnswerNow(const Request& request, Outcome outcome);
  void Complete(uint64_t sequence, const Outcome& outcome);
  void CompleteEncoded(uint64_t sequence, std::string bytes, bool is_error);
  std::string Encode(const Slot& slot, const Outcome& outcome) const;
  void AfterCompletion();

  // Sending.
  void Flush();
  void CollectReplies();
  void EndAfterReplies();
  void Account();
  size_t UnreadBytes() const;

  std::unique_ptr<Transport> transport_;
  const Services* const services_;
  const Executors* const executors_;
  std::function<void()> on_closed_;
  Session session_;

  // Reading.
  std::unique_ptr<RequestReader> reader_;  // null until the first byte
  std::string input_;                      // read, not yet taken by the reader
  std::optional<Request> held_;            // taken, waits for its turn
  const Command* held_command_ = nullptr;
  int64_t request_since_ms_ = -1;          // first byte of an incomplete request; -1: none

  // Running.
  std::deque<Slot> slots_;
  uint64_t first_sequence_ = 0;  // of slots_.front()
  size_t open_writes_ = 0;
  size_t open_request_bytes_ = 0;
  size_t finished_bytes_ = 0;  // of replies in slots_
  bool read_running_ = false;

  // Sending.
  std::string output_;
  size_t output_sent_ = 0;  // of output_
  size_t accounted_bytes_ = 0;
  int64_t linger_until_ms_ = -1;

  // State.
  bool refusing_ = false;
  bool reading_armed_ = false;
  bool writing_armed_ = false;
  bool flush_posted_ = false;
  bool input_ended_ = false;  // the client sent its last byte
  bool ending_ = false;       // no more requests are taken; close when all is sent
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_CONNECTION_H_
