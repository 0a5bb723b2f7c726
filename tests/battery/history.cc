// SPDX-License-Identifier: Apache-2.0
#include "tests/battery/history.h"

#include <random>
#include <utility>

#include "roster/error.h"

namespace roster {
namespace {

// A store starts at its clock's ceiling, a second ahead of what it was. Behind that its clock is
// the wall's, as is that of a store which took other commits or was never closed.
constexpr int64_t kBehindCeilingMs = 1001;

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Steps Make(size_t num_steps) {
    Steps history;
    for (size_t i = 0; i < num_steps; ++i) history.push_back(MakeStep());
    return history;
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  Step MakeStep() {
    Step step;
    const uint64_t dice = Below(20);
    if (dice < 12) {
      for (uint64_t n = 1 + Below(5); n > 0; --n) step.batches.push_back(MakeBatch());
    } else if (dice < 15) {
      step.kind = Step::Kind::kAdvance;
      step.advance_ms = static_cast<int64_t>(Below(OneIn(4) ? 7'200'000 : 3'000));
      now_ms_ += step.advance_ms;
    } else if (dice < 16) {
      step.kind = Step::Kind::kRead;
    } else {
      step.kind = dice < 18 ? Step::Kind::kSnapshot : Step::Kind::kReopen;
    }
    return step;
  }

  Batch MakeBatch() {
    Batch batch;
    if (OneIn(4)) {
      batch.items.push_back(MakeByHand());
    } else {
      for (uint64_t n = OneIn(3) ? 1 + Below(6) : 1; n > 0; --n) {
        batch.items.push_back(OneIn(3) ? WriteItem(MakeIdentify()) : WriteItem(MakeTrack()));
      }
    }
    batch.atomic = OneIn(2);
    if (OneIn(3)) batch.options.request_id = "r" + std::to_string(next_request_++);
    if (OneIn(4)) batch.options.actor = "tester";
    // A client that did not hear the answer says the same again.
    if (OneIn(8) && last_.has_value()) return *last_;
    last_ = batch;
    return batch;
  }

  std::string Number(uint64_t below) { return std::to_string(Below(below)); }

  std::vector<IdentityRef> Who() {
    std::vector<IdentityRef> who;
    if (OneIn(2)) who.push_back({"external_id", "u" + Number(8)});
    if (OneIn(3)) who.push_back({"email", "e" + Number(8) + "@x.nl"});
    if (who.empty() || OneIn(3)) who.push_back({"anonymous_id", "a" + Number(12)});
    return who;
  }

  // Some writes say no time, some one of the past, a few one that is still to come.
  std::optional<Timestamp> When() {
    if (OneIn(2)) return std::nullopt;
    if (OneIn(6)) return Timestamp{now_ms_ + static_cast<int64_t>(Below(3'600'000))};
    return Timestamp{now_ms_ - static_cast<int64_t>(Below(40 * 86'400'000ull))};
  }

  Value AnyValue() {
    switch (Below(6)) {
      case 0:
        return static_cast<int64_t>(Below(1000));
      case 1:
        return static_cast<double>(Below(1000)) / 4;
      case 2:
        return OneIn(2);
      case 3:
        return TextList{"x" + Number(3), "y"};
      case 4:
        return std::string(Below(200), 'z');
      default:
        return "v" + Number(5);
    }
  }

  Identify MakeIdentify() {
    Identify identify;
    identify.identities = Who();
    for (uint64_t n = Below(4); n > 0; --n) {
      identify.traits.push_back({"t" + Number(6), OneIn(8) ? Value() : AnyValue()});
    }
    identify.time = When();
    if (OneIn(2)) identify.message_id = NewMessage();
    return identify;
  }

  IdentityRef Somebody() {
    if (OneIn(3)) return {"email", "e" + Number(8) + "@x.nl"};
    if (OneIn(3)) return {"anonymous_id", "a" + Number(12)};
    return {"external_id", "u" + Number(8)};
  }

  ProfileRef Profile() {
    return OneIn(4) ? ProfileRef(Somebody()) : ProfileRef(ProfileId{1 + Below(5)});
  }

  WriteItem MakeByHand() {
    const IdentityRef contact{"whatsapp", "+3161234567" + Number(4)};
    switch (Below(14)) {
      case 0:
        return Create{.identities = {Somebody()}, .traits = {{"t0", AnyValue()}}, .source = {}};
      case 1:
        return Edit{Profile(), {{"t" + Number(6), AnyValue()}}, {}};
      case 2:
        return Edit{Profile(), {}, {{"email", "e" + Number(20) + "@x.nl"}}};
      case 3:
        return Attach{Profile(), contact, OneIn(2)};
      case 4:
        return Detach{OneIn(2) ? contact : Somebody(), OneIn(2)};
      case 5:
        return Move{OneIn(2) ? contact : Somebody(), Profile()};
      case 6:
        return Split{Profile(), {Somebody()}};
      case 7:
        return Logout{{{"anonymous_id", "a" + Number(12)}}, When()};
      case 8:
        return Erase{Profile()};
      case 9:
        return Label{Profile(), {"vip"}, {}};
      case 10:
        return Note{Profile(), "a note", 0};
      case 11:
        return Alias{.previous = "u" + Number(8),
                     .identities = Who(),
                     .time = When(),
                     .ago_ms = {},
                     .authenticated = true};
      default:
        return Unmerge{{1 + Below(8)}};
    }
  }

  Track MakeTrack() {
    Track track;
    track.identities = Who();
    track.event = "e" + Number(4);
    for (uint64_t n = Below(3); n > 0; --n) {
      track.properties.push_back({"p" + Number(4), AnyValue()});
    }
    track.time = When();
    track.message_id = OneIn(10) ? "m" + Number(next_message_ + 1) : NewMessage();
    return track;
  }

  std::string NewMessage() { return "m" + std::to_string(next_message_++); }

  std::mt19937_64 random_;
  int64_t now_ms_ = kTestStartMs;
  uint64_t next_request_ = 0;
  uint64_t next_message_ = 0;
  std::optional<Batch> last_;
};

}  // namespace

Steps MakeHistory(uint64_t seed, size_t num_steps) { return Maker(seed).Make(num_steps); }

Options SmallFileOptions() {
  Options options;
  options.log_file_bytes = 6'000;
  options.snapshot_log_bytes = 20'000;
  return options;
}

bool IsAnswered(const absl::Status& status) {
  if (status.ok()) return true;
  const ErrorCode code = ErrorCodeOf(status);
  return code == ErrorCode::kType || code == ErrorCode::kNoIdentity ||
         code == ErrorCode::kConflict || code == ErrorCode::kLimit ||
         code == ErrorCode::kNoProfile || code == ErrorCode::kExists || code == ErrorCode::kErr;
}

bool Runner::Open() {
  if (db_ != nullptr) return true;
  auto db = world_.TryOpen(options_);
  open_status_ = db.status();
  if (!db.ok()) return false;
  db_ = *std::move(db);
  world_.clock.now_ms += kBehindCeilingMs;
  return true;
}

std::vector<WriteOutcome> Runner::Run(const Step& step) {
  if (step.kind == Step::Kind::kWrite) return Write(step.batches);
  RunOther(step);
  return {};
}

std::vector<WriteOutcome> Runner::Write(const std::vector<Batch>& batches) {
  std::vector<WriteOutcome> outcomes;
  if (!Open()) return outcomes;
  outcomes.resize(batches.size());
  for (size_t i = 0; i < batches.size(); ++i) {
    db_->WriteAsync(batches[i], [&outcomes, i](absl::StatusOr<WriteResult> result) {
      outcomes[i] = {result.status(), result.ok() ? result->lsn : Lsn{}};
    });
  }
  world_.RunAll();
  return outcomes;
}

void Runner::RunOther(const Step& step) {
  if (step.kind == Step::Kind::kAdvance) {
    world_.clock.now_ms += step.advance_ms;
    return;
  }
  if (step.kind == Step::Kind::kReopen) Close();
  if (!Open()) return;
  if (step.kind == Step::Kind::kRead) db_->Execute("count", {}).IgnoreError();
  if (step.kind == Step::Kind::kSnapshot) db_->Snapshot().IgnoreError();
  world_.RunAll();
}

std::string DigestOfStore(Database* db) { return db->GetDigest(); }

std::map<Lsn, std::string> StatesOf(const Steps& history) {
  FaultyFileSystem files;
  Runner runner(&files, SmallFileOptions());
  std::map<Lsn, std::string> states;
  const auto note = [&] {
    if (runner.Open()) states[runner.db()->GetStats().lsn] = DigestOfStore(runner.db());
  };
  note();
  for (const Step& step : history) {
    if (step.kind != Step::Kind::kWrite) {
      runner.Run(step);
      note();
      continue;
    }
    for (const Batch& batch : step.batches) {
      Step single;
      single.batches = {batch};
      runner.Run(single);
      note();
    }
  }
  return states;
}

}  // namespace roster
