// SPDX-License-Identifier: Apache-2.0
//
// Implements store_chunks.h.
#include "storage/store_chunks.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/memory/events/seal.h"

namespace roster {
namespace {

enum class ChunkForm : uint8_t { kEmpty = 0, kCells = 1 };
enum class PropertyForm : uint8_t { kNone = 0, kAll = 1, kSome = 2 };

constexpr size_t kBitsBytes = ChunkBits::kWords * sizeof(uint64_t);
constexpr size_t kLeastEventBytes = sizeof(uint16_t) + sizeof(uint64_t);

absl::Status Refuse(std::string_view what) { return MakeError(ErrorCode::kCorrupt, what); }

template <typename T>
void PutArray(const std::vector<T>& values, std::string* out) {
  out->append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <typename T>
std::vector<T> GetArray(size_t size, ByteReader* in) {
  const std::string_view bytes = in->Bytes(size * sizeof(T));
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void PutBits(const ChunkBits& bits, std::string* out) {
  out->append(reinterpret_cast<const char*>(bits.words()), kBitsBytes);
}

// Nothing when there are bits past `num_rows`.
std::optional<ChunkBits> GetBits(uint32_t num_rows, ByteReader* in) {
  const std::string_view bytes = in->Bytes(kBitsBytes);
  if (in->failed()) return std::nullopt;
  ChunkBits bits;
  std::memcpy(bits.words(), bytes.data(), kBitsBytes);
  for (uint32_t w = num_rows / 64; w < ChunkBits::kWords; ++w) {
    const uint32_t kept = w == num_rows / 64 ? num_rows % 64 : 0;
    if ((bits.words()[w] >> kept) != 0) return std::nullopt;
  }
  return bits;
}

// value(i) at the bits, one behind the other.
template <typename F>
PackedInts Gather(const ChunkBits& bits, F&& value) {
  std::vector<int64_t> values;
  values.reserve(bits.Count());
  bits.ForEach([&](uint32_t i) { values.push_back(value(i)); });
  return PackedInts::Of(values);
}

IntBounds BoundsOf(const PackedInts& ints) {
  IntBounds bounds = IntBounds::None();
  ints.Widen(0, ints.size(), &bounds);
  return bounds;
}

bool Fit(const PackedInts& values, const CellLimits& limits) {
  if (IsCoded(limits.type)) return AllBelow(values, limits.num_texts);
  if (limits.type == ValueType::kBoolean) return AllBelow(values, 2);
  if (limits.type != ValueType::kDate || values.size() == 0) return true;
  const IntBounds bounds = BoundsOf(values);
  return bounds.low >= std::numeric_limits<int32_t>::min() &&
         bounds.high <= std::numeric_limits<int32_t>::max();
}

uint64_t Count(const std::vector<uint64_t>& bits) {
  uint64_t count = 0;
  for (const uint64_t word : bits) count += static_cast<uint64_t>(std::popcount(word));
  return count;
}

void PutProperty(const SealedProperty& property, size_t num_events, const UsedTexts& texts,
                 std::string* out) {
  if (property.present.empty() && !texts.coded()) {
    ByteWriter(out).Byte(static_cast<uint8_t>(PropertyForm::kAll));
    return PutInts(property.cells, out);
  }
  std::vector<int64_t> values;
  values.reserve(num_events);
  for (size_t i = 0; i < num_events; ++i) {
    if (property.Has(i)) values.push_back(texts.CodeOf(property.cells.Get(i)));
  }
  ByteWriter writer(out);
  if (values.empty()) return writer.Byte(static_cast<uint8_t>(PropertyForm::kNone));
  const bool all = values.size() == num_events;
  writer.Byte(static_cast<uint8_t>(all ? PropertyForm::kAll : PropertyForm::kSome));
  if (!all) PutArray(property.present, out);
  PutInts(PackedInts::Of(values), out);
}

absl::StatusOr<SealedProperty> GetProperty(size_t num_events, const CellLimits& limits,
                                           ByteReader* in) {
  SealedProperty property;
  const auto form = static_cast<PropertyForm>(in->Byte());
  if (form == PropertyForm::kNone) return property;
  if (form != PropertyForm::kAll && form != PropertyForm::kSome)
    return Refuse("form of a property");
  size_t num_values = num_events;
  if (form == PropertyForm::kSome) {
    property.present = GetArray<uint64_t>((num_events + 63) / 64, in);
    if (in->failed()) return Refuse("presence of a property");
    const bool past = num_events % 64 != 0 && (property.present.back() >> (num_events % 64)) != 0;
    num_values = Count(property.present);
    if (past || num_values == 0 || num_values == num_events)
      return Refuse("presence of a property");
  }
  std::optional<PackedInts> values = GetInts(num_values, in);
  if (!values || !Fit(*values, limits)) return Refuse("values of a property");
  property.bounds = BoundsOf(*values);
  if (form == PropertyForm::kAll) {
    property.cells = *std::move(values);
    return property;
  }
  // Where there is no value stands one of the column, so that it costs no width.
  const int64_t filler = values->Get(0);
  property.cells = PackedInts::ForRange(num_events, property.bounds.low, property.bounds.high);
  size_t next = 0;
  for (size_t i = 0; i < num_events; ++i) {
    property.cells.Put(i, property.Has(i) ? values->Get(next++) : filler);
  }
  return property;
}

// Whether rows ascend, and (time, id) within each row.
bool Sorted(const SealedEvents& events) {
  for (uint32_t i = 0; i < events.size(); ++i) {
    if (i == 0 || events.rows[i - 1] < events.rows[i]) continue;
    if (events.rows[i - 1] > events.rows[i]) return false;
    if (std::pair(events.times.Get(i - 1), events.ids[i - 1]) >=
        std::pair(events.times.Get(i), events.ids[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

UsedTexts::UsedTexts(const CellType& type) : dictionary_(type.dictionary.get()) {
  if (dictionary_ != nullptr) codes_.assign(dictionary_->size(), kUnused);
}

void UsedTexts::Number() {
  for (uint32_t& code : codes_) {
    if (code == kUsed) code = size_++;
  }
}

void PutInts(const PackedInts& ints, std::string* out) {
  ByteWriter writer(out);
  writer.Byte(ints.width());
  writer.Signed(ints.base());
  out->append(ints.bytes());
}

std::optional<PackedInts> GetInts(size_t size, ByteReader* in) {
  const uint8_t width = in->Byte();
  const int64_t base = in->Signed();
  if (width > sizeof(int64_t)) return std::nullopt;
  const std::string_view bytes = in->Bytes(size * width);
  if (in->failed()) return std::nullopt;
  return PackedInts::FromBytes(size, width, base, bytes);
}

bool AllBelow(const PackedInts& ints, uint64_t limit) {
  if (ints.size() == 0) return true;
  const IntBounds bounds = BoundsOf(ints);
  return bounds.low >= 0 && static_cast<uint64_t>(bounds.high) < limit;
}

void MarkCells(const ColumnChunk& chunk, UsedTexts* texts) {
  chunk.present.ForEach([&](uint32_t i) { texts->Mark(chunk.cells.Get(i)); });
}

void PutCells(const ColumnChunk& chunk, const ChunkStamps& shared, const UsedTexts& texts,
              std::string* out) {
  ByteWriter writer(out);
  if (!chunk.stamped.Any()) return writer.Byte(static_cast<uint8_t>(ChunkForm::kEmpty));
  writer.Byte(static_cast<uint8_t>(ChunkForm::kCells));
  PutBits(chunk.stamped, out);
  PutBits(chunk.present, out);
  const auto time = [&](uint32_t i) { return chunk.StampAt(i, shared).time.ms; };
  const auto origin = [&](uint32_t i) { return BitsOfOrigin(chunk.StampAt(i, shared).origin); };
  PutInts(Gather(chunk.stamped, time), out);
  PutInts(Gather(chunk.stamped, origin), out);
  PutInts(Gather(chunk.present, [&](uint32_t i) { return texts.CodeOf(chunk.cells.Get(i)); }), out);
}

absl::StatusOr<ColumnChunk> GetCells(const CellLimits& cells, const ChunkLimits& limits,
                                     ByteReader* in) {
  ColumnChunk chunk(cells.type);
  const auto form = static_cast<ChunkForm>(in->Byte());
  chunk.bounds = IntBounds::None();
  if (form == ChunkForm::kEmpty && !in->failed()) return chunk;
  if (form != ChunkForm::kCells) return Refuse("form of a chunk");
  const std::optional<ChunkBits> stamped = GetBits(limits.num_rows, in);
  const std::optional<ChunkBits> present = GetBits(limits.num_rows, in);
  if (!stamped || !present) return Refuse("rows of a chunk");
  ChunkBits outside = *present;
  outside.AndNot(*stamped);
  if (outside.Any()) return Refuse("a cell without a time");
  // Before room is made for them.
  ChunkBits dead = *stamped;
  dead.AndNot(*limits.live);
  if (dead.Any()) return Refuse("a cell of nobody");
  const uint32_t num_stamped = stamped->Count();
  const std::optional<PackedInts> times = GetInts(num_stamped, in);
  const std::optional<PackedInts> origins = GetInts(num_stamped, in);
  const std::optional<PackedInts> values = GetInts(present->Count(), in);
  if (!times || !origins || !values) return Refuse("arrays of a chunk");
  if (!AllBelow(*origins, limits.num_identities + 1)) return Refuse("origin of a cell");
  if (!Fit(*values, cells)) return Refuse("value of a cell");
  chunk.stamped = *stamped;
  chunk.present = *present;
  if (num_stamped == 0) return Refuse("a chunk of nothing");
  chunk.times = ChunkInts::Of(ChunkInts::Form::kUnscanned, *stamped, *times);
  chunk.origins = ChunkInts::Of(ChunkInts::Form::kUnscannedOrZero, *stamped, *origins);
  chunk.cells = ChunkInts::Of(ColumnChunk::FormOf(cells.type), *present, *values);
  chunk.bounds = BoundsOf(*values);
  return chunk;
}

std::shared_ptr<const SealedEvents> LiveEvents(const EventBlock& block, const ChunkBits& live,
                                               size_t num_properties, int64_t floor_ms) {
  const SealedEvents& sealed = *block.sealed;
  SealRules rules{.num_properties = num_properties, .floor_ms = floor_ms, .dead_rows = {}};
  for (uint16_t r = 0; r < kChunkRows; ++r) {
    if (!live.Test(r)) rules.dead_rows.push_back(r);
  }
  const bool has_dead = std::ranges::any_of(
      rules.dead_rows, [&](uint16_t r) { return sealed.run_begin[r] != sealed.run_begin[r + 1]; });
  const bool has_old = sealed.size() != 0 && sealed.time_bounds.low < floor_ms;
  return block.tail.empty() && !has_dead && !has_old ? block.sealed : Seal(block, rules);
}

void MarkEvents(const SealedEvents& events, std::vector<UsedTexts>* texts) {
  for (size_t p = 0; p < texts->size(); ++p) {
    const SealedProperty* property = events.property({static_cast<uint16_t>(p)});
    if (property == nullptr || !(*texts)[p].coded()) continue;
    for (uint32_t i = 0; i < events.size(); ++i) {
      if (property->Has(i)) (*texts)[p].Mark(property->cells.Get(i));
    }
  }
}

void PutEvents(const SealedEvents& events, const std::vector<UsedTexts>& texts, std::string* out) {
  ByteWriter writer(out);
  writer.Varint(events.size());
  if (events.size() == 0) return;
  PutArray(events.rows, out);
  PutArray(events.ids, out);
  PutInts(events.times.Whole(), out);
  PutInts(events.origins, out);
  for (size_t p = 0; p < texts.size(); ++p) {
    const SealedProperty* property = events.property({static_cast<uint16_t>(p)});
    if (property == nullptr) {
      writer.Byte(static_cast<uint8_t>(PropertyForm::kNone));
    } else {
      PutProperty(*property, events.size(), texts[p], out);
    }
  }
}

absl::StatusOr<std::shared_ptr<const SealedEvents>> GetEvents(
    absl::Span<const CellLimits> properties, const ChunkLimits& limits, ByteReader* in) {
  const uint64_t size = in->Varint();
  if (size == 0 && !in->failed()) return EventBlock().sealed;
  if (size > in->remaining() / kLeastEventBytes) return Refuse("number of events");
  auto events = std::make_shared<SealedEvents>();
  events->rows = GetArray<uint16_t>(size, in);
  const auto is_live = [&](uint16_t row) { return row < kChunkRows && limits.live->Test(row); };
  if (!std::ranges::all_of(events->rows, is_live)) return Refuse("an event of nobody");
  events->ids = GetArray<uint64_t>(size, in);
  std::optional<PackedInts> times = GetInts(size, in);
  std::optional<PackedInts> origins = GetInts(size, in);
  if (!times || !origins) return Refuse("arrays of events");
  if (!AllBelow(*origins, limits.num_identities + 1)) return Refuse("origin of an event");
  const IntBounds bounds = BoundsOf(*times);
  events->times = PackedInts::SplitForRange(size, bounds.low, bounds.high);
  events->times.CopyFrom(0, *times, 0, size);
  events->origins = *std::move(origins);
  if (!Sorted(*events)) return Refuse("order of events");
  if (!DeriveRuns(events.get())) return Refuse("an event that is there twice");
  events->properties.reserve(properties.size());
  for (const CellLimits& cells : properties) {
    ROSTER_ASSIGN_OR_RETURN(SealedProperty property, GetProperty(size, cells, in));
    events->properties.push_back(std::move(property));
  }
  return events;
}

}  // namespace roster
