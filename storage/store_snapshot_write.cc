// SPDX-License-Identifier: Apache-2.0
//
// WriteStoreSections of store_snapshot.h.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"
#include "storage/store_chunks.h"
#include "storage/store_snapshot.h"

namespace roster {
namespace {

// A section is what one thread loads at a time.
constexpr uint64_t kPartBytes = 8u << 20;
constexpr size_t kHandOverBytes = 256u << 10;

// Cuts a run of items into sections NAME/0, NAME/1, ... that each say their first item's index.
class PartWriter {
 public:
  PartWriter(SnapshotWriter* out, std::string name) : out_(out), name_(std::move(name)) {}

  // Where the next item's bytes are to be appended; Add follows.
  std::string* item() {
    if (!open_) {
      open_ = true;
      out_->BeginSection(StrCat(name_, "/", num_parts_++));
      ByteWriter(&buffer_).Varint(num_items_);
    }
    return &buffer_;
  }
  absl::Status Add() {
    ++num_items_;
    if (buffer_.size() >= kHandOverBytes) ROSTER_RETURN_IF_ERROR(HandOver());
    return part_bytes_ < kPartBytes ? absl::OkStatus() : Finish();
  }
  absl::Status Finish() {
    if (!open_) return absl::OkStatus();
    ROSTER_RETURN_IF_ERROR(HandOver());
    open_ = false;
    part_bytes_ = 0;
    return out_->EndSection();
  }

 private:
  absl::Status HandOver() {
    part_bytes_ += buffer_.size();
    absl::Status status = out_->Append(buffer_);
    buffer_.clear();
    return status;
  }

  SnapshotWriter* const out_;
  const std::string name_;
  std::string buffer_;
  bool open_ = false;
  uint64_t num_parts_ = 0;
  uint64_t num_items_ = 0;
  uint64_t part_bytes_ = 0;
};

class StoreWriter {
 public:
  StoreWriter(const ReadView& view, const StorePending& pending, SnapshotWriter* out, Work* work)
      : state_(view.state()), pending_(pending), out_(out), work_(work) {}

  absl::Status Run() {
    ROSTER_RETURN_IF_ERROR(WriteSchema());
    ROSTER_RETURN_IF_ERROR(WriteIds());
    ROSTER_RETURN_IF_ERROR(WriteRows());
    ROSTER_RETURN_IF_ERROR(WriteNames());
    ROSTER_RETURN_IF_ERROR(WriteChains());
    ROSTER_RETURN_IF_ERROR(WriteExtras());
    for (size_t t = 0; t < state_.columns.size(); ++t) {
      ROSTER_RETURN_IF_ERROR(WriteTrait({static_cast<uint16_t>(t)}));
    }
    for (size_t e = 0; e < state_.partitions.size(); ++e) {
      ROSTER_RETURN_IF_ERROR(WriteEvents({static_cast<uint16_t>(e)}));
    }
    return WriteHead();
  }

 private:
  absl::Status Check() const { return work_ == nullptr ? absl::OkStatus() : work_->Check(); }

  absl::Status WriteSection(std::string_view name, std::string_view bytes) {
    out_->BeginSection(StrCat(kStoreSections, name));
    ROSTER_RETURN_IF_ERROR(out_->Append(bytes));
    return out_->EndSection();
  }

  // As a commit of declarations, with what retention says of event types, and of definitions.
  absl::Status WriteSchema() {
    std::string bytes;
    EncodeCommitHeader({}, &bytes);
    const Schema& schema = *state_.schema;
    for (const NamespaceInfo& space : schema.namespaces()) {
      EncodeMutation(DeclareNamespace{space}, &bytes);
    }
    for (const TraitInfo& trait : schema.traits()) {
      if (trait.system) continue;
      EncodeMutation(DeclareTrait{trait.name, trait.type, trait.scale}, &bytes);
    }
    for (size_t t = 0; t < schema.traits().size(); ++t) {
      const TraitInfo& trait = schema.traits()[t];
      if (trait.HasOptions()) EncodeMutation(AlterTrait{{static_cast<uint16_t>(t)}, trait}, &bytes);
    }
    for (size_t e = 0; e < schema.events().size(); ++e) {
      const EventTypeInfo& event = schema.events()[e];
      EncodeMutation(DeclareEvent{event.name}, &bytes);
      for (size_t p = 1; p < event.properties.size(); ++p) {
        const PropertyInfo& property = event.properties[p];
        EncodeMutation(
            DeclareProperty{
                {static_cast<uint16_t>(e)}, property.name, property.type, property.scale},
            &bytes);
      }
      const EventTypeId id{static_cast<uint16_t>(e)};
      if (event.keep_ms != 0) EncodeMutation(SetRetention{id, event.keep_ms}, &bytes);
      const int64_t floor_ms = state_.partition(id).floor_ms();
      if (floor_ms != kNoFloor) EncodeMutation(ExpireEvents{id, {floor_ms}}, &bytes);
    }
    // In one order, so that equal states make equal files.
    const std::map<std::string, std::string> definitions(state_.definitions->begin(),
                                                         state_.definitions->end());
    for (const auto& [name, text] : definitions) EncodeMutation(Define{name, text}, &bytes);
    return WriteSection("schema", bytes);
  }

  // `num` integers, value(i) each, as items of a chunk.
  template <typename F>
  absl::Status WriteNumbers(std::string_view name, uint64_t num, F&& value) {
    PartWriter part(out_, StrCat(kStoreSections, name));
    std::vector<int64_t> values;
    for (uint64_t i = 0; i < num;) {
      values.clear();
      for (const uint64_t end = std::min<uint64_t>(num, i + kChunkRows); i < end; ++i) {
        values.push_back(value(i));
      }
      PutInts(PackedInts::Of(values), part.item());
      ROSTER_RETURN_IF_ERROR(part.Add());
      ROSTER_RETURN_IF_ERROR(Check());
    }
    return part.Finish();
  }

  // The row that answers for each id, + 1.
  absl::Status WriteIds() {
    return WriteNumbers("ids", state_.profiles.size(), [&](uint64_t i) {
      const std::optional<RowId> row = state_.FindProfile({i + 1});
      return row ? int64_t{row->value} + 1 : 0;
    });
  }

  // The profile of each row that is live.
  absl::Status WriteRows() {
    return WriteNumbers("rows", state_.num_rows(), [&](uint64_t r) {
      const RowId row{static_cast<uint32_t>(r)};
      return state_.live.Test(row) ? static_cast<int64_t>(state_.ProfileAt(row).value) : 0;
    });
  }

  absl::Status WriteNames() {
    PartWriter part(out_, StrCat(kStoreSections, "identities/names"));
    for (uint32_t i = 0; i < state_.identities.size(); ++i) {
      ByteWriter(part.item()).Text(state_.identities.FileKeyAt({i}));
      ROSTER_RETURN_IF_ERROR(part.Add());
      if (i % kChunkRows == 0) ROSTER_RETURN_IF_ERROR(Check());
    }
    return part.Finish();
  }

  // For each chunk of rows: how many identities each row has, and which.
  absl::Status WriteChains() {
    PartWriter part(out_, StrCat(kStoreSections, "identities/rows"));
    std::vector<int64_t> counts;
    std::vector<int64_t> ids;
    for (uint32_t r = 0; r < state_.num_rows();) {
      counts.clear();
      ids.clear();
      for (const uint32_t end = std::min(state_.num_rows(), r + kChunkRows); r < end; ++r) {
        const size_t before = ids.size();
        for (const IdentityId id : state_.identities.OfRow({r})) ids.push_back(id.value);
        counts.push_back(static_cast<int64_t>(ids.size() - before));
      }
      PutInts(PackedInts::Of(counts), part.item());
      PutInts(PackedInts::Of(ids), part.item());
      ROSTER_RETURN_IF_ERROR(part.Add());
      ROSTER_RETURN_IF_ERROR(Check());
    }
    return part.Finish();
  }

  // Of the few identities that have one.
  absl::Status WriteExtras() {
    PartWriter part(out_, StrCat(kStoreSections, "identities/homes"));
    const Identities& identities = state_.identities;
    for (uint32_t i = 0; i < identities.num_extras(); ++i) {
      if (i % kChunkRows == 0) ROSTER_RETURN_IF_ERROR(Check());
      const IdentityStanding standing = identities.StandingOf({i});
      const ProfileId home = identities.HomeOf({i});
      if (standing == IdentityStanding::kActive && home.value == 0) continue;
      ByteWriter item(part.item());
      item.Varint(i);
      item.Byte(static_cast<uint8_t>(standing));
      item.Varint(home.value);
      ++num_extras_;
      ROSTER_RETURN_IF_ERROR(part.Add());
    }
    return part.Finish();
  }

  absl::Status WriteTexts(const UsedTexts& texts, std::string name) {
    PartWriter part(out_, std::move(name));
    ROSTER_RETURN_IF_ERROR(texts.ForEach([&](std::string_view text) {
      ByteWriter(part.item()).Text(text);
      absl::Status added = part.Add();
      return added.ok() ? Check() : added;
    }));
    return part.Finish();
  }

  absl::Status WriteTrait(TraitId id) {
    const Column& column = state_.column(id);
    const std::string name = StrCat(kStoreSections, "trait/", id.value);
    UsedTexts texts(column.type());
    if (IsCoded(column.type().type)) {
      for (size_t c = 0; c < column.num_chunks(); ++c) MarkCells(column.chunk(c), &texts);
      texts.Number();
    }
    trait_texts_.push_back(texts.size());
    ROSTER_RETURN_IF_ERROR(WriteTexts(texts, name + "/texts"));
    PartWriter part(out_, name + "/cells");
    for (size_t c = 0; c < column.num_chunks(); ++c) {
      PutCells(column.chunk(c), state_.stamps.chunk(c), texts, part.item());
      ROSTER_RETURN_IF_ERROR(part.Add());
      ROSTER_RETURN_IF_ERROR(Step(work_));
    }
    return part.Finish();
  }

  absl::Status WriteEvents(EventTypeId id) {
    const EventPartition& events = state_.partition(id);
    const std::string name = StrCat(kStoreSections, "event/", id.value);
    std::vector<UsedTexts> texts;
    for (const CellType& type : events.properties()) texts.emplace_back(type);
    const size_t num_properties = texts.size();
    const auto block = [&](size_t c) {
      return LiveEvents(events.block(c), state_.live.chunk(c), num_properties, events.floor_ms());
    };
    // A block that is not sealed is so twice, for the texts and for the cells: not kept meanwhile.
    for (size_t c = 0; c < events.num_blocks(); ++c) {
      ROSTER_RETURN_IF_ERROR(Check());
      MarkEvents(*block(c), &texts);
    }
    std::vector<uint32_t>& counts = property_texts_.emplace_back();
    for (size_t p = 0; p < num_properties; ++p) {
      texts[p].Number();
      counts.push_back(texts[p].size());
      ROSTER_RETURN_IF_ERROR(WriteTexts(texts[p], StrCat(name, "/", p, "/texts")));
    }
    PartWriter part(out_, name + "/blocks");
    for (size_t c = 0; c < events.num_blocks(); ++c) {
      PutEvents(*block(c), texts, part.item());
      ROSTER_RETURN_IF_ERROR(part.Add());
      ROSTER_RETURN_IF_ERROR(Step(work_));
    }
    return part.Finish();
  }

  // What a loader has to know before it takes up the rest, and what is pending.
  absl::Status WriteHead() {
    std::string bytes;
    ByteWriter head(&bytes);
    head.Varint(state_.profiles.size());
    head.Varint(state_.num_rows());
    head.Varint(state_.identities.size());
    head.Varint(trait_texts_.size());
    for (const uint32_t count : trait_texts_) head.Varint(count);
    head.Varint(property_texts_.size());
    for (const std::vector<uint32_t>& counts : property_texts_) {
      head.Varint(counts.size());
      for (const uint32_t count : counts) head.Varint(count);
    }
    head.Signed(pending_.clock.ms);
    head.Varint(pending_.seen_later.size());
    for (const auto& [time, profile] : pending_.seen_later.Sorted()) {
      head.Signed(time.ms);
      head.Varint(profile.value);
    }
    if (num_extras_ != 0) head.Varint(num_extras_);
    return WriteSection("head", bytes);
  }

  const State& state_;
  const StorePending& pending_;
  SnapshotWriter* const out_;
  Work* const work_;
  std::vector<uint32_t> trait_texts_;                  // how many are in use
  std::vector<std::vector<uint32_t>> property_texts_;  // by event type and property
  uint64_t num_extras_ = 0;                            // identities with a standing or home
};

}  // namespace

absl::Status WriteStoreSections(const ReadView& view, const StorePending& pending,
                                SnapshotWriter* out, Work* work) {
  return StoreWriter(view, pending, out, work).Run();
}

}  // namespace roster
