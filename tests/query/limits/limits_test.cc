// SPDX-License-Identifier: Apache-2.0
//
// What a statement may not exceed, each with the error that names it, and what it takes at most.
// Source: LANGUAGE.md "Meaning", 12.
#include <pthread.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "query/declarations/names.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "roster/error.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

TestStore People() {
  TestStore store;
  store.Trait("age", ValueType::kInteger);
  store.Trait("name", ValueType::kText);
  store.Event("order");
  store.Property("order", "total", ValueType::kInteger);
  store.Profile({{"age", int64_t{3}}});
  return store;
}

std::string Repeated(const std::string& part, int times, const std::string& between = "") {
  std::string text;
  for (int i = 0; i < times; ++i) text += (i > 0 ? between : "") + part;
  return text;
}

TEST_CASE("each limit of a statement is answered by an error that names it") {
  const TestStore store = People();
  struct Case {
    std::string text;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"count where age = 1 " + std::string(64 << 10, ' '), "longer than 65536 bytes"},
      {"count where " + Repeated("(", 65) + "age = 1" + Repeated(")", 65), "deeper than 64"},
      {"count where " + Repeated("age=1", 4097, " or "), "more than 4096 conditions"},
      {"count where age in (" + Repeated("1", 4097, ",") + ")", "more than 4096 values"},
      {"count where did order" + Repeated(" then order", 16), "more than 16 steps"},
      {"funnel order" + Repeated(" then order", 16) + " each within 1 day", "more than 16 steps"},
      {"search \"" + Repeated("a", 17, " ") + "\"", "more than 16 words"},
      {"search \"" + std::string(1025, 'a') + "\"", "longer than 1024 bytes"},
  };
  for (const Case& one : cases) {
    const auto answer = store.Ask(one.text);
    INFO(one.message);
    REQUIRE(!answer.ok());
    CHECK(ErrorCodeOf(answer.status()) == ErrorCode::kLimit);
    CHECK(answer.status().ToString().find(one.message) != std::string::npos);
    // One less is taken.
    CHECK(store.Count("count where age = 3") == 1);
  }
  CHECK(store.Count("count where " + Repeated("(", 64) + "age = 3" + Repeated(")", 64)) == 1);
  CHECK(store.Count("count where age in (" + Repeated("3", 4096, ",") + ")") == 1);
  CHECK(store.Count("count where did order" + Repeated(" then order", 15)) == 0);
}

TEST_CASE("conditions of segments that a statement names count as its own") {
  TestStore store = People();
  store.Define(kSegments, "much",
               "define segment \"much\" as " + Repeated("`age` = 1", 2100, " or "));
  CHECK(store.Count("count where in segment much") == 0);
  const auto answer = store.Ask("count where in segment much or not in segment much");
  REQUIRE(!answer.ok());
  CHECK(ErrorCodeOf(answer.status()) == ErrorCode::kLimit);
}

TEST_CASE("levels of segments that a statement names count as its own") {
  TestStore store = People();
  // A chain: each asks about the one before.
  store.Define(kSegments, "s0", "define segment \"s0\" as `age` = 3");
  constexpr int kChain = 250;
  for (int i = 1; i <= kChain; ++i) {
    store.Define(kSegments, "s" + std::to_string(i),
                 "define segment \"s" + std::to_string(i) + "\" as in segment \"s" +
                     std::to_string(i - 1) + "\"");
  }
  // Each counts as 32 levels.
  CHECK(store.Count("count where in segment s5") == 1);
  CHECK(store.Count("count where not (age = 4 or not in segment s5)") == 1);
  for (const char* text : {"count where in segment s6", "count where not in segment s6",
                           "count where in segment s250"}) {
    const auto answer = store.Ask(text);
    REQUIRE(!answer.ok());
    CHECK(ErrorCodeOf(answer.status()) == ErrorCode::kLimit);
    CHECK(answer.status().ToString().find("deeper than 200 levels") != std::string::npos);
  }
}

// AddressSanitizer puts room around everything in a frame: there it is a usual stack.
#ifdef __SANITIZE_ADDRESS__
constexpr size_t kStackBytes = 8 << 20;
#else
constexpr size_t kStackBytes = 256 << 10;
#endif

// Runs f on a thread with so small a stack.
void OnStack(size_t bytes, void* (*f)(void*), void* argument) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, f, argument) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST_CASE("the deepest statement fits a stack of 256 KiB") {
  struct Asked {
    const TestStore* store;
    std::string text;
    std::string answer;
  };
  TestStore store = People();
  // Three levels in each pair of parentheses, and segments below.
  const std::string deepest =
      Repeated("not (age = 1 or age = 3 and ", 63) + "age = 4" + Repeated(")", 63);
  store.Define(
      kSegments, "s0",
      "define segment \"s0\" as " + Repeated("(age = 3 and ", 63) + "age = 3" + Repeated(")", 63));
  for (int i = 1; i < 16; ++i) {
    store.Define(kSegments, "s" + std::to_string(i),
                 "define segment \"s" + std::to_string(i) + "\" as in segment \"s" +
                     std::to_string(i - 1) + "\"");
  }
  const std::vector<std::string> texts = {
      "count where " + deepest,
      "count where " + Repeated("(age = 3 and ", 60) + "in segment s3" + Repeated(")", 60),
      "why \"p1\" in segment s5",
      "count where any session (" + Repeated("not (events = 1 or ", 63) + "events = 3" +
          Repeated(")", 64),
      "find id where " + deepest + " order by age",
      "funnel order where " + Repeated("(total = 1 or ", 64) + "total = 3" + Repeated(")", 64) +
          " then order each within 1 day where " + deepest,
      "count where " + Repeated("not (age = 1 or ", 64) + "age = 3" + Repeated(")", 64),
      "count where " + Repeated("(age = 1 and (name is set or ", 32) + "age = 3" +
          Repeated("))", 32),
      "explain analyze count where " + Repeated("not (age = 1 or ", 64) + "age = 3" +
          Repeated(")", 64),
      "count where did order where " + Repeated("(total = 1 or ", 64) + "total = 3" +
          Repeated(")", 64)};
  for (const std::string& text : texts) {
    Asked asked{&store, text, ""};
    OnStack(
        kStackBytes,
        [](void* argument) -> void* {
          auto* one = static_cast<Asked*>(argument);
          one->answer = one->store->Ask(one->text).status().ToString();
          return nullptr;
        },
        &asked);
    INFO(text);
    CHECK(asked.answer == "OK");
  }
}

}  // namespace
}  // namespace roster::query
