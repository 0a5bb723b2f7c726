// SPDX-License-Identifier: Apache-2.0
#include "roster/import.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "roster/error.h"
#include "tests/engine/simulation.h"

namespace roster {
namespace {

struct Fixture {
  FaultyFileSystem files;
  std::unique_ptr<Database> db = *OpenDatabase("data", {}, {.files = &files});
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("roster-" + std::to_string(SystemRandom()->Next()) + ".csv");
  ~Fixture() { std::filesystem::remove(path); }

  ImportReport Import(const std::string& text, const std::string& mapping) {
    std::ofstream(path, std::ios::binary) << text;
    const auto parsed = ParseImportMapping(mapping);
    INFO(parsed.status().ToString());
    REQUIRE(parsed.ok());
    const auto report = ImportFile(db.get(), path.string(), *parsed, {});
    INFO(report.status().ToString());
    REQUIRE(report.ok());
    return *report;
  }
  Profile Get(const std::string& user) { return MustGet(db.get(), User(user)); }
};

constexpr char kEvents[] =
    "delimiter blank\nheader no\nevent purchase\n1 = identity external_id\n"
    "2 = time %Y%m%d\n3 = property quantity\n4 = property amount\n";

TEST_CASE("blank-separated events with any line end; equal rows are different events", "[import]") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    Fixture f;
    std::string text;
    for (const char* row : {" 00002 19970101  1   11.77", " 00002 19970112  5   77.00",
                            " 00002 19970112  5   77.00", " 00003 19970102  2   2.5"}) {
      if (!text.empty()) text += end;
      text += row;
    }
    const ImportReport report = f.Import(text, kEvents);
    for (const RowError& error : report.errors) FAIL_CHECK(error.line << ": " << error.reason);
    CHECK(report.num_rows == 4);
    CHECK(report.num_imported == 4);
    CHECK(report.num_created == 2);
    CHECK(report.num_duplicates == 0);
    const Profile profile = f.Get("00002");
    REQUIRE(profile.events.size() == 3);
    CHECK(profile.events[2].time == Timestamp{852'076'800'000});
    CHECK(profile.events[2].properties[0].value == Value(int64_t{1}));
    CHECK(profile.events[2].properties[1].value == Value(Decimal{1177, 2}));
    CHECK(profile.created_via == "import");
    // The same file again is a repeat.
    const ImportReport again = f.Import(text, kEvents);
    CHECK(again.num_duplicates == 4);
    CHECK(f.db->GetStats().num_events == 4);
  }
}

TEST_CASE("types come from the whole column; blanks are missing", "[import]") {
  Fixture f;
  const ImportReport report = f.Import(
      "\xef\xbb\xbfid,whole,money,mixed,zip,flag,day,answer,huge\n"
      "a,1,1.5,1,0012,true,2026-01-02,Yes,1e5\n"
      "b,-2, ,x,0034,FALSE,2026-01-03,No,2\n"
      "c,,20,2.5,1234,,,Yes,3\n",
      "id = identity external_id\n* = trait\n");
  CHECK(report.num_wrong == 0);
  CHECK(report.columns == std::vector<std::string>{"external_id: identity", "whole: integer",
                                                   "money: decimal(1)", "mixed: text", "zip: text",
                                                   "flag: boolean", "day: date", "answer: text",
                                                   "huge: number"});
  const Profile b = f.Get("b");
  CHECK(IsMissing(TraitValue(b, "money")));
  CHECK(TraitValue(b, "whole") == Value(int64_t{-2}));
  CHECK(TraitValue(b, "zip") == Value("0034"));
  CHECK(TraitValue(b, "flag") == Value(false));
  CHECK(TraitValue(f.Get("c"), "money") == Value(Decimal{200, 1}));
  CHECK(TraitValue(f.Get("a"), "huge") == Value(100000.0));
}

TEST_CASE("quotes, delimiters and line breaks in cells", "[import]") {
  Fixture f;
  const ImportReport report =
      f.Import("id;note;size\r\n1;\"a;b\"\"c\r\nd\";5\" pipe\r\n\r\n2;;\"\"\r\n",
               "delimiter semicolon\nid = identity external_id\nnote = trait\nsize = trait\n");
  CHECK(report.num_imported == 2);
  CHECK(TraitValue(f.Get("1"), "note") == Value("a;b\"c\r\nd"));
  CHECK(TraitValue(f.Get("1"), "size") == Value("5\" pipe"));
  CHECK(IsMissing(TraitValue(f.Get("2"), "size")));
}

TEST_CASE("wrong rows are reported by line and reason, the others go in", "[import]") {
  Fixture f;
  const ImportReport report = f.Import(
      "who,when,n\nu1,2026-01-01,1\nu2,yesterday,2\nu3,2026-01-01\n,2026-01-01,4\n"
      "u5,2026-01-01,many\nnull,2026-01-01,6\nu\xff,2026-01-01,7\nu8,2026-01-01,8\n"
      "u9,\"2026-01-01,9\nu10,2026-01-01,10\n",
      "event visit\nwho = identity external_id\nwhen = time\nn = property n integer\n");
  CHECK(report.num_rows == 10);
  CHECK(report.num_imported == 3);
  CHECK(report.num_wrong == 7);
  REQUIRE(report.errors.size() == 7);
  const std::vector<uint64_t> lines = {3, 4, 5, 6, 7, 8, 10};
  for (size_t i = 0; i < lines.size(); ++i) CHECK(report.errors[i].line == lines[i]);
  CHECK(report.errors[1].reason == "row has 2 columns, expected 3");
  CHECK(report.errors[3].reason == "not integer, in column: n");
  CHECK(report.errors[6].reason == "a quote is not closed");
  CHECK(f.Get("u10").events.size() == 1);
}

TEST_CASE("a trait that the store knows keeps its type: one odd cell spoils its row only",
          "[import]") {
  Fixture f;
  const ImportReport report = f.Import("id,age,email\n1,30,a@x.nl\n2,abc,b@x.nl\n3,31,a@x.nl\n",
                                       "id = identity external_id\nage = trait\n"
                                       "email = identity email\n");
  CHECK(report.num_imported == 2);
  REQUIRE(report.errors.size() == 1);
  CHECK(report.errors[0].line == 3);
  CHECK(TraitValue(f.Get("1"), "age") == Value(int64_t{30}));
  // The address of the third row belongs to the first one's person; that is said.
  CHECK(report.num_warnings == 1);
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].line == 4);
}

TEST_CASE("a blank time is a wrong row, not an event of now", "[import]") {
  Fixture f;
  const ImportReport report = f.Import("who,when\nu1,\nu2,2026-01-01\n",
                                       "event visit\nwho = identity external_id\nwhen = time\n");
  CHECK(report.num_imported == 1);
  REQUIRE(report.errors.size() == 1);
  CHECK(report.errors[0].reason == "the time is blank");
}

TEST_CASE("a mapping that cannot be is refused with its line", "[import]") {
  const auto message = [](const char* text) {
    return std::string(ParseImportMapping(text).status().message());
  };
  CHECK(message("header maybe").find("mapping line 1") == 0);
  CHECK(message("# x\n1 = hat\n").find("mapping line 2") == 0);
  CHECK(message("1 = trait a b c").find("unknown type") != std::string::npos);
  CHECK(message("") == "mapping names no column");
  Fixture f;
  std::ofstream(f.path) << "a,b\n1,2\n";
  const auto refused = [&](const char* text) {
    return ErrorCodeOf(
        ImportFile(f.db.get(), f.path.string(), *ParseImportMapping(text), {}).status());
  };
  CHECK(refused("c = identity email") == ErrorCode::kNoTrait);
  CHECK(refused("3 = identity email") == ErrorCode::kNoTrait);
  CHECK(refused("a = trait") == ErrorCode::kNoIdentity);
  CHECK(refused("a = identity email\nb = property") == ErrorCode::kParse);
}

TEST_CASE("a row longer than a window of the reader comes whole", "[import]") {
  Fixture f;
  const std::string big(60'000, 'x');
  std::string text = "id,note\n";
  for (int i = 0; i < 60; ++i) text += "u" + std::to_string(i) + ",\"" + big + "\"\n";
  CHECK(f.Import(text, "id = identity external_id\nnote = trait\n").num_imported == 60);
  CHECK(TraitValue(f.Get("u59"), "note") == Value(big));
}

}  // namespace
}  // namespace roster
