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
#include <vector>

#include "roster/database.h"
#include "server/command_table.h"
#include "server/request.h"
#include "server/transport.h"

namespace roster::server {

// What the connections of one network thread share. Lifetime: outlives every connection.
struct Runtime {
  TaskQueue* network = nullptr;
  TaskQueue* workers = nullptr;
  TaskQueue* keeper = nullptr;  // for slow commands, one at a time
  // When all buffers are full of incomplete requests, the connection that may complete its own.
  // 0: none.
  uint64_t finisher = 0;
  bool flush_posted = false;  // the writes of this turn are about to be flushed
};

// Invariants: (1) `slots_` has one entry per request that was taken and whose reply is not yet in
// `output_`, in order; (2) reads run only while no write of this connection is open, and no write
// starts while a worker has requests of it: it reads its own writes; (3) bytes are left in
// `input_` only while no request can start; (4) the connection's share of Metrics::buffer_bytes is
// `accounted_bytes_`.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<Transport> transport, const Services* services, Runtime* runtime,
             uint64_t id);
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

  // Ends the statement that a worker runs for this client, if there is one.
  bool Cancel();

  const Session& session() const { return session_; }
  bool closed() const { return closed_; }

 private:
  struct Slot {
    bool done = false;
    size_t request_bytes = 0;  // counted in open_request_bytes_ until done
    bool is_resp = false;
    int resp_version = 2;
    bool output_json = false;
    std::string id;
    std::string bytes;  // the encoded reply, when done
  };

  // A read, with all that a worker needs.
  struct Read {
    uint64_t sequence = 0;
    ReadHandler handler = nullptr;
    bool slow = false;
    Slot slot;
    Session session;
    Request request;
  };
  struct ReadRun;
  struct Finished {
    uint64_t sequence = 0;
    std::string bytes;
    bool close_after = false;
  };

  // Reading.
  void OnReadable();
  void ArmRead();
  size_t ReadAllowance() const;
  void PassFinisher();
  void OnEndOfInput();
  void Take(std::string_view* input);
  void TakeWhatStarts(std::string_view* input);
  bool ChooseDialect(char first);
  bool TakeOne(std::string_view* input);
  void TakeInput();
  void NoteProgress();

  // Running.
  bool MayTakeMore() const;
  bool CanStart(const Command& command) const;
  void OnRequest(Request&& request);
  void StartRequest(const Command& command, Request&& request);
  void QueueRead(const Command& command, Request&& request);
  void DispatchReads();
  static void RunReads(std::shared_ptr<ReadRun> run);
  void StartWrite(WriteHandler handler, Request&& request);
  void SubmitWrite(uint64_t sequence, absl::StatusOr<PreparedWrite> prepared, int64_t since_us,
                   size_t request_bytes);
  void PostFlush();
  void OnWritten(uint64_t sequence, const Outcome& outcome);
  uint64_t OpenSlot(const Request& request);
  void Answer(const Request& request, const Outcome& outcome);
  void Complete(uint64_t sequence, std::string bytes, bool close_after);
  std::string Encode(const Slot& slot, const Outcome& outcome) const;
  void Fail(const absl::Status& error);

  // Sending.
  void Pump();
  void PostPump();
  void Flush();
  void CollectReplies();
  void FinishWhenSent();
  void Discard();
  void Account();
  size_t UnreadBytes() const;

  std::unique_ptr<Transport> transport_;
  const Services* const services_;
  Runtime* const runtime_;
  std::function<void()> on_closed_;
  Session session_;

  // Reading.
  std::unique_ptr<RequestReader> reader_;  // null until the first byte that is not blank
  std::string input_;                      // read, but not yet taken by the reader
  size_t input_taken_ = 0;                 // of input_
  std::optional<Request> held_;            // taken, waits for its turn
  const Command* held_command_ = nullptr;
  int64_t request_since_ms_ = -1;  // first byte of an incomplete request; -1: none

  // Running.
  std::deque<Slot> slots_;
  uint64_t first_sequence_ = 0;    // of slots_.front()
  size_t open_writes_ = 0;         // given to the store, not answered
  bool busy_ = false;              // a worker has requests of this connection
  bool reading_ = false;           // they are reads
  std::vector<Read> reads_;        // that go to a worker together, next
  size_t open_request_bytes_ = 0;  // of requests in slots_ that are not done
  size_t finished_bytes_ = 0;      // of replies in slots_

  // Sending.
  std::string output_;
  size_t output_sent_ = 0;  // of output_
  size_t accounted_bytes_ = 0;

  // State.
  bool refusing_ = false;
  bool reading_armed_ = false;
  bool writing_armed_ = false;
  bool pump_posted_ = false;
  bool input_ended_ = false;      // the client sent its last byte
  bool ending_ = false;           // takes no more requests; closes when all is sent
  bool draining_ = false;         // reads no more; closes when all is answered and sent
  int64_t linger_until_ms_ = -1;  // all is sent; waits for the client to close; -1: not yet
  bool closed_ = false;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_CONNECTION_H_
