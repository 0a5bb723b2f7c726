// SPDX-License-Identifier: Apache-2.0
//
// What a client says about its connection: PING, ECHO, HELLO, AUTH, SELECT, OUTPUT, RESET, QUIT.
#include "server/commands/commands.h"
#include "server/version.h"

namespace roster::server {
namespace {

Outcome Ping(const Services&, Session*, const Request& request) {
  if (request.words.empty()) return Outcome(Reply::Simple("PONG"));
  return Outcome(Reply::Text(request.words[0]));
}

Outcome Echo(const Services&, Session*, const Request& request) {
  std::string text = request.words[0];
  for (size_t i = 1; i < request.words.size(); ++i) text += " " + request.words[i];
  return Outcome(Reply::Text(std::move(text)));
}

Reply NoCredentials() {
  return Reply::Error("ERR", "AUTH called, but this server has no credentials; leave AUTH out");
}

Outcome Auth(const Services&, Session*, const Request&) { return Outcome(NoCredentials()); }

Reply HelloReply(const Session& session) {
  return Reply(Reply::Map{{"server", Reply::Text("roster")},
                          {"version", Reply::Text(kVersion)},
                          {"proto", Reply::Integer(session.resp_version)},
                          {"id", Reply::Unsigned(session.id)},
                          {"mode", Reply::Text("standalone")},
                          {"role", Reply::Text("master")},
                          {"modules", Reply(Reply::Array{})}});
}

Outcome Hello(const Services&, Session* session, const Request& request) {
  const std::vector<std::string>& words = request.words;
  int version = session->resp_version;
  std::string name = session->name;
  if (!words.empty()) {
    if (words[0] != "2" && words[0] != "3") {
      return Outcome(Reply::Error("NOPROTO", "unsupported protocol version"));
    }
    version = words[0][0] - '0';
  }
  for (size_t i = 1; i < words.size();) {
    const std::string option = ToUpper(words[i]);
    if (option == "AUTH") return Outcome(NoCredentials());
    if (option != "SETNAME" || i + 1 == words.size()) {
      return Outcome(Reply::Error("ERR", "syntax error in HELLO"));
    }
    name = words[i + 1];
    if (!IsPlainName(name)) {
      return Outcome(Reply::Error("ERR", "SETNAME takes a name without blanks, up to 128 bytes"));
    }
    i += 2;
  }
  session->resp_version = version;
  session->name = name;
  return Outcome(HelloReply(*session));
}

bool IsNumber(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

Outcome Select(const Services&, Session* session, const Request& request) {
  const bool one_word = request.words.size() == 1;
  // Whoever writes lines by hand and says SELECT means SQL.
  if (!session->is_resp && !(one_word && IsNumber(request.words[0]))) {
    return Outcome(Reply::Error("PARSE",
                                "there is no select; write `count where ...` to count or "
                                "`find columns where ...` to list"));
  }
  if (!one_word) {
    return Outcome(Reply::Error(
        "ERR", "wrong number of arguments for 'select' command; usage: SELECT number"));
  }
  if (request.words[0] == "0") return Outcome(Reply::Ok());
  return Outcome(Reply::Error("ERR", "there is one store, number 0"));
}

Outcome Output(const Services&, Session* session, const Request& request) {
  const std::string kind = ToLower(request.words[0]);
  if (kind != "json" && kind != "resp") {
    return Outcome(Reply::Error("ERR", "OUTPUT takes json or resp"));
  }
  session->output_json = kind == "json";
  return Outcome(Reply::Ok());
}

Outcome Reset(const Services&, Session* session, const Request&) {
  session->resp_version = 2;
  session->output_json = false;
  session->name.clear();
  session->time_zone = "UTC";
  return Outcome(Reply::Simple("RESET"));
}

Outcome Quit(const Services&, Session*, const Request&) {
  Outcome outcome(Reply::Ok());
  outcome.close_after = true;
  return outcome;
}

}  // namespace

void AddSessionCommands(CommandTable* table) {
  const auto add = [table](std::string_view name, std::string_view usage, std::string_view summary,
                           int arity, ControlHandler handler) {
    table->Add({.name = name,
                .usage = usage,
                .group = "session",
                .summary = summary,
                .arity = arity,
                .handler = handler});
  };
  add("PING", "[message]", "Answers PONG or the message", -1, &Ping);
  add("ECHO", "message", "Answers the message", -2, &Echo);
  add("AUTH", "[user] password", "Refused: this server has no credentials", -2, &Auth);
  add("HELLO", "[version] [SETNAME name]", "Greets, and chooses RESP 2 or 3", -1, &Hello);
  add("SELECT", "number", "Accepts 0, the only store", -1, &Select);
  add("OUTPUT", "json|resp", "Chooses how RESP shows results of queries and GET", 2, &Output);
  add("RESET", "", "Puts the connection back to how it began", 1, &Reset);
  add("QUIT", "", "Answers OK and closes", -1, &Quit);
}

}  // namespace roster::server
