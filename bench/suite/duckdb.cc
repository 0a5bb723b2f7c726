// SPDX-License-Identifier: Apache-2.0
//
// DuckDB in process, in memory.
// Source: its C API, https://duckdb.org/docs/stable/clients/c/api
#include <utility>

#include "bench/suite/engine.h"
#include "bench/suite/library.h"

namespace roster::suite {
namespace {

extern "C" {
struct DuckDbResult {
  uint64_t deprecated[5];
  void* internal;
};
}

class DuckDb final : public Engine {
 public:
  absl::Status Open(const std::string& path) {
    Library library(path);
    library.Find("duckdb_open", &open_);
    library.Find("duckdb_connect", &connect_);
    library.Find("duckdb_query", &query_);
    library.Find("duckdb_row_count", &row_count_);
    library.Find("duckdb_column_count", &column_count_);
    library.Find("duckdb_value_varchar", &value_varchar_);
    library.Find("duckdb_result_error", &result_error_);
    library.Find("duckdb_destroy_result", &destroy_result_);
    library.Find("duckdb_free", &free_);
    library.Find("duckdb_library_version", &version_);
    if (!library.status().ok()) return library.status();
    if (open_(nullptr, &database_) != 0 || connect_(database_, &connection_) != 0) {
      return absl::InternalError("DuckDB does not open");
    }
    return absl::OkStatus();
  }

  absl::Status SetThreads(int threads) override {
    return Run("SET threads = " + std::to_string(threads)).status();
  }

  absl::StatusOr<Answer> Run(const std::string& statement) override {
    Answer answer;
    DuckDbResult result{};
    const Stopwatch watch;
    const int failed = query_(connection_, statement.c_str(), &result);
    answer.took_us = watch.Micros();
    if (failed != 0) {
      const char* const error = result_error_(&result);
      absl::Status status = absl::InvalidArgumentError(error == nullptr ? "failed" : error);
      destroy_result_(&result);
      return status;
    }
    const uint64_t columns = column_count_(&result);
    for (uint64_t r = 0; r < row_count_(&result); ++r) {
      std::vector<std::string>& row = answer.rows.emplace_back();
      for (uint64_t c = 0; c < columns; ++c) {
        char* const text = value_varchar_(&result, c, r);
        row.emplace_back(text == nullptr ? "" : text);
        free_(text);
      }
    }
    destroy_result_(&result);
    return answer;
  }

  std::string Version() override { return version_(); }

 private:
  int (*open_)(const char* path, void** database) = nullptr;
  int (*connect_)(void* database, void** connection) = nullptr;
  int (*query_)(void* connection, const char* sql, DuckDbResult* result) = nullptr;
  uint64_t (*row_count_)(DuckDbResult* result) = nullptr;
  uint64_t (*column_count_)(DuckDbResult* result) = nullptr;
  char* (*value_varchar_)(DuckDbResult* result, uint64_t column, uint64_t row) = nullptr;
  const char* (*result_error_)(DuckDbResult* result) = nullptr;
  void (*destroy_result_)(DuckDbResult* result) = nullptr;
  void (*free_)(void* pointer) = nullptr;
  const char* (*version_)() = nullptr;
  void* database_ = nullptr;
  void* connection_ = nullptr;
};

}  // namespace

MadeEngine MakeDuckDb(const std::string& library) {
  auto engine = std::make_unique<DuckDb>();
  const absl::Status opened = engine->Open(library);
  if (!opened.ok()) return opened;
  return engine;
}

}  // namespace roster::suite
