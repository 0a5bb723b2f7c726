// SPDX-License-Identifier: Apache-2.0
//
// Draws tables and carets.
#include "server/tools/reply_text.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "server/tools/tools.h"

namespace roster::server {
namespace {

using simdjson::dom::element;

// Widths count code points; good enough for a terminal.
size_t Width(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

using Row = std::vector<std::string>;

void AppendRow(const Row& row, const std::vector<size_t>& widths, std::string* out) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) *out += "  ";
    *out += row[i];
    if (i + 1 < row.size()) out->append(widths[i] - Width(row[i]), ' ');
  }
  *out += '\n';
}

std::string TableText(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], Width(row[i]));
    }
  }
  std::string text;
  AppendRow(rows.front(), widths, &text);
  Row rule;
  for (const size_t width : widths) rule.push_back(std::string(width, '-'));
  AppendRow(rule, widths, &text);
  for (size_t i = 1; i < rows.size(); ++i) AppendRow(rows[i], widths, &text);
  const size_t count = rows.size() - 1;
  return text + "(" + std::to_string(count) + (count == 1 ? " row)\n" : " rows)\n");
}

namespace stream = simdjson::ondemand;

// One cell: text as it is (control characters as blanks), all else as the reply writes it, so that
// a number keeps its digits.
std::string CellText(stream::value value) {
  stream::json_type type;
  std::string_view text;
  if (value.type().get(type) != simdjson::SUCCESS) return "?";
  if (type == stream::json_type::null) return "";
  if (type == stream::json_type::string) {
    if (value.get_string().get(text) != simdjson::SUCCESS) return "?";
  } else if (simdjson::to_json_string(value).get(text) != simdjson::SUCCESS) {
    return "?";
  }
  std::string cell(text);
  for (char& c : cell) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  while (type == stream::json_type::number && !cell.empty() && cell.back() == ' ') cell.pop_back();
  return cell;
}

Row Cells(stream::array values) {
  Row row;
  for (auto value : values) {
    stream::value cell;
    if (value.get(cell) == simdjson::SUCCESS) row.push_back(CellText(cell));
  }
  return row;
}

// The rows of a result with `columns` and `rows`, the names first; none for another result.
std::vector<Row> TableRows(std::string_view reply) {
  const simdjson::padded_string text(reply);
  stream::parser parser;
  stream::document document;
  stream::object result;
  stream::array columns;
  stream::array rows;
  std::vector<Row> table;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document["result"].get_object().get(result) != simdjson::SUCCESS ||
      result.find_field("columns").get_array().get(columns) != simdjson::SUCCESS) {
    return table;
  }
  table.push_back(Cells(columns));
  if (result.find_field("rows").get_array().get(rows) != simdjson::SUCCESS) return {};
  for (auto row : rows) {
    stream::array values;
    if (row.get_array().get(values) == simdjson::SUCCESS) table.push_back(Cells(values));
  }
  return table;
}

std::string ResultText(element result, std::string_view reply) {
  uint64_t count = 0;
  std::string_view text;
  if (result.get(text) == simdjson::SUCCESS) return std::string(text) + "\n";
  if (result["count"].get(count) == simdjson::SUCCESS) return std::to_string(count) + "\n";
  const std::vector<Row> table = TableRows(reply);
  return table.empty() ? simdjson::to_string(result) + "\n" : TableText(table);
}

ReplyText ErrorText(element error, std::string_view statement) {
  ReplyText described;
  std::string_view code;
  std::string_view message;
  uint64_t line = 0;
  uint64_t column = 0;
  if (error["code"].get(code) != simdjson::SUCCESS) code = "ERR";
  if (error["message"].get(message) != simdjson::SUCCESS) message = "no message";
  const bool placed =
      error["line"].get(line) == simdjson::SUCCESS && error["col"].get(column) == simdjson::SUCCESS;
  described.error_code = code;
  described.exit_code = kExitError;
  if (code == "TIMEOUT") described.exit_code = kExitTimeout;
  if (code == "CORRUPT") described.exit_code = kExitDamaged;
  described.text = placed ? ErrorWithCaret(statement, line, column, message)
                          : std::string(code) + ": " + std::string(message) + "\n";
  return described;
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

ReplyText DescribeReply(std::string_view reply, std::string_view statement) {
  simdjson::dom::parser parser;
  element root;
  bool ok = false;
  if (parser.parse(reply.data(), reply.size()).get(root) != simdjson::SUCCESS ||
      root["ok"].get(ok) != simdjson::SUCCESS) {
    return {.text = "the reply is not of this protocol\n", .error_code = "ERR", .exit_code = 1};
  }
  element part;
  if (!ok) {
    if (root["error"].get(part) == simdjson::SUCCESS) return ErrorText(part, statement);
    return {.text = "the reply has no error\n", .error_code = "ERR", .exit_code = 1};
  }
  ReplyText described;
  if (root["result"].get(part) == simdjson::SUCCESS) described.text = ResultText(part, reply);
  bool durable = true;
  if (root["durable"].get(durable) == simdjson::SUCCESS && !durable) {
    described.text += "(not durable: the log has failed)\n";
  }
  return described;
}

std::string ErrorWithCaret(std::string_view statement, uint64_t line, uint64_t column,
                           std::string_view message) {
  for (; line > 1; --line) {
    const size_t end = statement.find('\n');
    statement.remove_prefix(end == std::string_view::npos ? statement.size() : end + 1);
  }
  const std::string_view shown = statement.substr(0, statement.find('\n'));
  // The byte of the column, and how much of a word begins there.
  size_t start = 0;
  for (uint64_t i = 1; i < column && start < shown.size(); ++i) {
    ++start;
    while (start < shown.size() && (static_cast<unsigned char>(shown[start]) & 0xc0) == 0x80) {
      ++start;
    }
  }
  size_t length = 0;
  while (start + length < shown.size() && IsWordByte(shown[start + length])) ++length;
  std::string blanks;
  for (const char c : shown.substr(0, start)) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) blanks += c == '\t' ? '\t' : ' ';
  }
  std::string text(shown);
  text += "\n" + blanks + std::string(std::max<size_t>(1, length), '^') + " ";
  return text + std::string(message) + "\n";
}

}  // namespace roster::server
