// SPDX-License-Identifier: Apache-2.0
//
// `roster query`: one statement to a server by the line dialect; a table on a terminal, the line of
// JSON otherwise.
#include <simdjson.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/line_codec.h"
#include "server/tools/reply_text.h"
#include "server/tools/tools.h"

namespace roster::server {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

struct QueryFlags {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::string statement;
  std::string format = "auto";
  int64_t timeout_ms = 0;
};

// The statement as one line: as it is, or as an object when it has lines or a timeout.
std::string RequestLine(const QueryFlags& flags) {
  const std::string& text = flags.statement;
  if (flags.timeout_ms == 0 && text.find('\n') == std::string::npos) return text + "\n";
  const size_t end = std::min(text.find_first_of(" \t\n"), text.size());
  std::string line = "{\"cmd\":";
  AppendJsonText(text.substr(0, end), &line);
  line += ",\"query\":";
  // The server puts one blank behind the verb, so that positions stay as they are here.
  AppendJsonText(end < text.size() ? text.substr(end + 1) : "", &line);
  if (flags.timeout_ms > 0) line += ",\"timeout_ms\":" + std::to_string(flags.timeout_ms);
  return line + "}\n";
}

absl::StatusOr<std::string> Ask(const QueryFlags& flags) {
  boost::asio::io_context context;
  tcp::resolver resolver(context);
  tcp::socket socket(context);
  error_code error;
  const auto endpoints = resolver.resolve(flags.host, std::to_string(flags.port), error);
  if (!error) boost::asio::connect(socket, endpoints, error);
  const std::string line = RequestLine(flags);
  if (!error) boost::asio::write(socket, boost::asio::buffer(line), error);
  std::string reply;
  if (!error) boost::asio::read_until(socket, boost::asio::dynamic_buffer(reply), '\n', error);
  if (error) return absl::UnavailableError(error.message());
  return reply.substr(0, reply.find('\n'));
}

int Query(QueryFlags flags) {
  const size_t start = flags.statement.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) {
    std::fprintf(stderr, "roster query: the statement is empty\n");
    return kExitUsage;
  }
  flags.statement.erase(0, start);
  const absl::StatusOr<std::string> reply = Ask(flags);
  if (!reply.ok()) {
    std::fprintf(stderr, "roster query: cannot reach %s:%d: %s\n", flags.host.c_str(), flags.port,
                 std::string(reply.status().message()).c_str());
    return kExitCannotConnect;
  }
  const bool as_table =
      flags.format == "table" || (flags.format == "auto" && isatty(STDOUT_FILENO) == 1);
  const ReplyText text = DescribeReply(*reply, flags.statement);
  if (!as_table) {
    std::printf("%s\n", reply->c_str());
  } else if (text.error_code.empty()) {
    std::printf("%s", text.text.c_str());
  }
  if (!text.error_code.empty()) std::fprintf(stderr, "%s", text.text.c_str());
  return text.exit_code;
}

}  // namespace

void AddQueryTool(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<QueryFlags>();
  CLI::App* tool = app->add_subcommand("query", "Send one statement to a server");
  tool->add_option("statement", flags->statement, "As count where plan = \"pro\"")->required();
  tool->add_option("--port", flags->port, "Port of the server")->required();
  tool->add_option("--host", flags->host, "Its address")->capture_default_str();
  tool->add_option("--format", flags->format, "table or json; auto: a table on a terminal")
      ->check(CLI::IsMember({"auto", "table", "json"}))
      ->capture_default_str();
  tool->add_option("--timeout-ms", flags->timeout_ms, "Time for the statement; 0: the server's")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  tool->callback([flags, exit_code] { *exit_code = Query(*flags); });
}

}  // namespace roster::server
