// SPDX-License-Identifier: Apache-2.0
//
// DigestOf a command: every member of every item, so that an id that is used again for something
// else is found out.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string>
#include <type_traits>

#include "engine/commit/request_window.h"
#include "roster/json.h"
#include "storage/base/bytes.h"

namespace roster {
namespace {

// One overload a type of member; several members are one behind the other.
struct Putter {
  ByteWriter* out;

  void operator()(const std::string& text) const { out->Text(text); }
  void operator()(bool flag) const { out->Byte(flag ? 1 : 0); }
  void operator()(int64_t number) const { out->Signed(number); }
  void operator()(uint64_t number) const { out->Fixed(number); }
  void operator()(Decision decision) const { out->Byte(static_cast<uint8_t>(decision)); }
  void operator()(Timestamp time) const { out->Signed(time.ms); }
  void operator()(ProfileId id) const { out->Varint(id.value); }
  void operator()(const IdentityRef& identity) const { All(identity.space, identity.value); }
  void operator()(const ProfileRef& ref) const {
    out->Byte(static_cast<uint8_t>(ref.index()));
    std::visit(*this, ref);
  }
  void operator()(const Field& field) const {
    std::string value;
    AppendJson(field.value, &value);
    out->Byte(static_cast<uint8_t>(TypeOf(field.value)));
    All(field.key, value);
  }
  void operator()(const SessionInfo& s) const {
    All(s.id, s.kind, s.channel, s.name, s.platform, s.start, s.end, s.agent_takeover,
        s.properties);
  }
  template <typename T>
  void operator()(const std::optional<T>& value) const {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }
  template <typename T>
  void operator()(const std::vector<T>& values) const {
    out->Varint(values.size());
    for (const T& value : values) (*this)(value);
  }
  template <typename... T>
  void All(const T&... members) const {
    ((*this)(members), ...);
  }
};

void Put(const Identify& i, const Putter& put) {
  put.All(i.identities, i.traits, i.time, i.ago_ms, i.message_id, i.source, i.channel, i.session,
          i.authenticated);
}
void Put(const Track& i, const Putter& put) {
  put.All(i.identities, i.event, i.properties, i.traits, i.time, i.ago_ms, i.message_id, i.event_id,
          i.source, i.channel, i.session, i.important);
}
void Put(const Alias& i, const Putter& put) {
  put.All(i.previous, i.identities, i.time, i.ago_ms, i.message_id, i.source, i.channel, i.session,
          i.authenticated);
}
void Put(const Retain& i, const Putter& put) { put.All(i.event, i.keep_ms); }
void Put(const Create& i, const Putter& put) {
  put.All(i.identities, i.traits, i.source, i.orphan);
}
void Put(const Edit& i, const Putter& put) {
  put.All(i.profile, i.traits, i.identities, i.known_only);
}
void Put(const Attach& i, const Putter& put) { put.All(i.profile, i.identity, i.keep); }
void Put(const Detach& i, const Putter& put) { put.All(i.identity, i.keep); }
void Put(const Move& i, const Putter& put) { put.All(i.identity, i.to); }
void Put(const Label& i, const Putter& put) { put.All(i.profile, i.add, i.remove); }
void Put(const Consent& i, const Putter& put) {
  put.All(i.profile, i.channel, i.decision, i.address, i.policy, i.version, i.source, i.time);
}
void Put(const Note& i, const Putter& put) { put.All(i.profile, i.text, i.remove); }
void Put(const Archive& i, const Putter& put) { put.All(i.profile, i.archived); }
void Put(const Logout& i, const Putter& put) { put.All(i.identities, i.time); }
void Put(const MergePlan& i, const Putter& put) {
  put.All(i.survivor, i.loser, i.survivor_version, i.loser_version, i.of_survivor, i.of_loser,
          i.force);
}
void Put(const Unmerge& i, const Putter& put) { put.All(i.loser); }
void Put(const Split& i, const Putter& put) { put.All(i.profile, i.identities); }
void Put(const Erase& i, const Putter& put) { put.All(i.profile, i.unseen_since); }
void Put(const Declare& i, const Putter& put) { put.All(i.statement, i.time_zone); }

}  // namespace

uint64_t DigestOf(const Batch& batch) {
  std::string bytes;
  ByteWriter out(&bytes);
  const Putter put{&out};
  put.All(batch.atomic, batch.options.expected_version);
  for (const WriteItem& item : batch.items) {
    out.Byte(static_cast<uint8_t>(item.index()));
    std::visit([&](const auto& one) { Put(one, put); }, item);
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace roster
