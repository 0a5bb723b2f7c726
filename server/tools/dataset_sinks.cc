// SPDX-License-Identifier: Apache-2.0
//
// Writes the data set as CSV and as lines of JSON. Nothing in it needs quoting or escaping.
#include "server/tools/dataset_sinks.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "roster/error.h"
#include "roster/json.h"

namespace roster::server {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
constexpr int64_t kDayMs = 86'400'000;

absl::Status CannotWrite() { return MakeError(ErrorCode::kErr, "cannot write the file"); }

absl::Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return MakeError(ErrorCode::kErr, "cannot make " + directory);
  return absl::OkStatus();
}

// Two files side by side: one of profiles, one of events.
class FilesSink : public DatasetSink {
 public:
  FilesSink(std::unique_ptr<TextFile> profiles, std::unique_ptr<TextFile> events)
      : profiles_(std::move(profiles)), events_(std::move(events)) {}

  absl::Status Take(const DatasetProfile& profile, absl::Span<const DatasetEvent> events) override {
    WriteProfile(profile, profiles_.get());
    absl::Status status = profiles_->FlushWhenLarge();
    for (const DatasetEvent& event : events) {
      WriteEvent(profile, event, events_.get());
      if (status.ok()) status = events_->FlushWhenLarge();
    }
    return status;
  }

  absl::Status Finish() override {
    const absl::Status status = profiles_->Close();
    const absl::Status other = events_->Close();
    return status.ok() ? other : status;
  }

 protected:
  virtual void WriteProfile(const DatasetProfile& profile, TextFile* file) = 0;
  virtual void WriteEvent(const DatasetProfile& profile, const DatasetEvent& event,
                          TextFile* file) = 0;

 private:
  std::unique_ptr<TextFile> profiles_;
  std::unique_ptr<TextFile> events_;
};

constexpr std::string_view kProfileHeader =
    "id,email,phone,first_name,last_name,company,country,city,plan,age,ltv,created_at,last_seen,"
    "labels,consent_email,status\n";
constexpr std::string_view kEventHeader =
    "profile_id,ts,type,channel,session_id,amount,category,topic,campaign\n";

// Times are milliseconds since 1970, a missing value is empty, labels are parted by `|`.
class CsvSink : public FilesSink {
 public:
  using FilesSink::FilesSink;

 protected:
  void WriteProfile(const DatasetProfile& p, TextFile* file) override {
    file->AddInteger(static_cast<int64_t>(p.number));
    for (const std::string_view text :
         {std::string_view(p.email), std::string_view(p.phone), p.first_name, p.last_name,
          p.company, p.country, p.city, p.plan}) {
      file->Add(',');
      file->Add(text);
    }
    file->Add(',');
    file->AddInteger(p.age);
    file->Add(',');
    file->AddCents(p.ltv_cents);
    file->Add(',');
    file->AddInteger(p.created_at.ms);
    file->Add(',');
    file->AddInteger(p.last_seen.ms);
    file->Add(',');
    for (size_t i = 0; i < p.num_labels; ++i) {
      if (i > 0) file->Add('|');
      file->Add(p.labels[i]);
    }
    file->Add(p.consent_email ? ",true," : ",false,");
    file->Add(p.status);
    file->Add('\n');
  }

  void WriteEvent(const DatasetProfile& p, const DatasetEvent& e, TextFile* file) override {
    file->AddInteger(static_cast<int64_t>(p.number));
    file->Add(',');
    file->AddInteger(e.time.ms);
    file->Add(',');
    file->Add(e.type);
    file->Add(',');
    file->Add(e.channel);
    file->Add(',');
    file->AddInteger(static_cast<int64_t>(e.session));
    file->Add(',');
    if (e.amount_cents > 0) file->AddCents(e.amount_cents);
    file->Add(',');
    file->Add(e.category);
    file->Add(',');
    file->Add(e.topic);
    file->Add(',');
    file->Add(e.campaign);
    file->Add('\n');
  }
};

class NdjsonSink : public FilesSink {
 public:
  NdjsonSink(std::unique_ptr<TextFile> profiles, std::unique_ptr<TextFile> events, uint64_t seed)
      : FilesSink(std::move(profiles), std::move(events)),
        message_prefix_("g" + std::to_string(seed) + "-") {}

 protected:
  void WriteProfile(const DatasetProfile& p, TextFile* file) override {
    file->Add("{\"type\":\"identify\",\"userId\":\"");
    file->AddInteger(static_cast<int64_t>(p.number));
    file->Add("\",\"timestamp\":\"");
    file->AddTime(p.last_seen);
    file->Add("\",\"traits\":{\"first_name\":\"");
    file->Add(p.first_name);
    file->Add('"');
    AddText(",\"last_name\":\"", p.last_name, file);
    AddText(",\"email\":\"", p.email, file);
    AddText(",\"phone\":\"", p.phone, file);
    AddText(",\"company\":\"", p.company, file);
    AddText(",\"country\":\"", p.country, file);
    AddText(",\"city\":\"", p.city, file);
    AddText(",\"plan\":\"", p.plan, file);
    file->Add(",\"age\":");
    file->AddInteger(p.age);
    file->Add(",\"ltv\":");
    file->AddCents(p.ltv_cents);
    file->Add(",\"created_at\":\"");
    file->AddTime(p.created_at);
    file->Add("\",\"labels\":[");
    for (size_t i = 0; i < p.num_labels; ++i) {
      file->Add(i > 0 ? ",\"" : "\"");
      file->Add(p.labels[i]);
      file->Add('"');
    }
    file->Add(p.consent_email ? "],\"consent_email\":true" : "],\"consent_email\":false");
    AddText(",\"status\":\"", p.status, file);
    file->Add("}}\n");
  }

  void WriteEvent(const DatasetProfile& p, const DatasetEvent& e, TextFile* file) override {
    file->Add("{\"type\":\"track\",\"messageId\":\"");
    file->Add(message_prefix_);
    file->AddInteger(static_cast<int64_t>(e.number));
    file->Add("\",\"userId\":\"");
    file->AddInteger(static_cast<int64_t>(p.number));
    file->Add("\",\"event\":\"");
    file->Add(e.type);
    file->Add("\",\"timestamp\":\"");
    file->AddTime(e.time);
    file->Add("\",\"properties\":{\"channel\":\"");
    file->Add(e.channel);
    file->Add("\",\"session\":");
    file->AddInteger(static_cast<int64_t>(e.session));
    if (e.amount_cents > 0) {
      file->Add(",\"amount\":");
      file->AddCents(e.amount_cents);
    }
    AddText(",\"category\":\"", e.category, file);
    AddText(",\"topic\":\"", e.topic, file);
    AddText(",\"campaign\":\"", e.campaign, file);
    file->Add("}}\n");
  }

 private:
  // A missing text is left out.
  static void AddText(std::string_view start, std::string_view text, TextFile* file) {
    if (text.empty()) return;
    file->Add(start);
    file->Add(text);
    file->Add('"');
  }

  const std::string message_prefix_;
};

struct TwoFiles {
  std::unique_ptr<TextFile> profiles;
  std::unique_ptr<TextFile> events;
};

absl::StatusOr<TwoFiles> CreateFiles(const std::string& directory, const std::string& ending) {
  const absl::Status made = MakeDirectory(directory);
  if (!made.ok()) return made;
  absl::StatusOr<std::unique_ptr<TextFile>> profiles =
      TextFile::Create(directory + "/profiles." + ending);
  if (!profiles.ok()) return profiles.status();
  absl::StatusOr<std::unique_ptr<TextFile>> events =
      TextFile::Create(directory + "/events." + ending);
  if (!events.ok()) return events.status();
  return TwoFiles{*std::move(profiles), *std::move(events)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<TextFile>> TextFile::Create(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return MakeError(ErrorCode::kErr, "cannot create " + path);
  std::setvbuf(file, nullptr, _IONBF, 0);
  return std::unique_ptr<TextFile>(new TextFile(file));
}

TextFile::~TextFile() { Close().IgnoreError(); }

void TextFile::AddInteger(int64_t value) {
  char digits[24];
  buffer_.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

void TextFile::AddCents(int64_t cents) {
  AddInteger(cents / 100);
  const auto rest = static_cast<char>(cents % 100);
  const char text[] = {'.', static_cast<char>('0' + rest / 10), static_cast<char>('0' + rest % 10)};
  buffer_.append(text, sizeof(text));
}

void TextFile::AddTime(Timestamp time) {
  const int64_t day = time.ms / kDayMs;
  if (day != day_) {
    day_ = day;
    day_text_ = FormatDate(Date{static_cast<int32_t>(day)});
  }
  buffer_ += day_text_;
  const int64_t ms = time.ms % kDayMs;
  std::array<char, 14> text = {'T', 0, 0, ':', 0, 0, ':', 0, 0, '.', 0, 0, 0, 'Z'};
  const auto put = [&text](size_t at, int64_t value) {
    text[at] = static_cast<char>('0' + value / 10);
    text[at + 1] = static_cast<char>('0' + value % 10);
  };
  put(1, ms / 3'600'000);
  put(4, ms / 60'000 % 60);
  put(7, ms / 1000 % 60);
  put(10, ms % 1000 / 10);
  text[12] = static_cast<char>('0' + ms % 10);
  buffer_.append(text.data(), text.size());
}

absl::Status TextFile::FlushWhenLarge() {
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status TextFile::Flush() {
  const size_t written = std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
  const bool complete = written == buffer_.size();
  buffer_.clear();
  return complete ? absl::OkStatus() : CannotWrite();
}

absl::Status TextFile::Close() {
  if (file_ == nullptr) return absl::OkStatus();
  absl::Status status = Flush();
  const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
  if (!status.ok()) return status;
  return closed ? absl::OkStatus() : CannotWrite();
}

absl::StatusOr<std::unique_ptr<DatasetSink>> MakeCsvSink(const std::string& directory) {
  absl::StatusOr<TwoFiles> files = CreateFiles(directory, "csv");
  if (!files.ok()) return files.status();
  files->profiles->Add(kProfileHeader);
  files->events->Add(kEventHeader);
  return std::unique_ptr<DatasetSink>(
      std::make_unique<CsvSink>(std::move(files->profiles), std::move(files->events)));
}

absl::StatusOr<std::unique_ptr<DatasetSink>> MakeNdjsonSink(const std::string& directory,
                                                            uint64_t seed) {
  absl::StatusOr<TwoFiles> files = CreateFiles(directory, "ndjson");
  if (!files.ok()) return files.status();
  return std::unique_ptr<DatasetSink>(
      std::make_unique<NdjsonSink>(std::move(files->profiles), std::move(files->events), seed));
}

}  // namespace roster::server
