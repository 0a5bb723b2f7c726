// SPDX-License-Identifier: Apache-2.0
#include "query/statements/columns.h"

#include <algorithm>
#include <utility>

#include "query/operators/history.h"
#include "query/operators/measures.h"
#include "query/statements/scan.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster::query {
namespace {

constexpr size_t kRowsPerCheck = 4096;

Value IdentityOf(const BoundColumn& column, const ReadView& view, RowId row) {
  const auto id = view->identities.FirstOfRow(row, column.name_space);
  return id ? Value(std::string(view->identities.NameOf(*id).value)) : Value();
}

}  // namespace

uint64_t HeapBytes(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* json = std::get_if<Json>(&value)) return json->text.size();
  uint64_t bytes = 0;
  if (const auto* list = std::get_if<TextList>(&value)) {
    for (const std::string& text : *list) bytes += sizeof(std::string) + text.size();
  }
  return bytes;
}

Columns::Columns(const std::vector<BoundColumn>& columns, const ReadView& view,
                 const ExecutionLimits& limits)
    : columns_(columns), view_(view), limits_(limits) {
  Preparation preparation(view.clock(), limits);
  for (const BoundColumn& column : columns) {
    Computed& computed = computed_.emplace_back();
    if (column.aggregate != nullptr) {
      computed.aggregate = std::make_unique<AggregateReader>(*column.aggregate, view, &preparation);
    }
    if (column.goals == nullptr) continue;
    for (const BoundColumn::Goal& goal : *column.goals) {
      computed.goals.emplace_back(goal.events, view, &preparation);
    }
  }
  prepared_ = preparation.status();
}

std::vector<AnswerColumn> Columns::Heads() const {
  std::vector<AnswerColumn> heads;
  for (const BoundColumn& column : columns_) heads.push_back({column.name, column.info.type});
  return heads;
}

absl::StatusOr<Value> Columns::ValueOf(size_t at, RowId row) const {
  const BoundColumn& column = columns_[at];
  switch (column.source) {
    case BoundColumn::Source::kId:
      return Value(StrCat("p", view_->ProfileAt(row).value));
    case BoundColumn::Source::kTrait:
      return view_->column(column.trait).Get(row);
    case BoundColumn::Source::kTraitThen:
      return ValueThen(view_, row, column.trait);
    case BoundColumn::Source::kIdentity:
      return IdentityOf(column, view_, row);
    case BoundColumn::Source::kComputedTrait: {
      const auto result = computed_[at].aggregate->ResultOf(view_, row);
      if (!result) return Value();
      return ShowResult(*column.aggregate, *result);
    }
    case BoundColumn::Source::kLabels:
      return Value(TextList(LabelsOf(view_.state(), row)));
    case BoundColumn::Source::kStatus:
      return Value(std::string(IsArchived(view_.state(), row) ? "archived" : "active"));
    case BoundColumn::Source::kEngagementLevel: {
      const EngagementDefinition& engagement = *column.engagement;
      return Value(engagement.levels[LevelOf(engagement, PointsOf(engagement, view_, row))].name);
    }
    case BoundColumn::Source::kCompletedGoals:
      break;
  }
  TextList completed;
  for (size_t goal = 0; goal < column.goals->size(); ++goal) {
    bool any = false;
    computed_[at].goals[goal].ForEachOf(view_, row, [&](const auto&, auto) { any = true; });
    if (any) completed.push_back((*column.goals)[goal].name);
  }
  return Value(std::move(completed));
}

absl::StatusOr<std::vector<std::vector<Value>>> Columns::Show(absl::Span<const RowId> rows) const {
  ROSTER_RETURN_IF_ERROR(prepared_);
  std::vector<std::vector<Value>> shown;
  uint64_t bytes = 0;
  for (const RowId row : rows) {
    if (shown.size() % kRowsPerCheck == 0) ROSTER_RETURN_IF_ERROR(limits_.Check());
    std::vector<Value>& values = shown.emplace_back();
    values.reserve(columns_.size());
    const uint64_t before = bytes;
    bytes += sizeof(std::vector<Value>) + columns_.size() * sizeof(Value);
    for (size_t column = 0; column < columns_.size(); ++column) {
      ROSTER_ASSIGN_OR_RETURN(Value value, ValueOf(column, row));
      bytes += HeapBytes(value);
      values.push_back(std::move(value));
    }
    // Of each row: a few thousand rows of long texts would already be too many.
    if (bytes > limits_.max_bytes) {
      return TooManyBytes(limits_.max_bytes, "; name fewer columns or write a lower `limit`");
    }
    limits_.Take(bytes - before);
    ROSTER_RETURN_IF_ERROR(limits_.CheckMemory());
  }
  return shown;
}

}  // namespace roster::query
