// SPDX-License-Identifier: Apache-2.0
//
// CLIENT and CONFIG: what client libraries say and ask when they connect.
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "server/commands/commands.h"

namespace roster::server {
namespace {

Outcome Fail(std::string_view message) { return Outcome(Reply::Error("ERR", message)); }

Outcome SetInfo(Session* session, const std::vector<std::string>& words) {
  if (words.size() != 3 || !IsPlainName(words[2]))
    return Fail("CLIENT SETINFO LIB-NAME|LIB-VER text");
  const std::string what = ToUpper(words[1]);
  if (what == "LIB-NAME") {
    session->library = words[2];
  } else if (what == "LIB-VER") {
    session->library_version = words[2];
  } else {
    return Fail("CLIENT SETINFO knows LIB-NAME and LIB-VER");
  }
  return Outcome(Reply::Ok());
}

// Zone names are looked up as files: no way out of their folder.
bool IsZoneName(std::string_view name) {
  constexpr std::string_view kMarks = "_+-/";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && kMarks.find(c) == std::string_view::npos)
      return false;
  }
  return !name.empty() && name.front() != '/' && name.size() <= 64;
}

Outcome SetTimeZone(Session* session, const std::vector<std::string>& words) {
  absl::TimeZone zone;
  if (words.size() != 2 || !IsZoneName(words[1]) || !absl::LoadTimeZone(words[1], &zone)) {
    return Fail("CLIENT TZ takes an IANA time zone, as Europe/Amsterdam");
  }
  session->time_zone = words[1];
  return Outcome(Reply::Ok());
}

std::string DescribeClient(const Session& client, int64_t now_ms) {
  std::string line = "id=" + std::to_string(client.id);
  line += " addr=" + client.peer;
  line += " name=" + client.name;
  line += " age=" + std::to_string((now_ms - client.connected_ms) / 1000);
  line += client.is_resp ? " resp=" + std::to_string(client.resp_version) : " resp=line";
  line += " lib-name=" + client.library + " lib-ver=" + client.library_version;
  return line;
}

std::string ListClients(const Services& services, const Session& self) {
  if (services.clients == nullptr) return DescribeClient(self, services.now_ms()) + "\n";
  std::string text;
  for (const Session& client : services.clients->Clients()) {
    text += DescribeClient(client, services.now_ms()) + "\n";
  }
  return text;
}

// 1: a statement was ended; 0: none ran.
Outcome Cancel(const Services& services, const std::vector<std::string>& words) {
  uint64_t id = 0;
  if (words.size() != 2 || !absl::SimpleAtoi(words[1], &id)) {
    return Fail("CLIENT CANCEL takes the id of a client, as CLIENT ID and CLIENT LIST show it");
  }
  const bool cancelled = services.clients != nullptr && services.clients->Cancel(id);
  return Outcome(Reply::Unsigned(cancelled ? 1 : 0));
}

Outcome Client(const Services& services, Session* session, const Request& request) {
  const std::vector<std::string>& words = request.words;
  const std::string what = ToUpper(words[0]);
  if (what == "SETINFO") return SetInfo(session, words);
  if (what == "CANCEL") return Cancel(services, words);
  if (what == "TZ") return SetTimeZone(session, words);
  if (what == "ID") return Outcome(Reply::Unsigned(session->id));
  if (what == "INFO") {
    return Outcome(Reply::Text(DescribeClient(*session, services.now_ms()) + "\n"));
  }
  if (what == "LIST") return Outcome(Reply::Text(ListClients(services, *session)));
  if (what == "GETNAME") {
    return Outcome(session->name.empty() ? Reply() : Reply::Text(session->name));
  }
  if (what == "SETNAME") {
    if (words.size() != 2 || !IsPlainName(words[1])) {
      return Fail("CLIENT SETNAME takes a name without blanks, up to 128 bytes");
    }
    session->name = words[1];
    return Outcome(Reply::Ok());
  }
  return Fail("CLIENT knows CANCEL GETNAME ID INFO LIST SETINFO SETNAME TZ");
}

// redis-benchmark asks for these two and stops at an error.
Outcome Config(const Services&, Session*, const Request& request) {
  const std::vector<std::string>& words = request.words;
  if (ToUpper(words[0]) != "GET" || words.size() < 2) return Fail("CONFIG knows GET name");
  Reply::Map found;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string name = ToLower(words[i]);
    if (name == "save") found.emplace_back(name, Reply::Text(""));
    if (name == "appendonly") found.emplace_back(name, Reply::Text("yes"));
  }
  return Outcome(Reply(std::move(found)));
}

}  // namespace

bool IsPlainName(std::string_view name) {
  for (const char c : name) {
    if (c <= ' ' || c == 0x7f) return false;
  }
  return name.size() <= 128;
}

void AddClientCommands(CommandTable* table) {
  table->Add(
      {.name = "CLIENT",
       .usage = "subcommand [value]",
       .group = "session",
       .summary =
           "GETNAME, ID, INFO, LIST, SETINFO, SETNAME, TZ of this connection; CANCEL id of another",
       .arity = -2,
       .handler = &Client});
  table->Add({.name = "CONFIG",
              .usage = "GET name",
              .group = "server",
              .summary = "Answers what Redis tools ask for when they connect",
              .arity = -2,
              .handler = &Config});
}

}  // namespace roster::server
