// SPDX-License-Identifier: Apache-2.0
//
// The generated data set: repeatable, complete, of the promised shape, equal in every form.
#include "server/tools/dataset.h"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "server/tools/dataset_sinks.h"
#include "server/tools/dataset_words.h"
#include "tests/server/fake_database.h"

namespace roster::server {
namespace {

// Counts what it gets.
class CountingSink : public DatasetSink {
 public:
  absl::Status Take(const DatasetProfile& profile, absl::Span<const DatasetEvent> events) override {
    ++num_profiles;
    emails.insert(profile.email);
    countries[std::string(profile.country)]++;
    num_labels += profile.num_labels;
    most_events = std::max(most_events, events.size());
    num_silent += events.empty();
    Timestamp last = profile.created_at;
    for (const DatasetEvent& event : events) {
      ++num_events;
      types[std::string(event.type)]++;
      sessions.insert(event.session);
      last = std::max(last, event.time);
      in_order &= event.number == num_events;
      in_window &= event.time >= profile.created_at && event.time < kDatasetEnd &&
                   event.time.ms >= kDatasetEnd.ms - 180 * int64_t{86'400'000};
      amounts_right &= (event.amount_cents > 0) == (event.type == "purchase");
    }
    last_seen_right &= profile.last_seen == last;
    return absl::OkStatus();
  }
  absl::Status Finish() override {
    finished = true;
    return absl::OkStatus();
  }

  uint64_t num_profiles = 0;
  uint64_t num_events = 0;
  uint64_t num_silent = 0;
  size_t num_labels = 0;
  size_t most_events = 0;
  std::set<std::string> emails;
  std::map<std::string, int> countries;
  std::map<std::string, int> types;
  std::set<uint64_t> sessions;
  bool in_order = true;
  bool in_window = true;
  bool amounts_right = true;
  bool last_seen_right = true;
  bool finished = false;
};

// A directory that goes away.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("roster_dataset_test_" + std::to_string(getpid()) + "_" + std::to_string(++count));
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_.string(); }
  std::string Content(const std::string& file) const {
    std::ifstream stream(path_ / file, std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    return content.str();
  }

 private:
  std::filesystem::path path_;
};

void Generate(const DatasetOptions& options, absl::StatusOr<std::unique_ptr<DatasetSink>> sink) {
  REQUIRE(sink.ok());
  REQUIRE(GenerateDataset(options, sink->get(), nullptr).ok());
}

}  // namespace

TEST_CASE("the data set has the shape that is promised") {
  CountingSink sink;
  REQUIRE(GenerateDataset({.num_profiles = 10'000,
                           .num_events = 200'000,
                           .days = 180,
                           .seed = 3,
                           .end = kDatasetEnd},
                          &sink, nullptr)
              .ok());
  CHECK(sink.finished);
  CHECK(sink.num_profiles == 10'000);
  CHECK(sink.num_events == 200'000);
  CHECK(sink.in_order);
  CHECK(sink.in_window);
  CHECK(sink.amounts_right);
  CHECK(sink.last_seen_right);
  for (const auto& [name, permille] : kEventTypes) {
    const double share = sink.types[std::string(name)] / 200.0;
    CHECK(share == Approx(permille).epsilon(0.1).margin(0.5));
  }
  // Some have thousands of events, some none.
  CHECK(sink.most_events > 1000);
  CHECK(sink.num_silent > 500);
  CHECK(200'000.0 / static_cast<double>(sink.sessions.size()) == Approx(4).margin(0.5));
  CHECK(sink.emails.size() > 9'000);
  CHECK(sink.countries.size() > 50);
  CHECK(sink.countries["US"] > sink.countries["NL"]);
  CHECK(static_cast<double>(sink.num_labels) / 10'000 == Approx(1.5).margin(0.1));
}

TEST_CASE("the lists have the promised sizes and no doubles") {
  const DatasetWords& words = Words();
  const auto check = [](const std::vector<std::string>& list, size_t size) {
    CHECK(list.size() == size);
    CHECK(std::set<std::string>(list.begin(), list.end()).size() == size);
  };
  check(words.first_names, 1000);
  check(words.last_names, 1000);
  check(words.companies, 50'000);
  check(words.countries, 60);
  check(words.cities, 2000);
  check(words.categories, 50);
  check(words.topics, 200);
  check(words.campaigns, 100);
  check(words.labels, 40);
  CHECK(words.countries[3] == "NL");
  CHECK(words.topics[10] == "pricing");
  CHECK(words.labels[5] == "vip");
  int sum = 0;
  for (const auto& [name, permille] : kEventTypes) sum += permille;
  CHECK(sum == 1000);
}

TEST_CASE("ranks are a permutation") {
  for (const uint64_t n : {1u, 2u, 3u, 1000u, 1024u, 1025u}) {
    std::set<uint64_t> ranks;
    for (uint64_t i = 0; i < n; ++i) ranks.insert(PermuteRank(i, n, 7));
    CHECK(ranks.size() == n);
    CHECK(*ranks.rbegin() == n - 1);
  }
}

TEST_CASE("equal seeds give equal bytes, others do not") {
  const DatasetOptions options{
      .num_profiles = 50, .num_events = 500, .days = 30, .seed = 5, .end = kDatasetEnd};
  DatasetOptions other = options;
  other.seed = 6;
  ScratchDirectory a;
  ScratchDirectory b;
  ScratchDirectory c;
  Generate(options, MakeCsvSink(a.path()));
  Generate(options, MakeCsvSink(b.path()));
  Generate(other, MakeCsvSink(c.path()));
  CHECK(a.Content("events.csv") == b.Content("events.csv"));
  CHECK(a.Content("profiles.csv") == b.Content("profiles.csv"));
  CHECK(a.Content("events.csv") != c.Content("events.csv"));
}

TEST_CASE("the first lines are what they always were") {
  ScratchDirectory scratch;
  const DatasetOptions options{
      .num_profiles = 3, .num_events = 4, .days = 180, .seed = 1, .end = kDatasetEnd};
  Generate(options, MakeCsvSink(scratch.path()));
  const std::string events = scratch.Content("events.csv");
  CHECK(events ==
        "profile_id,ts,type,channel,session_id,amount,category,topic,campaign\n"
        "1,1765242618718,page_view,sms,1,,,news-faq,\n"
        "2,1764884675460,page_view,android,2,,,features-trends,\n"
        "2,1764884682660,purchase,android,2,28.49,hats,,\n"
        "2,1764885194660,product_view,android,2,,swimming,,\n");
}

TEST_CASE("lines of JSON hold the same calls") {
  ScratchDirectory scratch;
  const DatasetOptions options{
      .num_profiles = 20, .num_events = 300, .days = 180, .seed = 1, .end = kDatasetEnd};
  Generate(options, MakeNdjsonSink(scratch.path(), 1));
  std::istringstream lines(scratch.Content("events.ndjson"));
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    ++count;
    CHECK(
        line.starts_with("{\"type\":\"track\",\"messageId\":\"g1-" + std::to_string(count) + "\""));
    CHECK(line.ends_with("}}"));
    CHECK((line.find("\"amount\"") != std::string::npos) ==
          (line.find("\"purchase\"") != std::string::npos));
  }
  CHECK(count == 300);
}

TEST_CASE("a store gets all profiles and events in batches") {
  FakeDatabase database(FakeDatabase::Mode::kThread);
  const DatasetOptions options{
      .num_profiles = 300, .num_events = 4000, .days = 180, .seed = 1, .end = kDatasetEnd};
  const auto sink = MakeDatabaseSink(&database, 1);
  REQUIRE(GenerateDataset(options, sink.get(), nullptr).ok());
  CHECK(database.GetStats().num_profiles == 300);
  CHECK(database.GetStats().lsn.value == 5);
  REQUIRE(database.Close().ok());
  CHECK_FALSE(GenerateDataset(options, sink.get(), nullptr).ok());
}

TEST_CASE("a directory that cannot be made is an error") {
  CHECK_FALSE(MakeCsvSink("/dev/null/x").ok());
  CHECK_FALSE(MakeNdjsonSink("/dev/null/x", 1).ok());
}

}  // namespace roster::server
