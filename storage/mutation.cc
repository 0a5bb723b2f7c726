// SPDX-License-Identifier: Apache-2.0
#include "storage/mutation.h"

#include <type_traits>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/cells.h"

namespace roster {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kVersionWithRecord = 2;  // the same with the header's `record`

// The kinds stand in files: the alternatives of Mutation from 1. New ones are added at the end.
static_assert(std::is_same_v<std::variant_alternative_t<19, Mutation>, Define>);

void PutValue(const Value& value, ByteWriter* out) {
  out->Byte(static_cast<uint8_t>(TypeOf(value)));
  switch (TypeOf(value)) {
    case ValueType::kNone:
      return;
    case ValueType::kText:
      return out->Text(std::get<std::string>(value));
    case ValueType::kInteger:
      return out->Signed(std::get<int64_t>(value));
    case ValueType::kNumber:
      return out->Fixed(std::get<double>(value));
    case ValueType::kBoolean:
      return out->Byte(std::get<bool>(value) ? 1 : 0);
    case ValueType::kDate:
      return out->Signed(std::get<Date>(value).days);
    case ValueType::kTimestamp:
      return out->Signed(std::get<Timestamp>(value).ms);
    case ValueType::kDecimal:
      out->Byte(std::get<Decimal>(value).scale);
      return out->Signed(std::get<Decimal>(value).unscaled);
    case ValueType::kTextList:
      return out->Text(EncodeTextList(std::get<TextList>(value)));
    case ValueType::kJson:
      return out->Text(std::get<Json>(value).text);
  }
}

// A text keeps the memory that the value has.
void GetText(ByteReader* in, Value* value) {
  const std::string_view text = in->Text();
  if (auto* known = std::get_if<std::string>(value)) {
    known->assign(text);
  } else {
    value->emplace<std::string>(text);
  }
}

void GetValue(ByteReader* in, Value* value) {
  switch (static_cast<ValueType>(in->Byte())) {
    case ValueType::kNone:
      *value = {};
      return;
    case ValueType::kText:
      return GetText(in, value);
    case ValueType::kInteger:
      *value = in->Signed();
      return;
    case ValueType::kNumber:
      *value = in->Fixed<double>();
      return;
    case ValueType::kBoolean:
      *value = in->Byte() != 0;
      return;
    case ValueType::kDate:
      *value = Date{static_cast<int32_t>(in->Signed())};
      return;
    case ValueType::kTimestamp:
      *value = Timestamp{in->Signed()};
      return;
    case ValueType::kDecimal: {
      const uint8_t scale = in->Byte();
      *value = Decimal{in->Signed(), scale};
      return;
    }
    case ValueType::kTextList:
      *value = DecodeTextList(in->Text());
      return;
    case ValueType::kJson:
      *value = Json{std::string(in->Text())};
      return;
  }
  in->Fail();
}

// One overload a field type, so that Put and Get of a mutation list its fields in one place each.
struct Putter {
  ByteWriter* out;

  void operator()(const std::string& text) const { out->Text(text); }
  void operator()(const Value& value) const { PutValue(value, out); }
  void operator()(ValueType type) const { out->Byte(static_cast<uint8_t>(type)); }
  void operator()(NamespaceKind kind) const { out->Byte(static_cast<uint8_t>(kind)); }
  void operator()(TraitPolicy policy) const { out->Byte(static_cast<uint8_t>(policy)); }
  void operator()(IdentityStanding standing) const { out->Byte(static_cast<uint8_t>(standing)); }
  void operator()(bool flag) const { out->Byte(flag ? 1 : 0); }
  void operator()(uint8_t byte) const { out->Byte(byte); }
  void operator()(uint32_t number) const { out->Varint(number); }
  void operator()(int64_t number) const { out->Signed(number); }
  void operator()(Timestamp time) const { out->Signed(time.ms); }
  void operator()(ProfileId id) const { out->Varint(id.value); }
  void operator()(EventId id) const { out->Fixed(id.value); }
  // Small numbers stay short, and "none" (all bits set) is 0.
  void operator()(IdentityId id) const { out->Varint(static_cast<uint32_t>(id.value + 1)); }
  template <typename Tag>
  void operator()(StrongId<Tag, uint16_t> id) const {
    out->Varint(id.value);
  }
  void operator()(const std::vector<std::pair<PropertyId, Value>>& properties) const {
    out->Varint(properties.size());
    for (const auto& [id, value] : properties) {
      (*this)(id);
      (*this)(value);
    }
  }
};

struct Getter {
  ByteReader* in;

  void operator()(std::string& text) const { text = in->Text(); }
  void operator()(Value& value) const { GetValue(in, &value); }
  void operator()(ValueType& type) const { type = static_cast<ValueType>(in->Byte()); }
  void operator()(NamespaceKind& kind) const { kind = static_cast<NamespaceKind>(in->Byte()); }
  void operator()(TraitPolicy& policy) const { policy = static_cast<TraitPolicy>(in->Byte()); }
  void operator()(IdentityStanding& standing) const {
    standing = static_cast<IdentityStanding>(in->Byte());
  }
  void operator()(bool& flag) const { flag = in->Byte() != 0; }
  void operator()(uint8_t& byte) const { byte = in->Byte(); }
  void operator()(uint32_t& number) const { number = Small<uint32_t>(); }
  void operator()(int64_t& number) const { number = in->Signed(); }
  void operator()(Timestamp& time) const { time.ms = in->Signed(); }
  void operator()(ProfileId& id) const { id.value = in->Varint(); }
  void operator()(EventId& id) const { id.value = in->Fixed<uint64_t>(); }
  void operator()(IdentityId& id) const { id.value = Small<uint32_t>() - 1; }
  template <typename Tag>
  void operator()(StrongId<Tag, uint16_t>& id) const {
    id.value = Small<uint16_t>();
  }
  void operator()(std::vector<std::pair<PropertyId, Value>>& properties) const {
    const uint64_t count = in->Varint();
    if (count > in->remaining()) return in->Fail();
    properties.resize(count);
    for (auto& [id, value] : properties) {
      (*this)(id);
      (*this)(value);
    }
  }

 private:
  template <typename T>
  T Small() const {
    const uint64_t raw = in->Varint();
    if (raw > static_cast<T>(-1)) in->Fail();
    return static_cast<T>(raw);
  }
};

// The fields of each mutation in the order of the format.
template <typename M, typename F>
void Fields(M& m, const F& f) {
  using T = std::remove_const_t<M>;
  if constexpr (std::is_same_v<T, DeclareTrait>) {
    f(m.name), f(m.type), f(m.scale);
  } else if constexpr (std::is_same_v<T, DeclareEvent>) {
    f(m.name);
  } else if constexpr (std::is_same_v<T, DeclareProperty>) {
    f(m.event), f(m.name), f(m.type), f(m.scale);
  } else if constexpr (std::is_same_v<T, DeclareNamespace>) {
    f(m.info.name), f(m.info.kind), f(m.info.rank), f(m.info.limit);
  } else if constexpr (std::is_same_v<T, CreateProfile>) {
    f(m.id), f(m.created_at), f(m.via);
  } else if constexpr (std::is_same_v<T, AttachIdentity>) {
    f(m.profile), f(m.identity), f(m.name_space), f(m.value), f(m.time);
  } else if constexpr (std::is_same_v<T, SetTrait>) {
    f(m.profile), f(m.trait), f(m.value), f(m.time), f(m.origin);
  } else if constexpr (std::is_same_v<T, AddEvent>) {
    f(m.profile), f(m.event), f(m.id), f(m.time), f(m.origin), f(m.properties);
  } else if constexpr (std::is_same_v<T, MergeProfiles>) {
    f(m.loser), f(m.survivor), f(m.time), f(m.link);
  } else if constexpr (std::is_same_v<T, Advance>) {
    f(m.clock);
  } else if constexpr (std::is_same_v<T, EraseProfile>) {
    f(m.profile);
  } else if constexpr (std::is_same_v<T, SetRetention>) {
    f(m.event), f(m.keep_ms);
  } else if constexpr (std::is_same_v<T, ExpireEvents>) {
    f(m.event), f(m.before);
  } else if constexpr (std::is_same_v<T, AlterTrait>) {
    f(m.trait), f(m.info.display), f(m.info.policy), f(m.info.searchable), f(m.info.indexed);
  } else if constexpr (std::is_same_v<T, AlterNamespace>) {
    f(m.name_space), f(m.info.kind), f(m.info.rank), f(m.info.limit);
  } else if constexpr (std::is_same_v<T, UnmergeProfile>) {
    f(m.loser);
  } else if constexpr (std::is_same_v<T, MoveRecords>) {
    f(m.from), f(m.to), f(m.origin), f(m.begin), f(m.end);
  } else if constexpr (std::is_same_v<T, MoveIdentity>) {
    f(m.identity), f(m.to), f(m.standing), f(m.home);
  } else if constexpr (std::is_same_v<T, RemoveRecord>) {
    f(m.profile), f(m.event), f(m.id);
  } else {
    static_assert(std::is_same_v<T, Define>);
    f(m.name), f(m.text);
  }
}

absl::Status Malformed(std::string_view what, size_t position) {
  return MakeError(ErrorCode::kCorrupt,
                   StrCat("malformed commit: ", what, " at payload offset ", position));
}

// Makes the mutation one of kind `kind`; what it holds stays when it is one already.
template <size_t... I>
bool SetKind(size_t kind, Mutation* mutation, std::index_sequence<I...>) {
  if (mutation->index() == kind) return true;
  return ((kind == I && (mutation->emplace<I>(), true)) || ...);
}

absl::Status GetMutation(ByteReader* in, Mutation* mutation) {
  const size_t start = in->position();
  const size_t kind = in->Byte();
  if (kind == 0 ||
      !SetKind(kind - 1, mutation, std::make_index_sequence<std::variant_size_v<Mutation>>())) {
    return Malformed(StrCat("unknown kind ", kind), start);
  }
  std::visit([&](auto& m) { Fields(m, Getter{in}); }, *mutation);
  if (in->failed()) return Malformed(StrCat("fields of kind ", kind), start);
  return absl::OkStatus();
}

}  // namespace

void EncodeCommitHeader(const CommitHeader& header, std::string* out) {
  ByteWriter writer(out);
  writer.Byte(header.record == 0 ? kVersion : kVersionWithRecord);
  writer.Signed(header.received_at.ms);
  writer.Text(header.request_id);
  writer.Fixed(header.digest);
  writer.Text(header.actor);
  writer.Varint(header.outcome.value);
  writer.Varint(header.num_items);
  if (header.record != 0) writer.Fixed(header.record);
}

void EncodeMutation(const Mutation& mutation, std::string* out) {
  ByteWriter writer(out);
  writer.Byte(static_cast<uint8_t>(mutation.index() + 1));
  std::visit([&](const auto& m) { Fields(m, Putter{&writer}); }, mutation);
}

absl::Status DecodeCommit(std::string_view payload, Commit* commit) {
  ByteReader reader(payload);
  const uint8_t version = reader.Byte();
  if (version != kVersion && version != kVersionWithRecord) {
    return Malformed(StrCat("unknown version ", static_cast<int>(version)), 0);
  }
  CommitHeader& header = commit->header;
  header.received_at.ms = reader.Signed();
  header.request_id = reader.Text();
  header.digest = reader.Fixed<uint64_t>();
  header.actor = reader.Text();
  header.outcome.value = reader.Varint();
  header.num_items = reader.Varint();
  header.record = version == kVersionWithRecord ? reader.Fixed<uint64_t>() : 0;
  if (reader.failed()) return Malformed("header", 0);
  size_t count = 0;
  while (!reader.at_end()) {
    if (count == commit->mutations.size()) commit->mutations.emplace_back();
    ROSTER_RETURN_IF_ERROR(GetMutation(&reader, &commit->mutations[count++]));
  }
  commit->mutations.resize(count);
  return absl::OkStatus();
}

absl::StatusOr<Commit> DecodeCommit(std::string_view payload) {
  Commit commit;
  ROSTER_RETURN_IF_ERROR(DecodeCommit(payload, &commit));
  return commit;
}

}  // namespace roster
