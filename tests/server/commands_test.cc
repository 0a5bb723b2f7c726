// SPDX-License-Identifier: Apache-2.0
//
// Commands as a client sees them, in both dialects, over a fake store.
#include <catch2/catch.hpp>

#include "tests/server/simulation.h"

namespace roster::server {
namespace {

using Words = std::vector<std::string>;

// A line client and a RESP client of one simulation.
struct Clients {
  Simulation simulation;
  SimulatedClient line = simulation.Connect();
  SimulatedClient resp = simulation.Connect();

  std::string Line(const std::string& text) { return line.Ask(text + "\n"); }
  std::string Resp(const Words& words) { return resp.Ask(RespRequest(words)); }
};

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr char kIdentify[] = R"({"userId":"u1","traits":{"plan":"pro"}})";

}  // namespace

TEST_CASE("unknown commands") {
  Clients clients;
  CHECK(clients.Resp({"FROB", "x"}) == "-ERR unknown command 'FROB'\r\n");
  CHECK(Has(clients.Line("cuont where x"), "did you mean `count`?"));
  CHECK(Has(clients.Line("qqqqqqqq"), "`help` lists them"));
}

TEST_CASE("a statement reaches the engine whole and verbatim") {
  Clients clients;
  clients.Line("count  where a = \"b  c\"");
  CHECK(clients.simulation.database.last_statement() == "count  where a = \"b  c\"");
  clients.Line(R"({"cmd":"find","query":"email where a = 1"})");
  CHECK(clients.simulation.database.last_statement() == "find email where a = 1");
  clients.Resp({"COUNT", "where", "a", "=", "1"});
  CHECK(clients.simulation.database.last_statement() == "COUNT where a = 1");
  clients.Resp({"COUNT", "where a = \"b  c\""});
  CHECK(clients.simulation.database.last_statement() == "COUNT where a = \"b  c\"");
}

TEST_CASE("an error in the JSON of a write is told by its column in the line") {
  Clients clients;
  CHECK(Has(clients.Line("track userId=u1 event=order"), R"("line":1,"col":7})"));
  CHECK(Has(clients.Line("  track \t userId=u1"), R"("line":1,"col":9})"));
  CHECK(Has(clients.Line("identify {\"userId\":x}"), R"("line":1,"col":20})"));
  CHECK(Has(clients.Line("batch nothing"), R"("line":1,"col":7})"));
  CHECK(Has(clients.Resp({"TRACK", "userId=u1"}), "at line 1 column 1"));
}

TEST_CASE("a member that a command would not heed is an error") {
  Clients clients;
  CHECK(Has(clients.Line(R"({"cmd":"count","where":"plan = 1","id":"r1"})"),
            R"("id":"r1","error":{"code":"PARSE","message":"unknown member `where`; known: cmd, )"
            R"(query, params, id, idem, timeout_ms"})"));
  CHECK(
      Has(clients.Line(R"({"cmd":"ping","":1})"), "unknown member ``; known: cmd, query, args, "));
  CHECK(Has(clients.Line(R"({"cmd":"count","args":["where a = 1"]})"), "unknown member `args`"));
  CHECK(Has(clients.Line(R"({"cmd":"count","query":"where a = 1","query":""})"),
            "the member `query` is there more than once"));
  CHECK(Has(clients.Line(R"({"cmd":"get","id":1,"query":"p1","id":2})"), "the member `id`"));
  const std::string long_name(63, 'x');
  CHECK(Has(clients.Line("{\"cmd\":\"info\",\"" + long_name + "\xc3\xa9\":1}"), long_name + "`;"));
  CHECK(clients.simulation.database.last_statement().empty());
  CHECK(Has(clients.Line(R"({"cmd":"count"})"), R"("ok":true)"));
  CHECK(Has(clients.Line(R"({"cmd":"echo","args":["a b"]})"), "a b"));
  CHECK(Has(clients.Line(R"({"cmd":"frob","where":1})"), "unknown command"));
}

TEST_CASE("parameters, timeout and id") {
  Clients clients;
  const std::string reply = clients.Line(
      R"({"cmd":"count","query":"params","params":["a",2,true],"id":"r1","timeout_ms":250})");
  CHECK(Has(reply, R"("id":"r1")"));
  CHECK(Has(reply, R"({"count":3})"));
  CHECK(clients.simulation.database.last_timeout_ms == 250);
  CHECK(clients.Resp({"COUNT", "params", "PARAMS", R"(["a",2])", "TIMEOUT", "99"}) ==
        "*2\r\n$5\r\ncount\r\n:2\r\n");
  CHECK(clients.simulation.database.last_timeout_ms == 99);
  CHECK(clients.simulation.database.last_statement() == "COUNT params");
  CHECK(Has(clients.Resp({"COUNT", "PARAMS", "x"}), "-PARSE params are not a JSON list"));
  CHECK(Has(clients.Resp({"COUNT", "TIMEOUT", "soon"}), "-ERR TIMEOUT takes a number"));
  CHECK(Has(clients.Resp({"COUNT", "IDEM"}), "-ERR syntax error, IDEM takes a value"));
}

TEST_CASE("an error of a statement has its position in both dialects") {
  Clients clients;
  CHECK(clients.Line("count wrong") ==
        "{\"ok\":false,\"error\":{\"code\":\"NOTRAIT\",\"message\":\"unknown trait `wrong`\","
        "\"line\":1,\"col\":7}}\n");
  CHECK(clients.Resp({"COUNT", "wrong"}) ==
        "-NOTRAIT unknown trait `wrong` at line 1 column 7\r\n");
}

TEST_CASE("find in all shapes") {
  Clients clients;
  clients.Line(std::string("identify ") + kIdentify);
  CHECK(Has(clients.Line("find id"), R"("result":{"columns":["id","score"],"rows":[[1,0.5]]})"));
  CHECK(clients.Resp({"FIND", "id"}) ==
        "*4\r\n$7\r\ncolumns\r\n*2\r\n$2\r\nid\r\n$5\r\nscore\r\n$4\r\nrows\r\n*1\r\n*2\r\n:1\r\n"
        "$3\r\n0.5\r\n");
  CHECK(clients.Resp({"HELLO", "3"}).starts_with("%7\r\n"));
  CHECK(clients.Resp({"FIND", "id"}) ==
        "%2\r\n$7\r\ncolumns\r\n*2\r\n$2\r\nid\r\n$5\r\nscore\r\n$4\r\nrows\r\n*1\r\n*2\r\n:1\r\n"
        ",0.5\r\n");
  CHECK(clients.Resp({"OUTPUT", "json"}) == "+OK\r\n");
  CHECK(clients.Resp({"FIND", "id"}) ==
        "$43\r\n{\"columns\":[\"id\",\"score\"],\"rows\":[[1,0.5]]}\r\n");
  CHECK(clients.Resp({"PING"}) == "+PONG\r\n");
}

TEST_CASE("what may not survive a restart is marked") {
  Clients clients;
  CHECK(Has(clients.Line("count undurable"), "\"durable\":false"));
  CHECK(clients.Resp({"COUNT", "undurable"}) ==
        "*4\r\n$5\r\ncount\r\n:0\r\n$7\r\ndurable\r\n:0\r\n");
}

TEST_CASE("identify, track and get") {
  Clients clients;
  const std::string created = clients.Line(std::string("identify ") + kIdentify);
  CHECK(Has(created, R"("lsn":1)"));
  CHECK(
      Has(created, R"("result":{"profile":"p1","created":true,"duplicate":false,"warnings":[]})"));
  const std::string tracked =
      clients.Line(R"({"cmd":"track","userId":"u1","event":"order","messageId":"m1","id":5})");
  CHECK(Has(tracked, R"("id":5)"));
  CHECK(Has(tracked, R"("created":false)"));
  CHECK(clients.Resp({"TRACK", R"({"userId":"u1","event":"order","messageId":"m1"})"}) ==
        "*8\r\n$7\r\nprofile\r\n$2\r\np1\r\n$7\r\ncreated\r\n:0\r\n$9\r\nduplicate\r\n:1\r\n"
        "$8\r\nwarnings\r\n*0\r\n");
  const std::string profile = clients.Line("get external_id:u1");
  for (const char* section :
       {"\"profile\":\"p1\"", "\"status\":\"active\"", "\"identified\":false", "\"created_at\"",
        "\"identities\":[{\"namespace\"", "\"traits\":{\"plan\":{\"value\":\"pro\"",
        "\"events\":[{\"id\":\"000000000000000a\",\"type\":\"order\""}) {
    CHECK(Has(profile, section));
  }
  CHECK(clients.Line("get p1") == profile);
  CHECK_FALSE(Has(clients.Line("get p1 events 0"), "\"events\""));
  CHECK(Has(clients.Line("get p99"), "NOPROFILE"));
  CHECK(Has(clients.Line("get 99"), "a profile is named by"));
  CHECK(Has(clients.Line("get email:"), "a profile is named by"));
  CHECK(Has(clients.Resp({"GET"}),
            "-ERR wrong number of arguments for 'get' command; usage: GET "
            "profile [SECTIONS name...]"));
}

TEST_CASE("errors of a write") {
  Clients clients;
  CHECK(Has(clients.Line("track {\"event\":\"e\"}"), "NOIDENTITY"));
  CHECK(Has(clients.Line("track nonsense"), "PARSE"));
  CHECK(Has(clients.Line("track"), "track takes JSON text"));
  CHECK(Has(clients.Line(R"({"cmd":"track","userId":"u","id":9})"), R"("id":9)"));
}

TEST_CASE("a request id makes a write at most once") {
  Clients clients;
  const Words words{"TRACK", R"({"userId":"u1","event":"e"})", "IDEM", "k1"};
  CHECK(Has(clients.Resp(words), "duplicate\r\n:0"));
  CHECK(Has(clients.Resp(words), "duplicate\r\n:1"));
  CHECK(Has(clients.Line(R"({"cmd":"track","userId":"u1","event":"e","idem":"k1"})"),
            R"("duplicate":true)"));
}

TEST_CASE("a batch answers each item in its place") {
  Clients clients;
  const std::string reply =
      clients.Line(R"(batch [{"type":"identify","userId":"a"},7,{"type":"track","event":"e"},)"
                   R"({"type":"track","userId":"b","event":"e"}])");
  CHECK(Has(reply, R"("result":{"ok":2,"duplicates":0,"failed":2,"items":[{"profile":"p1")"));
  CHECK(Has(reply, R"({"error":{"code":"NOIDENTITY")"));
  CHECK(reply.find("\"error\"") < reply.find("NOIDENTITY"));
  CHECK(reply.find("NOIDENTITY") < reply.find("\"p2\""));
  CHECK(Has(clients.Line("batch []"), R"("ok":0)"));
  CHECK(Has(clients.Line(R"({"cmd":"batch","batch":[{"type":"identify","userId":"a"}]})"),
            R"("ok":1)"));
  CHECK(Has(
      clients.Line(R"({"cmd":"batch","atomic":true,"batch":[{"type":"identify","userId":"z"},7]})"),
      "(item 2)"));
}

TEST_CASE("session commands") {
  Clients clients;
  CHECK(clients.Resp({"PING", "hi"}) == "$2\r\nhi\r\n");
  CHECK(clients.Resp({"ECHO", "a b"}) == "$3\r\na b\r\n");
  CHECK(clients.Resp({"SELECT", "0"}) == "+OK\r\n");
  CHECK(clients.Resp({"SELECT", "1"}).starts_with("-ERR "));
  CHECK(Has(clients.Resp({"SELECT", "0", "1"}), "-ERR wrong number of arguments for 'select'"));
  CHECK(Has(clients.Resp({"SELECT"}), "-ERR wrong number of arguments for 'select'"));
  CHECK(Has(clients.Line("select 0"), R"("ok":true)"));
  CHECK(Has(clients.Line("select 1"), "there is one store"));
  for (const char* sql : {"SELECT * FROM profiles", "select", "select count(*)", "select 0 1",
                          R"({"cmd":"select","query":"* from profiles"})"}) {
    CHECK(Has(clients.Line(sql), R"("code":"PARSE","message":"there is no select; write `count )"));
  }
  CHECK(clients.Resp({"HELLO", "4"}) == "-NOPROTO unsupported protocol version\r\n");
  CHECK(clients.Resp({"AUTH", "x"}).starts_with("-ERR AUTH called"));
  CHECK(clients.Resp({"HELLO", "3", "AUTH", "u", "p"}).starts_with("-ERR AUTH called"));
  CHECK(clients.Resp({"HELLO", "3", "SETNAME", "me"}).starts_with("%7\r\n"));
  CHECK(clients.Resp({"CLIENT", "GETNAME"}) == "$2\r\nme\r\n");
  CHECK(clients.Resp({"RESET"}) == "+RESET\r\n");
  CHECK(clients.Resp({"CLIENT", "GETNAME"}) == "$-1\r\n");
  CHECK(clients.Resp({"CLIENT", "ID"}) == ":2\r\n");
  CHECK(clients.Resp({"CLIENT", "SETINFO", "LIB-NAME", "x"}) == "+OK\r\n");
  CHECK(Has(clients.Resp({"CLIENT", "INFO"}), "lib-name=x"));
  CHECK(clients.Resp({"CLIENT", "MAINT_NOTIFICATIONS", "ON"}).starts_with("-ERR "));
  CHECK(clients.Resp({"CLIENT", "TZ", "Europe/Amsterdam"}) == "+OK\r\n");
  CHECK(clients.Resp({"CLIENT", "TZ", "/etc/passwd"}).starts_with("-ERR "));
  CHECK(clients.Resp({"CLIENT", "TZ", "../../etc/passwd"}).starts_with("-ERR "));
  CHECK(clients.Resp({"CONFIG", "GET", "save"}) == "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  CHECK(clients.Resp({"CONFIG", "GET", "other"}) == "*0\r\n");
  CHECK(clients.Resp({"QUIT"}) == "+OK\r\n");
  CHECK(clients.resp.ended());
}

TEST_CASE("COMMAND has the shapes of Redis") {
  Clients clients;
  const std::string count = std::to_string(clients.simulation.table.commands().size());
  CHECK(clients.Resp({"COMMAND", "COUNT"}) == ":" + count + "\r\n");
  CHECK(clients.Resp({"COMMAND"}).starts_with("*" + count + "\r\n*10\r\n$8\r\nactivate\r\n:2\r\n"));
  CHECK(clients.Resp({"COMMAND", "INFO", "nope"}) == "*1\r\n$-1\r\n");
  const std::string docs = clients.Resp({"COMMAND", "DOCS", "track"});
  CHECK(docs.starts_with("*2\r\n$5\r\ntrack\r\n*8\r\n$7\r\nsummary\r\n"));
  CHECK(Has(docs, "$5\r\ntoken\r\n$4\r\nIDEM\r\n$5\r\nflags\r\n*1\r\n+optional\r\n"));
  CHECK(clients.Resp({"COMMAND", "DOCS"}).size() > 1000);
  CHECK(Has(clients.Resp({"HELP", "track"}), "TRACK json [IDEM key]"));
  CHECK(Has(clients.Line("help"), R"("command":"track")"));
}

TEST_CASE("INFO is text in RESP and an object in lines") {
  Clients clients;
  const std::string text = clients.Resp({"INFO"});
  for (const char* part :
       {"# Server\r\n", "redis_version:7.0.0\r\n", "role:master\r\n", "loading:0\r\n",
        "roster_version:", "# Clients\r\n", "# Stats\r\n", "# Persistence\r\n", "# Memory\r\n"}) {
    CHECK(Has(text, part));
  }
  CHECK_FALSE(Has(text, "trait_"));
  const std::string memory = clients.Resp({"INFO", "memory"});
  CHECK_FALSE(Has(memory, "# Server"));
  CHECK(Has(memory, "\r\ntrait_pl_an:bytes=5,cells=3,times=2\r\nrows:bytes=1,live=1\r\n"));
  CHECK(Has(clients.Line("info memory"), R"("trait_pl_an":{"bytes":5,"cells":3,"times":2})"));
  CHECK(Has(clients.Line("info"), R"("result":{"server":{"redis_version":"7.0.0")"));
}

TEST_CASE("the table is sound") {
  const Limits limits;
  const CommandTable table(&limits);
  for (const auto& [name, command] : table.commands()) {
    CHECK(name == ToUpper(name));
    CHECK(command.name == name);
    CHECK_FALSE(command.summary.empty());
    CHECK_FALSE(command.group.empty());
    CHECK(command.arity != 0);
  }
  CHECK(table.Find("track") == table.Find("TRACK"));
  CHECK(table.LimitFor("batch").bytes == limits.batch_bytes);
  CHECK(table.LimitFor("Track").bytes == limits.json_bytes);
  CHECK(table.LimitFor("nope").bytes == limits.statement_bytes);
}

}  // namespace roster::server
