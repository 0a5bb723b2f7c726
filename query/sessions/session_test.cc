// SPDX-License-Identifier: Apache-2.0
#include "query/sessions/session_test.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "query/cells/cell_test.h"
#include "query/operators/event_filter.h"
#include "query/sessions/needs.h"
#include "query/window.h"
#include "storage/memory/people/found_events.h"

namespace roster::query {
namespace {

// A bit for each event of a chunk that passes a filter of its type.
class MeantEvents {
 public:
  MeantEvents(const EventSet& set, const AskedChunk& asked) {
    const std::vector<ChunkEvents::Source>& sources = asked.events.sources();
    for (const ChunkEvents::Source& source : sources) {
      by_source_.emplace_back(EventBits::None(0));
      for (const EventFilter& filter : set.filters()) {
        if (filter.event() == source.type) by_source_.back() = Select(filter, source, asked);
      }
    }
  }
  bool Has(ChunkEvent event) const {
    const Bits& bits = by_source_[event.source];
    return bits.size != 0 && bits.events.Test(event.place);
  }

 private:
  struct Bits {
    explicit Bits(EventBits of) : events(std::move(of)) {}
    EventBits events;
    size_t size = 0;
  };
  static Bits Select(const EventFilter& filter, const ChunkEvents::Source& source,
                     const AskedChunk& asked) {
    EventBits sealed = filter.SelectSealed(asked.view, asked.chunk, *source.block, asked.rows);
    Bits bits(EventBits::None(source.size()));
    std::copy_n(sealed.words(), (source.num_sealed() + 63) / 64, bits.events.words());
    bits.size = source.size();
    filter.ForEachInTail(asked.view, asked.chunk, *source.block, [&](uint32_t t) {
      const size_t place = source.num_sealed() + t;
      bits.events.SetRange(place, place + 1);
    });
    return bits;
  }

  std::vector<Bits> by_source_;
};

class ConstantTest : public SessionTest {
 public:
  explicit ConstantTest(bool holds) : holds_(holds) {}
  CutSessionTest In(const AskedChunk&) const override {
    return [holds = holds_](const CutSession&) { return holds; };
  }

 private:
  const bool holds_;
};

// Of times and numbers.
class NumberTest : public SessionTest {
 public:
  NumberTest(const BoundSessionTest& bound, Timestamp now)
      : property_(bound.property),
        type_{.type = bound.info.type, .scale = 0, .dictionary = {}},
        predicate_(bound.predicate),
        now_(now) {
    const auto* const in = std::get_if<InWindow>(&predicate_.test);
    if (in == nullptr) return;
    const TimeRange range = in->window.At(now);
    predicate_.test = IntRange{range.low, range.high};
  }
  CutSessionTest In(const AskedChunk&) const override {
    return [this](const CutSession& session) { return Passes(CellOf(session)); };
  }

 private:
  bool Passes(int64_t cell) const {
    if (const auto* const range = std::get_if<IntRange>(&predicate_.test)) {
      return (range->low <= cell && cell <= range->high) != predicate_.negated;
    }
    return Holds(predicate_, type_, cell, now_);
  }
  int64_t CellOf(const CutSession& of) const {
    if (property_ == SessionProperty::kEvents) return static_cast<int64_t>(of.end - of.begin);
    const int64_t start_ms = of.events.TimeAt(of.begin);
    if (property_ == SessionProperty::kStart) return start_ms;
    const int64_t end_ms = of.events.TimeAt(of.end - 1);
    return property_ == SessionProperty::kEnd ? end_ms : end_ms - start_ms;
  }

  const SessionProperty property_;
  const CellType type_;
  CellPredicate predicate_;
  const Timestamp now_;
};

// The first event of those from `first` on that are of its time, by id, then by the type's name, of
// those that count.
template <typename Counts>
size_t FirstOfMoment(const CutSession& of, size_t first, const Schema& schema, Counts&& counts) {
  const auto rank = [&](size_t i) {
    const auto& source = of.events.sources()[of.events.EventAt(i).source];
    return std::pair(IdOf(*source.block, of.events.RefAt(i)).value,
                     std::string_view(schema.event(source.type).name));
  };
  size_t found = first;
  for (size_t i = first + 1; i < of.end && of.events.TimeAt(i) == of.events.TimeAt(first); ++i) {
    if (counts(i) && rank(i) < rank(found)) found = i;
  }
  return found;
}

// Of the id, which is that of the first event.
class IdTest : public SessionTest {
 public:
  explicit IdTest(CellPredicate predicate) : predicate_(std::move(predicate)) {}
  CutSessionTest In(const AskedChunk& asked) const override {
    return [this, &schema = asked.view.schema()](const CutSession& of) {
      const size_t i = FirstOfMoment(of, of.begin, schema, [](size_t) { return true; });
      const EventId id = IdOf(of.events.BlockAt(i), of.events.RefAt(i));
      return HoldsText(predicate_.test, EventIdText(id)) != predicate_.negated;
    };
  }

 private:
  const CellPredicate predicate_;
};

// Of the channel: that of the first event that has one. An empty one is none.
class ChannelTest : public SessionTest {
 public:
  ChannelTest(const CellPredicate& predicate, const ReadView& view, Preparation* preparation)
      : any_(EventsOfChannel({{.test = AnyValue{}}}, view.schema(), {}), view, preparation),
        passes_(EventsOfChannel({predicate, NotEmpty()}, view.schema(), {}), view, preparation) {}

  CutSessionTest In(const AskedChunk& asked) const override {
    return [has = std::make_shared<const MeantEvents>(any_, asked),
            passes = std::make_shared<const MeantEvents>(passes_, asked),
            &schema = asked.view.schema()](const CutSession& of) {
      const auto has_one = [&](size_t i) { return has->Has(of.events.EventAt(i)); };
      size_t first = of.begin;
      while (first < of.end && !has_one(first)) ++first;
      if (first == of.end) return false;
      return passes->Has(of.events.EventAt(FirstOfMoment(of, first, schema, has_one)));
    };
  }

 private:
  const EventSet any_;
  const EventSet passes_;
};

class DidTest : public SessionTest {
 public:
  DidTest(BoundDid bound, const ReadView& view, Preparation* preparation)
      : bound_(std::move(bound)), events_(std::exchange(bound_.events, {}), view, preparation) {}
  CutSessionTest In(const AskedChunk& asked) const override {
    return
        [this, meant = std::make_shared<const MeantEvents>(events_, asked)](const CutSession& of) {
          const int64_t count = bound_.on ? CountDays(*meant, of) : CountEvents(*meant, of);
          return (bound_.min <= count && count <= bound_.max) != bound_.negated;
        };
  }

 private:
  static int64_t CountEvents(const MeantEvents& meant, const CutSession& of) {
    int64_t count = 0;
    for (size_t i = of.begin; i < of.end; ++i) count += meant.Has(of.events.EventAt(i)) ? 1 : 0;
    return count;
  }
  int64_t CountDays(const MeantEvents& meant, const CutSession& of) const {
    std::set<int64_t> days;
    for (size_t i = of.begin; i < of.end; ++i) {
      if (!meant.Has(of.events.EventAt(i))) continue;
      days.insert(CalendarNumber(of.events.TimeAt(i), bound_.on->unit, bound_.on->zone));
    }
    return static_cast<int64_t>(days.size());
  }

  BoundDid bound_;  // without its events
  const EventSet events_;
};

class ProfileTest : public SessionTest {
 public:
  explicit ProfileTest(std::unique_ptr<Operator> filter) : filter_(std::move(filter)) {}
  CutSessionTest In(const AskedChunk& asked) const override {
    const auto rows = std::make_shared<ChunkBits>(asked.rows);
    filter_->Evaluate(asked.view, asked.chunk, rows.get());
    return [rows](const CutSession& of) { return rows->Test(of.offset); };
  }

 private:
  const std::unique_ptr<Operator> filter_;
};

class LogicTest : public SessionTest {
 public:
  LogicTest(ast::LogicOp op, std::vector<std::unique_ptr<SessionTest>> children)
      : op_(op), children_(std::move(children)) {}
  CutSessionTest In(const AskedChunk& asked) const override {
    std::vector<CutSessionTest> children;
    for (const auto& child : children_) children.push_back(child->In(asked));
    return [op = op_, children = std::move(children)](const CutSession& of) {
      const auto holds = [&](const CutSessionTest& child) { return child(of); };
      if (op == ast::LogicOp::kNot) return !holds(children[0]);
      return op == ast::LogicOp::kAnd ? std::all_of(children.begin(), children.end(), holds)
                                      : std::any_of(children.begin(), children.end(), holds);
    };
  }

 private:
  const ast::LogicOp op_;
  const std::vector<std::unique_ptr<SessionTest>> children_;
};

std::unique_ptr<SessionTest> MakeTest(const BoundSessionTest& test, const ReadView& view,
                                      Preparation* preparation) {
  const CellPredicate& predicate = test.predicate;
  switch (test.property) {
    case SessionProperty::kId:
      return std::make_unique<IdTest>(predicate);
    case SessionProperty::kKind:  // nothing else was said
      return std::make_unique<ConstantTest>(HoldsText(predicate.test, "visit") !=
                                            predicate.negated);
    case SessionProperty::kChannel:
      return std::make_unique<ChannelTest>(predicate, view, preparation);
    case SessionProperty::kName:
    case SessionProperty::kPlatform:
      return std::make_unique<ConstantTest>(false);
    case SessionProperty::kAgentTakeover: {
      const CellType type{.type = test.info.type, .scale = 0, .dictionary = {}};
      return std::make_unique<ConstantTest>(Holds(predicate, type, 0, view.clock()));
    }
    default:
      return std::make_unique<NumberTest>(test, view.clock());
  }
}

}  // namespace

std::unique_ptr<SessionTest> MakeSessionTest(const BoundFilter& condition,
                                             const PlanOfProfile& plan, const ReadView& view,
                                             Preparation* preparation) {
  if (const auto* logic = std::get_if<BoundLogic>(&condition.node)) {
    std::vector<std::unique_ptr<SessionTest>> children;
    for (const BoundFilter& child : logic->children) {
      children.push_back(MakeSessionTest(child, plan, view, preparation));
    }
    return std::make_unique<LogicTest>(logic->op, std::move(children));
  }
  if (const auto* test = std::get_if<BoundSessionTest>(&condition.node)) {
    return MakeTest(*test, view, preparation);
  }
  if (const auto* did = std::get_if<BoundDid>(&condition.node)) {
    return std::make_unique<DidTest>(*did, view, preparation);
  }
  return std::make_unique<ProfileTest>(plan(condition));
}

}  // namespace roster::query
