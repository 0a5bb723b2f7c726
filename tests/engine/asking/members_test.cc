// SPDX-License-Identifier: Apache-2.0
//
// Who becomes a member of a static segment, while writes wait.
#include <catch2/catch.hpp>
#include <string>

#include "engine/asking/members.h"
#include "engine/asking/view_catalog.h"
#include "query/declarations/parser.h"
#include "roster/error.h"
#include "tests/memory/store_builder.h"

namespace roster {
namespace {

// Each look at it takes so long.
class TickingClock : public Clock {
 public:
  explicit TickingClock(int64_t tick_us) : tick_us_(tick_us) {}
  Timestamp Now() override { return {}; }
  int64_t MonotonicMicros() override { return now_us_ += tick_us_; }

 private:
  const int64_t tick_us_;
  int64_t now_us_ = 0;
};

TEST_CASE("a static segment is filled in a part of a second, or refused", "[limits]") {
  StoreBuilder b;
  b.Profile();
  b.Profile();
  const ReadView view = b.store.TakeView({1});
  const ViewCatalog catalog(view.state());
  const std::string text = "define static segment s from find order by id";
  const auto declaration = query::ParseDeclaration(text);
  REQUIRE(declaration.ok());
  const auto& made = std::get<query::ast::DefineStatic>(declaration->what);
  const query::BindContext context{.text = text, .catalog = &catalog, .params = {}};
  TickingClock quick(1);
  const auto members = MembersOf(made, context, view, &quick);
  INFO(members.status().ToString());
  REQUIRE(members.ok());
  CHECK(*members == std::vector<std::string>{"p1", "p2"});
  TickingClock slow(kMaxFillMs * 1000 + 1);
  const auto refused = MembersOf(made, context, view, &slow);
  REQUIRE_FALSE(refused.ok());
  CHECK(ErrorCodeOf(refused.status()) == ErrorCode::kTimeout);
  CHECK(MembersOf(made, context, view, nullptr).ok());
}

}  // namespace
}  // namespace roster
