// SPDX-License-Identifier: Apache-2.0
//
// COMMAND and HELP: the table itself, in the shapes of Redis (so that redis-cli gives hints) and as
// text. Source: redis.io/commands/command-docs, command-info.
#include <memory>

#include "server/commands/commands.h"
#include "server/version.h"

namespace roster::server {
namespace {

// The parts of a usage text: "json [IDEM key]" -> "json", "[IDEM key]".
std::vector<std::string> UsageParts(std::string_view usage) {
  std::vector<std::string> parts;
  int depth = 0;
  bool in_part = false;
  for (const char c : usage) {
    depth += c == '[';
    depth -= c == ']';
    if (c == ' ' && depth == 0) {
      in_part = false;
      continue;
    }
    if (!in_part) parts.emplace_back();
    in_part = true;
    parts.back() += c;
  }
  return parts;
}

// One argument as COMMAND DOCS describes it.
Reply ArgumentDoc(std::string_view part) {
  const bool optional = part.front() == '[';
  if (optional) part = part.substr(1, part.size() - 2);
  const size_t blank = part.rfind(' ');
  const std::string_view name = blank == std::string_view::npos ? part : part.substr(blank + 1);
  Reply::Map doc{{"name", Reply::Text(name)}, {"type", Reply::Text("string")}};
  if (blank != std::string_view::npos)
    doc.emplace_back("token", Reply::Text(part.substr(0, blank)));
  if (optional) {
    doc.emplace_back("flags", Reply(Reply::Array{Reply::Simple("optional")}));
  }
  return Reply(std::move(doc));
}

Reply CommandDoc(const Command& command) {
  Reply::Map doc{{"summary", Reply::Text(command.summary)},
                 {"since", Reply::Text(kVersion)},
                 {"group", Reply::Text(command.group)}};
  Reply::Array arguments;
  for (const std::string& part : UsageParts(command.usage)) arguments.push_back(ArgumentDoc(part));
  if (!arguments.empty()) doc.emplace_back("arguments", Reply(std::move(arguments)));
  return Reply(std::move(doc));
}

Reply CommandInfo(const Command& command) {
  Reply::Array flags;
  if (command.IsWrite()) flags.push_back(Reply::Simple("write"));
  if (command.IsRead()) flags.push_back(Reply::Simple("readonly"));
  if (!command.IsWrite() && !command.IsRead()) flags.push_back(Reply::Simple("fast"));
  Reply::Array categories{Reply::Simple("@" + std::string(command.group))};
  const Reply zero = Reply::Integer(0);
  const Reply none{Reply::Array{}};
  return Reply(Reply::Array{Reply::Text(ToLower(command.name)), Reply::Integer(command.arity),
                            Reply(std::move(flags)), zero, zero, zero, Reply(std::move(categories)),
                            none, none, none});
}

Outcome Docs(const CommandTable& table, const std::vector<std::string>& words) {
  Reply::Map docs;
  if (words.size() == 1) {
    for (const auto& [name, command] : table.commands()) {
      docs.emplace_back(ToLower(name), CommandDoc(command));
    }
  }
  for (size_t i = 1; i < words.size(); ++i) {
    for (const Command* command : table.FormsOf(words[i])) {
      docs.emplace_back(ToLower(command->name), CommandDoc(*command));
    }
  }
  return Outcome(Reply(std::move(docs)));
}

Outcome Info(const CommandTable& table, const std::vector<std::string>& words) {
  Reply::Array infos;
  if (words.size() <= 1) {
    for (const auto& [name, command] : table.commands()) infos.push_back(CommandInfo(command));
  }
  for (size_t i = 1; i < words.size(); ++i) {
    const Command* command = table.Find(words[i]);
    infos.push_back(command ? CommandInfo(*command) : Reply());
  }
  return Outcome(Reply(std::move(infos)));
}

Outcome CommandCommand(const Services& services, Session*, const Request& request) {
  const CommandTable& table = *services.commands;
  const std::vector<std::string>& words = request.words;
  const std::string what = words.empty() ? "INFO" : ToUpper(words[0]);
  if (what == "INFO") return Info(table, words);
  if (what == "DOCS") return Docs(table, words);
  if (what == "COUNT") return Outcome(Reply::Unsigned(table.commands().size()));
  if (what == "LIST") {
    Reply::Array names;
    for (const auto& [name, command] : table.commands())
      names.push_back(Reply::Text(ToLower(name)));
    return Outcome(Reply(std::move(names)));
  }
  return Outcome(Reply::Error("ERR", "COMMAND knows COUNT DOCS INFO LIST"));
}

Reply HelpEntry(const Command& command) {
  return Reply(Reply::Map{{"command", Reply::Text(ToLower(command.name))},
                          {"usage", Reply::Text(command.usage)},
                          {"group", Reply::Text(command.group)},
                          {"summary", Reply::Text(command.summary)}});
}

Outcome Help(const Services& services, Session*, const Request& request) {
  const CommandTable& table = *services.commands;
  std::string text;
  Reply::Array entries;
  const auto add = [&](const Command& command) {
    text += std::string(command.name) + " " + std::string(command.usage) + "\n    " +
            std::string(command.summary) + "\n";
    entries.push_back(HelpEntry(command));
  };
  std::string asked;
  for (const std::string& word : request.words) asked += (asked.empty() ? "" : " ") + word;
  if (asked.empty()) {
    for (const auto& [name, command] : table.commands()) add(command);
  } else {
    for (const Command* command : table.FormsOf(asked)) add(*command);
    if (entries.empty()) return Outcome(Reply::Error("ERR", "HELP knows no such command"));
  }
  auto tree = std::make_shared<const Reply>(std::move(entries));
  return Outcome(Reply(Reply::Report{std::move(text), std::move(tree)}));
}

}  // namespace

void AddIntrospectCommands(CommandTable* table) {
  table->Add({.name = "COMMAND",
              .usage = "[subcommand] [name]",
              .group = "server",
              .summary = "COUNT, DOCS, INFO or LIST of the commands, in the shapes of Redis",
              .arity = -1,
              .handler = &CommandCommand});
  table->Add({.name = "HELP",
              .usage = "[command]",
              .group = "server",
              .summary = "Lists the commands",
              .arity = -1,
              .handler = &Help});
}

}  // namespace roster::server
