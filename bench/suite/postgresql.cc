// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL over its Unix socket. A second thread is a parallel worker beside the leader.
// Source: libpq, https://www.postgresql.org/docs/15/libpq.html
#include <utility>

#include "bench/suite/engine.h"
#include "bench/suite/library.h"

namespace roster::suite {
namespace {

constexpr int kCommandOk = 1;
constexpr int kTuplesOk = 2;

class PostgreSql final : public Engine {
 public:
  absl::Status Open(const std::string& connection) {
    Library library("libpq.so.5");
    library.Find("PQconnectdb", &connect_);
    library.Find("PQstatus", &status_);
    library.Find("PQerrorMessage", &error_);
    library.Find("PQexec", &exec_);
    library.Find("PQresultStatus", &result_status_);
    library.Find("PQntuples", &num_rows_);
    library.Find("PQnfields", &num_columns_);
    library.Find("PQgetvalue", &value_);
    library.Find("PQclear", &clear_);
    if (!library.status().ok()) return library.status();
    connection_ = connect_(connection.c_str());
    if (status_(connection_) != 0) return absl::UnavailableError(error_(connection_));
    return absl::OkStatus();
  }

  absl::Status SetThreads(int threads) override {
    return Run("SET max_parallel_workers_per_gather = " + std::to_string(threads - 1)).status();
  }

  absl::StatusOr<Answer> Run(const std::string& statement) override {
    Answer answer;
    const Stopwatch watch;
    void* const result = exec_(connection_, statement.c_str());
    answer.took_us = watch.Micros();
    const int outcome = result_status_(result);
    if (outcome != kCommandOk && outcome != kTuplesOk) {
      clear_(result);
      return absl::InvalidArgumentError(error_(connection_));
    }
    for (int r = 0; r < num_rows_(result); ++r) {
      std::vector<std::string>& row = answer.rows.emplace_back();
      for (int c = 0; c < num_columns_(result); ++c) row.emplace_back(value_(result, r, c));
    }
    clear_(result);
    return answer;
  }

  std::string Version() override {
    const auto answer = Run("SHOW server_version");
    return answer.ok() ? answer->rows[0][0] : "";
  }

 private:
  void* (*connect_)(const char* parameters) = nullptr;
  int (*status_)(const void* connection) = nullptr;
  char* (*error_)(const void* connection) = nullptr;
  void* (*exec_)(void* connection, const char* statement) = nullptr;
  int (*result_status_)(const void* result) = nullptr;
  int (*num_rows_)(const void* result) = nullptr;
  int (*num_columns_)(const void* result) = nullptr;
  char* (*value_)(const void* result, int row, int column) = nullptr;
  void (*clear_)(void* result) = nullptr;
  void* connection_ = nullptr;
};

}  // namespace

MadeEngine MakePostgreSql(const std::string& connection) {
  auto engine = std::make_unique<PostgreSql>();
  const absl::Status opened = engine->Open(connection);
  if (!opened.ok()) return opened;
  return engine;
}

}  // namespace roster::suite
