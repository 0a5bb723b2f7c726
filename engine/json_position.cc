// SPDX-License-Identifier: Apache-2.0
#include "engine/json_position.h"

#include <vector>

#include "storage/base/unicode.h"

namespace roster {
namespace {

// Walks the text token by token. `stack_` holds the brackets that are open.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The offset of the first error, or nothing.
  std::optional<size_t> Run() {
    if (const auto bytes = FindInvalidUtf8(text_)) return bytes;
    bool ok = Value();
    while (ok && !stack_.empty()) ok = Next();
    SkipBlanks();
    if (ok && at_ == text_.size()) return std::nullopt;
    return at_;
  }

 private:
  // A scalar, or the opening of a list or object with its first element.
  bool Value() {
    while (true) {
      SkipBlanks();
      if (At('{')) {
        if (!Open('}')) return Key() && Value();
        return true;
      }
      if (!At('[')) return Scalar();
      if (Open(']')) return true;
    }
  }

  // Behind a value inside a bracket: its end, or a comma and the next value.
  bool Next() {
    SkipBlanks();
    if (At(stack_.back())) {
      stack_.pop_back();
      ++at_;
      return true;
    }
    if (!At(',')) return false;
    ++at_;
    return (stack_.back() == ']' || Key()) && Value();
  }

  // Takes the opening bracket; true when the closing one follows at once.
  bool Open(char close) {
    ++at_;
    SkipBlanks();
    if (At(close)) {
      ++at_;
      return true;
    }
    stack_.push_back(close);
    return false;
  }

  bool Key() {
    SkipBlanks();
    if (!String()) return false;
    SkipBlanks();
    if (!At(':')) return false;
    ++at_;
    return true;
  }

  bool Scalar() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return true;
      }
    }
    return At('"') ? String() : Number();
  }

  bool String() {
    if (!At('"')) return false;
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        at_ = i + 1;
        return true;
      }
      if (static_cast<unsigned char>(text_[i]) < 0x20) {
        at_ = i;
        return false;
      }
      if (text_[i] != '\\') continue;
      if (i + 1 < text_.size() && !IsEscape(text_[i + 1])) {
        at_ = i;
        return false;
      }
      ++i;
    }
    at_ = text_.size();  // the closing quote is missing
    return false;
  }

  static bool IsEscape(char c) {
    return std::string_view("\"\\/bfnrtu").find(c) != std::string_view::npos;
  }

  bool Number() {
    const size_t begin = at_;
    if (At('-')) ++at_;
    const bool zero = At('0');
    if (!Digits() || (zero && at_ > begin + 1 + (text_[begin] == '-'))) return Back(begin);
    if (At('.')) {
      ++at_;
      if (!Digits()) return false;
    }
    if (!At('e') && !At('E')) return true;
    ++at_;
    if (At('+') || At('-')) ++at_;
    return Digits();
  }

  bool Digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool Back(size_t begin) {
    at_ = begin;
    return false;
  }
  bool At(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void SkipBlanks() {
    while (At(' ') || At('\t') || At('\n') || At('\r')) ++at_;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::vector<char> stack_;
};

}  // namespace

std::optional<ErrorPosition> FindJsonError(std::string_view text) {
  const std::optional<size_t> offset = Scanner(text).Run();
  if (!offset) return std::nullopt;
  ErrorPosition position{.line = 1, .column = 1, .offset = static_cast<uint32_t>(*offset)};
  for (const char c : text.substr(0, *offset)) {
    if (c == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((c & 0xc0) != 0x80) {
      ++position.column;
    }
  }
  return position;
}

}  // namespace roster
