// SPDX-License-Identifier: Apache-2.0
#include "tests/query/test_store.h"

#include <catch2/catch.hpp>

#include "query/errors.h"

namespace roster::query {

int64_t TestStore::Count(std::string_view text, const std::vector<Value>& params, Timestamp now,
                         std::string_view zone) const {
  const auto answer = Ask(text, params, now, zone);
  if (!answer.ok()) {
    UNSCOPED_INFO(RenderError(text, answer.status()));
    return -1;
  }
  return static_cast<int64_t>(std::get<CountAnswer>(*answer).count);
}

}  // namespace roster::query
