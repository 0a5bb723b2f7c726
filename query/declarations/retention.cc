// SPDX-License-Identifier: Apache-2.0
#include "query/declarations/retention.h"

#include "absl/status/statusor.h"
#include "query/declarations/parser.h"

namespace roster::query {
namespace {

constexpr int64_t kDayMs = 86'400'000;

int64_t LengthMs(ast::TimeUnit unit) {
  switch (unit) {
    case ast::TimeUnit::kMillisecond:
      return 1;
    case ast::TimeUnit::kSecond:
      return 1000;
    case ast::TimeUnit::kMinute:
      return 60'000;
    case ast::TimeUnit::kHour:
      return 3'600'000;
    case ast::TimeUnit::kDay:
      return kDayMs;
    case ast::TimeUnit::kWeek:
      return 7 * kDayMs;
    case ast::TimeUnit::kMonth:
      return 31 * kDayMs;
    case ast::TimeUnit::kYear:
      break;
  }
  return 366 * kDayMs;
}

}  // namespace

std::optional<int64_t> RetentionMs(ast::Duration duration) {
  const int64_t unit_ms = LengthMs(duration.unit);
  if (duration.amount > kMaxKeepMs / unit_ms) return std::nullopt;
  return duration.amount * unit_ms;
}

int64_t DefinedRetentionMs(const State& state, std::string_view name) {
  const auto it = state.definitions->find(name);
  if (it == state.definitions->end()) return 0;
  const absl::StatusOr<ast::Declaration> stored = ParseStored(it->second);
  if (!stored.ok()) return 0;
  const auto* retain = std::get_if<ast::Retain>(&stored->what);
  if (retain == nullptr || !retain->keep) return 0;
  return RetentionMs(*retain->keep).value_or(0);
}

}  // namespace roster::query
