// SPDX-License-Identifier: Apache-2.0
//
// A connection over a simulated line: dialects, order of replies, back-pressure, limits, ends.
#include <catch2/catch.hpp>

#include "tests/server/simulation.h"

namespace roster::server {
namespace {

const std::string kTrack = "track {\"userId\":\"u1\",\"event\":\"order\"}\n";

size_t Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("the first byte chooses the dialect") {
  Simulation simulation;
  CHECK(simulation.Connect().Ask("ping\n") == "{\"ok\":true,\"result\":\"PONG\"}\n");
  CHECK(simulation.Connect().Ask("{\"cmd\":\"PING\"}\n") == "{\"ok\":true,\"result\":\"PONG\"}\n");
  CHECK(simulation.Connect().Ask(RespRequest({"ping"})) == "+PONG\r\n");
}

TEST_CASE("blanks and empty lines before the first request are passed over") {
  Simulation simulation;
  const std::string pong = "{\"ok\":true,\"result\":\"PONG\"}\n";
  CHECK(simulation.Connect().Ask("\nping\n") == pong);
  CHECK(simulation.Connect().Ask(" ping\n") == pong);
  CHECK(simulation.Connect().Ask("\r\n \t\n\n {\"cmd\":\"ping\"}\r\n") == pong);
  SimulatedClient slow = simulation.Connect();
  CHECK(slow.Ask("\r").empty());
  CHECK(slow.Ask("\n").empty());
  CHECK(slow.Ask("ping\n") == pong);
  SimulatedClient http = simulation.Connect();
  CHECK(http.Ask("\nGET / HTTP/1.1\r\n").empty());
  CHECK(http.line().closed);
  CHECK(simulation.metrics.requests == 4);
}

TEST_CASE("TLS and HTTP are closed before anything runs, and counted") {
  Simulation simulation;
  SimulatedClient tls = simulation.Connect();
  CHECK(tls.Ask("\x16\x03\x01").empty());
  CHECK(tls.line().closed);
  CHECK(simulation.metrics.tls_closed == 1);
  SimulatedClient http = simulation.Connect();
  CHECK(http.Ask("POST / HTTP/1.1\r\nHost: x\r\n\r\n" + kTrack).empty());
  CHECK(http.line().closed);
  CHECK(simulation.metrics.http_closed == 1);
  CHECK(simulation.metrics.requests == 0);
  CHECK(simulation.num_closed == 2);
}

TEST_CASE("any other first byte gets an error line and the end") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  const std::string reply = client.Ask("\x01ping\n");
  CHECK(reply.find("\"ok\":false") != std::string::npos);
  CHECK(Lines(reply) == 1);
  CHECK(client.ended());
  CHECK(simulation.metrics.protocol_errors == 1);
}

TEST_CASE("malformed RESP gets its error after the earlier replies, then the end") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_store = true;
  client.Send(RespRequest({"TRACK", R"({"userId":"u1","event":"e"})"}) + "nonsense\r\n");
  CHECK(client.Take().empty());
  simulation.hold_store = false;
  simulation.Run();
  const std::string reply = client.Take();
  CHECK(reply.find("p1") != std::string::npos);
  CHECK(reply.ends_with("-ERR Protocol error: expected '*', got 'n'\r\n"));
  CHECK(client.line().server_ended);
  CHECK_FALSE(client.line().closed);
  client.End();
  CHECK(client.line().closed);
}

TEST_CASE("after a last error the connection does not wait for ever") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  client.Send("\x01");
  CHECK_FALSE(client.line().closed);
  simulation.Advance(simulation.limits.linger_ms);
  CHECK(client.line().closed);
}

TEST_CASE("replies come in the order of requests, whatever finishes first") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_store = true;
  client.Send(kTrack + "echo one\n" + kTrack + "echo two\n");
  CHECK(client.Take().empty());
  simulation.database.CompleteOne();
  simulation.Run();
  const std::string first = client.Take();
  CHECK(Lines(first) == 2);
  CHECK(first.find("p1") < first.find("one"));
  simulation.database.CompleteOne();
  simulation.Run();
  const std::string second = client.Take();
  CHECK(Lines(second) == 2);
  CHECK(second.find("\"lsn\":2") < second.find("two"));
}

TEST_CASE("a query sees the writes that the same connection sent before it") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_store = true;
  client.Send(kTrack + "count\n" + kTrack);
  CHECK(simulation.workers.size() == 0);
  // The second write waits for the query.
  CHECK(simulation.database.NumPending() == 1);
  simulation.hold_store = false;
  simulation.Run();
  const std::string replies = client.Take();
  CHECK(Lines(replies) == 3);
  CHECK(replies.find("{\"count\":1}") != std::string::npos);
  CHECK(replies.find("\"lsn\":2") != std::string::npos);
}

TEST_CASE("a query keeps only its own connection waiting") {
  Simulation simulation;
  simulation.hold_workers = true;
  SimulatedClient slow = simulation.Connect();
  SimulatedClient quick = simulation.Connect();
  slow.Send("count\nping\n");
  CHECK(simulation.workers.size() == 1);
  CHECK(slow.Take().empty());
  CHECK_FALSE(quick.Ask("ping\n" + kTrack).empty());
  simulation.hold_workers = false;
  simulation.Run();
  CHECK(Lines(slow.Take()) == 2);
}

TEST_CASE("pipelined reads go to a worker together and keep their order") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_workers = true;
  client.Send("count\nfind id\necho x\ncount wrong\n" + kTrack + "count\n");
  CHECK(simulation.workers.size() == 1);
  CHECK(simulation.database.NumPending() == 0);
  simulation.hold_workers = false;
  simulation.Run();
  const std::string replies = client.Take();
  CHECK(Lines(replies) == 6);
  CHECK(replies.find("{\"count\":0}") < replies.find("columns"));
  CHECK(replies.find("columns") < replies.find("\"x\""));
  CHECK(replies.find("\"x\"") < replies.find("NOTRAIT"));
  CHECK(replies.find("NOTRAIT") < replies.find("\"p1\""));
  CHECK(replies.find("\"p1\"") < replies.find("{\"count\":1}"));
}

TEST_CASE("a long run of reads lets others have their turn") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_workers = true;
  client.Send("count slow 5\ncount slow 5\ncount\n");
  CHECK(simulation.workers.RunOne());
  simulation.Run();
  CHECK(Lines(client.Take()) == 1);
  CHECK(simulation.workers.size() == 1);
  simulation.hold_workers = false;
  simulation.Run();
  CHECK(Lines(client.Take()) == 2);
}

TEST_CASE("pipelining beyond the limit waits and loses nothing") {
  Limits limits;
  limits.pipelined = 4;
  Simulation simulation(limits);
  SimulatedClient client = simulation.Connect();
  simulation.hold_store = true;
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += kTrack;
  client.Send(requests);
  CHECK(simulation.database.NumPending() == 4);
  simulation.hold_store = false;
  simulation.Run();
  client.Send("");
  CHECK(Lines(client.Take()) == 50);
}

TEST_CASE("requests cut at every byte give the same replies") {
  const std::string requests = "ping\n" + kTrack + "count where x\n{\"cmd\":\"ping\",\"id\":1}\n";
  for (size_t cut = 0; cut <= requests.size(); ++cut) {
    Simulation simulation;
    SimulatedClient client = simulation.Connect();
    client.Send(requests.substr(0, cut));
    client.Send(requests.substr(cut));
    const std::string replies = client.Take();
    REQUIRE(Lines(replies) == 4);
    CHECK(replies.ends_with("{\"ok\":true,\"id\":1,\"result\":\"PONG\"}\n"));
  }
}

TEST_CASE("a client that does not read is not read from, and keeps its replies") {
  Limits limits;
  limits.unread_pause_bytes = 1000;
  Simulation simulation(limits);
  SimulatedClient client = simulation.Connect();
  client.line().window = 0;
  const std::string text(200, 'x');
  for (int i = 0; i < 100; ++i) client.Send("echo " + text + "\n");
  CHECK(client.line().to_server.size() > 10'000);
  CHECK_FALSE(client.line().closed);
  for (int i = 0; i < 1000; ++i) client.OpenWindow(100);
  CHECK(client.line().to_server.empty());
  CHECK(Lines(client.Take()) == 100);
}

TEST_CASE("replies above the last limit close the connection") {
  Limits limits;
  limits.unread_pause_bytes = 1000;
  limits.unread_close_bytes = 10'000;
  Simulation simulation(limits);
  SimulatedClient client = simulation.Connect();
  client.line().window = 0;
  simulation.hold_store = true;
  // Writes that are open when reading stops may still answer a lot.
  std::string batch = "batch [";
  for (int i = 0; i < 60; ++i) batch += "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"e\"},";
  batch.back() = ']';
  client.Send(batch + "\n" + batch + "\n" + batch + "\n");
  CHECK(simulation.database.NumPending() == 3);
  simulation.hold_store = false;
  simulation.Run();
  CHECK(client.line().closed);
  CHECK(simulation.metrics.slow_readers_closed == 1);
  CHECK(simulation.metrics.buffer_bytes == 0);
}

TEST_CASE("one reply that is too long becomes an error") {
  Limits limits;
  limits.unread_pause_bytes = 1000;
  limits.unread_close_bytes = 10'000;
  Simulation simulation(limits);
  SimulatedClient client = simulation.Connect();
  const std::string reply = client.Ask("find wide 100\nfind wide 1\n");
  CHECK(reply.find("\"code\":\"LIMIT\"") != std::string::npos);
  CHECK(Lines(reply) == 2);
  CHECK_FALSE(client.line().closed);
}

TEST_CASE("a request that is not complete in time ends the connection") {
  Simulation simulation;
  SimulatedClient line = simulation.Connect();
  SimulatedClient resp = simulation.Connect();
  SimulatedClient idle = simulation.Connect();
  line.Send("ping\ncount wh");
  resp.Send("*2\r\n$4\r\nECHO\r\n$5");
  idle.Send("ping\n");
  line.Take();
  simulation.Advance(9'999);
  // A byte now and then does not help.
  line.Send("e");
  CHECK_FALSE(line.ended());
  simulation.Advance(1);
  CHECK(line.Take().find("\"code\":\"TIMEOUT\"") != std::string::npos);
  CHECK(line.ended());
  CHECK(resp.Take().starts_with("-TIMEOUT "));
  CHECK(resp.ended());
  CHECK_FALSE(idle.ended());
  CHECK(simulation.metrics.slow_requests_closed == 2);
}

TEST_CASE("a client that is held back is not called slow") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_workers = true;
  client.Send("count\n");
  client.Send("cou");
  simulation.Advance(60'000);
  CHECK_FALSE(client.ended());
  simulation.hold_workers = false;
  simulation.Run();
  client.Send("nt\n");
  CHECK(Lines(client.Take()) == 2);
}

TEST_CASE("a client that sends no more gets all its replies") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_store = true;
  client.Send(kTrack + "ping\ncount wh");
  client.End();
  CHECK_FALSE(client.line().closed);
  simulation.hold_store = false;
  simulation.Run();
  CHECK(Lines(client.Take()) == 2);
  CHECK(client.line().closed);
}

TEST_CASE("draining answers what was read and ends") {
  Simulation simulation;
  SimulatedClient busy = simulation.Connect();
  SimulatedClient idle = simulation.Connect();
  idle.Send("ping\n");
  simulation.hold_store = true;
  busy.Send(kTrack);
  busy.connection().Drain();
  idle.connection().Drain();
  simulation.Run();
  CHECK(idle.line().server_ended);
  CHECK_FALSE(busy.ended());
  simulation.hold_store = false;
  simulation.Run();
  CHECK(Lines(busy.Take()) == 1);
  CHECK(busy.line().server_ended);
}

TEST_CASE("a connection above the limit is told so in its dialect") {
  Simulation simulation;
  SimulatedClient line = simulation.Connect(true);
  CHECK(line.Ask("ping\nping\n").find("max_connections") != std::string::npos);
  CHECK(line.ended());
  SimulatedClient resp = simulation.Connect(true);
  CHECK(resp.Ask(RespRequest({"PING"})).starts_with("-LIMIT "));
  CHECK(resp.ended());
}

TEST_CASE("when all buffers are full, small clients are still served") {
  Limits limits;
  limits.all_buffers_bytes = 1 << 20;
  limits.max_connections = 16;
  Simulation simulation(limits);
  simulation.hold_store = true;
  std::vector<SimulatedClient> hogs;
  const std::string large =
      "track {\"userId\":\"u\",\"event\":\"" + std::string(60'000, 'x') + "\"}\n";
  for (int i = 0; i < 15; ++i) {
    hogs.push_back(simulation.Connect());
    for (int k = 0; k < 20; ++k) hogs.back().Send(large);
  }
  CHECK(simulation.metrics.buffer_bytes < (2u << 20));
  CHECK_FALSE(hogs.back().line().to_server.empty());
  SimulatedClient small = simulation.Connect();
  CHECK(Lines(small.Ask("ping\n")) == 1);
  simulation.hold_store = false;
  size_t answered = 0;
  for (int round = 0; round < 400; ++round) {
    simulation.Run();
    simulation.Advance(1);
    for (SimulatedClient& hog : hogs) {
      hog.Send("");
      answered += Lines(hog.Take());
    }
  }
  CHECK(answered == 15 * 20);
}

TEST_CASE("a large batch is read by a worker and keeps its place") {
  Simulation simulation;
  SimulatedClient client = simulation.Connect();
  simulation.hold_workers = true;
  std::string batch = "batch [";
  for (int i = 0; i < 3000; ++i) batch += "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"e\"},";
  batch.back() = ']';
  client.Send(batch + "\ncount\n" + kTrack + "ping\n");
  CHECK(simulation.workers.size() == 1);
  CHECK(simulation.database.NumPending() == 0);
  simulation.hold_workers = false;
  simulation.Run();
  client.Send("");
  const std::string replies = client.Take();
  CHECK(Lines(replies) == 4);
  CHECK(replies.find("\"ok\":3000") < replies.find("{\"count\":1}"));
  CHECK(replies.find("{\"count\":1}") < replies.find("\"lsn\":2"));
}

TEST_CASE("writes of many connections that come in one turn are flushed once") {
  Simulation simulation;
  std::vector<SimulatedClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(simulation.Connect());
  for (SimulatedClient& client : clients) {
    client.line().to_server += std::string(kTrack) + kTrack;
    std::exchange(client.line().readable, nullptr)();
  }
  CHECK(simulation.database.NumPending() == 0);
  CHECK(simulation.database.num_flushes == 0);
  simulation.Run();
  CHECK(simulation.database.num_flushes == 1);
  for (SimulatedClient& client : clients) CHECK(Lines(client.Take()) == 2);
  CHECK(Lines(clients[3].Ask(kTrack)) == 1);
  CHECK(simulation.database.num_flushes == 2);
}

TEST_CASE("a long write is not for the network thread, and keeps its place") {
  Simulation simulation;
  simulation.hold_store = true;
  SimulatedClient client = simulation.Connect();
  const std::string long_write =
      "track {\"userId\":\"u\",\"event\":\"e\",\"properties\":{\"t\":\"" + std::string(5'000, 'x') +
      "\"}}\n";
  client.Send(kTrack + long_write + kTrack);
  CHECK(simulation.database.num_async == 1);
  CHECK(simulation.database.NumPending() == 3);
  simulation.hold_store = false;
  simulation.Run();
  const std::string replies = client.Take();
  CHECK(Lines(replies) == 3);
  CHECK(replies.find("\"lsn\":1") < replies.find("\"lsn\":2"));
  CHECK(replies.find("\"lsn\":2") < replies.find("\"lsn\":3"));
}

}  // namespace roster::server
