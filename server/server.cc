// SPDX-License-Identifier: Apache-2.0
//
// Owns the network thread's loop, the connections and the workers; drains on a signal.
#include "server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <unordered_map>
#include <utility>

#include "roster/error.h"
#include "server/asio_transport.h"
#include "server/command_table.h"
#include "server/connection.h"
#include "server/listener.h"
#include "server/metrics.h"
#include "server/worker_pool.h"

namespace roster::server {
namespace {

using boost::system::error_code;

// Connections above the limit that are told so; beyond them sockets are closed without a word.
constexpr size_t kRefusalsAtOnce = 64;
constexpr int kSpareDescriptors = 128;
constexpr std::chrono::seconds kWatchPeriod{1};

int64_t SteadyMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Lets the process have a descriptor for each connection, as far as the system allows.
void RaiseDescriptorLimit(size_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = connections + kRefusalsAtOnce + kSpareDescriptors;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

// Invariant: `connections_` holds every connection that is not closed.
class Server::Impl : public ClientDirectory {
 public:
  Impl(Database* database, ServerOptions options)
      : options_(std::move(options)),
        table_(&options_.limits),
        listener_(&context_),
        tasks_(&context_),
        tick_timer_(context_),
        watch_timer_(context_),
        drain_timer_(context_),
        signals_(context_),
        workers_(options_.num_workers),
        keeper_(1),
        watcher_(1) {
    services_ = {.database = database,
                 .commands = &table_,
                 .limits = &options_.limits,
                 .metrics = &metrics_,
                 .clients = this,
                 .backup_folder = options_.backup_folder,
                 .started_ms = SteadyMs(),
                 .now_ms = SteadyMs};
    runtime_ = {.network = &tasks_, .workers = &workers_, .keeper = &keeper_};
  }

  absl::Status Bind() {
    bound_ = true;
    return listener_.Bind(options_.bind_address, options_.port, options_.allow_unsafe_bind);
  }

  void SetDatabase(Database* database) { services_.database = database; }

  absl::Status Listen() {
    if (!bound_) {
      if (absl::Status bound = Bind(); !bound.ok()) return bound;
    }
    RaiseDescriptorLimit(options_.limits.max_connections);
    if (options_.handle_signals) {
      // Before anybody is told that the port answers; a signal that comes before Run waits for it.
      error_code ignored;
      signals_.add(SIGTERM, ignored);
      signals_.add(SIGINT, ignored);
      signals_.add(SIGUSR1, ignored);
    }
    return listener_.Listen();
  }

  const Listener& listener() const { return listener_; }

  bool Run(std::function<void()> on_stopping) {
    on_stopping_ = std::move(on_stopping);
    if (options_.handle_signals) WaitForSignal();
    listener_.Start([this](auto socket) { OnSocket(std::move(socket)); });
    ScheduleTick();
    ScheduleWatch();
    context_.run();
    watcher_.Post([this] { watch_.Look(services_.database->GetStats()); });
    return workers_.Idle() && keeper_.Idle();
  }

  void Stop() {
    boost::asio::post(context_, [this] { BeginDrain(); });
  }

  std::vector<Session> Clients() const override {
    std::vector<Session> sessions;
    for (const auto& [id, connection] : connections_) sessions.push_back(connection->session());
    return sessions;
  }

  bool Cancel(uint64_t id) const override {
    const auto client = connections_.find(id);
    return client != connections_.end() && client->second->Cancel();
  }

 private:
  void OnSocket(boost::asio::ip::tcp::socket socket) {
    metrics_.connections_accepted++;
    const size_t max = options_.limits.max_connections;
    const bool full = connections_.size() >= max;
    if (full) metrics_.connections_refused++;
    if (connections_.size() >= max + kRefusalsAtOnce) return;
    const uint64_t id = ++last_id_;
    auto connection = std::make_shared<Connection>(
        std::make_unique<AsioTransport>(std::move(socket)), &services_, &runtime_, id);
    if (full) connection->Refuse();
    connections_.emplace(id, connection);
    metrics_.connections_open = connections_.size();
    connection->Start([this, id] { OnClosed(id); });
  }

  void OnClosed(uint64_t id) {
    connections_.erase(id);
    metrics_.connections_open = connections_.size();
    if (draining_ && connections_.empty()) Finish();
  }

  void ScheduleTick() {
    const int64_t period_ms = std::clamp<int64_t>(options_.limits.request_ms / 20, 5, 100);
    tick_timer_.expires_after(std::chrono::milliseconds(period_ms));
    tick_timer_.async_wait([this](const error_code& error) {
      if (error) return;
      // Closing posts, so that the map stays as it is here.
      for (const auto& [id, connection] : connections_) connection->Tick();
      ScheduleTick();
    });
  }

  // On a thread of its own: the figures wait for the disk now and then.
  void ScheduleWatch() {
    watch_timer_.expires_after(kWatchPeriod);
    watch_timer_.async_wait([this](const error_code& error) {
      if (error) return;
      if (watcher_.Idle()) {
        watcher_.Post([this] { watch_.Look(services_.database->GetStats()); });
      }
      ScheduleWatch();
    });
  }

  void WaitForSignal() {
    signals_.async_wait([this](const error_code& error, int signal) {
      if (error) return;
      Log("signal", {{"number", std::to_string(signal)}});
      if (signal == SIGUSR1) {
        keeper_.Post([this] { TakeSnapshot(); });
        return WaitForSignal();
      }
      // The second one does not wait for clients.
      if (draining_) {
        CloseAll();
      } else {
        BeginDrain();
        WaitForSignal();
      }
    });
  }

  // The watch says what was made and what failed; not what was never begun. Thread: the keeper.
  void TakeSnapshot() {
    const absl::Status made = services_.database->Snapshot().status();
    if (made.ok()) return;
    const ErrorCode code = ErrorCodeOf(made);
    if (code != ErrorCode::kShutdown && code != ErrorCode::kLimit) return;
    Log("snapshot_refused", {{"reason", std::string(made.message())}});
  }

  void BeginDrain() {
    if (draining_) return;
    draining_ = true;
    if (on_stopping_) on_stopping_();
    // Who waits for one is told so; nobody waits for it in vain.
    services_.database->GiveUpSnapshots();
    listener_.Close();
    if (connections_.empty()) return Finish();
    for (const auto& [id, connection] : connections_) connection->Drain();
    drain_timer_.expires_after(std::chrono::milliseconds(options_.drain_ms));
    drain_timer_.async_wait([this](const error_code& error) {
      if (!error) CloseAll();
    });
  }

  void CloseAll() {
    for (const auto& [id, connection] : connections_) connection->Close();
  }

  void Finish() {
    tick_timer_.cancel();
    watch_timer_.cancel();
    drain_timer_.cancel();
    context_.stop();
  }

  const ServerOptions options_;
  Metrics metrics_;
  CommandTable table_;
  Services services_;
  Runtime runtime_;
  std::function<void()> on_stopping_;

  // The network thread's, but for tasks_.
  boost::asio::io_context context_{1};
  Listener listener_;
  AsioTaskQueue tasks_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer watch_timer_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::signal_set signals_;
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections_;
  uint64_t last_id_ = 0;
  bool draining_ = false;
  bool bound_ = false;  // Bind was called

  StoreWatch watch_;  // the watcher's

  // Last, so that it ends first: its tasks use what is above.
  WorkerPool workers_;
  WorkerPool keeper_;   // one slow command at a time
  WorkerPool watcher_;  // looks at the store now and then
};

Server::Server(Database* database, ServerOptions options)
    : impl_(std::make_unique<Impl>(database, std::move(options))) {}
Server::~Server() = default;

absl::Status Server::CheckAddress(const ServerOptions& options) {
  return Listener::Check(options.bind_address, options.allow_unsafe_bind);
}
absl::Status Server::Bind() { return impl_->Bind(); }
void Server::SetDatabase(Database* database) { impl_->SetDatabase(database); }
absl::Status Server::Listen() { return impl_->Listen(); }
std::string Server::Address() const { return impl_->listener().Address(); }
uint16_t Server::port() const { return impl_->listener().port(); }
bool Server::Run(std::function<void()> on_stopping) { return impl_->Run(std::move(on_stopping)); }
void Server::Stop() { impl_->Stop(); }

}  // namespace roster::server
