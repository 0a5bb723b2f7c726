// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/request_window.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string>

#include "roster/json.h"
#include "storage/base/bytes.h"

namespace roster {
namespace {

void AddIdentities(const std::vector<IdentityRef>& identities, ByteWriter* out) {
  out->Varint(identities.size());
  for (const IdentityRef& identity : identities) {
    out->Text(identity.space);
    out->Text(identity.value);
  }
}

void AddFields(const std::vector<Field>& fields, ByteWriter* out) {
  out->Varint(fields.size());
  for (const Field& field : fields) {
    std::string value;
    AppendJson(field.value, &value);
    out->Text(field.key);
    out->Byte(static_cast<uint8_t>(TypeOf(field.value)));
    out->Text(value);
  }
}

void AddTime(const std::optional<Timestamp>& time, ByteWriter* out) {
  out->Byte(time.has_value());
  out->Signed(time.value_or(Timestamp{}).ms);
}

void Add(const Identify& item, ByteWriter* out) {
  AddIdentities(item.identities, out);
  AddFields(item.traits, out);
  AddTime(item.time, out);
  out->Text(item.message_id);
  out->Text(item.source);
}

void Add(const Track& item, ByteWriter* out) {
  AddIdentities(item.identities, out);
  out->Text(item.event);
  AddFields(item.properties, out);
  AddTime(item.time, out);
  out->Text(item.message_id);
  out->Byte(item.event_id.has_value());
  out->Fixed(item.event_id.value_or(0));
  out->Text(item.source);
}

}  // namespace

const FirstOutcome* RequestWindow::Find(std::string_view request_id) const {
  const auto it = outcomes_.find(request_id);
  return it == outcomes_.end() ? nullptr : &it->second;
}

void RequestWindow::Add(std::string_view request_id, const FirstOutcome& outcome) {
  if (!outcomes_.try_emplace(std::string(request_id), outcome).second) return;
  order_.emplace_back(request_id);
  if (order_.size() <= kMaxRequests) return;
  outcomes_.erase(order_.front());
  order_.pop_front();
}

uint64_t DigestOf(const Batch& batch) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Byte(batch.atomic);
  for (const WriteItem& item : batch.items) {
    out.Byte(static_cast<uint8_t>(item.index()));
    std::visit([&](const auto& one) { Add(one, &out); }, item);
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace roster
