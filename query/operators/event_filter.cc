// SPDX-License-Identifier: Apache-2.0
#include "query/operators/event_filter.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "query/cells/cell_filter.h"
#include "query/cells/cell_test.h"
#include "query/cells/compare.h"
#include "query/kernels/cell_reader.h"
#include "query/operators/logic.h"
#include "query/window.h"
#include "storage/base/text.h"

namespace roster::query {

// A condition on one event: a tree like that of operators, over events instead of rows.
class EventCondition {
 public:
  virtual ~EventCondition() = default;
  virtual void Narrow(const SealedEvents& events, EventBits* bits) const = 0;
  virtual std::string Describe(const EventTypeInfo& info) const = 0;
};

namespace {

class PropertyCondition : public EventCondition {
 public:
  PropertyCondition(BoundProperty bound, const EventPartition& partition, Preparation* preparation)
      : bound_(std::move(bound)),
        filter_(Prepare(bound_.predicate, partition.properties()[bound_.property.value],
                        preparation)) {}

  void Narrow(const SealedEvents& events, EventBits* bits) const override {
    const SealedProperty* const property = events.property(bound_.property);
    if (property == nullptr) return bits->ClearAll();
    if (!property->present.empty()) bits->And(property->present.data());
    filter_.Narrow(property->cells, property->bounds, bits->words());
  }

  std::string Describe(const EventTypeInfo& info) const override {
    return query::Describe(bound_.predicate, info.properties[bound_.property.value].name,
                           bound_.info);
  }

 private:
  BoundProperty bound_;
  CellFilter filter_;
};

class NeverCondition : public EventCondition {
 public:
  void Narrow(const SealedEvents&, EventBits* bits) const override { bits->ClearAll(); }
  std::string Describe(const EventTypeInfo&) const override { return "never"; }
};

class LogicCondition : public EventCondition {
 public:
  LogicCondition(ast::LogicOp op, std::vector<std::unique_ptr<EventCondition>> children)
      : op_(op), children_(std::move(children)) {}

  void Narrow(const SealedEvents& events, EventBits* bits) const override {
    const auto narrow = [&](const std::unique_ptr<EventCondition>& child, EventBits* set) {
      child->Narrow(events, set);
    };
    switch (op_) {
      case ast::LogicOp::kAnd:
        return NarrowByAll(children_, bits, narrow);
      case ast::LogicOp::kOr:
        return NarrowByAny(children_, bits, narrow);
      case ast::LogicOp::kNot:
        return NarrowByNot(children_[0], bits, narrow);
    }
  }

  std::string Describe(const EventTypeInfo& info) const override {
    if (op_ == ast::LogicOp::kNot) return StrCat("not (", children_[0]->Describe(info), ")");
    std::string text;
    for (const std::unique_ptr<EventCondition>& child : children_) {
      if (!text.empty()) text += op_ == ast::LogicOp::kAnd ? " and " : " or ";
      text += StrCat("(", child->Describe(info), ")");
    }
    return text;
  }

 private:
  ast::LogicOp op_;
  std::vector<std::unique_ptr<EventCondition>> children_;
};

// The times of the events that are meant: none of the future, none that retention took.
TimeRange RangeAt(const BoundEvents& bound, const ReadView& view) {
  TimeRange range = bound.window.UntilNow(view.clock());
  range.low = std::max(range.low, view->partition(bound.event).floor_ms());
  return range;
}

std::unique_ptr<EventCondition> MakeCondition(const BoundFilter& filter,
                                              const EventPartition& partition,
                                              Preparation* preparation) {
  if (const auto* property = std::get_if<BoundProperty>(&filter.node)) {
    return std::make_unique<PropertyCondition>(*property, partition, preparation);
  }
  if (std::holds_alternative<BoundNever>(filter.node)) return std::make_unique<NeverCondition>();
  const auto& logic = std::get<BoundLogic>(filter.node);
  std::vector<std::unique_ptr<EventCondition>> children;
  for (const BoundFilter& child : logic.children) {
    children.push_back(MakeCondition(child, partition, preparation));
  }
  return std::make_unique<LogicCondition>(logic.op, std::move(children));
}

// Finding a row's events by their time takes as long as comparing so many in a pass over all.
constexpr uint64_t kEventsPerSearch = 256;

// The events of the rows that are in a range, run by run.
EventBits SelectInRuns(const SealedEvents& sealed, TimeRange range, const ChunkBits& rows) {
  EventBits bits = EventBits::None(sealed.size());
  if (range.low > sealed.time_bounds.high || range.high < sealed.time_bounds.low) return bits;
  kernels::WithReader(sealed.times, [&](auto time_of) {
    // The first place of a run whose time is after a moment, or not before it.
    const auto search = [&](uint32_t begin, uint32_t end, auto is_behind) {
      while (begin < end) {
        const uint32_t middle = begin + (end - begin) / 2;
        if (is_behind(time_of(middle))) {
          end = middle;
        } else {
          begin = middle + 1;
        }
      }
      return begin;
    };
    rows.ForEach([&](uint32_t row) {
      uint32_t begin = sealed.run_begin[row];
      uint32_t end = sealed.run_begin[row + 1];
      if (range.high < sealed.time_bounds.high) {
        end = search(begin, end, [&](int64_t ms) { return ms > range.high; });
      }
      if (range.low > sealed.time_bounds.low) {
        begin = search(begin, end, [&](int64_t ms) { return ms >= range.low; });
      }
      if (begin < end) bits.SetRange(begin, end);
    });
  });
  return bits;
}

// The events in a range, of the rows at least.
EventBits SelectByTime(const SealedEvents& sealed, TimeRange range, const ChunkBits& rows) {
  if (kernels::CountBits(rows.words(), ChunkBits::kWords) * kEventsPerSearch < sealed.size()) {
    return SelectInRuns(sealed, range, rows);
  }
  EventBits bits = EventBits::All(sealed.size());
  CellFilter(IntRange{range.low, range.high})
      .Narrow(sealed.times, sealed.time_bounds, bits.words());
  return bits;
}

}  // namespace

// The events of a row that are not too long after it was first seen, by time.
class NearFirstSeen {
 public:
  NearFirstSeen(const AfterFirstSeen& after, const ReadView& view)
      : after_(after), seen_(view->column(kFirstSeen)) {}
  bool Holds(RowId row, int64_t time_ms) const {
    if (!seen_.Has(row)) return false;
    const int64_t first_ms = seen_.Bits(row);
    return first_ms <= time_ms && time_ms <= After({first_ms}, after_.duration, after_.zone);
  }

 private:
  const AfterFirstSeen& after_;
  const Column& seen_;
};

EventTest::EventTest(const BoundEvents& bound, const ReadView& view)
    : bound_(bound),
      view_(view),
      partition_(view->partition(bound.event)),
      range_(RangeAt(bound, view)) {}

bool EventTest::Holds(RowId row, const EventBlock& block, EventRef event) const {
  const int64_t time_ms = TimeOf(block, event).ms;
  if (!range_.Contains(time_ms)) return false;
  if (bound_.after_first_seen &&
      !NearFirstSeen(*bound_.after_first_seen, view_).Holds(row, time_ms)) {
    return false;
  }
  return bound_.where.empty() || Holds(bound_.where[0], block, event);
}

bool EventTest::Holds(const BoundFilter& filter, const EventBlock& block, EventRef event) const {
  if (const auto* property = std::get_if<BoundProperty>(&filter.node)) {
    const std::optional<int64_t> cell = PropertyOf(block, event, property->property);
    const CellType& type = partition_.properties()[property->property.value];
    return cell && query::Holds(property->predicate, type, *cell, view_.clock());
  }
  if (std::holds_alternative<BoundNever>(filter.node)) return false;
  const auto& logic = std::get<BoundLogic>(filter.node);
  const auto holds = [&](const BoundFilter& child) { return Holds(child, block, event); };
  if (logic.op == ast::LogicOp::kNot) return !holds(logic.children[0]);
  return logic.op == ast::LogicOp::kAnd
             ? std::all_of(logic.children.begin(), logic.children.end(), holds)
             : std::any_of(logic.children.begin(), logic.children.end(), holds);
}

std::optional<Timestamp> EventTest::NextChange(RowId row) const {
  std::optional<Timestamp> next;
  ForEachAnyOf(row, [&](const EventBlock& block, EventRef event) {
    const int64_t time_ms = TimeOf(block, event).ms;
    if (time_ms < partition_.floor_ms()) return;
    next = Earlier(next, bound_.window.NextChangeUntilNow(view_.clock(), time_ms));
    if (!bound_.where.empty()) next = Earlier(next, NextChange(bound_.where[0], block, event));
  });
  return next;
}

std::optional<Timestamp> EventTest::NextChange(const BoundFilter& filter, const EventBlock& block,
                                               EventRef event) const {
  if (const auto* property = std::get_if<BoundProperty>(&filter.node)) {
    const std::optional<int64_t> cell = PropertyOf(block, event, property->property);
    const CellType& type = partition_.properties()[property->property.value];
    if (!cell) return std::nullopt;
    return query::NextChange(property->predicate, type, *cell, view_.clock());
  }
  std::optional<Timestamp> next;
  const auto* logic = std::get_if<BoundLogic>(&filter.node);
  if (logic == nullptr) return next;
  for (const BoundFilter& child : logic->children) {
    next = Earlier(next, NextChange(child, block, event));
  }
  return next;
}

EventFilter::EventFilter(BoundEvents bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), range_(RangeAt(bound_, view)) {
  if (bound_.where.empty()) return;
  condition_ = MakeCondition(bound_.where[0], view->partition(bound_.event), preparation);
}

EventFilter::~EventFilter() = default;
EventFilter::EventFilter(EventFilter&&) noexcept = default;

EventBits EventFilter::SelectSealed(const ReadView& view, uint32_t chunk, const EventBlock& block,
                                    const ChunkBits& rows) const {
  const SealedEvents& sealed = *block.sealed;
  EventBits bits = SelectByTime(sealed, range_, rows);
  if (condition_ != nullptr && bits.Any()) condition_->Narrow(sealed, &bits);
  if (bound_.after_first_seen) {
    const NearFirstSeen near(*bound_.after_first_seen, view);
    EventBits passed = bits;
    bits.ForEach([&](size_t i) {
      if (!near.Holds(RowAt(chunk, sealed.rows[i]), sealed.times.Get(i))) passed.Clear(i);
    });
    return passed;
  }
  return bits;
}

std::string EventFilter::DescribeCondition(const Schema& schema) const {
  if (condition_ == nullptr) return "";
  return StrCat(" where (", condition_->Describe(schema.event(bound_.event)), ")");
}

std::string EventFilter::DescribeWindow() const {
  if (bound_.after_first_seen) {
    return StrCat(" within ", ast::ToText(bound_.after_first_seen->duration), " of first seen");
  }
  const std::string window = Describe(bound_.window);
  return window.empty() ? "" : StrCat(" ", window);
}

EventSet::EventSet(BoundEventSet bound, const ReadView& view, Preparation* preparation) {
  filters_.reserve(bound.size());
  for (BoundEvents& one : bound) filters_.emplace_back(std::move(one), view, preparation);
}

std::optional<Timestamp> EventSet::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (const EventFilter& one : filters_) next = Earlier(next, one.NextChange(view, row));
  return next;
}

void EventSet::AddDependencies(Dependencies* dependencies) const {
  for (const EventFilter& one : filters_) {
    dependencies->events.push_back(one.event());
    // When somebody was first seen goes by what they did.
    if (one.bound().after_first_seen) dependencies->traits.push_back(kFirstSeen);
  }
}

}  // namespace roster::query
