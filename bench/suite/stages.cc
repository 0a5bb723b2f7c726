// SPDX-License-Identifier: Apache-2.0
//
// Parse, bind and plan by themselves, on a view of the suite's own store: what a plan costs depends
// on its dictionaries.
#include <optional>
#include <utility>

#include "bench/suite/engine.h"
#include "bench/suite/still_clock.h"
#include "engine/asking/view_catalog.h"
#include "engine/normalise.h"
#include "engine/recovery.h"
#include "query/bind/bind.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"

namespace roster::suite {
namespace {

class Stages final : public Engine {
 public:
  absl::Status Open(const std::string& folder) {
    Environment environment;
    LogDirectoryOptions options;
    options.normaliser = NormaliserVersion("");
    auto log = LogDirectory::Open(environment.files, environment.random, folder, options);
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    DiskReserve reserve(environment.files, folder, 0);
    const auto recovered = Recover(environment, "", log_.get(), &reserve, &store_);
    if (!recovered.ok()) return recovered.status();
    view_.emplace(store_.TakeView(recovered->clock));
    return absl::OkStatus();
  }

  absl::Status SetThreads(int) override { return absl::OkStatus(); }

  absl::StatusOr<Answer> Run(const std::string& statement) override {
    const Stopwatch watch;
    const auto parsed = query::Parse(statement);
    const double parsed_us = watch.Micros();
    if (!parsed.ok()) return parsed.status();
    const ViewCatalog catalog(view_->state());
    auto bound = query::Bind(*parsed, {.text = statement, .catalog = &catalog, .params = {}});
    const double bound_us = watch.Micros();
    if (!bound.ok()) return bound.status();
    const auto plan = query::MakePlan(*std::move(bound), *view_, {});
    const double planned_us = watch.Micros();
    if (!plan.ok()) return plan.status();
    return Answer{planned_us,
                  {{std::to_string(parsed_us), std::to_string(bound_us - parsed_us),
                    std::to_string(planned_us - bound_us)}}};
  }

  std::string Version() override { return ""; }

 private:
  std::unique_ptr<LogDirectory> log_;
  Store store_;
  std::optional<ReadView> view_;
};

}  // namespace

MadeEngine MakeStages(const std::string& folder) {
  auto engine = std::make_unique<Stages>();
  const absl::Status opened = engine->Open(folder);
  if (!opened.ok()) return opened;
  return engine;
}

}  // namespace roster::suite
