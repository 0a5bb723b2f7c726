// SPDX-License-Identifier: Apache-2.0
//
// The server on a real port, with threads: answers, bind rules, many clients, stopping.
#include "server/server.h"

#include <catch2/catch.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "server/metrics.h"
#include "tests/server/fake_database.h"
#include "tests/server/simulation.h"

namespace roster::server {
namespace {

using boost::asio::ip::tcp;

// A server that runs until the end of the test.
class RunningServer {
 public:
  explicit RunningServer(ServerOptions options = {})
      : server_(&database_, Prepared(std::move(options))) {
    REQUIRE(server_.Listen().ok());
    thread_ = std::thread([this] { all_ended_ = server_.Run(); });
  }
  ~RunningServer() { Stop(); }

  bool Stop() {
    server_.Stop();
    if (thread_.joinable()) thread_.join();
    return all_ended_;
  }
  uint16_t port() const { return server_.port(); }
  FakeDatabase& database() { return database_; }

 private:
  static ServerOptions Prepared(ServerOptions options) {
    options.handle_signals = false;
    options.limits.linger_ms = 50;
    return options;
  }

  FakeDatabase database_{FakeDatabase::Mode::kThread};
  Server server_;
  std::thread thread_;
  bool all_ended_ = false;
};

class TcpClient {
 public:
  explicit TcpClient(uint16_t port) : socket_(context_) {
    socket_.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
  }
  void Send(const std::string& bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }
  // The next line, or empty when the server has closed.
  std::string ReadLine() {
    boost::system::error_code error;
    const size_t n =
        boost::asio::read_until(socket_, boost::asio::dynamic_buffer(buffer_), '\n', error);
    if (error) return "";
    std::string line = buffer_.substr(0, n);
    buffer_.erase(0, n);
    return line;
  }
  std::string Ask(const std::string& line) {
    Send(line + "\n");
    return ReadLine();
  }

 private:
  boost::asio::io_context context_;
  tcp::socket socket_;
  std::string buffer_;
};

}  // namespace

TEST_CASE("a server answers on a free port") {
  RunningServer server;
  REQUIRE(server.port() != 0);
  TcpClient client(server.port());
  CHECK(client.Ask("ping") == "{\"ok\":true,\"result\":\"PONG\"}\n");
  CHECK(client.Ask("track {\"userId\":\"u\",\"event\":\"e\"}").find("\"p1\"") != std::string::npos);
  CHECK(client.Ask("count").find("{\"count\":1}") != std::string::npos);
  CHECK(server.Stop());
  CHECK(client.ReadLine().empty());
}

TEST_CASE("only loopback is allowed unless the risk is named") {
  FakeDatabase database(FakeDatabase::Mode::kThread);
  const auto listen = [&database](const std::string& address, bool unsafe) {
    ServerOptions options;
    options.bind_address = address;
    options.allow_unsafe_bind = unsafe;
    options.handle_signals = false;
    return Server(&database, options).Listen();
  };
  CHECK(listen("127.0.0.1", false).ok());
  CHECK(listen("127.0.0.2", false).ok());
  CHECK(listen("localhost", false).ok());
  const absl::Status refused = listen("0.0.0.0", false);
  CHECK_FALSE(refused.ok());
  CHECK(std::string(refused.message()).find("no password") != std::string::npos);
  CHECK(listen("0.0.0.0", true).ok());
  CHECK_FALSE(listen("example", true).ok());
}

TEST_CASE("a port that is taken is an error") {
  RunningServer server;
  FakeDatabase database(FakeDatabase::Mode::kThread);
  ServerOptions options;
  options.port = server.port();
  CHECK_FALSE(Server(&database, options).Listen().ok());
}

TEST_CASE("many clients pipeline writes and read their own") {
  RunningServer server;
  constexpr int kClients = 8;
  constexpr int kWrites = 300;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int c = 0; c < kClients; ++c) {
    threads.emplace_back([&server, &good, c] {
      TcpClient client(server.port());
      std::string requests;
      for (int i = 0; i < kWrites; ++i) {
        requests += "track {\"userId\":\"" + std::to_string(c) + "\",\"event\":\"e\"}\n";
      }
      client.Send(requests + "get external_id:" + std::to_string(c) + "\n");
      for (int i = 0; i < kWrites; ++i)
        good += client.ReadLine().starts_with("{\"ok\":true,\"lsn\"");
      good += client.ReadLine().find("\"identities\"") != std::string::npos;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == kClients * (kWrites + 1));
}

TEST_CASE("long queries keep neither writes nor pings of others waiting") {
  RunningServer server;
  TcpClient slow1(server.port());
  TcpClient slow2(server.port());
  slow1.Send("count slow 400\n");
  slow2.Send("count slow 400\n");
  TcpClient quick(server.port());
  const auto start = std::chrono::steady_clock::now();
  quick.Ask("ping");
  quick.Ask("track {\"userId\":\"u\",\"event\":\"e\"}");
  const bool overtook = std::chrono::steady_clock::now() - start < std::chrono::milliseconds(390);
  CHECK(slow1.ReadLine().find("count") != std::string::npos);
  CHECK(slow2.ReadLine().find("count") != std::string::npos);
  // Only said: a busy machine may be slow.
  if (!overtook) WARN("the quick client was not quicker");
}

TEST_CASE("clients above the limit are refused and others served") {
  ServerOptions options;
  options.limits.max_connections = 2;
  RunningServer server(options);
  TcpClient a(server.port());
  TcpClient b(server.port());
  CHECK_FALSE(a.Ask("ping").empty());
  CHECK_FALSE(b.Ask("ping").empty());
  TcpClient c(server.port());
  CHECK(c.Ask("ping").find("max_connections") != std::string::npos);
  CHECK(c.ReadLine().empty());
  CHECK_FALSE(a.Ask("ping").empty());
}

TEST_CASE("a slow sender is ended by the server's own clock") {
  ServerOptions options;
  options.limits.request_ms = 100;
  options.limits.linger_ms = 50;
  RunningServer server(options);
  TcpClient client(server.port());
  client.Send("coun");
  CHECK(client.ReadLine().find("TIMEOUT") != std::string::npos);
  CHECK(client.ReadLine().empty());
}

TEST_CASE("stopping answers what was sent before") {
  RunningServer server;
  TcpClient client(server.port());
  CHECK_FALSE(client.Ask("ping").empty());
  client.Send("count slow 200\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(server.Stop());
  CHECK(client.ReadLine().find("count") != std::string::npos);
  CHECK(client.ReadLine().empty());
}

TEST_CASE("stopping does not wait for ever") {
  ServerOptions options;
  options.drain_ms = 100;
  RunningServer server(options);
  TcpClient client(server.port());
  CHECK_FALSE(client.Ask("ping").empty());
  client.Send("count slow 1000\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(server.Stop());
}

TEST_CASE("stopping gives up snapshots that clients wait for, and those that queue up") {
  RunningServer server;
  server.database().snapshots_wait = true;
  TcpClient first(server.port());
  TcpClient second(server.port());
  first.Send("snapshot\n");
  while (server.database().num_snapshots == 0) std::this_thread::yield();
  second.Send("backup x\nsnapshot\nping\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(server.Stop());
  CHECK(first.ReadLine().find("SHUTDOWN") != std::string::npos);
  CHECK(first.ReadLine().empty());
  CHECK(second.ReadLine().find("MISCONF") != std::string::npos);  // no folder is given
  CHECK(second.ReadLine().find("SHUTDOWN") != std::string::npos);
}

TEST_CASE("a port that is only bound takes nobody") {
  ServerOptions options;
  options.handle_signals = false;
  Server server(nullptr, options);
  REQUIRE(server.Bind().ok());
  boost::asio::io_context context;
  tcp::socket socket(context);
  boost::system::error_code error;
  const auto at = tcp::endpoint(boost::asio::ip::address_v4::loopback(), server.port());
  socket.connect(at, error);
  CHECK(error);
  FakeDatabase database(FakeDatabase::Mode::kThread);
  server.SetDatabase(&database);
  REQUIRE(server.Listen().ok());
  tcp::socket another(context);
  another.connect(at, error);
  CHECK_FALSE(error);
}

TEST_CASE("the watch says each change once") {
  std::vector<std::string> said;
  StoreWatch watch([&](std::string_view event, auto fields) {
    said.emplace_back(event);
    for (const auto& [name, value] : fields) {
      if (name == "reason") said.back() += " " + value;
    }
  });
  Stats stats;
  const auto look = [&] {
    said.clear();
    watch.Look(stats);
    return said;
  };
  using Lines = std::vector<std::string>;
  CHECK(look().empty());
  stats.read_only = true;
  stats.read_only_reason = "no disk";
  stats.disk_full = true;
  CHECK(look() == Lines{"READONLY no disk", "DISKFULL"});
  CHECK(look().empty());
  stats.read_only = stats.disk_full = false;
  stats.snapshots.num_made = 1;
  stats.snapshots.last = SnapshotInfo{};
  CHECK(look() == Lines{"snapshot", "resumed", "disk_has_space"});
  stats.snapshots.num_failed = 1;
  stats.snapshots.last_error = "why";
  CHECK(look() == Lines{"SNAPSHOT_FAILED why"});
  CHECK(look().empty());
}

TEST_CASE("a megabyte reply arrives whole") {
  RunningServer server;
  TcpClient client(server.port());
  client.Send("find wide 5000\nping\n");
  const std::string reply = client.ReadLine();
  CHECK(reply.size() > 5'000'000);
  CHECK(reply.ends_with("]]}}\n"));
  CHECK(client.ReadLine() == "{\"ok\":true,\"result\":\"PONG\"}\n");
}

}  // namespace roster::server
