// SPDX-License-Identifier: Apache-2.0
#include "query/grammar/rules.h"

namespace roster::query::grammar {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
namespace {

const Valued<ast::Name> name_space(ReadName, "a namespace");
const Valued<ast::Name> channel(ReadEvent, "a channel");
const Valued<ast::Name> segment(ReadEvent, "a segment");
const Valued<ExactNumber> number(ReadNumber, "a number");

// --- What makes a contextual keyword out of a word that may also be a name ---

bool AtHas(Cursor at) {
  if (!AtWord(at, "has")) return false;
  for (const char* const word : {"label", "any", "no", "identity", "channel"}) {
    if (AtWord(at + 1, word)) return true;
  }
  return false;
}
bool AtIs(Cursor at) {
  return AtWord(at, "is") && (AtWord(at + 1, "identified") || AtWord(at + 1, "anonymous"));
}
bool AtConsent(Cursor at) { return AtWord(at, "consent") && IsEventAt(at + 1); }
bool AtInterest(Cursor at) {
  if (!AtWord(at, "interest")) return false;
  return ReadText(at[1]).has_value() || (IsEventAt(at + 1) && ReadText(at[2]).has_value());
}
bool AtSample(Cursor at) { return AtWord(at, "sample") && ReadNumber(at[1]).has_value(); }

const auto add_label =
    Do([](ast::HasLabel& has, ast::Literal& one) { has.labels.push_back(std::move(one)); });
auto StateIs(ast::ConsentState state) { return Set(&ast::Consent::state, state); }

}  // namespace

const Rule<struct HasLabelId, ast::HasLabel> has_label = "has_label";
const auto has_label_def =
    (Word("label", "`label`") > quoted[add_label]) |
    (KeywordPair("any", "label", "`any label`")[Set(&ast::HasLabel::any, true)] > open >
     (quoted[add_label] % comma) > close);

const auto space_of = Do([](ast::HasIdentity& has, ast::Name& of) { has.name_space = of; });
const Rule<struct HasIdentityId, ast::HasIdentity> has_identity = "has_identity";
const auto has_identity_def = KeywordPair("no", "identity", "`no identity`") |
                              (Word("identity", "`identity`") > name_space[space_of]);

const Rule<struct HasChannelId, ast::HasChannel> has_channel = "has_channel";
const auto has_channel_def = Word("channel", "`channel`") > quoted[Put(&ast::HasChannel::channel)];

const Rule<struct IsIdentifiedId, ast::IsIdentified> is_identified = "is_identified";
const auto is_identified_def = (Ahead(AtIs, kCondition) >> Word("is", kCondition)) >
                               (Word("identified", "`identified`") |
                                Word("anonymous", "")[Set(&ast::IsIdentified::identified, false)]);

const Rule<struct CreatedViaId, ast::CreatedVia> created_via = "created_via";
const auto created_via_def =
    KeywordPair("created", "via", kCondition) > quoted[Put(&ast::CreatedVia::via)];

const Rule<struct KnownForId, ast::KnownFor> known_for = "known_for";
const auto known_for_def =
    KeywordPair("known", "for", kCondition) > duration[Put(&ast::KnownFor::duration)];

constexpr std::string_view kStates = "`granted`, `withdrawn` or `unknown`";
const Rule<struct ConsentId, ast::Consent> consent = "consent";
const auto consent_def = (Ahead(AtConsent, kCondition) >> Word("consent", kCondition)) >
                         channel[Put(&ast::Consent::channel)] >
                         (Word("granted", kStates) |
                          Word("withdrawn", kStates)[StateIs(ast::ConsentState::kWithdrawn)] |
                          Word("unknown", kStates)[StateIs(ast::ConsentState::kUnknown)]) >
                         -(Word("since", "`since`") > literal[Put(&ast::Consent::since)]) >
                         -(Word("policy", "`policy`") > quoted[Put(&ast::Consent::policy)]);

const Rule<struct InSegmentId, ast::InSegment> in_segment = "in_segment";
const auto in_segment_def =
    KeywordPair("in", "segment", kCondition) > segment[Put(&ast::InSegment::segment)];

const auto interest_of =
    Do([](ast::InterestIn& in, ast::Name& of) { in.interest = std::move(of); });
const Rule<struct InterestId, ast::InterestIn> interest = "interest";
const auto interest_def =
    Spanned((Ahead(AtInterest, kCondition) >> Word("interest", kCondition)) > -name[interest_of] >
            quoted[Put(&ast::InterestIn::value)] > threshold_op[Put(&ast::InterestIn::op)] >
            literal[Put(&ast::InterestIn::share)]);

const auto percent_of = [](auto& context) { x3::_val(context).percent = x3::_attr(context); };
const Rule<struct SampleId, ast::Sample> sample = "sample";
const auto sample_def = (Ahead(AtSample, kCondition) >> Word("sample", kCondition)) >
                        number[percent_of] > Sign("%", "`%`") >
                        Word("seed", "`seed`") > quoted[Put(&ast::Sample::seed)];

const auto standing_def =
    Spanned(((Ahead(AtHas, kCondition) >> Word("has", kCondition)) >
             (has_label[kNode] | has_identity[kNode] | has_channel[kNode])) |
            is_identified[kNode] | created_via[kNode] | known_for[kNode] | consent[kNode] |
            in_segment[kNode] | interest[kNode] | sample[kNode]);

BOOST_SPIRIT_DEFINE(has_label, has_identity, has_channel, is_identified, created_via, known_for,
                    consent, in_segment, interest, sample, standing)
BOOST_SPIRIT_INSTANTIATE(decltype(standing), Cursor, Context)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

}  // namespace roster::query::grammar
