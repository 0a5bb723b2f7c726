// SPDX-License-Identifier: Apache-2.0
//
// The words of commands on one profile, and how its ids are shown. Thread rule: pure functions.
// Source: PROTOCOL.md "People".
#ifndef ROSTER_SERVER_COMMANDS_PROFILE_WORDS_H_
#define ROSTER_SERVER_COMMANDS_PROFILE_WORDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "roster/value.h"
#include "roster/write.h"

namespace roster::server {

// A whole number without a sign, of nothing but digits.
bool ParseNumber(std::string_view text, uint64_t* value);

// `namespace:value`. Errors: ERR.
absl::StatusOr<IdentityRef> ParseIdentityRef(std::string_view text);
// `p12` or `namespace:value`. Errors: ERR.
absl::StatusOr<ProfileRef> ParseProfileRef(std::string_view text);

// Event ids are 64 bit, more than a JSON number holds in most languages: 16 hexadecimal digits.
std::string EventIdText(uint64_t id);

// An option behind a profile: a name, and how many words may follow it.
struct OptionForm {
  std::string_view name;  // upper-case
  uint32_t min_words = 0;
  uint32_t max_words = 0;  // of more than one: all up to the next option
};

// The options of one command, as it has them.
class OptionWords {
 public:
  // Of `words[first...]`. Errors: ERR.
  static absl::StatusOr<OptionWords> Read(const std::vector<std::string>& words, size_t first,
                                          absl::Span<const OptionForm> forms);

  bool Has(std::string_view name) const { return found_.contains(name); }
  // Its words; none when it is not there.
  std::vector<std::string> Of(std::string_view name) const;
  // Its one word; empty when it is not there.
  std::string Text(std::string_view name) const;
  // `fallback` when it is not there. Errors: ERR.
  absl::StatusOr<uint32_t> Number(std::string_view name, uint32_t fallback, uint32_t min,
                                  uint32_t max) const;
  absl::StatusOr<std::optional<Timestamp>> Time(std::string_view name) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> found_;
};

// How many entries a list shows unless more are asked for, and at most.
inline constexpr uint32_t kListLimit = 100;
inline constexpr uint32_t kMaxListLimit = 100'000;

// ISO 8601. Errors: ERR, that `what` takes a time.
absl::StatusOr<Timestamp> ParseTimeWord(std::string_view what, std::string_view text);

// The error of a text that begins at a byte of the line: its position becomes one in the line.
absl::Status InLine(const absl::Status& status, uint32_t offset);

}  // namespace roster::server

#endif  // ROSTER_SERVER_COMMANDS_PROFILE_WORDS_H_
