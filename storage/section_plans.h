// SPDX-License-Identifier: Apache-2.0
//
// How the store's sections of a snapshot become jobs: which of them are known, their parts, items
// and texts. What stands in them knows store_snapshot_load.
// Thread rule: filled by one thread; the jobs run on others.
// Source: storage/FORMAT.md, "Sections of the store".
#ifndef ROSTER_STORAGE_SECTION_PLANS_H_
#define ROSTER_STORAGE_SECTION_PLANS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/load_jobs.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/work.h"
#include "storage/disk/snapshot_reader.h"
#include "storage/loaded_parts.h"

namespace roster {

class SectionPlans {
 public:
  // `work` may be null. Lifetime: of both, until the jobs have run.
  SectionPlans(const SnapshotReader& reader, Work* work) : reader_(reader), work_(work) {}

  // Null when there is none.
  const SnapshotSection* Section(std::string_view name);
  std::vector<const SnapshotSection*> Parts(std::string_view name);
  // They will be asked for again.
  void Unknow(size_t num_sections) { num_known_ -= static_cast<int64_t>(num_sections); }
  // A name that nothing here asked for holds what this program would lose. Errors: ERR.
  absl::Status CheckAllKnown() const;

  // Damage that is not of one section.
  absl::Status Wrong(std::string_view what) const;
  absl::Status Missing(std::string_view name) const;
  // An error that a decoder gave, with its section.
  absl::Status Located(const SnapshotSection& section, const absl::Status& status) const {
    return reader_.Damage(section, StdView(status.message()));
  }
  // What is to be found at the end of all parts of a name.
  absl::Status CheckCount(uint64_t got, uint64_t want, std::string_view what) const;

  // What is planned so far, which is forgotten here.
  LoadJobs TakeJobs() { return std::exchange(jobs_, {}); }
  void PlanJoin(LoadJobs::Part join) { jobs_.PlanJoin(std::move(join)); }

  // One job for all parts of a name, in order: item(index, reader) for each item of them, and
  // end() behind each part, while what the reader gave is still there.
  template <typename F, typename G>
  void PlanInOrder(std::string_view name, F&& item, G&& end,
                   const std::function<absl::Status()>& finish) {
    const std::vector<const SnapshotSection*> parts = Parts(name);
    uint64_t raw_bytes = 0;
    for (const SnapshotSection* part : parts) raw_bytes += part->raw_bytes;
    const auto run = [this, parts, item, end, finish]() -> absl::Status {
      uint64_t next = 0;
      const auto in_turn = [&](uint64_t index, ByteReader* in) {
        if (index != next++) return MakeError(ErrorCode::kCorrupt, "a part does not continue");
        return item(index, in);
      };
      for (const SnapshotSection* part : parts) {
        ROSTER_RETURN_IF_ERROR(ForEachItem(*part, in_turn, end));
      }
      return finish();
    };
    jobs_.Plan(raw_bytes * kTextCost, run, [] { return absl::OkStatus(); });
  }
  // The same for texts: take(texts) gets those of a part; false: they do not make sense.
  template <typename F>
  void PlanInterning(std::string_view name, F&& take, const std::function<absl::Status()>& finish) {
    const auto texts = std::make_shared<std::vector<std::string_view>>();
    PlanInOrder(
        name,
        [texts](uint64_t, ByteReader* in) {
          texts->push_back(in->Text());
          return absl::OkStatus();
        },
        [texts, take] {
          const bool good = take(*texts);
          texts->clear();
          return good ? absl::OkStatus()
                      : MakeError(ErrorCode::kCorrupt, "a text that is malformed or there twice");
        },
        finish);
  }
  // A job for each part of a name: read(index, reader) gives a chunk, and take(section, index,
  // chunk) gets it; together the parts are one run of at most `max_chunks` chunks from 0 on.
  template <typename T, typename F, typename G>
  void PlanParts(std::string_view name, uint64_t max_chunks, F&& read, G&& take) {
    const auto next = std::make_shared<uint64_t>(0);
    for (const SnapshotSection* section : Parts(name)) {
      const auto part = std::make_shared<LoadedPart<T>>(LoadedPart<T>{section, 0, {}});
      const auto run = [this, part, max_chunks, read] {
        const auto item = [&](uint64_t index, ByteReader* in) -> absl::Status {
          if (part->chunks.empty()) part->first = index;
          if (index >= max_chunks) {
            return MakeError(ErrorCode::kCorrupt, "a chunk behind the last row");
          }
          ROSTER_ASSIGN_OR_RETURN(T chunk, read(index, in));
          part->chunks.push_back(std::move(chunk));
          return Step(work_);
        };
        return ForEachItem(*part->section, item, [] { return absl::OkStatus(); });
      };
      const auto join = [this, part, next, take]() -> absl::Status {
        if (part->first != *next) {
          return reader_.Damage(*part->section, "a part does not continue");
        }
        for (T& chunk : part->chunks) {
          ROSTER_RETURN_IF_ERROR(take(*part->section, (*next)++, std::move(chunk)));
        }
        return absl::OkStatus();
      };
      jobs_.Plan(section->raw_bytes, run, join);
    }
  }

 private:
  // A byte of texts takes longer than one of cells.
  static constexpr uint64_t kTextCost = 4;

  // Calls item(index, reader) until the section is read to its end, then end().
  template <typename F, typename G>
  absl::Status ForEachItem(const SnapshotSection& section, F&& item, G&& end) const {
    if (work_ != nullptr) ROSTER_RETURN_IF_ERROR(work_->Check());
    ROSTER_ASSIGN_OR_RETURN(const std::string raw, reader_.Read(section));
    ByteReader in(raw);
    absl::Status status;
    for (uint64_t index = in.Varint(); status.ok() && !in.at_end() && !in.failed(); ++index) {
      status = item(index, &in);
    }
    if (status.ok() && in.failed()) status = MakeError(ErrorCode::kCorrupt, "it ends early");
    if (status.ok()) status = end();
    return status.ok() ? status : Located(section, status);
  }

  const SnapshotReader& reader_;
  Work* const work_;
  int64_t num_known_ = 0;  // sections of the store that were asked for
  LoadJobs jobs_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_SECTION_PLANS_H_
