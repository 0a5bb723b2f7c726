// SPDX-License-Identifier: Apache-2.0
//
// Draws the data set.
#include "server/tools/dataset.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "roster/error.h"
#include "server/tools/dataset_words.h"

namespace roster::server {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kCreatedDays = 1095;     // profiles are up to three years old
constexpr uint64_t kDormantPercent = 10;   // profiles without any event
constexpr uint64_t kMaxSessionEvents = 7;  // sessions have 1 to 7: four on average
constexpr uint64_t kPhoneNumbers = 100'000'000;
constexpr uint64_t kProgressProfiles = 1024;

// Codes by place in kEventTypes.
enum EventType : uint8_t {
  kPageView,
  kProductView,
  kSessionStart,
  kMessageReceived,
  kEmailOpen,
  kAddToCart,
  kEmailClick,
  kPurchase,
  kFormSubmit,
  kGoalCompleted,
  kSignup,
  kSupportTicket,
};

// Looks up an event type by a number in [0, 1000).
const std::array<uint8_t, 1000>& TypeTable() {
  static const std::array<uint8_t, 1000> table = [] {
    std::array<uint8_t, 1000> filled{};
    size_t i = 0;
    for (size_t type = 0; type < kEventTypes.size(); ++type) {
      for (int k = 0; k < kEventTypes[type].permille; ++k) filled[i++] = static_cast<uint8_t>(type);
    }
    return filled;
  }();
  return table;
}

// Zipf over [0, n): weights 1/(k+1), as integers.
class Zipf {
 public:
  explicit Zipf(size_t n) {
    for (size_t k = 0; k < n; ++k) sums_.push_back((total_ += (1u << 24) / (k + 1)));
  }
  size_t Draw(DatasetRandom* random) const {
    const uint64_t at = random->Below(total_);
    return std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin();
  }

 private:
  uint64_t total_ = 0;
  std::vector<uint64_t> sums_;
};

// 2^g (1 + u) in units of 1/16, with g geometric up to 7: half of the draws lie in [1, 2).
uint64_t HeavyTail(DatasetRandom* random) {
  const uint64_t bits = random->Next();
  const int power = std::min(std::countl_zero(bits | 1), 7);
  return (16 + (bits & 15)) << power;
}

template <typename List>
std::string_view Pick(const List& list, DatasetRandom* random) {
  return list[random->Below(list.size())];
}

void AppendLower(std::string_view text, std::string* out) {
  for (const char c : text) *out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

class Generator {
 public:
  Generator(const DatasetOptions& options, DatasetSink* sink)
      : options_(options),
        sink_(sink),
        // Few profiles have thousands of events, most have some: 1/(rank + shift).
        rank_shift_(std::max<uint64_t>(1, options.num_profiles / 2000)),
        countries_(Words().countries.size()) {}

  absl::Status Run(const std::function<bool(double)>& progress) {
    uint64_t total_weight = 0;
    for (uint64_t i = 0; i < options_.num_profiles; ++i) total_weight += WeightOf(i);
    uint64_t weight_so_far = 0;
    uint64_t events_so_far = 0;
    for (uint64_t i = 0; i < options_.num_profiles; ++i) {
      weight_so_far += WeightOf(i);
      // Rounding the running sum spends exactly num_events, whatever the weights.
      const uint64_t until =
          total_weight == 0 ? 0
                            : static_cast<uint64_t>(static_cast<unsigned __int128>(weight_so_far) *
                                                    options_.num_events / total_weight);
      absl::Status status = OneProfile(i, until - events_so_far);
      if (!status.ok()) return status;
      events_so_far = until;
      if (i % kProgressProfiles == 0 && progress && !progress(PartDone(i, events_so_far))) {
        return MakeError(ErrorCode::kCancelled, "stopped");
      }
    }
    return sink_->Finish();
  }

 private:
  double PartDone(uint64_t profiles, uint64_t events) const {
    return static_cast<double>(profiles + events) /
           static_cast<double>(options_.num_profiles + options_.num_events);
  }

  uint64_t WeightOf(uint64_t i) const {
    const uint64_t dice = DatasetRandom::Mix(options_.seed ^ DatasetRandom::Mix(i + 1));
    // One profile is never dormant, or the events would have nowhere to go.
    const uint64_t rank = PermuteRank(i, options_.num_profiles, options_.seed);
    if (rank > 0 && dice % 100 < kDormantPercent) return 0;
    return (uint64_t{1} << 40) / (rank + rank_shift_);
  }

  absl::Status OneProfile(uint64_t i, uint64_t num_events) {
    DatasetRandom random(DatasetRandom::Mix(options_.seed + 1) ^
                         DatasetRandom::Mix(i * 0x9e3779b97f4a7c15 + 7));
    profile_.number = i + 1;
    DrawPerson(&random);
    DrawEvents(&random, num_events);
    return sink_->Take(profile_, events_);
  }

  void DrawPerson(DatasetRandom* random) {
    const DatasetWords& words = Words();
    DatasetProfile& p = profile_;
    p.first_name = Pick(words.first_names, random);
    p.last_name = Pick(words.last_names, random);
    p.company = random->Percent(60) ? Pick(words.companies, random) : std::string_view();
    p.country = words.countries[countries_.Draw(random)];
    p.city = Pick(words.cities, random);
    const uint64_t plan = random->Below(100);
    p.plan = kPlans[plan < 60 ? 0 : plan < 85 ? 1 : plan < 95 ? 2 : 3];
    // Two draws: the middle ages are more frequent.
    p.age = static_cast<int>(18 + random->Below(37) + random->Below(37));
    const int64_t age_ms = kDayMs + static_cast<int64_t>(random->Below(kCreatedDays * kDayMs));
    p.created_at.ms = options_.end.ms - age_ms;
    p.consent_email = random->Percent(65);
    p.status = random->Percent(97) ? "active" : "archived";
    p.num_labels = random->Below(4);
    for (size_t k = 0; k < p.num_labels; ++k) DrawLabel(k, random);
    DrawAddresses(random);
  }

  // Draws until the label is not among the first `k`.
  void DrawLabel(size_t k, DatasetRandom* random) {
    const auto before = profile_.labels.begin() + static_cast<std::ptrdiff_t>(k);
    do {
      *before = Pick(Words().labels, random);
    } while (std::find(profile_.labels.begin(), before, *before) != before);
  }

  void DrawAddresses(DatasetRandom* random) {
    DatasetProfile& p = profile_;
    p.email.clear();
    if (random->Percent(95)) {
      AppendLower(p.first_name, &p.email);
      p.email += '.';
      AppendLower(p.last_name, &p.email);
      p.email += std::to_string(p.number);
      p.email += '@';
      p.email += Pick(kMailDomains, random);
    }
    p.phone.clear();
    if (random->Percent(70)) {
      // A multiplier without a factor of 10 visits every number once.
      const std::string digits = std::to_string(p.number * 61'803'399 % kPhoneNumbers);
      p.phone = "+316" + std::string(8 - digits.size(), '0') + digits;
    }
  }

  void DrawEvents(DatasetRandom* random, uint64_t num_events) {
    DatasetProfile& p = profile_;
    events_.clear();
    p.last_seen = p.created_at;
    p.ltv_cents = random->Percent(30) ? static_cast<int64_t>(HeavyTail(random) * 100) : 0;
    const int64_t from_ms = std::max(options_.end.ms - options_.days * kDayMs, p.created_at.ms);
    starts_.clear();
    for (uint64_t left = num_events; left > 0;) {
      const uint64_t length = std::min(left, 1 + random->Below(kMaxSessionEvents));
      const auto span = static_cast<uint64_t>(options_.end.ms - from_ms);
      starts_.push_back({from_ms + static_cast<int64_t>(random->Below(span)), length});
      left -= length;
    }
    std::sort(starts_.begin(), starts_.end());
    for (const auto& [start_ms, length] : starts_) DrawSession(random, start_ms, length);
  }

  void DrawSession(DatasetRandom* random, int64_t start_ms, uint64_t length) {
    DatasetProfile& p = profile_;
    const std::string_view channel = Pick(kChannels, random);
    ++last_session_;
    int64_t time_ms = start_ms;
    for (uint64_t k = 0; k < length; ++k) {
      DatasetEvent& event = events_.emplace_back();
      event.number = ++last_event_;
      event.session = last_session_;
      event.channel = channel;
      event.time.ms = std::min(time_ms, options_.end.ms - 1);
      DrawContent(random, &event);
      p.ltv_cents += event.amount_cents;
      p.last_seen = std::max(p.last_seen, event.time);
      time_ms += static_cast<int64_t>(HeavyTail(random) * 400);
    }
  }

  static void DrawContent(DatasetRandom* random, DatasetEvent* event) {
    const DatasetWords& words = Words();
    const uint8_t type = TypeTable()[random->Below(1000)];
    event->type = kEventTypes[type].name;
    switch (type) {
      case kPurchase:
        event->amount_cents =
            static_cast<int64_t>(HeavyTail(random) * 500 / 16 + random->Below(100));
        [[fallthrough]];
      case kProductView:
      case kAddToCart:
        event->category = Pick(words.categories, random);
        break;
      case kPageView:
      case kFormSubmit:
      case kSupportTicket:
        event->topic = Pick(words.topics, random);
        break;
      case kMessageReceived:
      case kEmailOpen:
      case kEmailClick:
        event->campaign = Pick(words.campaigns, random);
        break;
      default:
        break;
    }
  }

  const DatasetOptions& options_;
  DatasetSink* const sink_;
  const uint64_t rank_shift_;
  const Zipf countries_;
  DatasetProfile profile_;
  std::vector<DatasetEvent> events_;                  // of the profile
  std::vector<std::pair<int64_t, uint64_t>> starts_;  // of its sessions, with their lengths
  uint64_t last_event_ = 0;
  uint64_t last_session_ = 0;
};

}  // namespace

uint64_t PermuteRank(uint64_t i, uint64_t n, uint64_t seed) {
  const int half_bits = std::max(1, static_cast<int>(std::bit_width(n) + 1) / 2);
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  uint64_t x = i;
  do {
    uint64_t left = x >> half_bits;
    uint64_t right = x & mask;
    for (uint64_t round = 0; round < 4; ++round) {
      const uint64_t mixed = DatasetRandom::Mix(right * 4 + round + DatasetRandom::Mix(seed));
      left = std::exchange(right, left ^ (mixed & mask));
    }
    x = (left << half_bits) | right;
  } while (x >= n);
  return x;
}

absl::Status GenerateDataset(const DatasetOptions& options, DatasetSink* sink,
                             const std::function<bool(double)>& progress) {
  if (options.num_events > 0 && options.num_profiles == 0) {
    return MakeError(ErrorCode::kErr, "events need at least one profile");
  }
  return Generator(options, sink).Run(progress);
}

}  // namespace roster::server
