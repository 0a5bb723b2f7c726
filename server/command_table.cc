// SPDX-License-Identifier: Apache-2.0
//
// Builds the table and answers for verbs that are not in it.
#include "server/command_table.h"

#include <algorithm>
#include <numeric>

#include "server/commands/commands.h"

namespace roster::server {
namespace {

constexpr size_t kMaxShownVerb = 64;

// Levenshtein distance.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

// Moves the first word behind the verb to it; returns the word.
std::string TakeForm(Request* request) {
  std::string form;
  if (!request->words.empty()) {
    form = request->words.front();
    request->words.erase(request->words.begin());
    request->verb += " " + form;
    return form;
  }
  const std::string& rest = request->rest;
  const size_t begin = std::min(rest.find_first_not_of(" \t"), rest.size());
  const size_t end = std::min(rest.find_first_of(" \t", begin), rest.size());
  form = rest.substr(begin, end - begin);
  // As it came, for what stands behind it has its place in the line.
  request->verb += rest.substr(0, end);
  request->rest.erase(0, end);
  return form;
}

// What of a verb may be shown: one line, not long, whole characters.
std::string ShownVerb(std::string_view verb) {
  std::string shown(verb.substr(0, kMaxShownVerb));
  while (!shown.empty() && FindInvalidUtf8(shown) != std::string_view::npos) shown.pop_back();
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return shown;
}

}  // namespace

CommandTable::CommandTable(const Limits* limits) : limits_(limits) {
  AddQueryCommands(this);
  AddDeclareCommands(this);
  AddWriteCommands(this);
  AddProfileCommands(this);
  AddTimelineCommands(this);
  AddHistoryCommands(this);
  AddPairCommands(this);
  AddEditCommands(this);
  AddSessionCommands(this);
  AddClientCommands(this);
  AddIntrospectCommands(this);
  AddInfoCommands(this);
  AddKeepCommands(this);
}

void CommandTable::Add(Command command) { commands_.emplace(std::string(command.name), command); }

const Command* CommandTable::Find(std::string_view name) const {
  const auto found = commands_.find(ToUpper(name));
  return found == commands_.end() ? nullptr : &found->second;
}

const Command* CommandTable::Find(Request* request) const {
  const Command* command = Find(request->verb);
  if (command != nullptr || FormsOf(request->verb).empty()) return command;
  Request formed = *request;
  const std::string form = TakeForm(&formed);
  command = Find(request->verb + " " + form);
  if (command != nullptr) *request = std::move(formed);
  return command;
}

std::vector<const Command*> CommandTable::FormsOf(std::string_view verb) const {
  std::vector<const Command*> forms;
  const std::string upper = ToUpper(verb);
  for (auto it = commands_.lower_bound(upper); it != commands_.end(); ++it) {
    const std::string_view name = it->first;
    if (!name.starts_with(upper)) break;
    if (name.size() == upper.size() || name[upper.size()] == ' ') forms.push_back(&it->second);
  }
  return forms;
}

std::string_view CommandTable::Nearest(std::string_view verb) const {
  if (verb.size() > kMaxShownVerb) return {};
  const std::string upper = ToUpper(verb);
  std::string_view nearest;
  size_t best = std::max<size_t>(1, std::min<size_t>(3, upper.size() / 2)) + 1;
  for (const auto& [name, command] : commands_) {
    const size_t distance = EditDistance(upper, name);
    if (distance < best) {
      best = distance;
      nearest = command.name;
    }
  }
  return nearest;
}

Reply CommandTable::UnknownCommand(std::string_view verb, bool is_resp) const {
  const std::string shown = ShownVerb(verb);
  if (const std::vector<const Command*> forms = FormsOf(verb); !forms.empty()) {
    std::string message = "`" + ToLower(shown) + "` takes one of";
    for (const Command* form : forms) {
      message +=
          (form == forms.front() ? ": " : ", ") + ToLower(form->name.substr(verb.size() + 1));
    }
    return Reply::Error("ERR", message);
  }
  // Clients match this text.
  if (is_resp) return Reply::Error("ERR", "unknown command '" + shown + "'");
  std::string message = "unknown command `" + shown + "`";
  const std::string_view nearest = Nearest(verb);
  message += nearest.empty() ? "; `help` lists them" : "; did you mean `" + ToLower(nearest) + "`?";
  return Reply::Error("ERR", message);
}

absl::Status CommandTable::CheckArity(const Command& command, const Request& request) const {
  const auto count = static_cast<int>(request.words.size()) + 1;
  const bool fits = command.arity >= 0 ? count == command.arity : count >= -command.arity;
  if (fits) return absl::OkStatus();
  std::string usage(command.name);
  if (!command.usage.empty()) usage += " " + std::string(command.usage);
  return MakeError(ErrorCode::kErr, "wrong number of arguments for '" + ToLower(command.name) +
                                        "' command; usage: " + usage);
}

RequestSizer::Limit CommandTable::LimitFor(std::string_view verb) const {
  RequestSize size = RequestSize::kStatement;
  if (verb == "{") {
    size = RequestSize::kJson;
  } else if (!verb.empty()) {
    for (const Command* command : FormsOf(verb)) size = std::max(size, command->size);
  }
  switch (size) {
    case RequestSize::kStatement:
      return {limits_->statement_bytes, "statement_bytes"};
    case RequestSize::kJson:
      return {limits_->json_bytes, "json_bytes"};
    case RequestSize::kBatch:
      return {limits_->batch_bytes, "batch_bytes"};
  }
  return {limits_->statement_bytes, "statement_bytes"};
}

}  // namespace roster::server
