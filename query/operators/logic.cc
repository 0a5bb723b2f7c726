// SPDX-License-Identifier: Apache-2.0
#include "query/operators/logic.h"

#include <algorithm>

#include "absl/types/span.h"
#include "query/window.h"
#include "storage/base/text.h"

namespace roster::query {

void LogicOperator::EvaluateAll(const ReadView& view, uint32_t chunk, size_t begin, size_t end,
                                ChunkBits* rows) const {
  const auto parts = absl::MakeConstSpan(children_).subspan(begin, end - begin);
  NarrowByAll(parts, rows, [&](const std::unique_ptr<Operator>& child, ChunkBits* bits) {
    if (!limits_.Check().ok()) return bits->ClearAll();
    child->Evaluate(view, chunk, bits);
  });
}

void LogicOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  const auto narrow = [&](const std::unique_ptr<Operator>& child, ChunkBits* bits) {
    if (!limits_.Check().ok()) return bits->ClearAll();
    child->Evaluate(view, chunk, bits);
  };
  switch (op_) {
    case ast::LogicOp::kAnd:
      return EvaluateAll(view, chunk, 0, children_.size(), rows);
    case ast::LogicOp::kOr:
      return NarrowByAny(children_, rows, narrow);
    case ast::LogicOp::kNot:
      return NarrowByNot(children_[0], rows, narrow);
  }
}

bool LogicOperator::MatchesDear(const ReadView& view, RowId row) const {
  return std::ranges::all_of(absl::MakeConstSpan(children_).subspan(num_quick_),
                             [&](const auto& child) { return child->Matches(view, row); });
}

bool LogicOperator::Matches(const ReadView& view, RowId row) const {
  const auto matches = [&](const std::unique_ptr<Operator>& child) {
    return child->Matches(view, row);
  };
  switch (op_) {
    case ast::LogicOp::kAnd:
      return std::all_of(children_.begin(), children_.end(), matches);
    case ast::LogicOp::kOr:
      return std::any_of(children_.begin(), children_.end(), matches);
    case ast::LogicOp::kNot:
      return !matches(children_[0]);
  }
  return false;
}

std::optional<Timestamp> LogicOperator::NextFlip(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (const std::unique_ptr<Operator>& child : children_) {
    next = Earlier(next, child->NextFlip(view, row));
  }
  return next;
}

std::string LogicOperator::Describe(const Schema& schema) const {
  if (op_ == ast::LogicOp::kNot) return StrCat("not (", children_[0]->Describe(schema), ")");
  std::string text;
  for (const std::unique_ptr<Operator>& child : children_) {
    if (!text.empty()) text += op_ == ast::LogicOp::kAnd ? " and " : " or ";
    text += StrCat("(", child->Describe(schema), ")");
  }
  return text;
}

void LogicOperator::AddDependencies(Dependencies* dependencies) const {
  for (const std::unique_ptr<Operator>& child : children_) child->AddDependencies(dependencies);
}

}  // namespace roster::query
