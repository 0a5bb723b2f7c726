// SPDX-License-Identifier: Apache-2.0
//
// Writes the data set into a store: batches that are drawn while earlier ones are being written.
#include <utility>
#include <vector>

#include "server/tools/dataset_sinks.h"

namespace roster::server {
namespace {

constexpr size_t kBatchItems = 1000;
constexpr int kOpenBatches = 4;

Value Text(std::string_view text) { return Value(std::string(text)); }

// A missing text is left out.
void AddText(std::string_view key, std::string_view text, std::vector<Field>* fields) {
  if (!text.empty()) fields->push_back({std::string(key), Text(text)});
}

std::vector<Field> TraitsOf(const DatasetProfile& p) {
  std::vector<Field> traits;
  traits.reserve(15);
  AddText("email", p.email, &traits);
  AddText("phone", p.phone, &traits);
  AddText("first_name", p.first_name, &traits);
  AddText("last_name", p.last_name, &traits);
  AddText("company", p.company, &traits);
  AddText("country", p.country, &traits);
  AddText("city", p.city, &traits);
  AddText("plan", p.plan, &traits);
  traits.push_back({"age", Value(int64_t{p.age})});
  traits.push_back({"ltv", Value(Decimal{.unscaled = p.ltv_cents, .scale = 2})});
  traits.push_back({"created_at", Value(p.created_at)});
  TextList labels(p.labels.begin(), p.labels.begin() + static_cast<std::ptrdiff_t>(p.num_labels));
  if (!labels.empty()) traits.push_back({"labels", Value(std::move(labels))});
  traits.push_back({"consent_email", Value(p.consent_email)});
  AddText("status", p.status, &traits);
  return traits;
}

std::vector<Field> PropertiesOf(const DatasetEvent& e) {
  std::vector<Field> properties;
  properties.reserve(4);
  AddText("channel", e.channel, &properties);
  properties.push_back({"session", Value(static_cast<int64_t>(e.session))});
  if (e.amount_cents > 0) {
    properties.push_back({"amount", Value(Decimal{.unscaled = e.amount_cents, .scale = 2})});
  }
  AddText("category", e.category, &properties);
  AddText("topic", e.topic, &properties);
  AddText("campaign", e.campaign, &properties);
  return properties;
}

class DatabaseSink : public DatasetSink {
 public:
  DatabaseSink(Database* database, uint64_t seed)
      : database_(database),
        // The upper 24 bits tell the data set, so that the same one again is a repeat.
        event_id_base_(DatasetRandom::Mix(seed + 3) << 40) {}
  // The store may still call back.
  ~DatabaseSink() override { WaitForOpen(0); }

  absl::Status Take(const DatasetProfile& profile, absl::Span<const DatasetEvent> events) override {
    const IdentityRef self{"external_id", std::to_string(profile.number)};
    Identify identify;
    identify.identities.push_back(self);
    identify.traits = TraitsOf(profile);
    identify.time = profile.last_seen;
    identify.source = "generate";
    if (!profile.email.empty()) identify.identities.push_back({"email", profile.email});
    if (!profile.phone.empty()) identify.identities.push_back({"phone", profile.phone});
    absl::Status status = Add(std::move(identify));
    for (const DatasetEvent& event : events) {
      if (!status.ok()) return status;
      Track track;
      track.identities.push_back(self);
      track.event = std::string(event.type);
      track.properties = PropertiesOf(event);
      track.time = event.time;
      track.event_id = event_id_base_ | event.number;
      track.source = "generate";
      status = Add(std::move(track));
    }
    return status;
  }

  absl::Status Finish() override {
    absl::Status status = Send();
    WaitForOpen(0);
    const std::lock_guard lock(mutex_);
    return status.ok() ? first_error_ : status;
  }

 private:
  absl::Status Add(WriteItem item) {
    batch_.items.push_back(std::move(item));
    return batch_.items.size() < kBatchItems ? absl::OkStatus() : Send();
  }

  absl::Status Send() {
    if (batch_.items.empty()) return absl::OkStatus();
    WaitForOpen(kOpenBatches - 1);
    {
      const std::lock_guard lock(mutex_);
      if (!first_error_.ok()) return first_error_;
      ++num_open_;
    }
    database_->WriteAsync(std::exchange(batch_, {}),
                          [this](const absl::StatusOr<WriteResult>& result) { OnDone(result); });
    return absl::OkStatus();
  }

  void OnDone(const absl::StatusOr<WriteResult>& result) {
    const std::lock_guard lock(mutex_);
    if (first_error_.ok()) first_error_ = result.status();
    if (result.ok()) {
      for (const ItemResult& item : result->items) {
        if (first_error_.ok()) first_error_ = item.status;
      }
    }
    --num_open_;
    wake_.notify_all();
  }

  void WaitForOpen(int at_most) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this, at_most] { return num_open_ <= at_most; });
  }

  Database* const database_;
  const uint64_t event_id_base_;
  Batch batch_;

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  int num_open_ = 0;
  absl::Status first_error_;
};

}  // namespace

std::unique_ptr<DatasetSink> MakeDatabaseSink(Database* database, uint64_t seed) {
  return std::make_unique<DatabaseSink>(database, seed);
}

}  // namespace roster::server
