// SPDX-License-Identifier: Apache-2.0
//
// ClickHouse in process (chdb), in memory.
// Source: its C API, https://github.com/chdb-io/chdb/blob/main/programs/local/chdb.h
#include <algorithm>
#include <string_view>
#include <utility>

#include "bench/suite/engine.h"
#include "bench/suite/library.h"

namespace roster::suite {
namespace {

// Lines of cells between tabs. None of ours has an escape in it.
std::vector<std::vector<std::string>> RowsOf(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::vector<std::string>& row = rows.emplace_back();
    for (size_t tab = 0; tab != std::string_view::npos;) {
      tab = line.find('\t');
      row.emplace_back(line.substr(0, tab));
      if (tab != std::string_view::npos) line.remove_prefix(tab + 1);
    }
  }
  return rows;
}

class ClickHouse final : public Engine {
 public:
  absl::Status Open(const std::string& path) {
    Library library(path);
    library.Find("chdb_connect", &connect_);
    library.Find("chdb_query", &query_);
    library.Find("chdb_result_buffer", &buffer_);
    library.Find("chdb_result_length", &length_);
    library.Find("chdb_result_error", &error_);
    library.Find("chdb_destroy_query_result", &destroy_);
    if (!library.status().ok()) return library.status();
    char name[] = "clickhouse";
    char* arguments[] = {name};
    connection_ = connect_(1, arguments);
    if (connection_ == nullptr) return absl::InternalError("ClickHouse does not open");
    return absl::OkStatus();
  }

  absl::Status SetThreads(int threads) override {
    return Run("SET max_threads = " + std::to_string(threads)).status();
  }

  absl::StatusOr<Answer> Run(const std::string& statement) override {
    Answer answer;
    const Stopwatch watch;
    void* const result = query_(*connection_, statement.c_str(), "TSV");
    answer.took_us = watch.Micros();
    const char* const error = error_(result);
    absl::Status status;
    if (error != nullptr && *error != '\0') {
      status = absl::InvalidArgumentError(error);
    } else if (buffer_(result) != nullptr) {
      answer.rows = RowsOf({buffer_(result), length_(result)});
    }
    destroy_(result);
    if (!status.ok()) return status;
    return answer;
  }

  std::string Version() override {
    const auto answer = Run("SELECT version()");
    return answer.ok() ? answer->rows[0][0] : "";
  }

 private:
  void** (*connect_)(int argc, char** argv) = nullptr;
  void* (*query_)(void* connection, const char* query, const char* format) = nullptr;
  const char* (*buffer_)(void* result) = nullptr;
  size_t (*length_)(void* result) = nullptr;
  const char* (*error_)(void* result) = nullptr;
  void (*destroy_)(void* result) = nullptr;
  void** connection_ = nullptr;
};

}  // namespace

MadeEngine MakeClickHouse(const std::string& library) {
  auto engine = std::make_unique<ClickHouse>();
  const absl::Status opened = engine->Open(library);
  if (!opened.ok()) return opened;
  return engine;
}

}  // namespace roster::suite
