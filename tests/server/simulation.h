// SPDX-License-Identifier: Apache-2.0
//
// A server without sockets, threads or time: tests send bytes, run queues and move the clock.
// Thread rule: one thread.
#ifndef ROSTER_TESTS_SERVER_SIMULATION_H_
#define ROSTER_TESTS_SERVER_SIMULATION_H_

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/command_table.h"
#include "server/connection.h"
#include "tests/server/fake_database.h"

namespace roster::server {

class ManualQueue : public TaskQueue {
 public:
  void Post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  bool RunOne() {
    if (tasks_.empty()) return false;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  size_t size() const { return tasks_.size(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

// What both ends of a simulated line see.
struct Line {
  std::string to_server;
  std::string to_client;
  bool client_ended = false;                           // sends no more
  bool server_ended = false;                           // ShutdownWrite
  bool closed = false;                                 // by the server
  size_t window = std::numeric_limits<size_t>::max();  // bytes that the server may still write
  std::function<void()> readable;
  std::function<void()> writable;
};

class SimulatedTransport : public Transport {
 public:
  explicit SimulatedTransport(std::shared_ptr<Line> line) : line_(std::move(line)) {}

  IoResult Read(char* buffer, size_t size) override {
    if (line_->to_server.empty()) {
      return {line_->client_ended ? IoResult::State::kClosed : IoResult::State::kWouldBlock, 0};
    }
    const size_t n = std::min(size, line_->to_server.size());
    std::memcpy(buffer, line_->to_server.data(), n);
    line_->to_server.erase(0, n);
    return {IoResult::State::kDone, n};
  }
  IoResult Write(std::string_view bytes) override {
    const size_t n = std::min(bytes.size(), line_->window);
    if (n == 0) return {IoResult::State::kWouldBlock, 0};
    line_->to_client += bytes.substr(0, n);
    line_->window -= n;
    return {IoResult::State::kDone, n};
  }
  void WhenReadable(std::function<void()> ready) override { line_->readable = std::move(ready); }
  void WhenWritable(std::function<void()> ready) override { line_->writable = std::move(ready); }
  void ShutdownWrite() override { line_->server_ended = true; }
  void Close() override {
    line_->closed = true;
    line_->readable = nullptr;
    line_->writable = nullptr;
  }
  std::string PeerName() const override { return "simulated:1"; }

 private:
  std::shared_ptr<Line> line_;
};

class Simulation;

// One client of the simulation.
class SimulatedClient {
 public:
  SimulatedClient(Simulation* simulation, std::shared_ptr<Line> line,
                  std::shared_ptr<Connection> connection)
      : simulation_(simulation), line_(std::move(line)), connection_(std::move(connection)) {}

  // Sends and lets the server do all that it can.
  void Send(std::string_view bytes);
  // Sends and returns what came back.
  std::string Ask(std::string_view bytes) {
    Send(bytes);
    return Take();
  }
  std::string Take() { return std::exchange(line_->to_client, {}); }
  // Sends no more.
  void End();
  // Lets the server write so many bytes more.
  void OpenWindow(size_t bytes);

  Line& line() { return *line_; }
  Connection& connection() { return *connection_; }
  bool ended() const { return line_->closed || line_->server_ended; }

 private:
  Simulation* simulation_;
  std::shared_ptr<Line> line_;
  std::shared_ptr<Connection> connection_;
};

class Simulation {
 public:
  explicit Simulation(Limits with = {}) : limits(with), table(&limits) {
    services = {.database = &database,
                .commands = &table,
                .limits = &limits,
                .metrics = &metrics,
                .clients = nullptr,
                .started_ms = 0,
                .now_ms = [this] { return now_ms; }};
    runtime = {.network = &network, .workers = &workers, .keeper = &workers};
  }
  // Open connections and what still waits for the store refer to each other.
  ~Simulation() {
    for (const auto& connection : connections) connection->Close();
    hold_store = false;
    hold_workers = false;
    Run();
  }

  SimulatedClient Connect(bool refuse = false) {
    auto line = std::make_shared<Line>();
    auto connection = std::make_shared<Connection>(std::make_unique<SimulatedTransport>(line),
                                                   &services, &runtime, ++last_id);
    if (refuse) connection->Refuse();
    connections.push_back(connection);
    connection->Start([this] { ++num_closed; });
    return SimulatedClient(this, line, connection);
  }

  // Runs all queues until nothing is left; workers and the store only when they are not held.
  void Run() {
    bool worked = true;
    while (worked) {
      worked = network.RunOne();
      if (!hold_workers && workers.RunOne()) worked = true;
      if (!hold_store && database.CompleteOne()) worked = true;
    }
  }
  void Advance(int64_t ms) {
    now_ms += ms;
    for (const auto& connection : connections) connection->Tick();
    Run();
  }

  Limits limits;
  CommandTable table;
  Metrics metrics;
  FakeDatabase database{FakeDatabase::Mode::kManual};
  ManualQueue network;
  ManualQueue workers;
  Services services;
  Runtime runtime;
  std::vector<std::shared_ptr<Connection>> connections;
  int64_t now_ms = 1'000'000;
  uint64_t last_id = 0;
  int num_closed = 0;
  bool hold_workers = false;
  bool hold_store = false;
};

inline void SimulatedClient::Send(std::string_view bytes) {
  line_->to_server += bytes;
  // As long as the server wants to read and there is something.
  while (line_->readable && !line_->to_server.empty()) {
    std::exchange(line_->readable, nullptr)();
    simulation_->Run();
  }
}

inline void SimulatedClient::End() {
  line_->client_ended = true;
  Send("");
  if (line_->readable && line_->to_server.empty()) {
    std::exchange(line_->readable, nullptr)();
  }
  simulation_->Run();
}

inline void SimulatedClient::OpenWindow(size_t bytes) {
  line_->window = bytes;
  if (line_->writable) std::exchange(line_->writable, nullptr)();
  simulation_->Run();
  Send("");
}

// The bytes of a RESP request.
inline std::string RespRequest(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

}  // namespace roster::server

#endif  // ROSTER_TESTS_SERVER_SIMULATION_H_
