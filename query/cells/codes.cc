// SPDX-License-Identifier: Apache-2.0
#include "query/cells/codes.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace roster::query {
namespace {

// So few codes are asked before anything else: that takes less than a scan of a column.
constexpr size_t kMaxAskedAtOnce = 2048;
// Of so many it is remembered what they answered, 2 bits each: while that stays in the cache it is
// quicker than to ask again.
constexpr size_t kMaxRemembered = size_t{1} << 18;

CellFilter AskAll(const Dictionary& dictionary, size_t num_codes, Preparation* preparation,
                  const std::function<bool(std::string_view)>& passes) {
  constexpr size_t kCodesPerCheck = 256;
  IntSet codes;
  for (size_t code = 0; code < num_codes; ++code) {
    if ((code + 1) % kCodesPerCheck == 0 && !preparation->GoOn()) return CellFilter::None();
    if (passes(dictionary.Text(static_cast<uint32_t>(code)))) {
      codes.values.push_back(static_cast<int64_t>(code));
    }
  }
  return CellFilter(std::move(codes));
}

// Two threads may ask a code at the same time: they get the same answer.
class Remembered {
 public:
  explicit Remembered(size_t num_codes)
      : answers_(std::make_unique<std::atomic<uint64_t>[]>(num_codes / 32 + 1)) {}

  // Requires: code < num_codes.
  template <typename F>
  bool Ask(uint64_t code, F&& passes) {
    constexpr uint64_t kNo = 1;
    constexpr uint64_t kYes = 2;
    std::atomic<uint64_t>& answers = answers_[code / 32];
    const uint64_t shift = code % 32 * 2;
    uint64_t answer = answers.load(std::memory_order_relaxed) >> shift & 3;
    if (answer == 0) {
      answer = passes() ? kYes : kNo;
      answers.fetch_or(answer << shift, std::memory_order_relaxed);
    }
    return answer == kYes;
  }

 private:
  std::unique_ptr<std::atomic<uint64_t>[]> answers_;
};

}  // namespace

CellFilter CodesWhere(const CellType& type, Preparation* preparation,
                      std::function<bool(std::string_view)> passes) {
  if (!preparation->GoOn()) return CellFilter::None();
  const std::shared_ptr<const Dictionary> dictionary = type.dictionary;
  const size_t num_codes = dictionary->size();
  if (num_codes <= kMaxAskedAtOnce) return AskAll(*dictionary, num_codes, preparation, passes);
  auto ask = [dictionary, passes = std::move(passes)](int64_t code) {
    return passes(dictionary->Text(static_cast<uint32_t>(code)));
  };
  if (num_codes > kMaxRemembered) {
    return CellFilter(CellFunction{std::move(ask), preparation->limits(), dictionary});
  }
  const auto known = std::make_shared<Remembered>(num_codes);
  return CellFilter(CellFunction{[known, ask = std::move(ask)](int64_t code) {
                                   return known->Ask(static_cast<uint64_t>(code),
                                                     [&] { return ask(code); });
                                 },
                                 preparation->limits(), dictionary});
}

}  // namespace roster::query
