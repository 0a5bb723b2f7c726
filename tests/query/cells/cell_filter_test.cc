// SPDX-License-Identifier: Apache-2.0
//
// Cell filters: every form of a set of cells, in every width and with a base, narrows as its cells
// say one by one; and texts of a dictionary too large to be asked as a whole.
#include "query/cells/cell_filter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "query/cells/codes.h"
#include "query/cells/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/cells.h"

namespace roster::query {
namespace {

std::vector<uint64_t> All(size_t size) {
  std::vector<uint64_t> rows((size + 63) / 64, ~uint64_t{0});
  if (size % 64 != 0) rows.back() = (uint64_t{1} << (size % 64)) - 1;
  return rows;
}

// All, or fewer and fewer of them.
std::vector<uint64_t> Some(size_t size, std::mt19937_64* random) {
  std::vector<uint64_t> rows = All(size);
  for (uint64_t thinned = (*random)() % 7; thinned != 0; --thinned) {
    for (uint64_t& word : rows) word &= (*random)();
  }
  return rows;
}

TEST_CASE("sets of cells narrow as their cells one by one, few or many, of any width and base") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2'000; ++round) {
    const size_t size = random() % 300;
    // Also around 0.
    constexpr int64_t kLows[] = {-1'000'000'000'000, -5, -80, 0, 77};
    const int64_t low = kLows[random() % std::size(kLows)];
    const uint64_t span = uint64_t{1} << (random() % 40);
    std::vector<int64_t> values(size);
    for (int64_t& value : values) value = low + static_cast<int64_t>(random() % span);
    std::set<int64_t> chosen;
    for (uint64_t i = random() % 60; i != 0; --i) {
      const bool is_there = size != 0 && random() % 2 == 0;
      chosen.insert(is_there ? values[random() % size]
                             : low + static_cast<int64_t>(random() % span));
    }
    CellFilter filter(IntSet{{chosen.begin(), chosen.end()}});
    const bool negated = random() % 2 == 0;
    if (negated) filter.Negate();
    const PackedInts cells = PackedInts::Of(values);
    const std::vector<uint64_t> candidates = Some(size, &random);
    std::vector<uint64_t> rows = candidates;
    IntBounds bounds = IntBounds::None();
    for (const int64_t value : values) bounds.Widen(value);
    random() % 2 == 0 ? filter.Narrow(cells, rows.data())
                      : filter.Narrow(cells, bounds, rows.data());
    for (size_t i = 0; i < size; ++i) {
      const bool is_asked = (candidates[i / 64] >> (i % 64) & 1) != 0;
      const bool passes = (rows[i / 64] >> (i % 64) & 1) != 0;
      if (passes != (is_asked && chosen.contains(values[i]) != negated)) {
        FAIL("round " << round << ", cell " << values[i]);
      }
    }
  }
}

TEST_CASE("texts of a large dictionary are asked when a candidate has them, and remembered") {
  // At once, remembered, and asked each time.
  for (const int num_texts : {2'000, 3'000, 270'000}) {
    CellType type = CellType::Make(ValueType::kText, 0);
    for (int i = 0; i < num_texts; ++i) type.dictionary->Intern(std::to_string(i));
    std::vector<int64_t> codes;
    for (int64_t i = 0; i < 600; ++i) codes.push_back((i * 7 + i / 3) % num_texts);
    const PackedInts cells = PackedInts::Of(codes);
    ExecutionLimits limits;
    std::atomic<bool> cancelled = false;
    limits.cancelled = &cancelled;
    Preparation preparation({0}, limits);
    int num_asked = 0;
    const CellFilter filter = CodesWhere(type, &preparation, [&](std::string_view text) {
      ++num_asked;
      return text.ends_with('7');
    });
    for (int pass = 0; pass < 2; ++pass) {
      std::vector<uint64_t> rows = All(codes.size());
      filter.Narrow(cells, rows.data());
      for (size_t i = 0; i < codes.size(); ++i) {
        const bool passes = (rows[i / 64] >> (i % 64) & 1) != 0;
        REQUIRE(passes == (codes[i] % 10 == 7));
      }
    }
    if (num_texts == 2'000) CHECK(num_asked == num_texts);
    if (num_texts == 3'000) CHECK(num_asked <= 600);
    if (num_texts == 270'000) CHECK(num_asked == 1'200);
    cancelled = true;
    std::vector<uint64_t> rows = All(codes.size());
    filter.Narrow(cells, rows.data());
    const auto is_empty = [](uint64_t word) { return word == 0; };
    if (num_texts != 2'000) CHECK(std::all_of(rows.begin(), rows.end(), is_empty));
    CHECK_FALSE(preparation.GoOn());
  }
}

TEST_CASE("texts are folded alike whatever their length and letters") {
  for (const std::string letter : {"Q", "É"}) {
    for (size_t length = 0; length < 200; ++length) {
      const std::string text = std::string(length, 'A') + letter;
      INFO(text);
      for (const std::string part : {"q", "e", "aq", "x"}) {
        const TextPattern ends{ast::TextOp::kEndsWith, part, true};
        CHECK(HoldsText(ends, text) == Fold(text).ends_with(part));
      }
      CHECK(HoldsText(TextPattern{{}, Fold(text), true}, text));
      CHECK_FALSE(HoldsText(TextPattern{{}, text, true}, text));  // no folded text
    }
  }
}

}  // namespace
}  // namespace roster::query
