// SPDX-License-Identifier: Apache-2.0
//
// How fast is a state saved, checked and loaded, which level of zstd should it be, and how near is
// that to what the device, zstd and XXH3 do by themselves? Bytes are those of the raw state.
// ROSTER_BENCH_PROFILES says how many profiles (100,000 otherwise), each with 20 events;
// ROSTER_BENCH_DIR names a directory on the device to measure.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "server/tools/dataset.h"
#include "storage/memory/digest.h"
#include "storage/store_snapshot.h"

namespace roster {
namespace {

constexpr uint64_t kEventsEach = 20;
constexpr size_t kBlock = kSnapshotBlockBytes;
constexpr size_t kDeviceStep = 8u << 20;

// The generated data set as the mutations that the engine would make of it.
class StoreSink final : public server::DatasetSink {
 public:
  explicit StoreSink(Store* store) : store_(store) {
    for (const char* name : {"external_id", "email", "phone"}) {
      Apply(DeclareNamespace{{name, NamespaceKind::kPerson, 1, 5}});
    }
    for (const char* name : {"email", "phone", "first_name", "last_name", "company", "country",
                             "city", "plan", "status"}) {
      Trait(name, ValueType::kText);
    }
    Trait("age", ValueType::kInteger);
    Trait("ltv", ValueType::kDecimal, 2);
    Trait("labels", ValueType::kTextList);
    Trait("consent_email", ValueType::kBoolean);
    Apply(Advance{server::kDatasetEnd});
  }

  absl::Status Take(const server::DatasetProfile& p,
                    absl::Span<const server::DatasetEvent> events) override {
    const ProfileId id{store_->state().profiles.size() + 1};
    Apply(CreateProfile{id, p.created_at, "bench"});
    const IdentityId self = Attach(id, 0, std::to_string(p.number), p.last_seen);
    if (!p.email.empty()) Attach(id, 1, p.email, p.last_seen);
    if (!p.phone.empty()) Attach(id, 2, p.phone, p.last_seen);
    const std::string_view texts[] = {p.email,   p.phone, p.first_name, p.last_name, p.company,
                                      p.country, p.city,  p.plan,       p.status};
    uint16_t trait = 4;
    const auto set = [&](Value value) {
      Apply(SetTrait{id, {trait++}, std::move(value), p.last_seen, self});
    };
    for (const std::string_view text : texts) {
      if (text.empty()) {
        ++trait;
      } else {
        set(std::string(text));
      }
    }
    set(int64_t{p.age});
    set(Decimal{p.ltv_cents, 2});
    set(TextList(p.labels.begin(), p.labels.begin() + static_cast<std::ptrdiff_t>(p.num_labels)));
    set(p.consent_email);
    for (const server::DatasetEvent& event : events) Add(id, self, event);
    return absl::OkStatus();
  }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  void Apply(const Mutation& mutation) {
    store_->Apply(mutation, &changes_);
    changes_ = {};
  }
  void Trait(const char* name, ValueType type, uint8_t scale = 0) {
    Apply(DeclareTrait{name, type, scale});
  }
  IdentityId Attach(ProfileId profile, uint16_t space, const std::string& value, Timestamp time) {
    const IdentityId id{static_cast<uint32_t>(store_->state().identities.size())};
    Apply(AttachIdentity{profile, id, {space}, value, time});
    return id;
  }
  EventTypeId TypeOf(std::string_view name) {
    const auto known = store_->state().schema->FindEvent(name);
    if (known) return *known;
    const EventTypeId type{static_cast<uint16_t>(store_->state().partitions.size())};
    Apply(DeclareEvent{std::string(name)});
    for (const char* property : {"channel", "category", "topic", "campaign"}) {
      Apply(DeclareProperty{type, property, ValueType::kText, 0});
    }
    Apply(DeclareProperty{type, "session", ValueType::kInteger, 0});
    Apply(DeclareProperty{type, "amount", ValueType::kDecimal, 2});
    return type;
  }
  void Add(ProfileId profile, IdentityId self, const server::DatasetEvent& e) {
    AddEvent event{profile, TypeOf(e.type), {0xabcdefull << 40 | e.number}, e.time, self, {}};
    const std::string_view texts[] = {e.channel, e.category, e.topic, e.campaign};
    for (uint16_t p = 0; p < 4; ++p) {
      if (!texts[p].empty()) {
        event.properties.push_back({{static_cast<uint16_t>(p + 1)}, std::string(texts[p])});
      }
    }
    event.properties.push_back({{5}, static_cast<int64_t>(e.session)});
    if (e.amount_cents > 0) event.properties.push_back({{6}, Decimal{e.amount_cents, 2}});
    Apply(event);
  }

  Store* const store_;
  ChangeSet changes_;
};

// The state, a directory, and the state's snapshot in it.
class Bench {
 public:
  static Bench& Get() {
    static Bench bench;
    return bench;
  }
  ~Bench() { std::filesystem::remove_all(directory_); }

  const Store& store() const { return store_; }
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
  uint64_t raw_bytes() const { return raw_bytes_; }
  // Of the raw state as it stands in blocks.
  const std::string& sample() const { return sample_; }

  uint64_t Save(const std::string& path) const {
    std::filesystem::remove(path);
    const ReadView view = store_.TakeView(store_.clock());
    auto writer = SnapshotWriter::Create(RealFileSystem(), path, {{}, view.lsn(), view.clock()});
    if (!writer.ok() || !WriteStoreSections(view, store_.Pending(), writer->get()).ok() ||
        !(*writer)->Finish({}).ok()) {
      std::abort();
    }
    return (*writer)->raw_bytes();
  }

 private:
  Bench() {
    const char* given = std::getenv("ROSTER_BENCH_DIR");
    const std::filesystem::path parent =
        given != nullptr ? given : std::filesystem::temp_directory_path();
    directory_ = (parent / "roster-snapshot-XXXXXX").string();
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    const char* profiles = std::getenv("ROSTER_BENCH_PROFILES");
    server::DatasetOptions options;
    options.num_profiles = profiles != nullptr ? std::strtoull(profiles, nullptr, 10) : 100'000;
    options.num_events = options.num_profiles * kEventsEach;
    StoreSink sink(&store_);
    if (!server::GenerateDataset(options, &sink, [](double) { return true; }).ok()) std::abort();
    raw_bytes_ = Save(path("state.snap"));
    const auto reader = SnapshotReader::Open(RealFileSystem(), path("state.snap"));
    for (const SnapshotSection& section : (*reader)->sections()) {
      if (sample_.size() < (256u << 20)) sample_ += (*reader)->Read(section).value();
    }
  }

  Store store_;
  std::string directory_;
  uint64_t raw_bytes_ = 0;
  std::string sample_;
};

void CountBytes(benchmark::State& state, uint64_t bytes_each) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes_each) * state.iterations());
}

// ---- What the parts do by themselves.

void DeviceWrite(benchmark::State& state) {
  const std::string bytes(kDeviceStep, 'x');
  constexpr int kSteps = 32;
  for (auto _ : state) {
    const int file = open(Bench::Get().path("raw").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < kSteps; ++i) {
      if (write(file, bytes.data(), bytes.size()) < 0 || fdatasync(file) != 0) std::abort();
    }
    close(file);
  }
  CountBytes(state, kSteps * kDeviceStep);
}
BENCHMARK(DeviceWrite)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void DeviceRead(benchmark::State& state) {
  std::string bytes(kDeviceStep, 'x');
  uint64_t total = 0;
  for (auto _ : state) {
    const int file = open(Bench::Get().path("raw").c_str(), O_RDONLY);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    for (ssize_t got = 1; got > 0; total += static_cast<uint64_t>(got)) {
      got = read(file, bytes.data(), bytes.size());
      if (got < 0) std::abort();
    }
    close(file);
  }
  state.SetBytesProcessed(static_cast<int64_t>(total));
}
BENCHMARK(DeviceRead)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void Xxh3(benchmark::State& state) {
  const std::string& raw = Bench::Get().sample();
  for (auto _ : state) {
    for (size_t at = 0; at < raw.size(); at += kBlock) {
      benchmark::DoNotOptimize(
          XXH3_128bits(raw.data() + at, std::min(kBlock, raw.size() - at)).low64);
    }
  }
  CountBytes(state, raw.size());
}
BENCHMARK(Xxh3)->Unit(benchmark::kMillisecond)->Iterations(3);

// The state's blocks at a level.
std::vector<std::string> Compress(const std::string& raw, int level) {
  std::vector<std::string> blocks;
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  for (size_t at = 0; at < raw.size(); at += kBlock) {
    const size_t size = std::min(kBlock, raw.size() - at);
    std::string block(ZSTD_compressBound(size), '\0');
    block.resize(
        ZSTD_compressCCtx(context, block.data(), block.size(), raw.data() + at, size, level));
    blocks.push_back(std::move(block));
  }
  ZSTD_freeCCtx(context);
  return blocks;
}

void ZstdCompress(benchmark::State& state) {
  const std::string& raw = Bench::Get().sample();
  size_t compressed = 0;
  for (auto _ : state) {
    compressed = 0;
    for (const std::string& block : Compress(raw, static_cast<int>(state.range(0)))) {
      compressed += block.size();
    }
  }
  CountBytes(state, raw.size());
  state.counters["ratio"] = static_cast<double>(raw.size()) / static_cast<double>(compressed);
}
BENCHMARK(ZstdCompress)
    ->Arg(-3)
    ->Arg(-1)
    ->Arg(1)
    ->Arg(2)
    ->Arg(3)
    ->Arg(5)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void ZstdDecompress(benchmark::State& state) {
  const std::string& raw = Bench::Get().sample();
  const std::vector<std::string> blocks = Compress(raw, static_cast<int>(state.range(0)));
  std::string out(kBlock, '\0');
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  for (auto _ : state) {
    for (const std::string& block : blocks) {
      benchmark::DoNotOptimize(
          ZSTD_decompressDCtx(context, out.data(), out.size(), block.data(), block.size()));
    }
  }
  ZSTD_freeDCtx(context);
  CountBytes(state, raw.size());
}
BENCHMARK(ZstdDecompress)->Arg(-1)->Arg(1)->Arg(3)->Unit(benchmark::kMillisecond)->Iterations(3);

// ---- What we do with them.

void Save(benchmark::State& state) {
  const Bench& bench = Bench::Get();
  for (auto _ : state) bench.Save(bench.path("saved.snap"));
  CountBytes(state, bench.raw_bytes());
  state.counters["file_bytes"] =
      static_cast<double>(std::filesystem::file_size(bench.path("saved.snap")));
}
BENCHMARK(Save)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void Verify(benchmark::State& state) {
  const Bench& bench = Bench::Get();
  for (auto _ : state) {
    if (!VerifySnapshotFile(RealFileSystem(), bench.path("state.snap"), nullptr).ok()) std::abort();
  }
  CountBytes(state, bench.raw_bytes());
}
BENCHMARK(Verify)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void Digest(benchmark::State& state) {
  const ReadView view = Bench::Get().store().TakeView({});
  for (auto _ : state) benchmark::DoNotOptimize(DigestOf(view));
  CountBytes(state, Bench::Get().raw_bytes());
}
BENCHMARK(Digest)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void Load(benchmark::State& state) {
  const Bench& bench = Bench::Get();
  for (auto _ : state) {
    auto store = std::make_unique<Store>();
    const auto reader = SnapshotReader::Open(RealFileSystem(), bench.path("state.snap"));
    if (!LoadStore(**reader, ThreadExecutor(), store.get()).ok()) std::abort();
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
  CountBytes(state, bench.raw_bytes());
}
BENCHMARK(Load)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace roster

BENCHMARK_MAIN();
