// SPDX-License-Identifier: Apache-2.0
//
// Writes log lines.
#include "server/metrics.h"

#include <unistd.h>

#include <chrono>

#include "roster/json.h"

namespace roster::server {
namespace {

void AppendField(std::string_view value, std::string* line) {
  const bool plain = !value.empty() && value.find_first_of(" \"\\=\n") == std::string_view::npos;
  if (plain) {
    *line += value;
    return;
  }
  *line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') *line += '\\';
    *line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  *line += '"';
}

}  // namespace

void Log(std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  std::string line = FormatTimestamp(Timestamp{ms});
  line += ' ';
  line += event;
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    AppendField(value, &line);
  }
  line += '\n';
  // One call, so that lines of several threads do not mix. Nobody can be told when it fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace roster::server
