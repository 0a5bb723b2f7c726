// SPDX-License-Identifier: Apache-2.0
//
// R0: normal forms, values that are none, and a store that is opened with other rules.
#include <catch2/catch.hpp>
#include <random>

#include "engine/identity/phone.h"
#include "engine/normalise.h"
#include "roster/error.h"
#include "storage/disk/manifest.h"
#include "tests/engine/simulation.h"
#include "tests/seed.h"

namespace roster {
namespace {

Options InRegion(const std::string& region) {
  Options options;
  options.default_region = region;
  return options;
}

ItemResult Done(Database* db, WriteItem item) {
  auto result = db->Write(std::move(item));
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return result->items.at(0);
}

ProfileId Call(Database* db, const std::string& space, const std::string& value) {
  return Done(db, Traits({{space, value}})).profile;
}

std::string Phone(std::string_view value, std::string_view region = "") {
  std::string phone = NormalisePhone(value, region);
  INFO(value << " in " << region);
  // What is written with its calling code is the same by both rules.
  if (ReadPhoneDigits(value).international) {
    const PhoneDigits digits = ReadPhoneDigits(value);
    CHECK(SimplePhone(digits, region).value_or("+" + digits.digits) == phone);
  }
  CHECK(NormalisePhone(phone, region) == phone);
  return phone;
}

TEST_CASE("a phone number with its calling code has one form", "[R0]") {
  CHECK(Phone("+31 6 1234-5678") == "+31612345678");
  CHECK(Phone("0031 (0)6 12345678") == "+31612345678");
  CHECK(Phone("tel:+31-6-12345678") == "+31612345678");
  CHECK(Phone("+44 (0)20 7946 0018") == "+442079460018");
  CHECK(Phone("+1 (415) 555-0123") == "+14155550123");
  CHECK(Phone("+49 30 901820", "NL") == "+4930901820");
  CHECK(Phone("+39 06 6982") == "+39066982");
  CHECK(Phone("+34 912 34 56 78") == "+34912345678");
  CHECK(Phone("+420 224 811 111") == "+420224811111");
  CHECK(Phone("+55 11 91234-5678") == "+5511912345678");
  CHECK(Phone("+91 98765 43210") == "+919876543210");
  CHECK(Phone("+86 138 0013 8000") == "+8613800138000");
  CHECK(Phone("+353 1 679 5666") == "+35316795666");
  CHECK(Phone("\xef\xbc\x8b\xef\xbc\x93\xef\xbc\x91 612345678") == "+31612345678");  // full width
  CHECK(Phone("+31612345678 ext. 12") == "+31612345678");
}

TEST_CASE("national numbers are of the default region, if there is one", "[R0]") {
  CHECK(Phone("06 1234 5678", "NL") == "+31612345678");
  CHECK(Phone("020 7946 0018", "GB") == "+442079460018");
  CHECK(Phone("(415) 555-0123", "US") == "+14155550123");
  CHECK(Phone("1 415 555 0123", "US") == "+14155550123");
  CHECK(Phone("06 698 2345", "IT") == "+39066982345");
  CHECK(Phone("06 1234 5678") == "0612345678");
  const PhoneDigits national = ReadPhoneDigits("06 1234 5678");
  CHECK(SimplePhone(national, "NL") == "+31612345678");
  CHECK_FALSE(SimplePhone(national, "ZW"));  // not in its table
  CHECK(SimplePhone(ReadPhoneDigits("1 415 555 0123"), "US") == "+14155550123");
}

TEST_CASE("what is no possible number stays as digits", "[R0]") {
  CHECK(Phone("12") == "12");
  CHECK(Phone("+31") == "+31");
  CHECK(Phone("call me").empty());
  CHECK(Phone("+").empty());
  CHECK(Phone("0000") == "0000");
  CHECK(Phone("+000") == "000");
  CHECK(Phone("1234567890123456789012") == "1234567890123456789012");
  CHECK(Phone("+1234567890123456789012") == "+1234567890123456789012");
  CHECK(Phone(std::string(2000, '7'), "NL") == std::string(2000, '7'));
}

TEST_CASE("handles of channels", "[R0]") {
  CHECK(NormaliseIdentity("whatsapp", " +31 6 12345678", "") == "+31612345678");
  CHECK(NormaliseIdentity("whatsapp", "31612345678", "") == "+31612345678");
  CHECK(NormaliseIdentity("whatsapp", "4915112345678", "NL") == "+4915112345678");
  CHECK(NormaliseIdentity("whatsapp", "0612345678", "NL") == "+31612345678");
  CHECK(NormaliseIdentity("whatsapp", "31612345678@s.whatsapp.net", "") == "+31612345678");
  CHECK(NormaliseIdentity("whatsapp", "whatsapp:+31612345678", "") == "+31612345678");
  if (PhoneRule() != "simple 1") {  // which knows no lengths: +41 is Switzerland's
    CHECK(NormaliseIdentity("whatsapp", "4155550123", "US") == "+14155550123");
  }
  CHECK(NormaliseIdentity("whatsapp", "@Jo.1", "NL") == "Jo.1");
  CHECK(NormaliseIdentity("messenger", " @Jo.Doe ", "") == "Jo.Doe");
  CHECK(NormaliseIdentity("telegram", "@@ jo", "") == "jo");
  CHECK(NormaliseIdentity("instagram", "@", "") == "@");
  CHECK(NormaliseIdentity("external_id", " @jo ", "") == "@jo");
  CHECK(NormaliseIdentity("email", " Jo@EXAMPLE.com\t", "") == "jo@example.com");
}

TEST_CASE("normalising twice is as once", "[R0][random]") {
  std::mt19937_64 random(TestSeed());
  const char* const spaces[] = {"email", "phone", "whatsapp", "messenger", "external_id", "sms"};
  const char* const regions[] = {"", "NL", "US", "GB", "IT", "DE", "AR", "MX", "BR", "RU", "ZZ"};
  const char* const pieces[] = {"0",
                                "00",
                                "+",
                                "1",
                                "31",
                                "49",
                                "54",
                                "521",
                                "9",
                                "7",
                                "(0)",
                                "-",
                                " ",
                                "@",
                                "x",
                                "a",
                                "E",
                                "\xc3\x89",
                                "e\xcc\x81",
                                "#",
                                ".",
                                "\xd9\xa3",
                                "\xef\xbc\x90",
                                "8",
                                "44",
                                "612345678",
                                "*",
                                "\xc2\xa0",
                                "tel:",
                                "whatsapp:"};
  for (int i = 0; i < 20'000; ++i) {
    std::string value;
    for (size_t n = random() % 14; n > 0; --n) value += pieces[random() % std::size(pieces)];
    const std::string_view space = spaces[random() % std::size(spaces)];
    const std::string_view region = regions[random() % std::size(regions)];
    const std::string once = NormaliseIdentity(space, value, region);
    INFO(space << " in " << region << ": " << value << " -> " << once);
    REQUIRE(NormaliseIdentity(space, once, region) == once);
  }
}

TEST_CASE("the default region is of the opening, for writes and reads", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open(InRegion("NL"));
  const ProfileId jo = Call(db.get(), "phone", "06 12345678");
  CHECK(Call(db.get(), "phone", "+31612345678") == jo);
  CHECK(MustGet(db.get(), IdentityRef{"phone", "0031 6 12345678"}).id == jo);
  CHECK(Call(db.get(), "phone", "+31612345679") != jo);
  const auto found = db->Execute("count where phone is \"06-12345678\"", {});
  INFO(found.status().ToString());
  FaultyFileSystem other;
  CHECK(ErrorCodeOf(World(&other).TryOpen(InRegion("Holland")).status()) == ErrorCode::kErr);
}

TEST_CASE("a blocked value is no identity, stays on the event and is counted", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  Track order = Event("u1", "order", "m1");
  order.identities.push_back({"email", " Unknown"});
  order.identities.push_back({"phone", "-1"});
  const ItemResult done = Done(db.get(), order);
  CHECK(done.warnings.size() == 2);
  const Profile profile = MustGet(db.get(), User("u1"));
  CHECK(profile.identities.size() == 1);
  REQUIRE(profile.events.size() == 1);
  REQUIRE(profile.events[0].properties.size() == 1);
  CHECK(profile.events[0].properties[0].key == "blocked_identities");
  CHECK(profile.events[0].properties[0].value ==
        Value(Json{R"({"email":" Unknown","phone":"-1"})"}));
  CHECK(ErrorCodeOf(db->Write(Event("ANONYMOUS", "order", "m2")).status()) ==
        ErrorCode::kNoIdentity);
  CHECK(db->GetStats().num_blocked_identities == 3);
  Done(db.get(), Declare{"declare namespace email kind person blocked (\"info@x.com\")"});
  CHECK(ErrorCodeOf(db->Write(Traits({{"email", "INFO@x.com"}})).status()) ==
        ErrorCode::kNoIdentity);
  CHECK(db->GetStats().num_blocked_identities == 4);
  const auto alias = db->Write(Alias{.previous = "null", .identities = {User("u1")}});
  CHECK(ErrorCodeOf(alias.status()) == ErrorCode::kNoIdentity);
}

TEST_CASE("what somebody was called before is held to the rules of identities", "[R0][R7]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  const auto refused = [&](const std::string& previous) {
    const auto done = db->Write(Alias{.previous = previous, .identities = {User("u1")}});
    REQUIRE_FALSE(done.ok());
    return ErrorCodeOf(done.status());
  };
  Done(db.get(), Declare{"declare namespace anonymous_id kind anonymous blocked (\"guest\")"});
  Done(db.get(), Declare{"declare namespace external_id kind person blocked (\"test\")"});
  CHECK(refused(std::string(1025, 'x')) == ErrorCode::kLimit);
  CHECK(refused("\xc3\x28") == ErrorCode::kParse);
  CHECK(refused(" guest") == ErrorCode::kNoIdentity);
  CHECK(refused("test") == ErrorCode::kNoIdentity);
  CHECK(db->GetStats().num_profiles == 0);
  Done(db.get(), Alias{.previous = std::string(1024, 'x'), .identities = {User("u1")}});
  CHECK(MustGet(db.get(), User("u1")).identities.size() == 2);
}

TEST_CASE("the stats list the largest profiles by identities", "[R11]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const auto largest = [&] {
    std::vector<std::pair<uint64_t, uint64_t>> all;
    for (const LargeProfile& one : db->GetStats().largest_profiles) {
      all.emplace_back(one.id.value, one.num_identities);
    }
    return all;
  };
  CHECK(largest().empty());
  std::vector<uint64_t> ids;
  for (int i = 0; i < 100; ++i) {
    const std::string user = "u" + std::to_string(i);
    ids.push_back(Done(db.get(), Traits({User(user)})).profile.value);
    for (int n = 0; n < i % 50; ++n) {
      if (i < 50) break;
      Done(db.get(), Traits({User(user), {"device_id", user + "-" + std::to_string(n)}}));
    }
  }
  const std::vector<std::pair<uint64_t, uint64_t>> top = {
      {ids[99], 50}, {ids[98], 49}, {ids[97], 48}, {ids[96], 47}, {ids[95], 46}};
  CHECK(largest() == top);
  REQUIRE(db->Snapshot().ok());
  db.reset();
  db = world.Open();
  CHECK(largest() == top);
  Done(db.get(), Erase{.profile = ProfileId{ids[99]}});
  CHECK(largest().front() == top[1]);
  CHECK(largest().size() == 5);
}

TEST_CASE("devices alone make profiles as the store says", "[G4][T14]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const IdentityRef device{"device_id", "d1"};
  const IdentityRef visitor{"anonymous_id", "a1"};
  const auto track = [](std::vector<IdentityRef> who, const std::string& event) {
    return Track{.identities = std::move(who), .event = event};
  };
  const auto refused = [&](WriteItem item) {
    const auto done = db->Write(std::move(item));
    if (done.ok() || ErrorCodeOf(done.status()) != ErrorCode::kNoIdentity) return false;
    return done.status().message().find("declare anonymous profiles") != std::string::npos;
  };
  const auto declare = [&](const std::string& when) {
    Done(db.get(), Declare{"declare anonymous profiles " + when});
  };
  declare("never");
  CHECK(refused(track({visitor}, "view")));
  CHECK(refused(Traits({visitor, device})));
  CHECK(db->GetStats().num_profiles == 0);
  db.reset();
  db = world.Open();
  declare("on \"chat_started\", order");
  CHECK(refused(track({visitor}, "view")));
  CHECK(refused(Traits({visitor})));
  const ProfileId made = Done(db.get(), track({visitor}, "chat_started")).profile;
  CHECK(Done(db.get(), track({visitor}, "view")).profile == made);
  CHECK(Done(db.get(), Traits({visitor}, {{"plan", "pro"}})).profile == made);
  declare("never");
  CHECK(Done(db.get(), track({visitor}, "view")).profile == made);

  // A batch: what an item names its successors find, what was refused nobody does.
  Batch batch;
  batch.items = {track({device}, "view"), Traits({User("u1"), device}), track({device}, "view")};
  const auto written = db->Write(batch);
  REQUIRE(written.ok());
  CHECK(ErrorCodeOf(written->items[0].status) == ErrorCode::kNoIdentity);
  CHECK(written->items[1].status.ok());
  CHECK(written->items[2].profile == written->items[1].profile);
  batch.items = {track({User("u2")}, "view"), track({{"device_id", "d2"}}, "view")};
  batch.atomic = true;
  CHECK(ErrorCodeOf(db->Write(batch).status()) == ErrorCode::kNoIdentity);
  CHECK(db->GetStats().num_profiles == 2);

  // After a logout the device has nobody. A clock that was opened again is a second ahead.
  world.clock.now_ms += 5000;
  Done(db.get(), Logout{.identities = {device}});
  world.clock.now_ms += 5000;
  CHECK(refused(track({device}, "view")));
  CHECK(Done(db.get(), Traits({User("u1"), device})).profile == written->items[1].profile);
  declare("always");
  CHECK(Done(db.get(), track({{"device_id", "d3"}}, "view")).created);
}

Manifest ManifestOf(FaultyFileSystem* files) { return *ReadManifest(files, "data"); }

TEST_CASE("a store that is opened in another region has its identities in the new form", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const ProfileId jo = Call(db.get(), "phone", "06 12345678");
  Track call = Event("x", "call", "m1");
  call.identities = {{"phone", "0612345678"}};
  Done(db.get(), call);
  Done(db.get(), Declare{"declare namespace phone kind person blocked (\"0201234567\")"});
  const auto reopen = [&](const std::string& region) {
    db.reset();
    db = world.Open(InRegion(region));
    CHECK(ManifestOf(&files).normaliser == NormaliserVersion(region));
  };
  const bool snapshot = GENERATE(false, true);
  if (snapshot) REQUIRE(db->Snapshot().ok());
  reopen("NL");
  CHECK(Call(db.get(), "phone", "+31612345678") == jo);
  CHECK(Call(db.get(), "phone", "0612345678") == jo);
  CHECK(ErrorCodeOf(db->Write(Traits({{"phone", "+31201234567"}})).status()) ==
        ErrorCode::kNoIdentity);
  const Profile profile = MustGet(db.get(), jo);
  REQUIRE(profile.identities.size() == 1);
  CHECK(profile.identities[0].identity.value == "+31612345678");
  CHECK(profile.events.size() == 1);
  const std::string digest = db->GetDigest();
  reopen("NL");
  CHECK(db->GetDigest() == digest);
  // Who says nothing changes nothing; who says none does.
  db.reset();
  db = world.Open();
  CHECK(ManifestOf(&files).normaliser == NormaliserVersion("NL"));
  CHECK(Call(db.get(), "phone", "0612345678") == jo);
  db.reset();
  db = world.Open(InRegion("none"));
  CHECK(ManifestOf(&files).normaliser == NormaliserVersion(""));
  CHECK(Call(db.get(), "phone", "+31612345678") == jo);
  CHECK(Call(db.get(), "phone", "0612345678") != jo);
}

TEST_CASE("a backup keeps the region", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open(InRegion("NL"));
  const ProfileId jo = Call(db.get(), "phone", "06 12345678");
  REQUIRE(db->Backup("copy").ok());
  const auto copy = OpenDatabase("copy", {}, world.environment());
  REQUIRE(copy.ok());
  CHECK(Call(copy->get(), "phone", "0612345678") == jo);
}

TEST_CASE("a store without a log is rebuilt at every opening until a snapshot has it", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  Options options;
  options.durability = Durability::kNone;
  auto db = world.Open(options);
  const auto write = [&](const std::string& phone) {
    const auto done = db->Write(Traits({{"phone", phone}}), {.durability = Durability::kNone});
    REQUIRE(done.ok());
    return done->items[0].profile;
  };
  const ProfileId jo = write("0612345678");
  REQUIRE(db->Snapshot().ok());
  options.default_region = "NL";
  for (int i = 0; i < 3; ++i) {
    db.reset();
    CHECK((ManifestOf(&files).normaliser == NormaliserVersion("NL")) == (i == 2));
    db = world.Open(options);
    CHECK(write("+31612345678") == jo);
    if (i == 1) REQUIRE(db->Snapshot().ok());
  }
}

TEST_CASE("identities of two people that would fall together refuse the opening", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const ProfileId jo = Call(db.get(), "phone", "06 12345678");
  const ProfileId an = Call(db.get(), "phone", "+31612345678");
  REQUIRE(jo != an);
  db.reset();
  const Manifest before = ManifestOf(&files);
  const auto refused = world.TryOpen(InRegion("NL"));
  REQUIRE(ErrorCodeOf(refused.status()) == ErrorCode::kConflict);
  const std::string message(refused.status().message());
  CHECK(message.find("region -") != std::string::npos);
  CHECK(message.find("region NL") != std::string::npos);
  CHECK(message.find("phone") != std::string::npos);
  CHECK(message.find("612345678") == std::string::npos);
  CHECK(ManifestOf(&files) == before);
  db = world.Open();
  CHECK(Call(db.get(), "phone", "0612345678") == jo);
}

TEST_CASE("of two forms that one profile has one stays", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const ProfileId jo =
      Done(db.get(), Traits({User("u1"), {"phone", "0612345678"}, {"phone", "+31612345678"}}))
          .profile;
  Done(db.get(), Traits({User("u1"), {"phone", "06 9999 9999"}}));
  db.reset();
  db = world.Open(InRegion("NL"));
  const Profile profile = MustGet(db.get(), jo);
  CHECK(profile.identities.size() == 3);
  CHECK(Call(db.get(), "phone", "0612345678") == jo);
  CHECK(Call(db.get(), "phone", "+31699999999") == jo);
}

TEST_CASE("what came by a merge goes with it again, in its new form", "[R0][R10]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const ProfileId jo = Done(db.get(), Traits({User("u1")})).profile;
  const ProfileId an = Done(db.get(), Traits({User("u2"), {"phone", "0612345678"}})).profile;
  const auto preview = db->PreviewMerge(jo, an, {});
  REQUIRE(preview.ok());
  MergePlan plan = preview->value.plan;
  plan.force = true;
  Done(db.get(), plan);
  db.reset();
  db = world.Open(InRegion("NL"));
  CHECK(MustGet(db.get(), IdentityRef{"phone", "+31612345678"}).id == jo);
  Done(db.get(), Unmerge{.loser = an});
  CHECK(MustGet(db.get(), IdentityRef{"phone", "+31612345678"}).id == an);
  CHECK(MustGet(db.get(), User("u2")).id == an);
}

TEST_CASE("a manifest that does not say how opens, and then says it", "[R0]") {
  FaultyFileSystem files;
  World world(&files);
  auto db = world.Open();
  const ProfileId jo = Call(db.get(), "phone", "06 12345678");
  db.reset();
  Manifest manifest = ManifestOf(&files);
  manifest.SetNormaliser("");
  REQUIRE(PublishManifest(&files, "data", manifest).ok());
  db = world.Open(InRegion("NL"));
  CHECK(Call(db.get(), "phone", "+31612345678") == jo);
  CHECK(ManifestOf(&files).normaliser == NormaliserVersion("NL"));
}

}  // namespace
}  // namespace roster
