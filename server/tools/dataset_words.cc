// SPDX-License-Identifier: Apache-2.0
//
// Parts and how they are put together.
#include "server/tools/dataset_words.h"

#include <utility>

namespace roster::server {
namespace {

using List = std::vector<std::string_view>;

// 40 x 25 first names.
const List kFirstStems = {"John", "Jo",  "Jan", "Mar", "Ann", "Em",  "Lu",   "Sar", "Tom", "Dan",
                          "Rob",  "Nor", "Kat", "Vik", "Ber", "Fre", "Gus",  "Hel", "Ing", "Jul",
                          "Kor",  "Leo", "Mil", "Nad", "Osk", "Pau", "Quin", "Ros", "Sim", "Tam",
                          "Urs",  "Val", "Wil", "Xen", "Yas", "Zof", "Ari",  "Bea", "Cal", "Dor"};
const List kFirstEnds = {"",    "a",   "e",    "i",   "o",   "as",  "ina", "eth", "ik",
                         "is",  "ola", "uel",  "ya",  "ert", "ien", "ett", "ano", "ild",
                         "mar", "ney", "bert", "dra", "fin", "lia", "wen"};

// 40 x 25 last names.
const List kLastStems = {"Smit",  "Jans", "Visser", "Bakk", "Muld",  "Vos",   "Peters", "Dijk",
                         "Berg",  "Wolf", "Koen",   "Hart", "Lind",  "Sten",  "Nyl",    "Holm",
                         "Krog",  "Falk", "Grun",   "Roth", "Weiss", "Stark", "Braun",  "Lang",
                         "Moret", "Garn", "Dub",    "Lef",  "Ros",   "Fern",  "Cast",   "Mold",
                         "Nov",   "Kral", "Horv",   "Petr", "Ivan",  "Tan",   "Okaf",   "Nak"};
const List kLastEnds = {"",     "en",   "er",   "son",  "man", "stra", "ova", "ic",   "ez",
                        "well", "ford", "ley",  "gren", "dal", "vik",  "hof", "beek", "huis",
                        "mond", "ier",  "etti", "ano",  "ski", "uk",   "hara"};

// 100 x 50 x 10 companies.
const List kCompanyFirst = {"North", "South", "East",   "West",  "Blue",
                            "Green", "Red",   "Silver", "Grand", "Prime"};
const List kCompanySecond = {"Harbor", "River", "Stone", "Field", "Bridge",
                             "Forest", "Cloud", "Light", "Tower", "Garden"};
const List kCompanyThird = {
    "Data",   "Food",   "Steel",  "Trade",  "Energy", "Health",  "Motor",  "Paper",  "Glass",
    "Water",  "Media",  "Legal",  "Travel", "Cargo",  "Design",  "Sound",  "Bio",    "Solar",
    "Robot",  "Market", "Credit", "School", "Sport",  "Fashion", "Home",   "Office", "Garage",
    "Farm",   "Marine", "Rail",   "Air",    "Print",  "Game",    "Film",   "Book",   "Toy",
    "Coffee", "Tea",    "Wine",   "Bread",  "Cheese", "Fruit",   "Flower", "Wood",   "Tile",
    "Brick",  "Paint",  "Tool",   "Lamp",   "Chair"};
const List kCompanyLast = {"Group", "Labs", "Works", "Partners", "Systems",
                           "Co",    "Ltd",  "BV",    "AG",       "Studio"};

// 100 x 20 cities.
const List kCityFirst = {"Oak",   "Elm",  "Ash",  "Birch", "Cedar",
                         "Stone", "Sand", "Clay", "Salt",  "Iron"};
const List kCitySecond = {"en", "er", "a", "o", "ing", "lin", "mar", "ver", "dol", "wyn"};
const List kCityLast = {"ford", "ton",  "ham",    "burg", "dorf",  "stad",  "wick",
                        "bury", "port", "field",  "dam",  "haven", "mouth", "gate",
                        "hill", "vale", "bridge", "holm", "berg",  "dale"};

const List kCountries = {"US", "DE", "GB", "NL", "FR", "ES", "IT", "BE", "PL", "CA", "AU", "SE",
                         "CH", "AT", "DK", "NO", "FI", "IE", "PT", "CZ", "BR", "MX", "IN", "JP",
                         "KR", "SG", "NZ", "ZA", "AR", "CL", "CO", "PE", "TR", "GR", "HU", "RO",
                         "BG", "HR", "SK", "SI", "LT", "LV", "EE", "LU", "IS", "MT", "CY", "IL",
                         "AE", "SA", "EG", "MA", "NG", "KE", "GH", "TH", "VN", "ID", "MY", "PH"};
const List kCategories = {
    "shoes",    "boots",    "shirts",    "jackets", "dresses",  "trousers", "hats",      "bags",
    "watches",  "jewelry",  "phones",    "tablets", "laptops",  "monitors", "cameras",   "audio",
    "games",    "books",    "music",     "films",   "toys",     "baby",     "garden",    "tools",
    "paint",    "lighting", "furniture", "beds",    "kitchen",  "cookware", "coffee",    "tea",
    "wine",     "beer",     "snacks",    "fruit",   "pets",     "bikes",    "camping",   "fitness",
    "football", "tennis",   "running",   "skiing",  "swimming", "travel",   "insurance", "health",
    "beauty",   "gifts"};
// Plain topics come first; each then with every aspect. "pricing" is number 10.
const List kTopics = {"home",    "product", "features", "blog",     "docs",
                      "support", "about",   "careers",  "contact",  "news",
                      "pricing", "demo",    "security", "partners", "webinars",
                      "cases",   "api",     "status",   "events",   "legal"};
const List kTopicAspects = {"guide", "start", "teams",   "mobile", "compare",
                            "video", "faq",   "archive", "trends"};
// "vip" is number 5.
const List kLabels = {"new",         "active",    "loyal",       "returning",  "at_risk",
                      "vip",         "lapsed",    "trial",       "churned",    "lead",
                      "hot_lead",    "cold_lead", "reseller",    "partner",    "press",
                      "student",     "teacher",   "employee",    "tester",     "beta",
                      "early",       "late",      "big_spender", "bargain",    "gift_giver",
                      "b2b",         "b2c",       "wholesale",   "newsletter", "survey",
                      "referrer",    "referred",  "influencer",  "complained", "refunded",
                      "fraud_check", "callback",  "demo_done",   "onboarded",  "do_not_call"};

std::vector<std::string> Copy(const List& list) { return {list.begin(), list.end()}; }

// Every part of `a` before every part of `b`.
template <typename A, typename B>
std::vector<std::string> Combine(const A& a, const B& b, std::string_view between) {
  std::vector<std::string> all;
  all.reserve(a.size() * b.size());
  for (const auto& first : a) {
    for (const auto& second : b) {
      std::string& word = all.emplace_back(first);
      word += between;
      word += second;
    }
  }
  return all;
}

DatasetWords Build() {
  DatasetWords words;
  words.first_names = Combine(kFirstStems, kFirstEnds, "");
  words.last_names = Combine(kLastStems, kLastEnds, "");
  words.companies = Combine(
      Combine(Combine(kCompanyFirst, kCompanySecond, " "), kCompanyThird, " "), kCompanyLast, " ");
  words.countries = Copy(kCountries);
  words.cities = Combine(Combine(kCityFirst, kCitySecond, ""), kCityLast, "");
  words.categories = Copy(kCategories);
  words.topics = Copy(kTopics);
  for (std::string& topic : Combine(kTopics, kTopicAspects, "-")) {
    words.topics.push_back(std::move(topic));
  }
  for (int i = 1; i <= 100; ++i) {
    words.campaigns.push_back("campaign-" + std::to_string(1000 + i).substr(1));
  }
  words.labels = Copy(kLabels);
  return words;
}

}  // namespace

const DatasetWords& Words() {
  static const auto* const words = new DatasetWords(Build());
  return *words;
}

}  // namespace roster::server
